use std::collections::BTreeMap;

use quorate::{Entry, HardState, Index, Kind, Position, Snapshot, Stored, Term, crc32c, crc32c_append};

use crate::simulator::records::{Batch, Records};

/// What a disk holds.
#[derive(Default)]
pub(super) struct Disk {
    pub(super) log: Records,
    /// The app's snapshots, the latest last, and whether they can be read.
    pub(super) snapshots: Vec<(Snapshot, String)>,
    /// What a snapshot covered that cannot be read any more.
    pub(super) lost: Option<Position>,
    /// What came of a snapshot of the leader so far.
    pub(super) stored: Option<(Stored, String)>,
    /// What came of it beyond a gap, by where it belongs. A crash loses it.
    pub(super) early: BTreeMap<u64, Vec<u8>>,
}

impl Disk {
    /// A disk with a log whose entries have these terms, one after the other, and a mark of this term behind them.
    pub(super) fn of(hard_state: HardState, mark: Term, terms: &[u64]) -> Disk {
        let mut log = Records::default();
        (log.hard_state, log.mark) = (hard_state, mark);
        for (term, index) in terms.iter().zip(1..) {
            let record = record(Position { term: Term(*term), index: Index(index) });
            log.take(Entry::parse(&record).expect("it is whole").0);
        }
        Disk { log, ..Disk::default() }
    }

    pub(super) fn sync(&mut self, write: Batch) {
        if let Some(snapshot) = write.snapshot {
            let (stored, state) = self.stored.take().expect("what is installed was stored");
            assert_eq!((stored.snapshot, stored.check), (snapshot, snapshot.check), "a whole snapshot is installed");
            (self.snapshots, self.lost) = (vec![(snapshot, state)], None);
        }
        self.log.sync(write);
    }

    /// Keeps the app's own snapshot, and the one before it.
    pub(super) fn snapshot(&mut self, position: Position, state: &str) -> Snapshot {
        let snapshot = Snapshot { position, bytes: state.len() as u64, check: crc32c(state.as_bytes()) };
        self.snapshots.push((snapshot, state.into()));
        self.log.cover(position);
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

/// An entry whose command is its own name: `x3` is the one at index 3.
pub(super) fn record(position: Position) -> Vec<u8> {
    let command = format!("x{}", position.index.0);
    let mut payload = vec![command.len() as u8];
    payload.extend_from_slice(command.as_bytes());
    let mut room = vec![0; quorate::RECORD_OVERHEAD + payload.len()];
    Entry::write(&mut room, position, Kind::Command, &payload).expect("the room is large enough");
    room
}
