use std::io::{self, Seek, Write};
use std::path::Path;

use quorate::crc32c_append;
use quorate_disk::SnapshotHeader;
use tempfile::NamedTempFile;

use crate::beside;
use crate::exit::{Exit, Failure};

/// The file of a snapshot that is being saved. Dropped before it is kept, it leaves nothing.
pub(super) struct Draft<'a> {
    file: NamedTempFile,
    path: &'a Path,
    replaces: bool,
    bytes: u64,
    check: u32,
}

impl<'a> Draft<'a> {
    /// # Errors
    /// If there is a file already that may not be replaced, or the system lets none be made.
    pub(super) fn create(path: &'a Path, replaces: bool) -> Result<Draft<'a>, Failure> {
        if !replaces && path.exists() {
            return Err(exists(path));
        }
        let file = beside::create(path, 0o666).map_err(|error| unwritable(path, &error))?;
        Ok(Draft { file, path, replaces, bytes: 0, check: 0 })
    }

    /// Begins the file, anew if it was begun.
    pub(super) fn begin(&mut self, header: &SnapshotHeader) -> Result<(), Failure> {
        (self.bytes, self.check) = (0, 0);
        self.file.as_file().set_len(0).map_err(|error| self.unwritable(&error))?;
        self.head(header)
    }

    /// Puts a header in the place of the one that the file begins with.
    pub(super) fn head(&mut self, header: &SnapshotHeader) -> Result<(), Failure> {
        let file = self.file.as_file_mut();
        file.rewind().and_then(|()| file.write_all(&header.bytes())).map_err(|error| unwritable(self.path, &error))
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.write_all(bytes).map_err(|error| self.unwritable(&error))
    }

    /// How many bytes were appended.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The CRC of what was appended.
    pub(super) fn check(&self) -> u32 {
        self.check
    }

    /// That the file cannot be written.
    pub(super) fn unwritable(&self, error: &io::Error) -> Failure {
        unwritable(self.path, error)
    }

    /// Makes the file durable, and then its name.
    pub(super) fn keep(self) -> Result<(), Failure> {
        let Draft { file, path, replaces, .. } = self;
        beside::keep(file, path, replaces).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => exists(path),
            _ => unwritable(path, &error),
        })
    }
}

impl Write for Draft<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        (self.bytes, self.check) = (self.bytes + count as u64, crc32c_append(self.check, &bytes[..count]));
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn exists(path: &Path) -> Failure {
    Failure::new(Exit::Usage, format_args!("{} is there already: name another file, or use --force", path.display()))
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let message = format!(
        "cannot save {}: {error}. Check its directory, the free space and the permissions, then run this again",
        path.display()
    );
    Failure::new(Exit::of_file(error), message)
}
