use fastrand::Rng;
use quorate::{Entries, Entry, HardState, Index, Position};

/// What one node's disk holds. Records are numbered from index 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Disk {
    pub(crate) hard_state: HardState,
    records: Vec<Record>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Record {
    position: Position,
    bytes: Box<[u8]>,
}

/// What one write adds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Batch {
    pub(crate) hard_state: Option<HardState>,
    records: Vec<Record>,
}

impl Batch {
    pub(crate) fn new(hard_state: Option<HardState>, entries: Entries<'_>) -> Batch {
        let records = entries.map(|entry| Record { position: entry.position(), bytes: entry.record().into() });
        Batch { hard_state, records: records.collect() }
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

impl Disk {
    /// The batch is durable: each record replaces what stood at its index and after it.
    pub(crate) fn sync(&mut self, batch: Batch) {
        self.hard_state = batch.hard_state.unwrap_or(self.hard_state);
        for record in batch.records {
            self.records.truncate(record.position.index.0 as usize - 1);
            self.records.push(record);
        }
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.records.iter().map(|record| Entry::parse(&record.bytes).expect("the disk keeps records as they are").0)
    }

    /// Whether recovery notices that a bit of a record has flipped. Of an empty log there is nothing to flip.
    pub(crate) fn notices_rot(&self, rng: &mut Rng) -> Option<bool> {
        let mut bytes = self.records.get(rng.usize(..self.records.len().max(1)))?.bytes.clone();
        let place = rng.usize(..bytes.len());
        bytes[place] ^= 1 << rng.u8(..8);
        Some(Entry::parse(&bytes).is_err())
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
