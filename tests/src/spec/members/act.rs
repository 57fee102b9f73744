use super::log::Entry;
use super::rules::{Flaw, Setting};
use super::state::{State, TERMS};
use crate::spec::breadth::Verdict;
use crate::spec::node::Role;

/// All parts of a write; a smaller number says how many a crash left.
pub(crate) const WHOLE: u8 = u8::MAX;
/// A cut, an entry, another cut, and the mark.
const PARTS_MAX: u8 = 4;

/// What can happen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// A store stands in a new term right above this one, and its own vote is enough.
    Stand { seat: u8, above: u8 },
    /// A vote for a candidate, which stands in a new term right above this one if it does not stand yet. The last vote
    /// that it needs makes it the leader.
    Vote { voter: u8, candidate: u8, above: Option<u8> },
    /// Entries of a term's leader, of which a crash may leave so many parts.
    Hear { seat: u8, term: u8, previous: u8, through: u8, parts: u8 },
    /// A snapshot of a term's leader.
    Install { seat: u8, term: u8, through: u8 },
    /// A snapshot of its own.
    Compact { seat: u8, through: u8 },
    /// An empty store is formatted with what a term's leader has.
    Format { seat: u8, term: u8, through: u8 },
    /// A store answers the challenge of a leader.
    Answer { seat: u8, leader: u8 },
    /// A store hears through where the log is committed. Looked at by a flaw only.
    Learn { seat: u8, known: u8 },
    /// A leader appends.
    Append { seat: u8, entry: Entry },
    /// What a leader has appended is durable.
    Write { seat: u8 },
    /// A leader crashes.
    Crash { seat: u8 },
    /// A disk is lost.
    Wipe { seat: u8 },
    /// An empty store starts anew.
    Reboot { seat: u8 },
}

impl State {
    /// Lets an act happen. Nothing if it cannot, or changes nothing.
    pub(crate) fn after(&self, act: Act, setting: &Setting) -> Option<(State, Verdict)> {
        let mut state = *self;
        let verdict = match act {
            Act::Stand { seat, above } => {
                let term = state.open_term(above);
                state.stand(seat.into(), term, setting);
                state.win(seat.into(), setting)
            }
            Act::Vote { voter, candidate, above } => {
                let (voter, candidate) = (usize::from(voter), usize::from(candidate));
                if let Some(above) = above {
                    let term = state.open_term(above);
                    state.stand(candidate, term, setting);
                }
                state.vote(voter, candidate, setting).then_some(())?;
                if state.has_won(candidate, setting) { state.win(candidate, setting) } else { Ok(()) }
            }
            Act::Hear { seat, term, previous, through, parts } => {
                state.hear(seat.into(), term, (previous, through), parts, setting)
            }
            Act::Install { seat, term, through } => {
                state.install(seat.into(), term, through, setting).then_some(Ok(()))?
            }
            Act::Compact { seat, through } => {
                state.nodes[usize::from(seat)].base = through;
                Ok(())
            }
            Act::Format { seat, term, through } => {
                state.format(seat.into(), term, through, setting);
                Ok(())
            }
            Act::Answer { seat, leader } => {
                state.answer(seat.into(), leader.into(), setting);
                Ok(())
            }
            Act::Learn { seat, known } => {
                state.nodes[usize::from(seat)].known = known;
                Ok(())
            }
            Act::Append { seat, entry } => state.append(seat.into(), entry, setting),
            Act::Write { seat } => state.write(seat.into(), setting),
            Act::Crash { seat } => {
                let inherited = state.reign(self.nodes[usize::from(seat)].term).inherited;
                state.nodes[usize::from(seat)].crash(inherited, setting);
                Ok(())
            }
            Act::Wipe { seat } => {
                state.wipes += 1;
                state.empty(seat.into(), setting);
                Ok(())
            }
            Act::Reboot { seat } => {
                state.reboots += 1;
                state.empty(seat.into(), setting);
                Ok(())
            }
        };
        (state != *self).then_some((state, verdict))
    }

    /// A new term right above one; those that were above it are one later now.
    fn open_term(&mut self, above: u8) -> u8 {
        let mut names = [0; TERMS];
        for (term, name) in names.iter_mut().enumerate() {
            *name = (term as u8 + u8::from(term as u8 > above)).min(TERMS as u8 - 1);
        }
        self.rename(&names);
        above + 1
    }

    /// All that can happen.
    pub(crate) fn acts(&self, setting: &Setting, acts: &mut Vec<Act>) {
        for seat in setting.each() {
            if self.nodes[seat].is_formatted {
                self.elections(seat, setting, acts);
                self.messages(seat, setting, acts);
                self.own(seat, setting, acts);
            } else {
                self.formats(seat, setting, acts);
            }
            self.answers(seat, setting, acts);
        }
    }

    pub(crate) fn latest_term(&self) -> u8 {
        self.nodes.iter().map(|node| node.term).max().unwrap_or(0)
    }

    fn elections(&self, seat: usize, setting: &Setting, acts: &mut Vec<Act>) {
        let (candidate, latest) = (&self.nodes[seat], self.latest_term());
        if self.may_stand(seat, setting) {
            let own = u8::from(self.is_counted(seat, seat, setting)) << seat;
            if self.is_carried(seat, own, setting) {
                acts.extend((candidate.term..=latest).map(|above| Act::Stand { seat: seat as u8, above }));
                return;
            }
        }
        let counts = |voter: &usize| *voter != seat && self.is_counted(*voter, seat, setting);
        for voter in setting.each().filter(counts) {
            let least = candidate.term.max(self.nodes[voter].term);
            let fresh = (least..=latest).map(Some).filter(|_| self.may_stand(seat, setting));
            let (voter, candidate) = (voter as u8, seat as u8);
            for above in fresh.chain((self.nodes[seat].role == Role::Candidate).then_some(None)) {
                acts.push(Act::Vote { voter, candidate, above });
            }
        }
    }

    fn messages(&self, seat: usize, setting: &Setting, acts: &mut Vec<Act>) {
        let node = &self.nodes[seat];
        for term in node.term..TERMS as u8 {
            let reign = self.reign(term);
            if !reign.is_on || (node.role == Role::Leader && node.term == term) {
                continue;
            }
            let previous = node.log.meeting(&reign.log).max(node.base);
            let seat = seat as u8;
            for through in previous..=reign.log.len().min(previous + 1) {
                let torn = (1..PARTS_MAX).filter(|_| setting.torn);
                let hear = |parts| Act::Hear { seat, term, previous, through, parts };
                acts.extend(torn.chain([WHOLE]).map(hear));
            }
            if setting.snapshots {
                let known = self.known_in(term).min(reign.log.len());
                acts.extend((1..=known).map(|through| Act::Install { seat, term, through }));
            }
        }
    }

    fn formats(&self, seat: usize, setting: &Setting, acts: &mut Vec<Act>) {
        for (reign, term) in self.reigns.iter().zip(0..).filter(|(reign, _)| reign.is_on) {
            if let Some(named) = self.naming(seat, reign, setting) {
                let first = if setting.flaw == Flaw::FormatsEarly { 0 } else { named };
                let seat = seat as u8;
                acts.extend((first..=reign.log.len()).map(|through| Act::Format { seat, term, through }));
            }
        }
        if self.reboots < setting.reboots {
            acts.push(Act::Reboot { seat: seat as u8 });
        }
    }

    fn answers(&self, seat: usize, setting: &Setting, acts: &mut Vec<Act>) {
        for leader in setting.each().filter(|leader| *leader != seat && self.may_answer(seat, *leader, setting)) {
            acts.push(Act::Answer { seat: seat as u8, leader: leader as u8 });
        }
    }

    fn own(&self, seat: usize, setting: &Setting, acts: &mut Vec<Act>) {
        let node = &self.nodes[seat];
        let mut entries = Vec::new();
        self.appendable(seat, setting, &mut entries);
        let held = node.log.meeting(&self.committed).min(self.known_in(node.term));
        let seat = seat as u8;
        let is_behind = node.role == Role::Leader && node.written <= node.log.len();
        if is_behind {
            acts.extend([Act::Write { seat }, Act::Crash { seat }]);
        }
        acts.extend(entries.into_iter().map(|entry| Act::Append { seat, entry }));
        if setting.snapshots && !is_behind {
            acts.extend((node.base + 1..=held).map(|through| Act::Compact { seat, through }));
        }
        if setting.flaw == Flaw::AtCommit && node.role != Role::Leader {
            acts.push(Act::Learn { seat, known: held });
        }
        if self.wipes < setting.wipes {
            acts.push(Act::Wipe { seat });
        }
    }
}
