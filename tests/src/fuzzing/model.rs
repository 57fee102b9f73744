use quorate::{Entries, Entry, HardState, Index};

/// What a disk holds that keeps what it was given, as a node's promises are held against it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Disk {
    pub(crate) hard_state: HardState,
    pub(crate) records: Vec<Vec<u8>>,
}

/// A write that was ordered.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) hard_state: Option<HardState>,
    pub(crate) records: Vec<u8>,
}

impl Disk {
    pub(crate) fn write(&mut self, batch: &Batch) {
        self.hard_state = batch.hard_state.unwrap_or(self.hard_state);
        batch.entries().for_each(|entry| self.push(entry));
    }

    /// Replaces what stands at the entry's index, and everything after it.
    pub(crate) fn push(&mut self, entry: Entry<'_>) {
        self.records.truncate(entry.position().index.0 as usize - 1);
        self.records.push(entry.record().to_vec());
    }

    pub(crate) fn record(&self, index: Index) -> Option<&[u8]> {
        self.records.get((index.0 as usize).checked_sub(1)?).map(Vec::as_slice)
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.records.iter().map(|record| Entry::parse(record).expect("the disk keeps records as they are").0)
    }
}

impl Batch {
    pub(crate) fn entries(&self) -> Entries<'_> {
        Entries::parse(&self.records).expect("the entries of a write are whole")
    }
}
