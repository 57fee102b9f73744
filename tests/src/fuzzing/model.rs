use quorate::{
    Entries, Entry, HardState, Index, Mark, Persist, Position, Seat, Settled, Snapshot, Stored, Term, crc32c_append,
};
use quorate_disk::Configuration;

use super::arbitrary;
use super::source::Source;

/// What a disk holds that keeps what it was given, as a node's promises are held against it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Disk {
    pub(crate) hard_state: HardState,
    /// The latest term that was marked.
    pub(crate) mark: Term,
    /// The last configuration that is known to be committed, if it is not the charter's.
    pub(crate) settled: Option<Configuration>,
    /// What a snapshot stands for; the records are those behind it.
    pub(crate) base: Position,
    pub(crate) records: Vec<Vec<u8>>,
    /// The app's snapshots, the latest last.
    pub(crate) snapshots: Vec<Snapshot>,
    /// What came of a snapshot of the leader so far.
    pub(crate) stored: Option<Stored>,
}

/// A write that was ordered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    pub(crate) hard_state: Option<HardState>,
    pub(crate) snapshot: Option<Snapshot>,
    pub(crate) records: Vec<u8>,
    pub(crate) settled: Option<Configuration>,
    pub(crate) mark: Option<Mark>,
}

impl Disk {
    pub(crate) fn write(&mut self, batch: &Batch) {
        self.hard_state = batch.hard_state.unwrap_or(self.hard_state);
        if let Some(snapshot) = batch.snapshot {
            let whole = Stored { snapshot, received: snapshot.bytes, check: snapshot.check };
            assert_eq!(self.stored.take().unwrap_or(whole), whole, "what is installed is all here");
            self.records.clear();
            (self.base, self.snapshots) = (snapshot.position, vec![snapshot]);
        }
        batch.entries().for_each(|entry| self.push(entry));
        self.settled = batch.settled.clone().or(self.settled.take());
        if let Some(mark) = batch.mark {
            self.put_mark(mark);
        }
    }

    /// What is behind a mark's last position is void.
    pub(crate) fn put_mark(&mut self, mark: Mark) {
        let kept = mark.last.index.0.saturating_sub(self.base.index.0) as usize;
        self.records.truncate(kept);
        self.mark = mark.term;
    }

    /// What a node might write next. What a snapshot covers is never replaced.
    pub(crate) fn batch(&self, source: &mut Source<'_>) -> Batch {
        let mut room = Vec::new();
        let last = self.last();
        let above = last.index.0 - self.covered().0;
        let index = Index(last.index.0 - u64::from(source.below(4) / 2).min(above));
        let term = Term(last.term.0 + u64::from(source.below(2)));
        let entries = arbitrary::entries(source, Position { term, index }, &mut room);
        let is_next = entries.first().is_some_and(|first| first.position().index.0 == index.0 + 1);
        let records = if is_next { entries.bytes().to_vec() } else { Vec::new() };
        let vote = source.flag().then(|| Seat(source.below(3)).into());
        let hard_state = source.flag().then_some(HardState { term, vote });
        let end = Entries::parse(&records).ok().and_then(Iterator::last).map(|entry| entry.position());
        let choice = source.byte();
        let mark = choice.is_multiple_of(4).then(|| self.mark_at(end, source));
        let settled = (choice / 4).is_multiple_of(4).then(|| self.settled_after(choice / 16));
        Batch { hard_state, snapshot: None, records, settled, mark }
    }

    /// A later configuration, wherever its entry may be: a log does not look at that.
    fn settled_after(&self, choice: u8) -> Configuration {
        let before = self.settled.as_ref().map_or(0, |settled| settled.since.0);
        Settled { since: Index(before + 1), roster: arbitrary::roster(choice) }.into()
    }

    /// A mark where the log ends after a write that ends there, or before.
    fn mark_at(&self, end: Option<Position>, source: &mut Source<'_>) -> Mark {
        let shorter = self.entries().map(|entry| entry.position()).filter(|position| position.index > self.covered());
        let last = match end {
            Some(end) => end,
            None => shorter.take(usize::from(source.below(4))).last().unwrap_or_else(|| self.last()),
        };
        Mark { term: Term(self.mark.0.max(last.term.0) + u64::from(source.below(2))), last }
    }

    /// Where its log ends.
    pub(crate) fn last(&self) -> Position {
        self.entries().last().map_or(self.base, |entry| entry.position())
    }

    /// Up to where the latest snapshot stands for the log.
    pub(crate) fn covered(&self) -> Index {
        self.snapshots.last().map_or(self.base, |snapshot| snapshot.position).index
    }

    /// The records that no snapshot covers.
    pub(crate) fn needed(&self) -> impl Iterator<Item = &[u8]> {
        let covered = self.covered().0 - self.base.index.0;
        self.records.iter().skip(covered as usize).map(Vec::as_slice)
    }

    /// Replaces what stands at the entry's index, and everything after it.
    pub(crate) fn push(&mut self, entry: Entry<'_>) {
        self.records.truncate((entry.position().index.0 - self.base.index.0) as usize - 1);
        self.records.push(entry.record().to_vec());
    }

    /// The log may stand on a snapshot of the app's own from now on.
    pub(crate) fn mark(&mut self, snapshot: Snapshot) {
        self.snapshots.push(snapshot);
        let old = self.snapshots.len().saturating_sub(2);
        self.snapshots.drain(..old);
    }

    pub(crate) fn store(&mut self, snapshot: Snapshot, offset: u64, bytes: &[u8]) {
        let none = Stored { snapshot, received: 0, check: 0 };
        let stored = self.stored.filter(|stored| stored.snapshot == snapshot && offset > 0).unwrap_or(none);
        assert_eq!(stored.received, offset, "a piece follows what is stored");
        assert!(offset + bytes.len() as u64 <= snapshot.bytes, "a piece is within its snapshot");
        let check = crc32c_append(stored.check, bytes);
        self.stored = Some(Stored { received: offset + bytes.len() as u64, check, ..stored });
    }

    /// No snapshot can be read any more, and the log before the latest is gone.
    pub(crate) fn lose_snapshots(&mut self) {
        if let Some(latest) = self.snapshots.drain(..).next_back() {
            let covered = (latest.position.index.0 - self.base.index.0) as usize;
            self.records.drain(..covered);
            self.base = latest.position;
        }
    }

    /// Whether the log stands on a snapshot that is lost.
    pub(crate) fn is_lost(&self) -> bool {
        self.base.index > Index(0) && self.snapshots.is_empty()
    }

    pub(crate) fn record(&self, index: Index) -> Option<&[u8]> {
        let place = index.0.checked_sub(self.base.index.0 + 1)?;
        self.records.get(usize::try_from(place).ok()?).map(Vec::as_slice)
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.records.iter().map(|record| Entry::parse(record).expect("the disk keeps records as they are").0)
    }
}

impl Batch {
    pub(crate) fn of(write: &Persist<'_>) -> Batch {
        let Persist { hard_state, snapshot, entries, settled, mark, .. } = *write;
        Batch {
            hard_state,
            snapshot,
            records: entries.bytes().to_vec(),
            settled: settled.map(Configuration::from),
            mark,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        let Batch { hard_state, snapshot, records, settled, mark } = self;
        let has_no_other = hard_state.is_none() && snapshot.is_none() && settled.is_none() && mark.is_none();
        records.is_empty() && has_no_other
    }

    pub(crate) fn settled(&self) -> Option<Settled<'_>> {
        self.settled.as_ref().and_then(Configuration::settled)
    }

    pub(crate) fn entries(&self) -> Entries<'_> {
        Entries::parse(&self.records).expect("the entries of a write are whole")
    }
}
