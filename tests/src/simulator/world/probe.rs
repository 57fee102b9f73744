use quorate::{Message, Seat, Seats, Term};

use super::World;
use crate::simulator::oracle::{Violation, names};
use crate::simulator::shape::{ELECTION_MICROS, HEARTBEAT_MICROS};

/// Promise 6 of SEAL.md: so many intervals of calm after whatever was, all that is sealed opens.
const INTERVALS: u64 = 5;
/// What was on its way when faults ended has come by then, and a life that is no more is not taken to be there any longer.
const LATE_MICROS: u64 = 3_500_000;
/// In calm all that is said for a session has come by then.
const HELLOS_MICROS: u64 = 5_000;
/// It changes nothing, whoever hears it.
const PROBE: Message<'static> = Message::CampaignNow { term: Term(0) };

impl World {
    /// Each member can open what each other one seals, soon. Then the keys are changed as they should be, under load.
    pub(super) fn try_links(&mut self, calm_since: u64) -> Result<(), Violation> {
        if self.locksmith.is_none() {
            return Ok(());
        }
        self.go_on_until(calm_since + LATE_MICROS)?;
        let mut closed = Vec::new();
        for _ in 0..INTERVALS {
            let since = self.now;
            self.probe()?;
            self.go_on_until(since + HELLOS_MICROS)?;
            closed = self.probe()?;
            if closed.is_empty() {
                break;
            }
            self.go_on_until(since + HEARTBEAT_MICROS)?;
        }
        if !closed.is_empty() {
            let law = "once faults stop, members open within five intervals what others seal";
            return Err(Violation { law, story: format!("from and to: {closed:?}") });
        }
        self.change_keys_in_calm()
    }

    /// Each member seals something for each other one, and it arrives at once. Between whom it does not open.
    fn probe(&mut self) -> Result<Vec<(u8, u8)>, Violation> {
        let members = self.named();
        let mut closed = Vec::new();
        for from in &members {
            for to in members.iter().filter(|to| *to != from) {
                let frame = self.frame(*from, Seat(*to as u8), &PROBE)?;
                let opened = frame.map_or(Ok(false), |frame| self.try_open(*to, frame))?;
                if !opened {
                    closed.push((*from as u8, *to as u8));
                }
                self.greet(*from);
                self.set_alarm(*from);
            }
        }
        Ok(closed)
    }

    /// The machines whose nodes the leader names.
    fn named(&self) -> Vec<usize> {
        let Some(leader) = self.leader() else { return Vec::new() };
        let (_, roster) = leader.roster();
        let nodes = self.machines.iter().filter_map(|machine| machine.node());
        nodes.filter(|node| names(&roster, node.identity())).map(|node| usize::from(node.seat().0)).collect()
    }

    /// One machine after the other gets a new key, uses it, and loses the old one. Nobody has to be elected meanwhile. If
    /// the operator waits until sessions are made, no message is lost.
    fn change_keys_in_calm(&mut self) -> Result<(), Violation> {
        let reign = |world: &World| world.leader().map(|leader| (leader.seat(), leader.term()));
        let before = reign(self);
        let waits = self.start_keys();
        self.watched = self.named().into_iter().map(|machine| Seat(machine as u8)).collect();
        for stage in Self::STAGES {
            if waits {
                self.go_on_until(self.now + INTERVALS * HEARTBEAT_MICROS)?;
            }
            for machine in 0..self.machines.len() {
                let pause = self.bring_keys(machine, stage);
                self.go_on_until(self.now + pause)?;
            }
        }
        self.go_on_until(self.now + 2 * ELECTION_MICROS)?;
        let after = reign(self);
        if after != before {
            let (law, story) = ("nobody has to be elected while keys change", format!("{before:?}, then {after:?}"));
            return Err(Violation { law, story });
        }
        self.watched = Seats::NONE;
        if waits && self.missed > 0 {
            let (law, story) = ("no message is lost while keys change", format!("{} were", self.missed));
            return Err(Violation { law, story });
        }
        Ok(())
    }

    fn go_on_until(&mut self, time: u64) -> Result<(), Violation> {
        while self.now < time {
            self.turn()?;
        }
        Ok(())
    }
}
