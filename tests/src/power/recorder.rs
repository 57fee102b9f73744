use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use quorate::Seat;
use quorate_disk::{Direct, Medium};

use super::journal::{Change, Event, Journal};

/// A medium that does what it is told, and notes it.
pub(crate) struct Recorder {
    pub(crate) seat: Seat,
    pub(crate) directory: PathBuf,
    pub(crate) journal: Journal,
    pub(crate) lie: Option<Lie>,
    /// How many more syncs of the kind that it lies about it carries out.
    pub(crate) honest_syncs: usize,
    /// Where the file is that was created last.
    pub(crate) created: Rc<RefCell<PathBuf>>,
}

/// A sync that does nothing and says that all is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// Batches are not made durable.
    Batches,
    /// New segments are not made durable.
    Segments,
    /// Names are not made durable.
    Names,
}

impl Recorder {
    fn note(&self, change: Change) {
        self.journal.note(self.seat, Event::Change(change));
    }

    fn sync(&mut self, lie: Lie, change: Change) {
        if self.lie != Some(lie) {
            self.note(change);
        } else if self.honest_syncs > 0 {
            self.honest_syncs -= 1;
            self.note(change);
        }
    }
}

/// An open file or directory, and where it is by now.
#[derive(Debug)]
pub(crate) struct Handle {
    file: File,
    path: Rc<RefCell<PathBuf>>,
}

impl Handle {
    fn of(path: &Path) -> impl FnOnce(File) -> Handle {
        |file| Handle { file, path: Rc::new(RefCell::new(path.to_owned())) }
    }

    fn name(&self) -> String {
        name(&self.path.borrow())
    }
}

/// Nothing is synced for real: crash states are made from the notes.
impl Medium for Recorder {
    type Handle = Handle;

    fn create_directory(&mut self, path: &Path) -> io::Result<()> {
        Direct.create_directory(path)
    }

    fn open_directory(&mut self, path: &Path) -> io::Result<Handle> {
        Direct.open_directory(path).map(Handle::of(path))
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

    fn create(&mut self, file: &Path) -> io::Result<Handle> {
        self.note(Change::Create(name(file)));
        let handle = Direct.create(file).map(Handle::of(file))?;
        self.created = Rc::clone(&handle.path);
        Ok(handle)
    }

    fn open(&mut self, file: &Path) -> io::Result<Handle> {
        Direct.open(file).map(Handle::of(file))
    }

    fn length(&mut self, file: &Handle) -> io::Result<u64> {
        Direct.length(&file.file)
    }

    fn read_at(&mut self, file: &Handle, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        Direct.read_at(&file.file, offset, bytes)
    }

    fn write(&mut self, file: &Handle, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.note(Change::Write { file: file.name(), offset, bytes: bytes.to_vec() });
        Direct.write(&file.file, offset, bytes)
    }

    fn sync(&mut self, file: &Handle) -> io::Result<()> {
        Recorder::sync(self, Lie::Batches, Change::Sync(file.name()));
        Ok(())
    }

    fn sync_all(&mut self, file: &Handle) -> io::Result<()> {
        if *file.path.borrow() == self.directory {
            Recorder::sync(self, Lie::Names, Change::SyncNames);
        } else if file.file.metadata()?.is_file() {
            Recorder::sync(self, Lie::Segments, Change::Sync(file.name()));
        }
        Ok(())
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.note(Change::Rename { from: name(from), to: name(to) });
        let mut created = self.created.borrow_mut();
        if *created == from {
            to.clone_into(&mut created);
        }
        Direct.rename(from, to)
    }

    fn remove(&mut self, file: &Path) -> io::Result<()> {
        Direct.remove(file)
    }
}

fn name(path: &Path) -> String {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned()
}
