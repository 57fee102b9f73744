use quorate::{Entries, HardState, Index, Seat, Snapshot, Term};

use super::committed::{Committed, position};
use super::held::Held;
use super::journal::{Event, Promise};
use super::{Law, Violation};

/// What a node has promised, as of some moment: what it must come back with.
#[derive(Clone, Debug)]
pub(crate) struct Owed<'a> {
    committed: &'a Committed,
    term: Term,
    vote: Option<(Term, Seat)>,
    acked: Vec<Acked>,
    applied: Index,
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

impl<'a> Owed<'a> {
    /// Nothing yet, in a run that comes to this.
    pub(crate) fn new(committed: &'a Committed) -> Owed<'a> {
        Owed {
            committed,
            term: Term(0),
            vote: None,
            acked: Vec::new(),
            applied: Index(0),
            durable: Held::default(),
            written: Held::default(),
        }
    }

    pub(crate) fn take(&mut self, event: &Event) -> Result<(), Violation> {
        match event {
            Event::Change(_) => {}
            Event::Write(term, batch) => {
                if let Some(snapshot) = batch.snapshot {
                    self.release_all_but(*term, snapshot)?;
                }
                self.release(*term, &batch.bytes())?;
                if let Some(mark) = batch.mark {
                    self.release_behind(*term, mark.last.index)?;
                }
                self.written.write(batch);
            }
            Event::Mark(snapshot) => self.written.mark(*snapshot),
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
            Event::Promise(Promise::Ack(term, base, records)) => self.acknowledge(*term, *base, records)?,
            Event::Promise(Promise::Apply(record)) => self.apply(position(record).index)?,
            Event::Promise(Promise::Restore(state)) => {
                if *state != self.committed.state(state.index()) {
                    return Err(Law::StateStays.broken(format!("another state is restored at {:?}", state.index())));
                }
                self.applied = self.applied.max(state.index());
            }
        }
        Ok(())
    }

    /// A later leader's order to put other entries in the place of some ends what was acknowledged of these.
    fn release(&mut self, term: Term, records: &[u8]) -> Result<(), Violation> {
        let Some(first) = entries(records).next() else { return Ok(()) };
        let kept = first.position().index.0 - 1;
        self.release_acked(term, kept as usize, kept)
    }

    /// A later leader that does not have what is behind this index ends what was acknowledged there.
    fn release_behind(&mut self, term: Term, last: Index) -> Result<(), Violation> {
        if last.0 >= self.written.last() { Ok(()) } else { self.release_acked(term, last.0 as usize, last.0) }
    }

    /// A snapshot of the leader takes the place of all entries: of those before it, it stands for the committed ones.
    fn release_all_but(&mut self, term: Term, snapshot: Snapshot) -> Result<(), Violation> {
        let index = snapshot.position.index;
        let same = self.acked.iter().zip(self.committed.up_to(index));
        let kept = same.take_while(|(acked, record)| acked.record == **record).count();
        self.release_acked(term, kept, index.0)
    }

    /// What was acknowledged is kept up to one number of entries, and what was applied up to another one.
    fn release_acked(&mut self, term: Term, kept: usize, applied: u64) -> Result<(), Violation> {
        if applied < self.applied.0 {
            return Err(Law::AppliedStays.broken(format!("all behind {applied} is replaced, of {:?}", self.applied)));
        }
        if let Some(acked) = self.acked.iter().skip(kept).find(|acked| acked.term >= term) {
            let story = format!("{} is replaced in {term:?}, after an ack in {:?}", kept + 1, acked.term);
            return Err(Law::AckedStays.broken(story));
        }
        self.acked.truncate(kept);
        Ok(())
    }

    fn acknowledge(&mut self, term: Term, base: Index, records: &[u8]) -> Result<(), Violation> {
        let committed = self.committed.up_to(base).iter().map(Vec::as_slice);
        for (place, record) in committed.chain(entries(records).map(|entry| entry.record())).enumerate() {
            match self.acked.get_mut(place) {
                Some(acked) if acked.record == record => acked.term = term,
                Some(_) => return Err(Law::AckedStays.broken(format!("another one was acknowledged at {}", place + 1))),
                None => self.acked.push(Acked { record: record.to_vec(), term }),
            }
        }
        Ok(())
    }

    /// After a start, everything behind the snapshot is applied once more.
    fn apply(&mut self, index: Index) -> Result<(), Violation> {
        if index.0 > self.applied.0 + 1 {
            return Err(Law::AppliedStays.broken(format!("{index:?} is applied behind {:?}", self.applied)));
        }
        self.applied = self.applied.max(index);
        Ok(())
    }

    /// Whether an event puts entries in the place of others.
    pub(crate) fn is_replaced_by(&self, event: &Event) -> bool {
        let Event::Write(_, batch) = event else { return false };
        let cuts = batch.mark.is_some_and(|mark| mark.last.index.0 < self.written.last());
        cuts || entries(&batch.bytes()).next().is_some_and(|first| first.position().index.0 <= self.written.last())
    }

    pub(crate) fn committed(&self) -> &'a Committed {
        self.committed
    }

    /// What was applied last, and perhaps answered.
    pub(crate) fn applied(&self) -> Index {
        self.applied
    }

    /// Holds what came back against what was promised.
    pub(crate) fn check(&self, held: &Held) -> Result<(), Violation> {
        let HardState { term, vote } = held.hard_state;
        if term < self.term {
            return Err(Law::TermStays.broken(format!("{term:?} after {:?}", self.term)));
        }
        if let Some((voted, seat)) = self.vote
            && voted == term
            && vote.map(|vote| vote.seat) != Some(seat)
        {
            return Err(Law::VoteStays.broken(format!("{vote:?} instead of {seat:?} in {term:?}")));
        }
        let base = held.snapshot.position.index;
        if self.committed.snapshot(base).unwrap_or_default() != held.snapshot {
            return Err(Law::StateStays.broken(format!("{:?} is not what comes of the entries", held.snapshot)));
        }
        let come_back = || self.committed.up_to(base).iter().chain(&held.records);
        let acked = self.acked.iter().map(|acked| &acked.record);
        if let Some(place) = first_difference(acked, come_back()) {
            return Err(Law::AckedStays.broken(format!("index {} is missing", place + 1)));
        }
        if let Some(place) = first_difference(self.committed.up_to(self.applied).iter(), come_back()) {
            return Err(Law::AppliedStays.broken(format!("index {} is missing", place + 1)));
        }
        if *held != self.durable && *held != self.written {
            let story = format!("{} entries behind {:?}, {term:?}", held.records.len(), held.snapshot.position);
            return Err(Law::WholeWrites.broken(story));
        }
        Ok(())
    }
}

fn first_difference<'a>(
    promised: impl Iterator<Item = &'a Vec<u8>>,
    mut held: impl Iterator<Item = &'a Vec<u8>>,
) -> Option<usize> {
    promised.enumerate().find(|(_, record)| held.next() != Some(*record)).map(|(place, _)| place)
}

fn entries(records: &[u8]) -> Entries<'_> {
    Entries::parse(records).expect("records were whole when they came out of a log")
}
