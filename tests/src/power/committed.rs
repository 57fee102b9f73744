use quorate::{Entry, Index, Position, Seat, Snapshot, crc32c};

use super::journal::{Event, Promise};
use super::state::State;
use super::{Law, Violation};

/// What was applied in a run, by whichever node: what every log begins with, and every state comes of.
#[derive(Debug, Default)]
pub(crate) struct Committed {
    records: Vec<Vec<u8>>,
    state: State,
    /// What every node takes for a snapshot, by its index.
    snapshots: Vec<Snapshot>,
}

impl Committed {
    /// Reads it off a journal; whoever applies an index applies the same there.
    pub(crate) fn of(journal: &[(Seat, Event)]) -> Result<Committed, Violation> {
        let mut committed = Committed::default();
        for (seat, event) in journal {
            if let Event::Promise(Promise::Apply(record)) = event {
                committed.apply(record).map_err(|violation| violation.of(*seat))?;
            }
        }
        Ok(committed)
    }

    fn apply(&mut self, record: &[u8]) -> Result<(), Violation> {
        let position = position(record);
        let place = position.index.0 as usize - 1;
        match self.records.get(place) {
            Some(applied) if applied == record => {}
            None if place == self.records.len() => {
                self.records.push(record.to_vec());
                self.state.apply(record);
                let bytes = self.state.bytes();
                self.snapshots.push(Snapshot { position, bytes: bytes.len() as u64, check: crc32c(&bytes) });
            }
            _ => return Err(Law::AppliedStays.broken(format!("another entry is applied at {}", place + 1))),
        }
        Ok(())
    }

    /// The records up to this index.
    pub(crate) fn up_to(&self, index: Index) -> &[Vec<u8>] {
        &self.records[..self.records.len().min(index.0 as usize)]
    }

    /// The state at this index.
    pub(crate) fn state(&self, index: Index) -> State {
        self.state.at(index)
    }

    /// The snapshot at this index; none if nobody got so far, or there is nothing yet.
    pub(crate) fn snapshot(&self, index: Index) -> Option<Snapshot> {
        index.0.checked_sub(1).and_then(|place| self.snapshots.get(place as usize).copied())
    }
}

/// Where a record stands.
pub(crate) fn position(record: &[u8]) -> Position {
    let (entry, _) = Entry::parse(record).expect("records were whole when they came out of a log");
    entry.position()
}
