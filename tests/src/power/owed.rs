use quorate::{Entries, Entry, HardState, Seat, Term};

use super::journal::{Event, Promise};
use super::{Law, Violation};

/// What a log holds, once it is read from its front to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) hard_state: HardState,
    pub(crate) records: Vec<Vec<u8>>,
}

/// What a node has promised, as of some moment: what it must come back with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Owed {
    term: Term,
    vote: Option<(Term, Seat)>,
    acked: Vec<Acked>,
    applied: Vec<Vec<u8>>,
    /// What is on the disk for certain.
    durable: Held,
    /// What is on the disk once the write under way is.
    written: Held,
}

#[derive(Clone, Debug)]
struct Acked {
    record: Vec<u8>,
    /// The latest term in which it was acknowledged.
    term: Term,
}

impl Held {
    pub(crate) fn entry(&mut self, entry: Entry<'_>) {
        self.records.truncate(entry.position().index.0 as usize - 1);
        self.records.push(entry.record().to_vec());
    }

    fn write(&mut self, hard_state: Option<HardState>, records: &[u8]) {
        self.hard_state = hard_state.unwrap_or(self.hard_state);
        entries(records).for_each(|entry| self.entry(entry));
    }
}

impl Owed {
    pub(crate) fn take(&mut self, event: &Event) -> Result<(), Violation> {
        match event {
            Event::Change(_) => {}
            Event::Write { term, hard_state, records } => {
                self.release(*term, records)?;
                self.written.write(*hard_state, records);
            }
            Event::Written => self.durable = self.written.clone(),
            Event::Opened(held) => {
                self.check(held)?;
                self.durable = held.clone();
                self.written = held.clone();
            }
            Event::Promise(Promise::Term(term)) => self.term = self.term.max(*term),
            Event::Promise(Promise::Vote(term, seat)) => {
                if self.vote.is_some_and(|(other, rival)| other == *term && rival != *seat) {
                    return Err(Law::VoteOnce.broken(format!("for {rival:?} and for {seat:?}", rival = self.vote)));
                }
                self.vote = Some((*term, *seat));
            }
            Event::Promise(Promise::Ack(term, records)) => self.acknowledge(*term, records)?,
            Event::Promise(Promise::Apply(record)) => self.apply(record)?,
        }
        Ok(())
    }

    /// A later leader's order to put other entries in the place of some ends what was acknowledged of these.
    fn release(&mut self, term: Term, records: &[u8]) -> Result<(), Violation> {
        let Some(first) = entries(records).next() else { return Ok(()) };
        let kept = first.position().index.0 as usize - 1;
        if kept < self.applied.len() {
            return Err(Law::AppliedStays.broken(format!("{first:?} replaces one of {}", self.applied.len())));
        }
        if let Some(acked) = self.acked.iter().skip(kept).find(|acked| acked.term >= term) {
            return Err(Law::AckedStays.broken(format!("{first:?} in {term:?}, after an ack in {:?}", acked.term)));
        }
        self.acked.truncate(kept);
        Ok(())
    }

    fn acknowledge(&mut self, term: Term, records: &[u8]) -> Result<(), Violation> {
        for (place, entry) in entries(records).enumerate() {
            match self.acked.get_mut(place) {
                Some(acked) if acked.record == entry.record() => acked.term = term,
                Some(_) => return Err(Law::AckedStays.broken(format!("{entry:?} was acknowledged as another one"))),
                None => self.acked.push(Acked { record: entry.record().to_vec(), term }),
            }
        }
        Ok(())
    }

    /// After a start, everything is applied once more.
    fn apply(&mut self, record: &[u8]) -> Result<(), Violation> {
        let entry = entries(record).next().expect("one record is applied");
        let place = entry.position().index.0 as usize - 1;
        match self.applied.get(place) {
            Some(applied) if applied == record => {}
            None if place == self.applied.len() => self.applied.push(record.to_vec()),
            _ => return Err(Law::AppliedStays.broken(format!("{entry:?} is applied in the place of another one"))),
        }
        Ok(())
    }

    /// Whether an event puts entries in the place of others.
    pub(crate) fn is_replaced_by(&self, event: &Event) -> bool {
        let Event::Write { records, .. } = event else { return false };
        let first = entries(records).next();
        first.is_some_and(|first| first.position().index.0 as usize <= self.written.records.len())
    }

    /// What was applied, and perhaps answered.
    pub(crate) fn applied(&self) -> &[Vec<u8>] {
        &self.applied
    }

    /// Holds what came back against what was promised.
    pub(crate) fn check(&self, held: &Held) -> Result<(), Violation> {
        let HardState { term, vote } = held.hard_state;
        if term < self.term {
            return Err(Law::TermStays.broken(format!("{term:?} after {:?}", self.term)));
        }
        if let Some((voted, seat)) = self.vote
            && voted == term
            && vote != Some(seat)
        {
            return Err(Law::VoteStays.broken(format!("{vote:?} instead of {seat:?} in {term:?}")));
        }
        let acked = self.acked.iter().map(|acked| &acked.record);
        if let Some(place) = first_difference(acked, &held.records) {
            return Err(Law::AckedStays.broken(format!("index {} is missing", place + 1)));
        }
        if let Some(place) = first_difference(self.applied.iter(), &held.records) {
            return Err(Law::AppliedStays.broken(format!("index {} is missing", place + 1)));
        }
        if *held != self.durable && *held != self.written {
            return Err(Law::WholeWrites.broken(format!("{} entries, {term:?}", held.records.len())));
        }
        Ok(())
    }
}

fn first_difference<'a>(promised: impl Iterator<Item = &'a Vec<u8>>, held: &[Vec<u8>]) -> Option<usize> {
    promised.enumerate().find(|(place, record)| held.get(*place) != Some(record)).map(|(place, _)| place)
}

fn entries(records: &[u8]) -> Entries<'_> {
    Entries::parse(records).expect("records were whole when they came out of a log")
}
