use std::fs::File;
use std::io;
use std::path::Path;

use quorate::crc32c_append;

use super::file::{CHUNK, MISMATCH, SnapshotFile};
use super::header::{HEADER, SnapshotHeader};
use crate::{Direct, DiskError, Medium};

/// The bytes of a snapshot, checked as they are read.
///
/// The last bytes come only if all of them match the snapshot's CRC: whoever has read to the end has read what was
/// written. Whoever stops before that knows only after [`finish`](SnapshotReader::finish).
#[derive(Debug)]
pub struct SnapshotReader<M: Medium = Direct> {
    medium: M,
    file: SnapshotFile<M::Handle>,
    offset: u64,
    check: u32,
    /// What was read from the file, and how much of that has been given away.
    buffer: Vec<u8>,
    given: usize,
}

impl SnapshotReader {
    /// The snapshot in a file under any name, wherever that is and whosever it is: a copy that was kept aside.
    ///
    /// # Errors
    /// The file cannot be read, is no whole snapshot, or was written by a later version. Whether its content is sound
    /// is seen at its end.
    pub fn of(file: &Path) -> Result<SnapshotReader, DiskError> {
        let opened = File::open(file).map_err(DiskError::snapshot_io("open", file));
        let found = opened.and_then(|handle| SnapshotFile::read(handle, file, &mut Direct));
        let found = found.map_err(DiskError::of_opening)?;
        found.expect_all()?;
        Ok(SnapshotReader::new(Direct, found))
    }
}

impl<M: Medium> SnapshotReader<M> {
    pub(crate) fn new(medium: M, file: SnapshotFile<M::Handle>) -> Self {
        SnapshotReader { medium, file, offset: 0, check: 0, buffer: Vec::new(), given: 0 }
    }

    /// What the file says about itself.
    pub fn header(&self) -> SnapshotHeader {
        self.file.header
    }

    /// Reads the rest. All that was read is what was written.
    ///
    /// # Errors
    /// The snapshot is damaged, or cannot be read: what came of it must not be used.
    pub fn finish(mut self) -> Result<(), DiskError> {
        while self.fill()? {}
        Ok(())
    }

    /// Reads the next bytes: none at the end.
    pub(crate) fn next(&mut self) -> Result<&[u8], DiskError> {
        self.fill()?;
        self.given = self.buffer.len();
        Ok(&self.buffer)
    }

    /// Reads the next bytes, and gives the ones before up. Whether there are any.
    fn fill(&mut self) -> Result<bool, DiskError> {
        let SnapshotFile { header, path, received, .. } = &self.file;
        let count = CHUNK.min(usize::try_from(received - self.offset).unwrap_or(CHUNK));
        self.given = 0;
        self.buffer.resize(count, 0);
        self.file.read_at(self.offset, &mut self.buffer, &mut self.medium).inspect_err(|_| self.buffer.clear())?;
        let check = crc32c_append(self.check, &self.buffer);
        let end = self.offset + count as u64;
        if end == *received && check != header.snapshot.check {
            self.buffer.clear();
            return Err(DiskError::damaged_snapshot(path, HEADER as u64, MISMATCH));
        }
        (self.offset, self.check) = (end, check);
        Ok(count > 0)
    }
}

impl<M: Medium> io::Read for SnapshotReader<M> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.given == self.buffer.len() {
            self.fill()?;
        }
        let rest = &self.buffer[self.given..];
        let count = rest.len().min(bytes.len());
        bytes[..count].copy_from_slice(&rest[..count]);
        self.given += count;
        Ok(count)
    }
}
