use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use quorate::Seat;
use quorate_disk::{Direct, Medium};

use super::journal::{Change, Event, Journal};

/// A medium that does what it is told in one directory, and notes it. Clones note in the same journal.
#[derive(Clone)]
pub(crate) struct Recorder {
    pub(crate) seat: Seat,
    pub(crate) directory: PathBuf,
    pub(crate) journal: Journal,
    lie: Option<Lie>,
    /// How many more syncs of the kind that it lies about it carries out.
    honest_syncs: Rc<Cell<usize>>,
    /// Which file has which name.
    numbers: Rc<RefCell<BTreeMap<String, usize>>>,
    /// How many files there have been.
    files: Rc<Cell<usize>>,
}

/// A sync that does nothing and says that all is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// Batches are not made durable.
    Batches,
    /// New segments are not made durable.
    Segments,
    /// Snapshots are not made durable.
    Snapshots,
    /// Names are not made durable.
    Names,
}

impl Recorder {
    /// Files that are there are numbered in the order of their names.
    pub(crate) fn new(directory: &Path, seat: Seat, journal: &Journal, lie: Option<(Lie, usize)>) -> Recorder {
        let found = fs::read_dir(directory).expect("the directory is there");
        let mut names: Vec<_> = found.map(|file| name(&file.expect("the directory can be read").path())).collect();
        names.sort_unstable();
        let files = Rc::new(Cell::new(names.len()));
        let numbers = Rc::new(RefCell::new(names.into_iter().zip(0..).collect()));
        let (lie, honest_syncs) = (lie.map(|(lie, _)| lie), lie.map_or(0, |(_, honest_syncs)| honest_syncs));
        let (directory, honest_syncs) = (directory.to_owned(), Rc::new(Cell::new(honest_syncs)));
        Recorder { seat, directory, journal: journal.clone(), lie, honest_syncs, numbers, files }
    }

    fn note(&self, change: Change) {
        self.journal.note(self.seat, Event::Change(change));
    }

    fn note_sync(&self, lie: Lie, change: Change) {
        if self.lie == Some(lie) {
            match self.honest_syncs.get().checked_sub(1) {
                Some(left) => self.honest_syncs.set(left),
                None => return,
            }
        }
        self.note(change);
    }
}

/// An open file or directory.
#[derive(Debug)]
pub(crate) struct Handle {
    file: File,
    what: What,
}

#[derive(Clone, Copy, Debug)]
enum What {
    /// A file of this number, and who lies about it.
    File(usize, Lie),
    /// The directory.
    Directory,
    /// One above it.
    Above,
}

impl Handle {
    fn number(&self) -> io::Result<usize> {
        match self.what {
            What::File(number, _) => Ok(number),
            What::Directory | What::Above => Err(io::ErrorKind::IsADirectory.into()),
        }
    }
}

/// Nothing is synced for real: crash states are made from the notes.
impl Medium for Recorder {
    type Handle = Handle;

    fn create_directory(&mut self, path: &Path) -> io::Result<()> {
        Direct.create_directory(path)
    }

    fn open_directory(&mut self, path: &Path) -> io::Result<Handle> {
        let what = if path == self.directory { What::Directory } else { What::Above };
        Direct.open_directory(path).map(|file| Handle { file, what })
    }

    fn lock(&mut self, directory: &Handle) -> io::Result<()> {
        Direct.lock(&directory.file)
    }

    fn list(&mut self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        Direct.list(directory)
    }

    fn read(&mut self, file: &Path) -> io::Result<Vec<u8>> {
        Direct.read(file)
    }

    fn create(&mut self, path: &Path) -> io::Result<Handle> {
        let file = Direct.create(path)?;
        let number = self.files.replace(self.files.get() + 1);
        self.numbers.borrow_mut().insert(name(path), number);
        self.note(Change::Create { name: name(path), file: number });
        Ok(Handle { file, what: What::File(number, liar(path)) })
    }

    fn open(&mut self, path: &Path) -> io::Result<Handle> {
        let file = Direct.open(path)?;
        let number = self.numbers.borrow().get(&name(path)).copied().ok_or(io::ErrorKind::NotFound)?;
        Ok(Handle { file, what: What::File(number, liar(path)) })
    }

    fn length(&mut self, file: &Handle) -> io::Result<u64> {
        Direct.length(&file.file)
    }

    fn read_at(&mut self, file: &Handle, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        Direct.read_at(&file.file, offset, bytes)
    }

    fn write(&mut self, file: &Handle, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.note(Change::Write { file: file.number()?, offset, bytes: bytes.to_vec() });
        Direct.write(&file.file, offset, bytes)
    }

    fn sync(&mut self, file: &Handle) -> io::Result<()> {
        self.note_sync(Lie::Batches, Change::Sync(file.number()?));
        Ok(())
    }

    fn sync_all(&mut self, file: &Handle) -> io::Result<()> {
        match file.what {
            What::File(number, lie) => self.note_sync(lie, Change::Sync(number)),
            What::Directory => self.note_sync(Lie::Names, Change::SyncNames),
            What::Above => {}
        }
        Ok(())
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        Direct.rename(from, to)?;
        let mut numbers = self.numbers.borrow_mut();
        let file = numbers.remove(&name(from)).ok_or(io::ErrorKind::NotFound)?;
        numbers.insert(name(to), file);
        self.note(Change::Rename { name: name(to), file });
        Ok(())
    }

    fn remove(&mut self, file: &Path) -> io::Result<()> {
        Direct.remove(file)?;
        self.numbers.borrow_mut().remove(&name(file));
        self.note(Change::Remove(name(file)));
        Ok(())
    }
}

fn name(path: &Path) -> String {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned()
}

/// Who lies about this file when all of it is to be synced.
fn liar(path: &Path) -> Lie {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("taken" | "fetched" | "snapshot") => Lie::Snapshots,
        _ => Lie::Segments,
    }
}
