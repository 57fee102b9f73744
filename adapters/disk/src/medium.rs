use std::fmt;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

/// The file system, as a log uses it: all that it reads and changes goes through one of these calls.
///
/// [`Direct`] is the real one. Others fail on demand, note what a power cut could undo, or hold files in memory.
pub trait Medium {
    /// An open file or directory. It is closed when it is dropped.
    type Handle: fmt::Debug;

    /// Makes a directory in one that is there.
    ///
    /// # Errors
    /// What the system says: [`io::ErrorKind::AlreadyExists`] if there is something of this name,
    /// [`io::ErrorKind::NotFound`] if the directory above it is missing.
    fn create_directory(&mut self, path: &Path) -> io::Result<()>;

    /// Opens a directory, to lock it or to sync its names.
    ///
    /// # Errors
    /// What the system says.
    fn open_directory(&mut self, path: &Path) -> io::Result<Self::Handle>;

    /// Keeps others from locking the directory for as long as the handle lives, in this process and in any other.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if it is locked, or else what the system says.
    fn lock(&mut self, directory: &Self::Handle) -> io::Result<()>;

    /// The paths of all that is in a directory, in any order.
    ///
    /// # Errors
    /// What the system says.
    fn list(&mut self, directory: &Path) -> io::Result<Vec<PathBuf>>;

    /// All bytes of a file.
    ///
    /// # Errors
    /// What the system says.
    fn read(&mut self, file: &Path) -> io::Result<Vec<u8>>;

    /// Makes an empty file, also if there is one of this name, to be written.
    ///
    /// # Errors
    /// What the system says.
    fn create(&mut self, file: &Path) -> io::Result<Self::Handle>;

    /// Opens a file that is there, to be read and written.
    ///
    /// # Errors
    /// What the system says.
    fn open(&mut self, file: &Path) -> io::Result<Self::Handle>;

    /// How many bytes an open file has.
    ///
    /// # Errors
    /// What the system says.
    fn length(&mut self, file: &Self::Handle) -> io::Result<u64>;

    /// Fills `bytes` from a file's `offset` on.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] if the file ends before that, or else what the system says.
    fn read_at(&mut self, file: &Self::Handle, offset: u64, bytes: &mut [u8]) -> io::Result<()>;

    /// Writes all of `bytes` from `offset` on.
    ///
    /// # Errors
    /// What the system says; part of the bytes may have been written.
    fn write(&mut self, file: &Self::Handle, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes what was written to a file of settled length durable.
    ///
    /// # Errors
    /// What the system says; nothing is known then about what is durable.
    fn sync(&mut self, file: &Self::Handle) -> io::Result<()>;

    /// Makes a new file with its length, or a directory's names, durable.
    ///
    /// # Errors
    /// What the system says; nothing is known then about what is durable.
    fn sync_all(&mut self, file: &Self::Handle) -> io::Result<()>;

    /// Gives a file its final name, in the place of one that has this name. Whoever has it open goes on with it.
    ///
    /// # Errors
    /// What the system says.
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;

    /// Takes a file's name away. Whoever has it open goes on with it.
    ///
    /// # Errors
    /// What the system says: [`io::ErrorKind::NotFound`] if there is none of this name.
    fn remove(&mut self, file: &Path) -> io::Result<()>;
}

/// The file system itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Direct;

impl Medium for Direct {
    type Handle = File;

    fn create_directory(&mut self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    fn open_directory(&mut self, path: &Path) -> io::Result<File> {
        File::open(path)
    }

    fn lock(&mut self, directory: &File) -> io::Result<()> {
        Ok(flock(directory, FlockOperation::NonBlockingLockExclusive)?)
    }

    fn list(&mut self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        fs::read_dir(directory)?.map(|entry| entry.map(|entry| entry.path())).collect()
    }

    fn read(&mut self, file: &Path) -> io::Result<Vec<u8>> {
        fs::read(file)
    }

    fn create(&mut self, file: &Path) -> io::Result<File> {
        File::create(file)
    }

    fn open(&mut self, file: &Path) -> io::Result<File> {
        File::options().read(true).write(true).open(file)
    }

    fn length(&mut self, file: &File) -> io::Result<u64> {
        Ok(file.metadata()?.len())
    }

    fn read_at(&mut self, file: &File, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        file.read_exact_at(bytes, offset)
    }

    fn write(&mut self, file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
        file.write_all_at(bytes, offset)
    }

    fn sync(&mut self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    fn sync_all(&mut self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&mut self, file: &Path) -> io::Result<()> {
        fs::remove_file(file)
    }
}
