//! Words that the tests share.
#![allow(dead_code, reason = "each test binary uses some of them")]

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use quorate::{Entry, HardState, Identity, Index, Kind, Position, RECORD_OVERHEAD, Seat, Stored, Term};
use quorate_disk::{Direct, Disk, DiskError, Medium, Options, Owner, Recovered, Recovery};

/// Small enough that a few writes fill a segment.
pub(crate) const SMALL: Options = Options { segment_bytes: 2_048 };

pub(crate) fn owner() -> Owner {
    Owner { cluster: 7, identity: Identity::from(Seat(1)) }
}

pub(crate) fn state(term: u64) -> Option<HardState> {
    let term = Term(term);
    Some(HardState { term, vote: None })
}

/// The record of one entry of term 1.
pub(crate) fn record(index: u64, payload: &[u8]) -> Vec<u8> {
    let mut room = vec![0; RECORD_OVERHEAD + payload.len()];
    let position = Position { term: Term(1), index: Index(index) };
    Entry::write(&mut room, position, Kind::Command, payload).expect("the payload fits");
    room
}

/// Opens a directory and lists what it holds, one line an item.
pub(crate) fn open(directory: &Path) -> Result<(Disk, Recovery, Vec<String>), DiskError> {
    open_on(Direct, directory)
}

pub(crate) fn open_on<M: Medium>(medium: M, directory: &Path) -> Result<(Disk<M>, Recovery, Vec<String>), DiskError> {
    let mut seen = Vec::new();
    let (disk, recovery) = Disk::open_on(medium, directory, owner(), SMALL, |item| -> Result<(), DiskError> {
        seen.push(match item {
            Recovered::Snapshot(snapshot) => format!("snapshot {}", snapshot.position.index.0),
            Recovered::LostSnapshot(position) => format!("lost snapshot {}", position.index.0),
            Recovered::Stored(Stored { snapshot, received, .. }) => {
                format!("stored {received} of {} of snapshot {}", snapshot.bytes, snapshot.position.index.0)
            }
            Recovered::HardState(state) => format!("term {}", state.term.0),
            Recovered::Entry(entry) => format!("{entry:?}"),
        });
        Ok(())
    })?;
    Ok((disk, recovery, seen))
}

/// Does something else in the place of some changes.
pub(crate) trait Replace {
    fn write(&mut self, file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
        Direct.write(file, offset, bytes)
    }

    fn sync(&mut self, file: &File) -> io::Result<()> {
        Direct.sync(file)
    }

    fn sync_all(&mut self, file: &File) -> io::Result<()> {
        Direct.sync_all(file)
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        Direct.rename(from, to)
    }

    fn remove(&mut self, file: &Path) -> io::Result<()> {
        Direct.remove(file)
    }
}

/// The file system, but for what is replaced.
pub(crate) struct But<R>(pub(crate) R);

impl<R: Replace> Medium for But<R> {
    type Handle = File;

    fn create_directory(&mut self, path: &Path) -> io::Result<()> {
        Direct.create_directory(path)
    }

    fn open_directory(&mut self, path: &Path) -> io::Result<File> {
        Direct.open_directory(path)
    }

    fn lock(&mut self, directory: &File) -> io::Result<()> {
        Direct.lock(directory)
    }

    fn list(&mut self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        Direct.list(directory)
    }

    fn read(&mut self, file: &Path) -> io::Result<Vec<u8>> {
        Direct.read(file)
    }

    fn create(&mut self, file: &Path) -> io::Result<File> {
        Direct.create(file)
    }

    fn open(&mut self, file: &Path) -> io::Result<File> {
        Direct.open(file)
    }

    fn length(&mut self, file: &File) -> io::Result<u64> {
        Direct.length(file)
    }

    fn read_at(&mut self, file: &File, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        Direct.read_at(file, offset, bytes)
    }

    fn write(&mut self, file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write(file, offset, bytes)
    }

    fn sync(&mut self, file: &File) -> io::Result<()> {
        self.0.sync(file)
    }

    fn sync_all(&mut self, file: &File) -> io::Result<()> {
        self.0.sync_all(file)
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.rename(from, to)
    }

    fn remove(&mut self, file: &Path) -> io::Result<()> {
        self.0.remove(file)
    }
}
