//! Words that the tests share.
#![allow(dead_code, reason = "each test binary uses some of them")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use quorate::{
    Entries, Entry, HardState, Identity, Index, Kind, Members, Position, RECORD_OVERHEAD, Seat, Seats, Snapshot,
    Stored, Term,
};
use quorate_disk::{Direct, Disk, DiskError, Medium, Options, Owner, Recovered, Recovery};
use tempfile::{TempDir, tempdir, tempdir_in};

/// A change of a file's bytes.
pub(crate) type Damage = fn(&mut Vec<u8>);

/// Small enough that a few writes fill a segment.
pub(crate) const SMALL: Options = Options { segment_bytes: 2_048 };

pub(crate) fn owner() -> Owner {
    Owner { cluster: 7, identity: Identity::from(Seat(1)) }
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

pub(crate) fn members() -> Members {
    Members::of(Seats::first(3))
}

/// Writes entries with these indices, one write each.
#[track_caller]
pub(crate) fn append<M: Medium>(disk: &mut Disk<M>, indices: impl IntoIterator<Item = u64>) {
    for index in indices {
        disk.write(None, None, Entries::parse(&record(index, b"entry")).unwrap()).unwrap();
    }
}

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
    pub(crate) snapshots: Vec<u64>,
    pub(crate) lost: Option<u64>,
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
                Recovered::Snapshot(snapshot) => found.push(snapshot),
                Recovered::LostSnapshot(position) => view.lost = Some(position.index.0),
                Recovered::Stored(Stored { snapshot, received, .. }) => {
                    view.stored = Some((snapshot.position.index.0, received));
                }
                Recovered::HardState(state) => view.term = state.term.0,
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
