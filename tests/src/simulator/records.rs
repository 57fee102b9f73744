use quorate::{Entries, Entry, HardState, Index, Position};

/// What a disk holds, as the records that a node gave it: numbered from index 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Records {
    pub(crate) hard_state: HardState,
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
    records: Vec<Record>,
}

impl Batch {
    pub(crate) fn new(hard_state: Option<HardState>, entries: Entries<'_>) -> Batch {
        Batch { hard_state, records: entries.map(Record::of).collect() }
    }

    /// Its records, one behind the other.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.records.iter().map(|record| &*record.bytes).collect::<Vec<_>>().concat()
    }

    /// How many parts a power cut can separate.
    pub(crate) fn parts(&self) -> usize {
        usize::from(self.hard_state.is_some()) + self.records.len()
    }

    /// What is left if only the first parts reached the disk.
    pub(crate) fn cut(mut self, parts: usize) -> Batch {
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
        batch.records.into_iter().for_each(|record| self.put(record));
    }

    /// An entry comes back from the disk.
    pub(crate) fn take(&mut self, entry: Entry<'_>) {
        self.put(Record::of(entry));
    }

    fn put(&mut self, record: Record) {
        self.records.truncate(record.position.index.0 as usize - 1);
        self.records.push(record);
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.records.iter().map(|record| Entry::parse(&record.bytes).expect("the disk keeps records as they are").0)
    }

    /// The record at an index.
    pub(crate) fn record(&self, index: Index) -> Option<&[u8]> {
        self.records.get((index.0 as usize).checked_sub(1)?).map(|record| &*record.bytes)
    }

    pub(crate) fn holds(&self, position: Position) -> bool {
        position == Position::default()
            || self.records.get((position.index.0 as usize).wrapping_sub(1)).is_some_and(|r| r.position == position)
    }
}
