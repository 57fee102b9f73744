//! Words that the tests share.
#![allow(dead_code, reason = "each test binary uses some of them")]

pub(crate) mod snapshots;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use quorate::{
    Entries, Entry, Features, HardState, Index, Kind, Least, Members, Occupant, Position, RECORD_OVERHEAD, Roster,
    Seat, Seats, Settled, Stored, Term,
};
use quorate_disk::{Configuration, Direct, Disk, DiskError, Medium, Options, Owner, Recovered, Recovery};
use tempfile::{TempDir, tempdir, tempdir_in};

/// A change of a file's bytes.
pub(crate) type Damage = fn(&mut Vec<u8>);

/// Small enough that a few writes fill a segment.
pub(crate) const SMALL: Options = Options { segment_bytes: 2_048 };

pub(crate) fn owner() -> Owner {
    Owner { cluster: 7, seat: Seat(1) }
}

/// A directory where there is no device behind the files, if there is such a place: many openings are quicker there.
pub(crate) fn scratch() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempdir_in(memory) } else { tempdir() }.unwrap()
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

pub(crate) fn position(index: u64) -> Position {
    Position { term: Term(1), index: Index(index) }
}

/// A configuration of these members, in the lives of founders.
pub(crate) fn settled(since: u64, members: Members) -> Configuration {
    let mut room = [0; 100];
    let roster = Roster::write(
        &mut room,
        members,
        Least { log_bytes: 1, election_micros: 250_000, features: Features::OWN },
        None,
        |_| Occupant::default(),
    )
    .unwrap();
    Settled { since: Index(since), roster }.into()
}

pub(crate) fn members() -> Members {
    Members::of(Seats::first(3))
}

/// Writes entries with these indices, one write each.
#[track_caller]
pub(crate) fn append<M: Medium>(disk: &mut Disk<M>, indices: impl IntoIterator<Item = u64>) {
    for index in indices {
        disk.write(None, None, Entries::parse(&record(index, b"entry")).unwrap(), None, None).unwrap();
    }
}

/// The names of a directory's files, in order.
pub(crate) fn names(directory: &Path) -> Vec<String> {
    let files = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Opens a directory and lists what it holds, one line an item.
pub(crate) fn open(directory: &Path) -> Result<(Disk, Recovery, Vec<String>), DiskError> {
    open_on(Direct, directory)
}

pub(crate) fn open_on<M: Medium>(medium: M, directory: &Path) -> Result<(Disk<M>, Recovery, Vec<String>), DiskError> {
    let mut seen = Vec::new();
    let (disk, recovery) = Disk::open_on(medium, directory, owner(), SMALL, |item| -> Result<(), DiskError> {
        seen.push(match item {
            Recovered::Prepared(prepared) => format!("prepared {}", prepared.founding),
            Recovered::Charter(charter) => format!("complete {}", charter.founding),
            Recovered::Joined(charter, incarnation) => format!("joined {} as {incarnation}", charter.founding),
            Recovered::Settled(settled) => format!("settled since {}", settled.since.0),
            Recovered::Snapshot(snapshot) => format!("snapshot {}", snapshot.position.index.0),
            Recovered::LostSnapshot(position) => format!("lost snapshot {}", position.index.0),
            Recovered::DamagedSnapshot(position) => format!("damaged snapshot {}", position.index.0),
            Recovered::Stored(Stored { snapshot, received, .. }) => {
                format!("stored {received} of {} of snapshot {}", snapshot.bytes, snapshot.position.index.0)
            }
            Recovered::HardState(state) => format!("term {}", state.term.0),
            Recovered::Entry(entry) => format!("{entry:?}"),
            Recovered::Mark(mark) => format!("mark {} at {}", mark.term.0, mark.last.index.0),
        });
        Ok(())
    })?;
    Ok((disk, recovery, seen))
}

/// Does something else in the place of some changes.
pub(crate) trait Replace {
    /// Comes before every operation.
    fn before(&mut self, _call: &'static str) -> io::Result<()> {
        Ok(())
    }

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
#[derive(Clone)]
pub(crate) struct But<R>(pub(crate) R);

impl<R: Replace> Medium for But<R> {
    type Handle = File;

    fn create_directory(&mut self, path: &Path) -> io::Result<()> {
        self.0.before("create_directory")?;
        Direct.create_directory(path)
    }

    fn open_directory(&mut self, path: &Path) -> io::Result<File> {
        self.0.before("open_directory")?;
        Direct.open_directory(path)
    }

    fn lock(&mut self, directory: &File) -> io::Result<()> {
        self.0.before("lock")?;
        Direct.lock(directory)
    }

    fn list(&mut self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        self.0.before("list")?;
        Direct.list(directory)
    }

    fn read(&mut self, file: &Path) -> io::Result<Vec<u8>> {
        self.0.before("read")?;
        Direct.read(file)
    }

    fn create(&mut self, file: &Path) -> io::Result<File> {
        self.0.before("create")?;
        Direct.create(file)
    }

    fn open(&mut self, file: &Path) -> io::Result<File> {
        self.0.before("open")?;
        Direct.open(file)
    }

    fn length(&mut self, file: &File) -> io::Result<u64> {
        self.0.before("length")?;
        Direct.length(file)
    }

    fn read_at(&mut self, file: &File, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.0.before("read_at")?;
        Direct.read_at(file, offset, bytes)
    }

    fn write(&mut self, file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.before("write")?;
        self.0.write(file, offset, bytes)
    }

    fn sync(&mut self, file: &File) -> io::Result<()> {
        self.0.before("sync")?;
        self.0.sync(file)
    }

    fn sync_all(&mut self, file: &File) -> io::Result<()> {
        self.0.before("sync_all")?;
        self.0.sync_all(file)
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.before("rename")?;
        self.0.rename(from, to)
    }

    fn remove(&mut self, file: &Path) -> io::Result<()> {
        self.0.before("remove")?;
        self.0.remove(file)
    }
}
