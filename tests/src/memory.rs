//! A file system in memory that loses, tears and reorders what was not synced when its power goes, and fails on demand.
//!
//! It holds one directory, [`DIRECTORY`]; those above it are there, and durable. What is written is seen at once, and
//! durable only after a sync: bytes and length of a file after a sync of the file, its name after a sync of the
//! directory.

mod content;
mod names;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};

use fastrand::Rng;
use quorate_disk::Medium;

use content::Content;
use names::Names;

/// The directory that is there.
pub(crate) const DIRECTORY: &str = "/log";

/// The file system. Clones are the same one.
#[derive(Clone, Debug)]
pub(crate) struct Memory(Rc<RefCell<Files>>);

/// What goes wrong next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// After so many changes the power goes.
    Cut(u32),
    /// After so many changes one fails: of a write a part may be seen, of what was to be synced a part is durable.
    Failure(u32),
    /// Files cannot grow.
    Full,
}

/// An open file or directory.
#[derive(Debug)]
pub(crate) enum Handle {
    File(usize),
    Directory(Rc<()>),
    /// A directory above.
    Above,
}

#[derive(Debug)]
struct Files {
    /// By the number of the file, which it keeps when it gets another name.
    contents: Vec<Content>,
    names: Names,
    /// There for as long as the directory is locked.
    lock: Weak<()>,
    trouble: Option<Trouble>,
    /// The trouble is that of a snapshot: the log goes on.
    is_aside: bool,
    /// Something has failed since the directory was locked.
    has_failed: bool,
    rng: Rng,
}

impl Memory {
    /// An empty directory. The seed chooses what survives.
    pub(crate) fn new(seed: u64) -> Memory {
        Memory(Rc::new(RefCell::new(Files {
            contents: Vec::new(),
            names: Names::default(),
            lock: Weak::new(),
            trouble: None,
            is_aside: false,
            has_failed: false,
            rng: Rng::with_seed(seed),
        })))
    }

    /// From now on, this goes wrong and nothing else.
    pub(crate) fn expect(&self, trouble: Option<Trouble>) {
        let files = &mut *self.0.borrow_mut();
        (files.trouble, files.is_aside) = (trouble, false);
    }

    /// As [`expect`](Memory::expect), with what is written beside the log.
    pub(crate) fn expect_aside(&self, trouble: Option<Trouble>) {
        let files = &mut *self.0.borrow_mut();
        (files.trouble, files.is_aside) = (trouble, true);
    }

    /// The power goes, and comes back: what was not synced is there, or not, or in part.
    pub(crate) fn cut_power(&self) {
        let files = &mut *self.0.borrow_mut();
        files.trouble = None;
        files.names.cut_power(&mut files.rng);
        files.contents.iter_mut().for_each(|content| content.cut_power(&mut files.rng));
    }

    /// Flips a bit of what is durable, if there is any. Of which file, and which byte.
    pub(crate) fn rot(&self) -> Option<(PathBuf, usize)> {
        let files = &mut *self.0.borrow_mut();
        let chosen = files.rng.usize(..files.names.iter().count().max(1));
        let (path, number) = files.names.iter().nth(chosen)?;
        let content = &mut files.contents[number];
        let byte = files.rng.usize(..content.len().max(1));
        (byte < content.len()).then(|| {
            content.flip(byte, files.rng.u32(..8));
            (path.to_owned(), byte)
        })
    }
}

impl Files {
    /// A change is about to be made: whether trouble strikes instead.
    fn strikes(&mut self) -> Option<Trouble> {
        assert!(!self.has_failed || self.is_aside, "a log in which something has failed changes nothing more");
        match &mut self.trouble {
            Some(Trouble::Cut(left) | Trouble::Failure(left)) if *left > 0 => {
                *left -= 1;
                None
            }
            Some(Trouble::Full) => None,
            trouble => *trouble,
        }
    }

    fn fail(&mut self, trouble: Trouble) -> io::Error {
        self.has_failed |= trouble != Trouble::Cut(0) && !self.is_aside;
        match trouble {
            Trouble::Cut(_) => io::Error::other("the power is off"),
            Trouble::Failure(_) => io::Error::other("the device fails"),
            Trouble::Full => io::ErrorKind::StorageFull.into(),
        }
    }

    /// Makes a change as a whole, or not at all.
    fn change<T>(&mut self, change: impl FnOnce(&mut Files) -> T) -> io::Result<T> {
        match self.strikes() {
            Some(trouble) => Err(self.fail(trouble)),
            None => Ok(change(self)),
        }
    }

    fn write(&mut self, number: usize, offset: usize, bytes: &[u8]) -> io::Result<()> {
        let mut trouble = self.strikes();
        let content = &mut self.contents[number];
        if self.trouble == Some(Trouble::Full) && offset + bytes.len() > content.len() {
            trouble = Some(Trouble::Full);
        }
        let Some(trouble) = trouble else {
            content.write(offset, bytes);
            return Ok(());
        };
        content.write(offset, &bytes[..self.rng.usize(..=bytes.len())]);
        Err(self.fail(trouble))
    }

    fn sync(&mut self, number: usize, sync: fn(&mut Content)) -> io::Result<()> {
        let trouble = self.strikes();
        let content = &mut self.contents[number];
        match trouble {
            None => sync(content),
            Some(Trouble::Failure(_)) => content.fail_to_sync(&mut self.rng),
            Some(Trouble::Cut(_) | Trouble::Full) => {}
        }
        trouble.map_or(Ok(()), |trouble| Err(self.fail(trouble)))
    }

    fn number(&self, path: &Path) -> io::Result<usize> {
        self.names.number(path).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Medium for Memory {
    type Handle = Handle;

    fn create_directory(&mut self, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::AlreadyExists.into())
    }

    fn open_directory(&mut self, path: &Path) -> io::Result<Handle> {
        Ok(if path == Path::new(DIRECTORY) { Handle::Directory(Rc::default()) } else { Handle::Above })
    }

    fn lock(&mut self, directory: &Handle) -> io::Result<()> {
        let files = &mut *self.0.borrow_mut();
        let Handle::Directory(token) = directory else { return Err(io::ErrorKind::Unsupported.into()) };
        if files.lock.upgrade().is_some() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        files.lock = Rc::downgrade(token);
        files.has_failed = false;
        Ok(())
    }

    fn list(&mut self, _: &Path) -> io::Result<Vec<PathBuf>> {
        Ok(self.0.borrow().names.iter().map(|(path, _)| path.to_owned()).collect())
    }

    fn read(&mut self, file: &Path) -> io::Result<Vec<u8>> {
        let files = self.0.borrow();
        Ok(files.contents[files.number(file)?].bytes().to_vec())
    }

    fn create(&mut self, file: &Path) -> io::Result<Handle> {
        self.0.borrow_mut().change(|files| {
            files.contents.push(Content::default());
            let number = files.contents.len() - 1;
            files.names.name(file, number);
            Handle::File(number)
        })
    }

    fn open(&mut self, file: &Path) -> io::Result<Handle> {
        self.0.borrow().number(file).map(Handle::File)
    }

    fn write(&mut self, file: &Handle, offset: u64, bytes: &[u8]) -> io::Result<()> {
        match file {
            Handle::File(number) => self.0.borrow_mut().write(*number, offset as usize, bytes),
            Handle::Directory(_) | Handle::Above => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    fn sync(&mut self, file: &Handle) -> io::Result<()> {
        match file {
            Handle::File(number) => self.0.borrow_mut().sync(*number, Content::sync),
            Handle::Directory(_) | Handle::Above => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    fn sync_all(&mut self, file: &Handle) -> io::Result<()> {
        match file {
            Handle::File(number) => self.0.borrow_mut().sync(*number, Content::sync_all),
            Handle::Directory(_) => self.0.borrow_mut().change(|files| files.names.sync()),
            Handle::Above => Ok(()),
        }
    }

    fn length(&mut self, file: &Handle) -> io::Result<u64> {
        match file {
            Handle::File(number) => Ok(self.0.borrow().contents[*number].len() as u64),
            Handle::Directory(_) | Handle::Above => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    fn read_at(&mut self, file: &Handle, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        let Handle::File(number) = file else { return Err(io::ErrorKind::IsADirectory.into()) };
        let files = self.0.borrow();
        let found = files.contents[*number].bytes().get(offset as usize..).and_then(|rest| rest.get(..bytes.len()));
        bytes.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn remove(&mut self, file: &Path) -> io::Result<()> {
        let files = &mut *self.0.borrow_mut();
        files.number(file)?;
        files.change(|files| files.names.remove(file))
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let files = &mut *self.0.borrow_mut();
        let number = files.number(from)?;
        files.change(|files| files.names.name(to, number))
    }
}
