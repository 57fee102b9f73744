use super::rules::{Flaw, Setting, Writes};
use super::state::{State, TERMS};
use super::write::next_part;
use crate::spec::breadth::Verdict;
use crate::spec::node::Role;

/// The whole of a write; a smaller number says that a crash left so many of its parts.
pub(crate) const WHOLE: u8 = u8::MAX;

/// What can happen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// A node stands in a new term right above this one.
    Stand {
        seat: u8,
        above: u8,
    },
    /// A vote for a candidate, which stands in a new term right above this one if it does not stand yet. The last vote
    /// that it needs makes it the leader.
    Vote {
        voter: u8,
        candidate: u8,
        above: Option<u8>,
        parts: u8,
    },
    Append {
        seat: u8,
        parts: u8,
    },
    /// Entries of a term's leader.
    Hear {
        seat: u8,
        term: u8,
        previous: u8,
        through: u8,
        parts: u8,
    },
    /// A snapshot of a term's leader. With `forgets_term`, a crash leaves it without the term it came in.
    Install {
        seat: u8,
        term: u8,
        through: u8,
        parts: u8,
        forgets_term: bool,
    },
    Compact {
        seat: u8,
        through: u8,
    },
    /// One more part of what a node holds is durable.
    Write {
        seat: u8,
    },
    Crash {
        seat: u8,
    },
}

impl State {
    /// Lets an act happen. Nothing if it cannot, or changes nothing.
    pub(crate) fn after(&self, act: Act, setting: &Setting) -> Option<(State, Verdict)> {
        let mut state = *self;
        let verdict = match act {
            Act::Stand { seat, above } => {
                let term = state.open_term(above, setting);
                state.stand(seat.into(), term, setting);
                Ok(())
            }
            Act::Vote { voter, candidate, above, parts } => {
                state.elect(voter.into(), candidate.into(), above, parts, setting)?
            }
            Act::Append { seat, parts } => {
                let seat = usize::from(seat);
                state.append(seat, setting).then_some(())?;
                state.keep_as_leader(seat, parts, setting)?
            }
            Act::Hear { seat, term, previous, through, parts } => {
                let seat = usize::from(seat);
                let matched = state.follow_reign(seat, term, previous, through, setting);
                let is_cut_off = state.write(seat, parts, setting)?;
                let verdict = state.acknowledge(seat, term, matched, setting);
                state.end_write(seat, is_cut_off);
                verdict
            }
            Act::Install { seat, term, through, parts, forgets_term } => {
                let seat = usize::from(seat);
                state.install(seat, term, through, setting).then_some(())?;
                let is_cut_off = state.write(seat, parts, setting)?;
                state.end_write(seat, is_cut_off);
                if forgets_term {
                    state.forget_term(seat, self);
                }
                Ok(())
            }
            Act::Compact { seat, through } => {
                state.compact(seat.into(), through);
                Ok(())
            }
            Act::Write { seat } => {
                let seat = usize::from(seat);
                let node = &mut state.nodes[seat];
                node.disk = next_part(&node.disk, &node.memory, setting.flaw)?;
                if node.role == Role::Leader { state.count_itself(seat, setting) } else { Ok(()) }
            }
            Act::Crash { seat } => {
                state.nodes[usize::from(seat)].crash();
                Ok(())
            }
        };
        (state != *self).then_some((state, verdict))
    }

    fn elect(
        &mut self,
        voter: usize,
        candidate: usize,
        above: Option<u8>,
        parts: u8,
        setting: &Setting,
    ) -> Option<Verdict> {
        if let Some(above) = above {
            let term = self.open_term(above, setting);
            self.stand(candidate, term, setting);
        }
        if !self.vote(voter, candidate, setting) {
            return None;
        }
        if !self.has_won(candidate, setting) {
            return (parts == WHOLE).then_some(Ok(()));
        }
        if let Err(broken) = self.win(candidate, setting) {
            return Some(Err(broken));
        }
        self.keep_as_leader(candidate, parts, setting)
    }

    /// A new term right above one; those that were above it are one later now.
    fn open_term(&mut self, above: u8, setting: &Setting) -> u8 {
        let mut names = [0; TERMS];
        for (term, name) in names.iter_mut().enumerate() {
            *name = (term as u8 + u8::from(term as u8 > above)).min(TERMS as u8 - 1);
        }
        self.rename(setting.nodes, &names);
        above + 1
    }

    pub(crate) fn keep_as_leader(&mut self, seat: usize, parts: u8, setting: &Setting) -> Option<Verdict> {
        let is_cut_off = self.write(seat, parts, setting)?;
        let verdict = self.count_itself(seat, setting);
        self.end_write(seat, is_cut_off);
        Some(verdict)
    }

    /// Writes so many parts, and says if a crash left others. Nothing if there are no others to leave.
    pub(crate) fn write(&mut self, seat: usize, parts: u8, setting: &Setting) -> Option<bool> {
        if setting.writes == Writes::Late && parts == WHOLE {
            return Some(false);
        }
        let node = &mut self.nodes[seat];
        for _ in 0..parts {
            let Some(disk) = next_part(&node.disk, &node.memory, setting.flaw) else {
                return (parts == WHOLE).then_some(false);
            };
            node.disk = disk;
        }
        next_part(&node.disk, &node.memory, setting.flaw).map(|_| true)
    }

    fn end_write(&mut self, seat: usize, is_cut_off: bool) {
        if is_cut_off {
            self.nodes[seat].crash();
        }
    }

    /// The snapshot was durable in front of the term. A log of a later term tells a node that it was there.
    fn forget_term(&mut self, seat: usize, before: &State) {
        let (old, last) = (before.nodes[seat], self.nodes[seat].disk.log);
        let node = &mut self.nodes[seat];
        let told = last.term_at(last.len());
        (node.term, node.voted) = if told > old.term { (told, false) } else { (old.term, old.voted) };
    }

    /// All that can happen.
    pub(crate) fn acts(&self, setting: &Setting, acts: &mut Vec<Act>) {
        acts.clear();
        for seat in 0..setting.nodes {
            self.elections(seat, setting, acts);
            self.messages(seat, setting, acts);
            self.own(seat, setting, acts);
        }
    }

    fn latest_term(&self, setting: &Setting) -> u8 {
        self.nodes[..setting.nodes].iter().map(|node| node.term).max().unwrap_or(0)
    }

    fn elections(&self, seat: usize, setting: &Setting, acts: &mut Vec<Act>) {
        let (candidate, latest) = (&self.nodes[seat], self.latest_term(setting));
        if setting.flaw == Flaw::MarkAtCandidacy {
            acts.extend((candidate.term..=latest).map(|above| Act::Stand { seat: seat as u8, above }));
        }
        for voter in (0..setting.nodes).filter(|voter| *voter != seat) {
            let (voter, candidate, least) = (voter as u8, seat as u8, candidate.term.max(self.nodes[voter].term));
            let fresh = (least..=latest).map(Some);
            for above in fresh.chain((self.nodes[seat].role == Role::Candidate).then_some(None)) {
                for_each_end(setting, 0, |parts| acts.push(Act::Vote { voter, candidate, above, parts }));
            }
        }
    }

    fn messages(&self, seat: usize, setting: &Setting, acts: &mut Vec<Act>) {
        let node = &self.nodes[seat];
        for term in node.term..=self.latest_term(setting) {
            let reign = self.reigns[usize::from(term)];
            if !reign.is_on || (node.role == Role::Leader && node.term == term) {
                continue;
            }
            let agreement = self.agreement(seat, term);
            let first = if setting.flaw == Flaw::CutAtPrevious { 0 } else { agreement };
            let seat = seat as u8;
            for previous in first..=agreement {
                for through in previous..=reign.log.len().min(previous + 1) {
                    for_each_end(setting, 1, |parts| acts.push(Act::Hear { seat, term, previous, through, parts }));
                }
            }
            if setting.capacities.is_some() {
                self.snapshots(seat, term, setting, acts);
            }
        }
    }

    fn snapshots(&self, seat: u8, term: u8, setting: &Setting, acts: &mut Vec<Act>) {
        let through_max = self.known_in(term).min(self.reigns[usize::from(term)].log.len());
        for through in 1..=through_max {
            let install = |parts, forgets_term| Act::Install { seat, term, through, parts, forgets_term };
            for_each_end(setting, 1, |parts| acts.push(install(parts, false)));
            if setting.writes == Writes::Torn {
                acts.push(install(1, true));
            }
        }
    }

    fn own(&self, seat: usize, setting: &Setting, acts: &mut Vec<Act>) {
        let node = &self.nodes[seat];
        let held = node.disk.log.meeting(self.committed).min(node.memory.log.meeting(self.committed));
        let seat = seat as u8;
        if node.role == Role::Leader {
            for_each_end(setting, 0, |parts| acts.push(Act::Append { seat, parts }));
        }
        if setting.capacities.is_some() {
            let covered = node.memory.base.max(node.disk.base) + 1..=held.min(self.known_in(node.term));
            acts.extend(covered.map(|through| Act::Compact { seat, through }));
        }
        if node.memory != node.disk {
            acts.push(Act::Write { seat });
            acts.push(Act::Crash { seat });
        }
    }
}

/// The ways in which a step's write can end. A crash that leaves fewer parts than `least` only restrains.
fn for_each_end(setting: &Setting, least: u8, mut add: impl FnMut(u8)) {
    /// Snapshot, cut, entry and mark.
    const PARTS_MAX: u8 = 4;
    add(WHOLE);
    if setting.writes == Writes::Torn {
        (least..PARTS_MAX).for_each(add);
    }
}
