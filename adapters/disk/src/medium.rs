use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// What a log does to its file system. Every change that it makes goes through one of these four calls.
///
/// The calls do the real thing unless they are replaced. A test replaces some: to fail, to count, or to note what a power
/// cut could undo.
pub trait Medium {
    /// Writes all of `bytes` from `offset` on.
    ///
    /// # Errors
    /// What the system says; part of the bytes may have been written.
    fn write(&mut self, file: &Handle, offset: u64, bytes: &[u8]) -> io::Result<()> {
        file.file.write_all_at(bytes, offset)
    }

    /// Makes what was written to a file of settled length durable.
    ///
    /// # Errors
    /// What the system says; nothing is known then about what is durable.
    fn sync(&mut self, file: &Handle) -> io::Result<()> {
        file.file.sync_data()
    }

    /// Makes a new file with its length, or a directory's entries, durable.
    ///
    /// # Errors
    /// What the system says; nothing is known then about what is durable.
    fn sync_all(&mut self, file: &Handle) -> io::Result<()> {
        file.file.sync_all()
    }

    /// Gives a file its final name.
    ///
    /// # Errors
    /// What the system says.
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }
}

/// The file system itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Direct;

impl Medium for Direct {}

/// An open file or directory, and where it is.
#[derive(Debug)]
pub struct Handle {
    pub(crate) file: File,
    pub(crate) path: PathBuf,
}

impl Handle {
    /// The file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}
