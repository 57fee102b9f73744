use quorate::{Role, Seat};

use super::World;
use crate::simulator::Node;
use crate::simulator::event::What;
use crate::simulator::fault::Faults;
use crate::simulator::oracle::Violation;
use crate::simulator::shape::{ELECTION_MICROS, RECORD_MAX};
use crate::stage::show;

/// Within so many election time-outs of calm there is a leader.
const LEADER_TIMEOUTS: u64 = 10;
/// Within so many more, all are in line, and every client has been answered.
const LINE_TIMEOUTS: u64 = 10;
/// Indices by which nodes in line may differ while commands come in.
const LAG_MAX: u64 = 16;

impl World {
    /// Nothing goes wrong any longer: a leader must come, all must get in line, and everyone who waits gets an answer.
    pub(super) fn calm(&mut self) -> Result<(), Violation> {
        self.note(|| "calm".into());
        self.faults = Faults::NONE;
        self.network.heal();
        for machine in 0..self.machines.len() {
            let computer = &mut self.machines[machine];
            computer.clock.mend(self.now);
            (computer.paused_until, computer.slow) = (0, 0);
            self.push(0, What::Wake { machine });
            self.push(0, What::Start { machine });
            self.set_alarm(machine);
        }
        let since = self.now;
        let leader_by = since + LEADER_TIMEOUTS * ELECTION_MICROS;
        while self.leader().is_none() {
            self.turn()?;
            if self.now > leader_by && self.nodes().any(has_no_room) {
                // Who has no room does not campaign, and nobody else may have a log that is recent enough.
                return self.look_closely();
            }
            if self.now > leader_by {
                return Err(self.stuck(since, "once faults stop, a leader comes within ten election time-outs"));
            }
        }
        let line_by = self.now + LINE_TIMEOUTS * ELECTION_MICROS;
        while !(self.events.is_multiple_of(16) && self.is_in_line(since)) {
            self.turn()?;
            if self.now > line_by {
                return Err(self.stuck(since, "soon after, all are in line and all who wait are answered"));
            }
        }
        self.look_closely()
    }

    fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.machines.iter().filter_map(|machine| machine.node.as_ref())
    }

    /// A leader whom a majority of all members follows.
    pub(super) fn leader(&self) -> Option<&Node> {
        let follows = |leader: Seat, node: &Node| node.leader() == Some(leader);
        self.nodes().filter(|node| node.role() == Role::Leader).find(|leader| {
            let of_term = self.nodes().filter(|node| node.term() == leader.term());
            of_term.filter(|node| follows(leader.seat(), node)).count() * 2 > self.machines.len()
        })
    }

    fn is_in_line(&self, since: u64) -> bool {
        let Some(leader) = self.leader() else { return false };
        let is_full = |node: &Node| has_no_room(leader) || has_no_room(node);
        let is_near = |node: &Node| {
            node.term() == leader.term() && (is_full(node) || node.applied().0 + LAG_MAX >= leader.last().index.0)
        };
        // Without room for commands, not everyone can be answered before there are snapshots.
        let is_answered = self.nodes().any(has_no_room)
            || self.machines.iter().all(|machine| machine.waiting_since(since) == 0)
                && self.clients.iter().all(|client| client.answered_at >= since);
        self.nodes().all(is_near) && is_answered
    }

    fn stuck(&self, since: u64, law: &'static str) -> Violation {
        let story = self.machines.iter().map(|machine| match &machine.node {
            Some(node) => {
                format!(
                    "{} {}, applied {} of {}",
                    machine.seat.0,
                    show::node(node),
                    node.applied().0,
                    node.last().index.0
                )
            }
            None => format!("{} is down", machine.seat.0),
        });
        let waiting = self.machines.iter().map(|machine| machine.waiting_since(since)).sum::<usize>();
        let unanswered = self.clients.iter().filter(|client| client.answered_at < since).map(|client| client.number);
        let waiting = format!("{waiting} wait, clients {:?} have no answer", unanswered.collect::<Vec<_>>());
        Violation { law, story: story.chain([waiting]).collect::<Vec<_>>().join("; ") }
    }
}

/// A log that takes no more commands, and perhaps not even the entry that opens a term.
fn has_no_room(node: &Node) -> bool {
    node.log_room() < RECORD_MAX * 4
}
