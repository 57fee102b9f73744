//! Snapshots, as every node of the tests' cluster writes them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use quorate::{Entries, Entry, Snapshot, Stored, crc32c};
use quorate_disk::{Disk, DiskError, Medium, Recovered};

use super::{SMALL, append, members, open, owner, position, record, state};

/// The app's state after this index, as every node writes it.
pub(crate) fn content(index: u64) -> Vec<u8> {
    (0..600 + index).map(|byte| (byte * index) as u8).collect()
}

/// Writes the app's snapshot aside.
pub(crate) fn take<M: Medium + Clone>(disk: &Disk<M>, index: u64) -> Result<Snapshot, DiskError> {
    let mut writer = disk.snapshots().create(position(index), members())?;
    writer.write_all(&content(index)).expect("a snapshot so short is written when it is finished");
    writer.finish()
}

/// The snapshot that another node has of this index.
pub(crate) fn foreign(index: u64) -> Snapshot {
    let content = content(index);
    Snapshot { position: position(index), bytes: content.len() as u64, check: quorate::crc32c(&content) }
}

/// Stores the bytes of a snapshot of another node up to here, in pieces.
pub(crate) fn store<M: Medium + Clone>(disk: &Disk<M>, index: u64, end: usize) -> Result<(), DiskError> {
    let mut snapshots = disk.snapshots();
    for (piece, offset) in content(index)[..end].chunks(100).zip((0..).step_by(100)) {
        snapshots.store(foreign(index), members(), offset, piece)?;
    }
    Ok(())
}

/// What a node has that starts from a directory.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) term: u64,
    /// Since when the last configuration is in force.
    pub(crate) settled: Option<u64>,
    pub(crate) snapshots: Vec<u64>,
    pub(crate) lost: Option<u64>,
    pub(crate) damaged: Option<u64>,
    pub(crate) stored: Option<(u64, u64)>,
    /// The entries behind the last snapshot, and what they say.
    pub(crate) entries: BTreeMap<u64, String>,
}

impl View {
    /// Opens a directory, and holds its snapshots to what was written.
    #[track_caller]
    pub(crate) fn of(directory: &Path) -> View {
        View::try_of(directory).unwrap_or_else(|error| panic!("{error}"))
    }

    #[track_caller]
    pub(crate) fn try_of(directory: &Path) -> Result<View, DiskError> {
        let mut view = View::default();
        let mut found = Vec::new();
        let (disk, _) = Disk::open(directory, owner(), SMALL, |item| -> Result<(), DiskError> {
            match item {
                Recovered::Prepared(_) | Recovered::Charter(_) | Recovered::Joined(..) => {}
                Recovered::Settled(settled) => view.settled = Some(settled.since.0),
                Recovered::Snapshot(snapshot) => found.push(snapshot),
                Recovered::LostSnapshot(position) => view.lost = Some(position.index.0),
                Recovered::DamagedSnapshot(position) => view.damaged = Some(position.index.0),
                Recovered::Stored(Stored { snapshot, received, .. }) => {
                    view.stored = Some((snapshot.position.index.0, received));
                }
                Recovered::HardState(state) => view.term = state.term.0,
                Recovered::Mark(_) => {}
                Recovered::Entry(entry) => view.note(entry, found.last()),
            }
            Ok(())
        })?;
        for snapshot in &found {
            let mut bytes = Vec::new();
            disk.snapshots().open(*snapshot)?.read_to_end(&mut bytes).expect("what was recovered is whole");
            assert_eq!((bytes, *snapshot), (content(snapshot.position.index.0), foreign(snapshot.position.index.0)));
        }
        view.snapshots = found.iter().map(|snapshot| snapshot.position.index.0).collect();
        Ok(view)
    }

    /// As a node that boots takes an entry.
    #[track_caller]
    fn note(&mut self, entry: Entry<'_>, snapshot: Option<&Snapshot>) {
        let index = entry.position().index.0;
        let base = snapshot.map_or(self.lost.unwrap_or(0), |snapshot| snapshot.position.index.0);
        if index > base {
            self.entries.retain(|other, _| *other < index);
            let last = self.entries.last_key_value().map_or(base, |(last, _)| *last);
            assert_eq!(last + 1, index, "an entry is missing");
            self.entries.insert(index, format!("{entry:?}"));
        }
    }

    /// The indices of the entries.
    pub(crate) fn indices(&self) -> Vec<u64> {
        self.entries.keys().copied().collect()
    }
}

/// Marks the app's own snapshot of this index.
#[track_caller]
pub(crate) fn mark(disk: &mut Disk, index: u64) -> Snapshot {
    let snapshot = take(disk, index).unwrap();
    disk.mark(snapshot).unwrap();
    snapshot
}

/// Makes a snapshot of another node durable here, with the entry behind it.
#[track_caller]
pub(crate) fn install(disk: &mut Disk, index: u64) {
    store(disk, index, content(index).len()).unwrap();
    let entry = record(index + 1, b"behind");
    disk.write(state(9), Some(foreign(index)), Entries::parse(&entry).unwrap(), None, None).unwrap();
}

/// Entries 1 to 12, and snapshots of 4 and 8.
pub(crate) fn two_snapshots(directory: &Path) {
    let (mut disk, ..) = open(directory).unwrap();
    disk.write(state(3), None, Entries::default(), None, None).unwrap();
    append(&mut disk, 1..=8);
    mark(&mut disk, 4);
    mark(&mut disk, 8);
    append(&mut disk, 9..=12);
}

pub(crate) fn file(directory: &Path, snapshot: Snapshot) -> PathBuf {
    directory.join(format!("{:010}-{:08x}.snapshot", snapshot.position.index.0, snapshot.check))
}

/// Changes the file of a snapshot.
pub(crate) fn change(directory: &Path, index: u64, change: impl FnOnce(&mut Vec<u8>)) {
    let path = file(directory, foreign(index));
    let mut bytes = fs::read(&path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

/// Changes a header, and its CRC to match.
pub(crate) fn change_header(directory: &Path, index: u64, at: usize, byte: u8) {
    change(directory, index, |bytes| {
        bytes[at] = byte;
        let check = crc32c(&bytes[..124]);
        bytes[124..128].copy_from_slice(&check.to_le_bytes());
    });
}
