use quorate::{Position, Snapshot, Stored, crc32c, crc32c_append};

use super::app::App;
use crate::simulator::records::{Batch, Records};

/// What a member's machine keeps without power.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Disk {
    pub(crate) log: Records,
    /// The snapshots that are whole, the latest last.
    snapshots: Vec<(Snapshot, Vec<u8>)>,
    /// What came of snapshots of leaders.
    stored: Vec<(Stored, Vec<u8>)>,
    /// The snapshot that the log stands on cannot be read any more.
    pub(crate) is_lost: bool,
}

impl Disk {
    /// The write is durable. False if it stands on a snapshot that is not here.
    pub(crate) fn sync(&mut self, batch: Batch) -> bool {
        if let Some(snapshot) = batch.snapshot {
            let is_it = |stored: &Stored| (stored.snapshot, stored.check) == (snapshot, snapshot.check);
            let Some(place) = self.stored.iter().position(|(stored, _)| is_it(stored)) else { return false };
            let (_, bytes) = self.stored.remove(place);
            self.snapshots.push((snapshot, bytes));
            self.is_lost = false;
        }
        self.log.sync(batch);
        true
    }

    /// Only a part of the write is: of one that stands on a snapshot, nothing or all.
    pub(crate) fn cut(&mut self, batch: Batch, parts: usize) -> bool {
        let is_whole = parts == batch.parts();
        if batch.snapshot.is_some() && !is_whole { true } else { self.sync(batch.cut(parts)) }
    }

    /// Writes a snapshot of the app's own aside.
    pub(crate) fn take(&mut self, position: Position, app: &App) -> Snapshot {
        let bytes = app.to_bytes();
        let snapshot = Snapshot { position, bytes: bytes.len() as u64, check: crc32c(&bytes) };
        self.snapshots.push((snapshot, bytes));
        snapshot
    }

    /// Keeps a piece of a leader's snapshot, beside what is there of those that are named. False if it is not the piece
    /// that follows what is here.
    pub(crate) fn store(&mut self, snapshot: Snapshot, offset: u64, bytes: &[u8], named: &[Snapshot]) -> bool {
        if offset == 0 {
            self.stored.retain(|(stored, _)| named.contains(&stored.snapshot) && stored.snapshot != snapshot);
            self.stored.push((Stored { snapshot, received: 0, check: 0 }, Vec::new()));
        }
        let Some((stored, state)) = self.stored.iter_mut().find(|(stored, _)| stored.snapshot == snapshot) else {
            return false;
        };
        let follows = stored.received == offset;
        stored.received += bytes.len() as u64;
        stored.check = crc32c_append(stored.check, bytes);
        state.extend_from_slice(bytes);
        follows
    }

    /// Keeps the snapshots that a node names, the latest first, and no other. What its own latest covers, the log need
    /// not hold.
    pub(crate) fn keep(&mut self, named: &[Snapshot]) {
        self.snapshots.retain(|(snapshot, _)| named.contains(snapshot));
        if let Some(Snapshot { position, .. }) = named.first().filter(|latest| self.read(**latest).is_some())
            && position.index > self.log.base.index
        {
            self.log.cover(*position);
        }
    }

    /// The snapshot that the log stands on rots, and no other takes its place.
    pub(crate) fn rot(&mut self) {
        self.snapshots.clear();
        self.is_lost = true;
    }

    pub(crate) fn read(&self, snapshot: Snapshot) -> Option<&[u8]> {
        self.snapshots.iter().find(|(found, _)| *found == snapshot).map(|(_, bytes)| &**bytes)
    }

    /// The snapshot that the log stands on, if it does and that can be read.
    pub(crate) fn base(&self) -> Option<Snapshot> {
        let is_base = |snapshot: &&Snapshot| snapshot.position == self.log.base;
        self.snapshots.iter().map(|(snapshot, _)| snapshot).find(is_base).copied()
    }

    /// What came of the latest snapshot of a leader.
    pub(crate) fn stored(&self) -> Option<Stored> {
        self.stored.last().map(|(stored, _)| *stored)
    }
}
