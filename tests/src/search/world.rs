use quorate::Role;

use super::Budget;
use super::chronicle::Chronicle;
use super::event::{Act, Event};
use super::law;
use super::member::Member;
use super::mix::spread;
use super::names::Digests;
use super::table::{Face, Outcome, Table};
use crate::simulator::Violation;

/// A whole cluster at one moment: its nodes and disks, the letters on their way, what was promised, what may still happen.
///
/// All but the budget are numbers of the [`Table`].
#[derive(Clone, Debug)]
pub(crate) struct World {
    members: [u32; super::SEATS],
    /// In rising order.
    pub(crate) letters: Box<[u32]>,
    chronicle: u32,
    pub(crate) budget: Budget,
}

/// A world that an act leads to, while it is not yet known whether it is new.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    members: [u32; super::SEATS],
    letters: Vec<u32>,
    chronicle: u32,
    budget: Budget,
    sums: Digests,
}

impl World {
    /// A cluster that has never run.
    pub(crate) fn new(table: &mut Table) -> World {
        let nodes = table.setting.nodes;
        let mut members = [u32::MAX; super::SEATS];
        for (place, seat) in members[..nodes].iter_mut().zip(0..) {
            *place = table.add_member(Member::new(seat, nodes));
        }
        let chronicle = table.add_chronicle(Chronicle::default());
        World { members, letters: Box::default(), chronicle, budget: table.setting.budget }
    }

    pub(crate) fn member(&self, seat: u8) -> u32 {
        self.members[usize::from(seat)]
    }

    /// All that may happen now.
    pub(crate) fn acts(&self, table: &Table, acts: &mut Vec<Act>) {
        acts.clear();
        let nodes = table.setting.nodes as u8;
        for seat in 0..nodes {
            let offer = table.offers[self.member(seat) as usize];
            let own = offer.events(seat, nodes, table.setting.budget, self.budget);
            acts.extend(own.map(|event| Act { seat, event, keep: false, leave: false }));
        }
        self.add_deliveries(table, acts);
        if self.budget.leaves > 0 {
            for place in 0..acts.len() {
                let act = acts[place];
                if !matches!(act.event, Event::Crash { .. } | Event::Draw) {
                    acts.push(Act { leave: true, ..act });
                }
            }
        }
    }

    fn add_deliveries(&self, table: &Table, acts: &mut Vec<Act>) {
        let stays = self.budget.repeats.is_none();
        let may_stay = self.budget.repeats.is_some_and(|left| left > 0);
        let mut previous = None;
        for letter in self.letters.iter().copied().filter(|letter| previous.replace(*letter) != Some(*letter)) {
            let stamp = &table.stamps[letter as usize];
            let offer = table.offers[self.member(stamp.to) as usize];
            let may_be_late = stamp.asks_for_vote && offer.role == Role::Follower && offer.knows_leader;
            let late = may_be_late.then_some(Event::DeliverLate { letter });
            for event in [Some(Event::Deliver { letter }), late].into_iter().flatten() {
                acts.push(Act { seat: stamp.to, event, keep: stays, leave: false });
                acts.extend(may_stay.then_some(Act { seat: stamp.to, event, keep: true, leave: false }));
            }
        }
    }

    /// A sum for each naming, from which the fingerprints of what comes next are made.
    pub(crate) fn sums(&self, table: &Table) -> Digests {
        let mut sums = table.chronicles.digests[self.chronicle as usize];
        for member in &self.members[..table.setting.nodes] {
            add(&mut sums, &table.members.digests[*member as usize]);
        }
        self.letters.iter().for_each(|letter| add(&mut sums, &table.stamps[*letter as usize].digests));
        sums
    }

    /// Lets an act happen. False if it changes nothing.
    pub(crate) fn follow(
        &self,
        sums: &Digests,
        act: Act,
        table: &mut Table,
        draft: &mut Draft,
    ) -> Result<bool, Violation> {
        let before = self.member(act.seat);
        let outcome = table.outcome(before, act.event, act.leave);
        if let Some(violation) = &outcome.broken {
            return Err(violation.clone());
        }
        let goes = act.event.letter().filter(|_| !act.keep);
        if outcome.member == before && outcome.sent.is_empty() && outcome.reads.is_empty() && goes.is_none() {
            return Ok(false);
        }
        draft.members = self.members;
        draft.members[usize::from(act.seat)] = outcome.member;
        draft.chronicle = self.chronicle;
        draft.budget = act.spend(self.budget);
        draft.sums = *sums;
        subtract(&mut draft.sums, &table.members.digests[before as usize]);
        add(&mut draft.sums, &table.members.digests[outcome.member as usize]);
        self.post(goes, before, &outcome, table, draft);
        self.write_down(before, &outcome, table, draft)?;
        Ok(true)
    }

    /// What is on its way afterwards.
    fn post(&self, goes: Option<u32>, before: u32, outcome: &Outcome, table: &Table, draft: &mut Draft) {
        let Draft { members, letters, sums, budget, .. } = draft;
        letters.clear();
        letters.extend_from_slice(&self.letters);
        if let Some(place) = goes.and_then(|letter| letters.binary_search(&letter).ok()) {
            subtract(sums, &table.stamps[letters.remove(place) as usize].digests);
        }
        let is_spent = |letter: u32| {
            let stamp = &table.stamps[letter as usize];
            stamp.spent_from <= table.faces[members[usize::from(stamp.to)] as usize].disk_term
        };
        if table.faces[outcome.member as usize].disk_term > table.faces[before as usize].disk_term {
            letters.retain(|letter| {
                let stays = !is_spent(*letter);
                if !stays {
                    subtract(sums, &table.stamps[*letter as usize].digests);
                }
                stays
            });
        }
        for letter in outcome.sent.iter().copied().filter(|letter| !is_spent(*letter)) {
            let place = letters.binary_search(&letter);
            // A letter that stays for good need not be there twice.
            if place.is_err() || budget.repeats.is_some() {
                letters.insert(place.unwrap_or_else(|place| place), letter);
                add(sums, &table.stamps[letter as usize].digests);
            }
        }
    }

    fn write_down(
        &self,
        before: u32,
        outcome: &Outcome,
        table: &mut Table,
        draft: &mut Draft,
    ) -> Result<(), Violation> {
        let chronicle = table.chronicles.get(self.chronicle);
        let face = &table.faces[outcome.member as usize];
        if chronicle.knows(face, &outcome.applied, &outcome.reads) {
            return Ok(());
        }
        let mut chronicle = chronicle.clone();
        chronicle.add(face, &outcome.applied, table.faces[before as usize].applied + 1, &outcome.reads)?;
        draft.chronicle = table.add_chronicle(chronicle);
        subtract(&mut draft.sums, &table.chronicles.digests[self.chronicle as usize]);
        add(&mut draft.sums, &table.chronicles.digests[draft.chronicle as usize]);
        Ok(())
    }
}

impl Draft {
    pub(crate) fn of(world: &World, table: &Table) -> Draft {
        Draft {
            members: world.members,
            letters: world.letters.to_vec(),
            chronicle: world.chronicle,
            budget: world.budget,
            sums: world.sums(table),
        }
    }

    /// The same for all worlds that differ in names alone.
    pub(crate) fn fingerprint(&self, table: &Table) -> u64 {
        let least = self.sums[..table.names.len()].iter().min().copied().unwrap_or_default();
        spread(least ^ self.budget.digest())
    }

    /// Whether all promises hold, after something happened at a seat.
    pub(crate) fn check(&self, seat: u8, table: &Table) -> Result<(), Violation> {
        let faces: Vec<&Face> =
            self.members[..table.setting.nodes].iter().map(|member| &table.faces[*member as usize]).collect();
        law::check(&faces, usize::from(seat), table.chronicles.get(self.chronicle), table.setting.words)
    }

    pub(crate) fn world(&self) -> World {
        World {
            members: self.members,
            letters: self.letters.as_slice().into(),
            chronicle: self.chronicle,
            budget: self.budget,
        }
    }
}

fn add(sums: &mut Digests, more: &Digests) {
    sums.iter_mut().zip(more).for_each(|(sum, more)| *sum = sum.wrapping_add(*more));
}

fn subtract(sums: &mut Digests, less: &Digests) {
    sums.iter_mut().zip(less).for_each(|(sum, less)| *sum = sum.wrapping_sub(*less));
}
