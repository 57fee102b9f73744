use quorate::founding::Record as FoundingRecord;
use quorate::{Entry, HardState, Index, Mark, Persist, Position, Snapshot, Term};

/// What a disk holds, as the records that a node gave it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Records {
    /// What makes the store a member, or is to.
    pub(crate) founding: Option<FoundingRecord>,
    pub(crate) hard_state: HardState,
    /// The latest term that was marked.
    pub(crate) mark: Term,
    /// What a snapshot stands for; of index zero if there are records from the first on.
    pub(crate) base: Position,
    /// One after the other behind the base.
    records: Vec<Record>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Record {
    position: Position,
    bytes: Box<[u8]>,
}

impl Record {
    fn of(entry: Entry<'_>) -> Record {
        Record { position: entry.position(), bytes: entry.record().into() }
    }
}

/// What one write adds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Batch {
    pub(crate) hard_state: Option<HardState>,
    /// In place of all records so far.
    pub(crate) snapshot: Option<Snapshot>,
    records: Vec<Record>,
    pub(crate) mark: Option<Mark>,
}

impl Batch {
    pub(crate) fn of(write: &Persist<'_>) -> Batch {
        let Persist { hard_state, snapshot, entries, mark, .. } = *write;
        Batch { hard_state, snapshot, records: entries.map(Record::of).collect(), mark }
    }

    /// Its records, one behind the other.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.records.iter().map(|record| &*record.bytes).collect::<Vec<_>>().concat()
    }

    /// How many parts a power cut can separate.
    pub(crate) fn parts(&self) -> usize {
        usize::from(self.hard_state.is_some()) + self.records.len() + usize::from(self.mark.is_some())
    }

    /// What is left if only the first parts reached the disk.
    pub(crate) fn cut(mut self, parts: usize) -> Batch {
        self.mark = self.mark.filter(|_| parts == self.parts());
        let kept = parts.saturating_sub(usize::from(self.hard_state.is_some()));
        self.records.truncate(kept);
        self.hard_state = self.hard_state.filter(|_| parts > 0);
        self
    }
}

impl Records {
    /// The batch is durable: each record replaces what stood at its index and after it.
    pub(crate) fn sync(&mut self, batch: Batch) {
        self.hard_state = batch.hard_state.unwrap_or(self.hard_state);
        if let Some(snapshot) = batch.snapshot {
            self.records.clear();
            self.base = snapshot.position;
        }
        batch.records.into_iter().for_each(|record| self.put(record));
        batch.mark.iter().for_each(|mark| self.put_mark(mark));
    }

    /// A mark is behind what was written before: what is behind its last position is void.
    pub(crate) fn put_mark(&mut self, mark: &Mark) {
        self.mark = mark.term;
        self.records.retain(|record| record.position.index <= mark.last.index);
    }

    /// The mark, for a node that starts from here.
    pub(crate) fn last_mark(&self) -> Mark {
        Mark { term: self.mark, last: self.records.last().map_or(self.base, |record| record.position) }
    }

    /// An entry comes back from the disk.
    pub(crate) fn take(&mut self, entry: Entry<'_>) {
        self.put(Record::of(entry));
    }

    fn put(&mut self, record: Record) {
        let index = record.position.index;
        while self.records.last().is_some_and(|last| last.position.index >= index) {
            self.records.pop();
        }
        self.records.push(record);
    }

    /// A snapshot stands for all up to this position.
    pub(crate) fn cover(&mut self, position: Position) {
        self.records.retain(|record| record.position.index > position.index);
        self.base = position;
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.records.iter().map(|record| Entry::parse(&record.bytes).expect("the disk keeps records as they are").0)
    }

    /// Whether both hold the same behind this index.
    pub(crate) fn equals_behind(&self, index: Index, other: &Records) -> bool {
        let behind = |records: &Records| records.records.partition_point(|record| record.position.index <= index);
        (self.founding, self.hard_state, self.mark) == (other.founding, other.hard_state, other.mark)
            && self.records[behind(self)..] == other.records[behind(other)..]
    }

    /// The record at an index, if no snapshot stands for it.
    pub(crate) fn record(&self, index: Index) -> Option<&[u8]> {
        self.get(index).map(|record| &*record.bytes)
    }

    /// Whether the record at a position is here.
    pub(crate) fn has(&self, position: Position) -> bool {
        self.get(position.index).is_some_and(|record| record.position == position)
    }

    /// As [`has`](Records::has), or a snapshot stands for it.
    pub(crate) fn holds(&self, position: Position) -> bool {
        position.index <= self.base.index || self.has(position)
    }

    fn get(&self, index: Index) -> Option<&Record> {
        let place = index.0.checked_sub(self.base.index.0 + 1)?;
        self.records.get(usize::try_from(place).ok()?)
    }
}
