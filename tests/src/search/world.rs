use std::io;

use quorate::Role;

use super::chronicle::Chronicle;
use super::event::{Act, Event};
use super::face::Face;
use super::law;
use super::member::Member;
use super::mix::spread;
use super::names::Digests;
use super::table::{Outcome, Table};
use super::tape::{Reading, Tape};
use super::{Budget, Setting};
use crate::simulator::Violation;

/// A whole cluster at one moment: its nodes and disks, the letters on their way, what was promised, what may still
/// happen.
///
/// All but the budget are numbers of the [`Table`].
#[derive(Clone, Debug)]
pub(crate) struct World {
    members: [u32; super::SEATS],
    /// In rising order.
    pub(crate) letters: Vec<u32>,
    chronicle: u32,
    pub(crate) budget: Budget,
}

/// A world that an act leads to, while it is not yet known whether it is new.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) members: [u32; super::SEATS],
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
            *place = table.add_member(Member::new(seat, &table.setting));
        }
        let chronicle = table.add_chronicle(Chronicle::new());
        World { members, letters: Vec::new(), chronicle, budget: table.setting.budget }
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
            if offer.stopped {
                continue;
            }
            let may_fail = may_fail(&self.members, self.chronicle, seat, table);
            let part = |left| if may_fail { left } else { 0 };
            let (losses, rots) = (part(self.budget.losses), part(self.budget.rots));
            let left = Budget { losses, rots, ..self.budget };
            let own = offer.events(seat, nodes, table.setting.budget, left);
            acts.extend(own.map(|event| Act { seat, event, keep: false, leave: false }));
            if offer.role == Role::Leader && left.asks > 0 {
                let asks = table.chronicles.get(self.chronicle).asks().map(Event::Ask);
                acts.extend(asks.map(|event| Act { seat, event, keep: false, leave: false }));
            }
        }
        self.add_deliveries(table, acts);
        if self.budget.leaves > 0 {
            for place in 0..acts.len() {
                let act = acts[place];
                if !matches!(act.event, Event::Crash { .. } | Event::LoseDisk | Event::Rot | Event::Draw) {
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
            if offer.stopped {
                continue;
            }
            let may_add = self.budget.changes > 0 && offer.may_add(stamp.from);
            let add = may_add.then_some(Event::Add { letter });
            acts.extend(add.map(|event| Act { seat: stamp.to, event, keep: stays, leave: false }));
            let may_be_late = stamp.asks_for_vote && offer.role == Role::Follower && offer.knows_leader;
            let late = may_be_late.then_some(Event::DeliverLate { letter });
            for event in [Some(Event::Deliver { letter }), late].into_iter().flatten() {
                acts.push(Act { seat: stamp.to, event, keep: stays, leave: false });
                acts.extend(may_stay.then_some(Act { seat: stamp.to, event, keep: true, leave: false }));
            }
        }
    }

    /// The next world on a tape.
    pub(crate) fn read(&mut self, tape: &mut Reading, setting: &Setting) -> io::Result<()> {
        for member in &mut self.members[..setting.nodes] {
            *member = tape.get()?;
        }
        self.chronicle = tape.get()?;
        self.budget = Budget::of_number(tape.get()?, setting.budget);
        self.letters.clear();
        let mut letter = 0;
        for _ in 0..tape.get()? {
            letter += tape.get()?;
            self.letters.push(letter);
        }
        Ok(())
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
        let goes = act.event.letter().is_some() && !act.keep;
        let is_idle = outcome.member == before && outcome.sent.is_empty() && outcome.reads.is_empty() && !goes;
        if is_idle || outcome.is_refused {
            return Ok(false);
        }
        draft.members = self.members;
        draft.members[usize::from(act.seat)] = outcome.member;
        draft.chronicle = self.chronicle;
        draft.budget = act.spend(self.budget);
        draft.sums = *sums;
        subtract(&mut draft.sums, &table.members.digests[before as usize]);
        add(&mut draft.sums, &table.members.digests[outcome.member as usize]);
        self.post(act, before, &outcome, table, draft);
        self.write_down(act.seat, &outcome, table, draft)?;
        Ok(true)
    }

    /// What is on its way afterwards.
    fn post(&self, act: Act, before: u32, outcome: &Outcome, table: &mut Table, draft: &mut Draft) {
        draft.letters.clear();
        draft.letters.extend_from_slice(&self.letters);
        if let Some(letter) = act.event.letter().filter(|_| !act.keep) {
            draft.take_out(letter, table);
        }
        if outcome.member != before {
            // All disks are safe once the last one is lost that may be.
            let is_loss = act.event == Event::LoseDisk;
            for letter in self.letters.iter().copied() {
                let may_go = is_loss || table.stamps[letter as usize].to == act.seat;
                let stays = !may_go || draft.on_its_way(letter, table) == Some(letter);
                if !stays && draft.take_out(letter, table) {
                    draft.put_in(letter, table);
                }
            }
        }
        outcome.sent.iter().for_each(|letter| draft.put_in(*letter, table));
    }

    fn write_down(&self, seat: u8, outcome: &Outcome, table: &mut Table, draft: &mut Draft) -> Result<(), Violation> {
        let known = table.chronicles.get(self.chronicle);
        let (face, library) = (&table.faces[outcome.member as usize], &table.library);
        if outcome.is_dismissed {
            law::check_dismissal(face, known, library)?;
        }
        if known.knows(face, &outcome.applied, &outcome.reads) {
            return Ok(());
        }
        let mut chronicle = known.clone();
        let before = &table.faces[self.member(seat) as usize];
        chronicle.add(face, before, &outcome.applied, &outcome.reads, library)?;
        if table.setting.words {
            let faces = draft.faces(table);
            if face.leads && !known.has_leader(face) {
                law::check_election(face, before, &faces)?;
            }
            for place in known.committed.len()..chronicle.committed.len() {
                law::check_commit(face, before, &faces, place as u64, &chronicle.committed[place].mark)?;
            }
        }
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
            letters: world.letters.clone(),
            chronicle: world.chronicle,
            budget: world.budget,
            sums: world.sums(table),
        }
    }

    /// Whether there was such a letter to take.
    fn take_out(&mut self, letter: u32, table: &Table) -> bool {
        let place = self.letters.binary_search(&letter);
        if let Ok(place) = place {
            self.letters.remove(place);
            subtract(&mut self.sums, &table.stamps[letter as usize].digests);
        }
        place.is_ok()
    }

    fn put_in(&mut self, letter: u32, table: &mut Table) {
        let Some(letter) = self.on_its_way(letter, table) else { return };
        let place = self.letters.binary_search(&letter);
        // A letter that stays for good need not be there twice.
        if place.is_err() || self.budget.repeats.is_some() {
            self.letters.insert(place.unwrap_or_else(|place| place), letter);
            add(&mut self.sums, &table.stamps[letter as usize].digests);
        }
    }

    /// The letter itself, what stands for it, or nothing. What makes no difference any more makes one again to a
    /// receiver that loses its disk.
    fn on_its_way(&self, letter: u32, table: &mut Table) -> Option<u32> {
        let to = self.members[usize::from(table.stamps[letter as usize].to)];
        match table.offers[to as usize].stopped {
            true => None,
            false if self.budget.losses > 0 => Some(letter),
            false => table.on_its_way(letter, to),
        }
    }

    /// All nodes, for those who watch.
    fn faces<'t>(&self, table: &'t Table) -> Vec<&'t Face> {
        self.members[..table.setting.nodes].iter().map(|member| &table.faces[*member as usize]).collect()
    }

    /// Whether its majorities go on once the faults end.
    pub(crate) fn check_calm(&self, table: &mut Table) -> Result<(), Violation> {
        table.check_calm(self.members, self.chronicle)
    }

    /// The same for all worlds that differ in names alone.
    pub(crate) fn fingerprint(&self, table: &Table) -> u64 {
        let least = self.sums[..table.names.len()].iter().min().copied().unwrap_or_default();
        spread(least ^ spread(u64::from(self.budget.number(table.setting.budget))))
    }

    /// Whether all promises hold, after something happened at a seat.
    pub(crate) fn check(&self, seat: u8, table: &Table) -> Result<(), Violation> {
        let (faces, chronicle) = (self.faces(table), table.chronicles.get(self.chronicle));
        law::check(&faces, usize::from(seat), chronicle, &table.library, table.setting.words)
    }

    pub(crate) fn write(&self, tape: &mut Tape, setting: &Setting) -> io::Result<()> {
        self.members[..setting.nodes].iter().try_for_each(|member| tape.put(*member))?;
        tape.put(self.chronicle)?;
        tape.put(self.budget.number(setting.budget))?;
        tape.put(self.letters.len() as u32)?;
        let mut before = 0;
        self.letters.iter().try_for_each(|letter| tape.put(letter - std::mem::replace(&mut before, *letter)))
    }

    pub(crate) fn world(&self) -> World {
        World { members: self.members, letters: self.letters.clone(), chronicle: self.chronicle, budget: self.budget }
    }
}

/// Whether a node may lose its disk, or the snapshot that its log stands on: the others are majorities of those who take
/// part by what is committed, each in the life that takes part.
fn may_fail(members: &[u32; super::SEATS], chronicle: u32, seat: u8, table: &Table) -> bool {
    let (_, configuration) = table.chronicles.get(chronicle).in_force(&table.library);
    configuration.has_majorities(|other, life| {
        let face = &table.faces[members[usize::from(other)] as usize];
        other != seat && face.is_there(life)
    })
}

fn add(sums: &mut Digests, more: &Digests) {
    sums.iter_mut().zip(more).for_each(|(sum, more)| *sum = sum.wrapping_add(*more));
}

fn subtract(sums: &mut Digests, less: &Digests) {
    sums.iter_mut().zip(less).for_each(|(sum, less)| *sum = sum.wrapping_sub(*less));
}
