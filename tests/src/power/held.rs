use quorate::{Entries, Entry, HardState, Index, Mark, Snapshot, Term};
use quorate_disk::Configuration;

use super::recovery::Node;
use crate::simulator::records::Batch;

/// What a log holds, once it is read from its front to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) hard_state: HardState,
    /// The latest term that was marked.
    pub(crate) mark: Term,
    /// The last configuration that is known to be committed, if it is not that of the founding.
    settled: Option<Configuration>,
    /// The snapshot in force; of index zero if there is none.
    pub(crate) snapshot: Snapshot,
    /// The records of the entries behind it.
    pub(crate) records: Vec<Vec<u8>>,
}

impl Held {
    /// What a node that has just been started was given.
    pub(crate) fn of(hard_state: HardState, snapshot: Snapshot, node: &Node) -> Held {
        let records = node.log().map(|entry| entry.record().to_vec()).collect();
        let settled = Some(node.settled()).filter(|settled| settled.since > Index(0));
        Held { hard_state, mark: node.durable_mark(), settled: settled.map(Configuration::from), snapshot, records }
    }

    /// One write: a snapshot of the leader takes the place of all entries, an entry that of those from its index on,
    /// and a mark voids what is behind its last position.
    pub(crate) fn write(&mut self, batch: &Batch) {
        self.hard_state = batch.hard_state.unwrap_or(self.hard_state);
        if let Some(snapshot) = batch.snapshot {
            self.snapshot = snapshot;
            self.records.clear();
        }
        let records = batch.bytes();
        Entries::parse(&records).expect("a write is of whole records").for_each(|entry| self.entry(entry));
        self.settled = batch.settled().map(Configuration::from).or(self.settled.take());
        if let Some(Mark { term, last }) = batch.mark {
            self.mark = term;
            let kept = self.behind(last.index.0).expect("no entry that a snapshot covers is void");
            self.records.truncate(kept);
        }
    }

    /// The log stands on a snapshot of the app's own.
    pub(crate) fn mark(&mut self, snapshot: Snapshot) {
        if let Some(covered) = self.behind(snapshot.position.index.0) {
            self.records.drain(..covered);
            self.snapshot = snapshot;
        }
    }

    fn entry(&mut self, entry: Entry<'_>) {
        let before = self.behind(entry.position().index.0 - 1).expect("no entry that a snapshot covers is replaced");
        self.records.truncate(before);
        self.records.push(entry.record().to_vec());
    }

    /// How many entries an index is behind the snapshot, if it is not before that.
    fn behind(&self, index: u64) -> Option<usize> {
        index.checked_sub(self.snapshot.position.index.0).map(|behind| behind as usize)
    }

    /// The last index.
    pub(crate) fn last(&self) -> u64 {
        self.snapshot.position.index.0 + self.records.len() as u64
    }
}
