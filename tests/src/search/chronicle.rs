use quorate::Round;

use super::face::{Face, Mark};
use super::law::{Verdict, hold};
use super::member::Reading;
use super::names::Names;

/// What was promised so far, which no node remembers and every node has to keep.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Chronicle {
    /// What was committed, in order.
    pub(crate) committed: Vec<Committed>,
    /// Who led which term.
    leaders: Vec<(u64, u8)>,
    /// Reads that wait: at which seat, for which round, and how much was committed when they were asked.
    reads: Vec<(u8, Round, u64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Committed {
    pub(crate) mark: Mark,
    /// The term in which it was committed.
    pub(crate) term: u64,
}

impl Chronicle {
    /// Whether a node in this state, that did this, adds nothing.
    pub(crate) fn knows(&self, face: &Face, applied: &[Mark], reads: &[Reading]) -> bool {
        let commit = face.commit as usize;
        let agrees = commit <= self.committed.len()
            && self.committed.iter().zip(&face.log[..commit]).all(|(known, mark)| known.mark == *mark);
        let has_leader = !face.leads || self.leaders.contains(&(face.term, face.seat));
        agrees && has_leader && applied.is_empty() && reads.is_empty()
    }

    /// Takes down what a node did, and in which state it is now.
    pub(crate) fn add(&mut self, face: &Face, applied: &[Mark], first: u64, reads: &[Reading]) -> Verdict {
        self.add_commit(face)?;
        for (mark, index) in applied.iter().zip(first..) {
            let known = self.committed.get(index as usize - 1);
            let story = || format!("node {} applies {mark:?} at {index}, known is {known:?}", face.seat);
            hold(known.is_some_and(|known| known.mark == *mark), "all apply the same", story)?;
        }
        if face.leads {
            self.add_leader(face)?;
        }
        reads.iter().try_for_each(|reading| self.add_reading(face.seat, *reading))
    }

    /// What one node takes for committed, all take for committed.
    fn add_commit(&mut self, face: &Face) -> Verdict {
        for (place, mark) in face.log[..face.commit as usize].iter().enumerate() {
            let Some(known) = self.committed.get(place) else {
                self.committed.push(Committed { mark: *mark, term: face.term });
                continue;
            };
            let story = || format!("node {} has {mark:?} at {}, committed is {known:?}", face.seat, place + 1);
            hold(known.mark == *mark, "what is committed is the same everywhere", story)?;
        }
        Ok(())
    }

    fn add_leader(&mut self, face: &Face) -> Verdict {
        match self.leaders.iter().find(|(term, _)| *term == face.term) {
            Some((term, seat)) => {
                hold(*seat == face.seat, "one leader a term", || format!("{seat} and {} in term {term}", face.seat))
            }
            None => {
                self.leaders.push((face.term, face.seat));
                self.leaders.sort_unstable();
                Ok(())
            }
        }
    }

    /// A read is answered from a state that has all that was committed anywhere when it was asked.
    fn add_reading(&mut self, seat: u8, reading: Reading) -> Verdict {
        let through = match reading {
            Reading::Awaits(round) => {
                self.reads.push((seat, round, self.committed.len() as u64));
                self.reads.sort_unstable();
                return Ok(());
            }
            Reading::Ready(round, _) | Reading::Failed(round) => round,
            Reading::Gone => Round(u64::MAX),
        };
        let (due, later): (Vec<_>, Vec<_>) =
            self.reads.drain(..).partition(|(at, round, _)| *at == seat && *round <= through);
        self.reads = later;
        let Reading::Ready(_, applied) = reading else { return Ok(()) };
        let floor = due.iter().map(|(_, _, floor)| *floor).max().unwrap_or(0);
        hold(applied >= floor, "a read is not older than what was committed before it", || {
            format!("node {seat} reads at {applied}, {floor} was committed")
        })
    }

    pub(crate) fn renamed(&self, names: &Names) -> Chronicle {
        let mut chronicle = self.clone();
        chronicle.leaders.iter_mut().for_each(|(_, seat)| *seat = names.of(*seat));
        chronicle.reads.iter_mut().for_each(|(seat, _, _)| *seat = names.of(*seat));
        chronicle.reads.sort_unstable();
        chronicle
    }
}
