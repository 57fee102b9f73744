use std::collections::BTreeMap;

use quorate::{Entry, HardState, Index, Kind, Mark, Position, Snapshot, Stored, Term, crc32c, crc32c_append};

/// What a disk holds, or a write adds.
#[derive(Clone, Default)]
pub(super) struct Disk {
    pub(super) hard_state: Option<HardState>,
    /// The latest mark.
    pub(super) mark: Option<Mark>,
    /// The app's snapshots, the latest last, and whether they can be read.
    pub(super) snapshots: Vec<(Snapshot, String)>,
    /// What a snapshot covered that cannot be read any more.
    pub(super) lost: Option<Position>,
    /// What came of a snapshot of the leader so far.
    pub(super) stored: Option<(Stored, String)>,
    /// What came of it beyond a gap, by where it belongs. A crash loses it.
    pub(super) early: BTreeMap<u64, Vec<u8>>,
    /// Those behind the latest snapshot.
    pub(super) records: Vec<Vec<u8>>,
    /// Of a write: the snapshot that replaces all before it.
    pub(super) installs: Option<Snapshot>,
}

impl Disk {
    /// A disk with a log whose entries have these terms, one after the other, and a mark of this term behind them.
    pub(super) fn of(hard_state: HardState, mark: Term, terms: &[u64]) -> Disk {
        let positions = terms.iter().zip(1..).map(|(term, index)| Position { term: Term(*term), index: Index(index) });
        let mark = Mark { term: mark, last: positions.clone().last().unwrap_or_default() };
        let records = positions.map(record).collect();
        Disk { hard_state: Some(hard_state), mark: Some(mark), records, ..Disk::default() }
    }

    pub(super) fn sync(&mut self, write: Disk) {
        self.hard_state = write.hard_state.or(self.hard_state);
        if let Some(snapshot) = write.installs {
            let (stored, state) = self.stored.take().expect("what is installed was stored");
            assert_eq!((stored.snapshot, stored.check), (snapshot, snapshot.check), "a whole snapshot is installed");
            (self.snapshots, self.lost) = (vec![(snapshot, state)], None);
            self.records.clear();
        }
        for record in write.records {
            self.records.retain(|old| index(old) < index(&record));
            self.records.push(record);
        }
        if let Some(mark) = write.mark {
            self.records.retain(|old| index(old) <= mark.last.index);
            self.mark = Some(mark);
        }
    }

    /// Keeps the app's own snapshot, and the one before it.
    pub(super) fn snapshot(&mut self, position: Position, state: &str) -> Snapshot {
        let snapshot = Snapshot { position, bytes: state.len() as u64, check: crc32c(state.as_bytes()) };
        self.snapshots.push((snapshot, state.into()));
        self.records.retain(|record| index(record) > position.index);
        let old = self.snapshots.len().saturating_sub(2);
        self.snapshots.drain(..old);
        snapshot
    }

    /// Keeps a piece of the leader's.
    pub(super) fn store(&mut self, snapshot: Snapshot, offset: u64, bytes: &[u8]) {
        let (stored, state) = self.stored.get_or_insert_default();
        if stored.snapshot != snapshot || offset == 0 {
            (*stored, *state) = (Stored { snapshot, received: 0, check: 0 }, String::new());
            self.early.clear();
        }
        assert!(offset >= stored.received, "a piece is stored once");
        assert!(self.early.insert(offset, bytes.to_vec()).is_none(), "a piece is stored once");
        while let Some(bytes) = self.early.remove(&stored.received) {
            stored.received += bytes.len() as u64;
            stored.check = crc32c_append(stored.check, &bytes);
            state.push_str(str::from_utf8(&bytes).expect("the stage's snapshots are text"));
        }
    }

    /// Whether nothing is stored beyond a gap.
    pub(super) fn is_in_order(&self) -> bool {
        self.early.is_empty()
    }

    /// What is beyond a gap is not written yet, and lost.
    pub(super) fn crash(&mut self) {
        self.early.clear();
    }

    /// The state of a snapshot that is here.
    pub(super) fn state(&self, snapshot: Snapshot) -> Option<&str> {
        self.snapshots.iter().find(|(found, _)| *found == snapshot).map(|(_, state)| state.as_str())
    }

    /// The latest snapshot cannot be read any more, nor those before it.
    pub(super) fn lose_snapshots(&mut self) {
        self.lost = self.snapshots.last().map(|(snapshot, _)| snapshot.position);
        self.snapshots.clear();
    }
}

fn index(record: &[u8]) -> Index {
    Entry::parse(record).expect("a disk holds whole records").0.position().index
}

/// An entry whose command is its own name: `x3` is the one at index 3.
pub(super) fn record(position: Position) -> Vec<u8> {
    let command = format!("x{}", position.index.0);
    let mut payload = vec![command.len() as u8];
    payload.extend_from_slice(command.as_bytes());
    let mut room = vec![0; quorate::RECORD_OVERHEAD + payload.len()];
    Entry::write(&mut room, position, Kind::Command, &payload).expect("the room is large enough");
    room
}
