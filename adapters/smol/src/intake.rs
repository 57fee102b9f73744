use quorate::{Members, Snapshot};
use quorate_disk::{DiskError, Snapshots};

/// A snapshot of the leader on its way to the disk. What comes together is written together.
///
/// Pieces in memory are as good as stored until the node dies: they are written before the snapshot is made durable,
/// and a node that starts again asks for what is not there.
pub(crate) struct Intake {
    files: Snapshots,
    of: Snapshot,
    /// Who took part when it was taken, as far as is known.
    members: Members,
    /// Where in the snapshot `bytes` stand.
    offset: u64,
    bytes: Vec<u8>,
    /// How many bytes were written and not synced.
    unsynced: u64,
}

/// As many bytes are written at a time at most.
const WRITE_MAX: usize = 256 << 10;
/// After so many bytes they are synced: not all of them at the end, when the node waits for it.
const SYNC_EVERY: u64 = 4 << 20;

impl Intake {
    pub(crate) fn new(files: Snapshots) -> Intake {
        Intake {
            files,
            members: Members::default(),
            of: Snapshot::default(),
            offset: 0,
            bytes: Vec::new(),
            unsynced: 0,
        }
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// As [`write`](Intake::write).
    pub(crate) fn take(
        &mut self,
        members: Members,
        snapshot: Snapshot,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), DiskError> {
        let follows = self.of == snapshot && self.offset + self.bytes.len() as u64 == offset;
        if !follows || self.bytes.len() >= WRITE_MAX {
            self.write()?;
        }
        if self.bytes.is_empty() {
            (self.of, self.members, self.offset) = (snapshot, members, offset);
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// Writes what was taken.
    ///
    /// # Errors
    /// As [`Snapshots::store`]: it is final.
    pub(crate) fn write(&mut self) -> Result<(), DiskError> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        self.files.store(self.of, self.members, self.offset, &self.bytes)?;
        self.unsynced += self.bytes.len() as u64;
        self.offset += self.bytes.len() as u64;
        self.bytes.clear();
        Ok(())
    }

    /// The snapshot whose bytes should be synced by now.
    pub(crate) fn unsynced(&mut self) -> Option<Snapshot> {
        let is_due = self.unsynced >= SYNC_EVERY;
        is_due.then(|| {
            self.unsynced = 0;
            self.of
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use quorate::{Index, Position, Seat, Seats, Term};
    use quorate_disk::{Disk, Options, Owner, Recovered};

    use super::*;

    fn snapshot(index: u64, content: &[u8]) -> Snapshot {
        let position = Position { term: Term(1), index: Index(index) };
        Snapshot { position, bytes: content.len() as u64, check: quorate::crc32c(content) }
    }

    /// Pieces of one snapshot, then of another one, each of which has a piece that comes alone.
    #[test]
    fn each_piece_is_written_in_its_place() {
        let directory = tempfile::tempdir().expect("a directory");
        let owner = Owner { cluster: 1, seat: Seat(0) };
        let members = Members::of(Seats::first(1));
        let open = || {
            let mut stored = None;
            let visit = |recovered: Recovered<'_>| {
                if let Recovered::Stored(found) = recovered {
                    stored = Some(found);
                }
                Ok::<(), DiskError>(())
            };
            let (disk, _) = Disk::open(directory.path(), owner, Options { segment_bytes: 4096 }, visit).expect("a log");
            (disk, stored)
        };
        let content: Vec<u8> = (0..2 * WRITE_MAX + 5000).map(|byte| (byte % 251) as u8).collect();
        let (one, other) = (snapshot(7, &content), snapshot(9, &content[1..]));
        let mut intake = Intake::new(open().0.snapshots());
        intake.take(members, one, 0, &content[..5000]).expect("room");
        intake.take(members, one, 5000, &content[5000..6000]).expect("room");
        for (offset, piece) in (0..).step_by(1000).zip(content[1..].chunks(1000)) {
            intake.take(members, other, offset, piece).expect("room");
        }
        let written: Vec<_> = fs::read_dir(directory.path()).expect("a directory").collect();
        assert!(!written.is_empty(), "what is more than a write holds does not wait");
        intake.write().expect("room");
        let stored = open().1.expect("a snapshot that is whole, but not in force");
        assert_eq!((stored.snapshot, stored.received, stored.check), (other, other.bytes, other.check));
    }
}
