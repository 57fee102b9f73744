use quorate::{Change, Index, Kind, Members, Role, Roster, Seat, Seats};

use super::World;
use crate::simulator::event::What;
use crate::simulator::machine::Machine;
use crate::simulator::oracle::{Violation, names};
use crate::simulator::{Fault, SEATS};

/// A configuration, by the index of the entry that made it.
pub(super) type Configured = (Index, Box<[u8]>);

impl World {
    /// Whether the cluster can go on without this machine: with a majority of each half of the last configuration that is
    /// known to be committed, and of every later one that somebody holds or may get.
    pub(super) fn can_spare(&self, machine: usize) -> bool {
        let spared = self.machines[machine].seat;
        if !self.is_founded() {
            // A founding can spare one disk.
            let is_hurt = |other: &&Machine| other.has_lost() || other.has_lost_a_store();
            let hurt = self.machines[..self.setting.nodes].iter().filter(is_hurt).count();
            return hurt < self.shape.rotten_max().min(1);
        }
        let founders = self.shape.members();
        let is_whole = |machine: &Machine, roster: &Roster<'_>| {
            roster.occupant(machine.seat).is_some_and(|occupant| machine.is_whole(occupant.incarnation))
        };
        let (settled, later) = self.configurations();
        if settled.is_none() && later.is_empty() {
            let whole = self.machines.iter().filter(|machine| machine.is_whole(quorate::Incarnation::FOUNDER));
            return founders.is_quorum(whole.map(|machine| machine.seat).filter(|seat| *seat != spared).collect());
        }
        settled.iter().chain(&later).all(|(_, bytes)| {
            let roster = Roster::parse(bytes).expect("it is kept as it is");
            let whole = self.machines.iter().filter(|machine| is_whole(machine, &roster));
            roster.members().is_quorum(whole.map(|machine| machine.seat).filter(|seat| *seat != spared).collect())
        })
    }

    /// The last configuration that anybody knows to be committed, and all later ones that somebody holds or may get.
    fn configurations(&self) -> (Option<Configured>, Vec<Configured>) {
        let mut settled: Option<Configured> = None;
        let mut learn = |since: Index, roster: Roster<'_>| {
            if settled.as_ref().is_none_or(|(known, _)| *known < since) {
                settled = Some((since, roster.bytes().into()));
            }
        };
        for machine in &self.machines {
            machine.disk.durable.settled().into_iter().for_each(|found| learn(found.since, found.roster));
            machine.node().into_iter().for_each(|node| learn(node.settled().since, node.settled().roster));
        }
        let behind = settled.as_ref().map_or(Index(0), |(since, _)| *since);
        let mut later: Vec<Configured> = Vec::new();
        for machine in &self.machines {
            let entries = machine.disk.durable.entries().chain(machine.node().into_iter().flat_map(|node| node.log()));
            let found = entries.filter(|entry| entry.kind() == Kind::Members && entry.position().index > behind);
            later.extend(found.filter_map(|entry| Some((entry.position().index, entry.roster()?.bytes().into()))));
        }
        later.extend(self.entered.iter().filter(|(since, _)| *since > behind).cloned());
        later.sort();
        later.dedup();
        (settled, later)
    }

    /// An operator wants other members: of a leader, or of somebody who may have been one.
    pub(super) fn change_members(&mut self) -> Result<(), Violation> {
        let all = self.machines.len();
        let machine = self.rng.usize(..all);
        if self.machines[machine].is_out {
            return self.plug_in(machine);
        }
        let leads = |machine: &Machine| machine.node().is_some_and(|node| node.role() == Role::Leader);
        let leaders: Vec<_> = (0..all).filter(|machine| leads(&self.machines[*machine])).collect();
        if leaders.is_empty() {
            return Ok(());
        }
        let leader = leaders[self.rng.usize(..leaders.len())];
        let Members { voters, learners, .. } =
            self.machines[leader].node().map(quorate::Node::members).unwrap_or_default();
        let strangers = Seats(Seats::first(all).0 & !voters.union(learners).0);
        let kind = self.rng.u8(..6);
        let from = match kind {
            0 | 1 => strangers,
            2 | 3 => learners,
            _ => voters.union(learners),
        };
        let picked: Vec<Seat> = from.iter().collect();
        if picked.is_empty() {
            return Ok(());
        }
        let seat = picked[self.rng.usize(..picked.len())];
        let address = [seat.0, self.rng.u8(..4)];
        let change = match kind {
            0 | 1 => Change::Add { seat, address: &address },
            2 | 3 => Change::Promote { seat },
            4 => Change::Remove { seat },
            _ => Change::Move { seat, address: &address },
        };
        // What is left has to be able to go on: whoever is removed counts no longer.
        let is_removed = matches!(change, Change::Remove { .. });
        if is_removed && (voters.without(seat).is_empty() || !self.can_spare(usize::from(seat.0))) {
            return Ok(());
        }
        self.tally.count(Fault::Change);
        self.drive(leader, |driver, world, now| {
            if driver.change(world, now, change).is_ok() {
                world.tally.changed += 1;
            }
            Ok(())
        })
    }

    /// A machine that is none of the members gets an empty disk, and asks to be one.
    fn plug_in(&mut self, machine: usize) -> Result<(), Violation> {
        self.note(|| format!("{machine}: is plugged in"));
        self.begin_anew(machine, true);
        self.machines[machine].is_out = false;
        self.push(0, What::Start { machine });
        Ok(())
    }

    /// A node is none of the members any longer. That must be so.
    pub(super) fn dismiss_node(&mut self, machine: usize) -> Result<(), Violation> {
        self.tally.dismissed += 1;
        self.note(|| format!("{machine}: is dismissed"));
        let (me, (settled, _)) = (self.machines[machine].identity(), self.configurations());
        let roster = settled.as_ref().and_then(|(_, bytes)| Roster::parse(bytes));
        if roster.is_some_and(|roster| names(&roster, me)) {
            let story = format!("node {machine}");
            return Err(Violation { law: "nobody is dismissed whom the members name", story });
        }
        self.machines[machine].stop();
        self.machines[machine].is_out = true;
        Ok(())
    }

    /// Whether the cluster has come to rest: no change is under way, and every machine that is there and holds a seat is
    /// the one that is named.
    pub(super) fn is_settled(&self) -> bool {
        let Some(leader) = self.leader() else { return false };
        let (since, roster) = leader.roster();
        let is_named = |machine: &Machine| {
            let named = roster.occupant(machine.seat);
            !machine.is_there() || named.is_none_or(|occupant| machine.is_whole_or_hurt(occupant.incarnation))
        };
        since == leader.settled().since && !roster.members().is_joint() && self.machines.iter().all(is_named)
    }
}

const _: () = assert!(SEATS <= 16, "a network has a bit for each");
