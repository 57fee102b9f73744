use std::io;
use std::path::PathBuf;

use quorate::{Snapshot, crc32c_append};

use super::file::CHUNK;
use super::header::{HEADER, SnapshotHeader};
use super::name::{self, Kind};
use crate::{Direct, DiskError, Medium};

/// A snapshot of the app's own state that is being written. Dropped before it is finished, it leaves nothing.
#[derive(Debug)]
#[must_use = "a snapshot is there only once it is finished"]
pub struct SnapshotWriter<M: Medium = Direct> {
    medium: M,
    handle: M::Handle,
    directory: PathBuf,
    path: PathBuf,
    /// What the file will say; length and check are those of the bytes so far.
    header: SnapshotHeader,
    /// What has not been written yet: the app may write byte by byte.
    buffer: Vec<u8>,
    is_named: bool,
}

impl<M: Medium> SnapshotWriter<M> {
    /// The file's passing name has the writer's number in it: another one may write a snapshot of the same index.
    pub(crate) fn create(
        mut medium: M,
        directory: PathBuf,
        number: u32,
        header: SnapshotHeader,
    ) -> Result<Self, DiskError> {
        let path = name::path(&directory, Snapshot { check: number, ..header.snapshot }, Kind::Taken);
        let handle = medium.create(&path).map_err(DiskError::snapshot_io("create", &path))?;
        let buffer = Vec::with_capacity(CHUNK);
        Ok(SnapshotWriter { medium, handle, directory, path, header, buffer, is_named: false })
    }

    /// Makes the snapshot durable under its name. It counts once the log says so: see
    /// [`Disk::mark`](crate::Disk::mark).
    ///
    /// # Errors
    /// What the system says. The snapshot is of no use then, and the one before stays in force.
    pub fn finish(mut self) -> Result<Snapshot, DiskError> {
        self.flush_buffer()?;
        let bytes = self.header.bytes();
        let SnapshotWriter { medium, handle, path, .. } = &mut self;
        medium.write(handle, 0, &bytes).map_err(DiskError::snapshot_io("write", path))?;
        medium.sync_all(handle).map_err(DiskError::snapshot_io("sync", path))?;
        let snapshot = self.header.snapshot;
        let named = name::path(&self.directory, snapshot, Kind::Whole);
        self.medium.rename(&self.path, &named).map_err(DiskError::snapshot_io("rename", &self.path))?;
        self.is_named = true;
        let SnapshotWriter { medium, directory, .. } = &mut self;
        let names = medium.open_directory(directory).map_err(DiskError::snapshot_io("open", directory))?;
        medium.sync_all(&names).map_err(DiskError::snapshot_io("sync", directory))?;
        Ok(snapshot)
    }

    fn flush_buffer(&mut self) -> Result<(), DiskError> {
        let snapshot = &mut self.header.snapshot;
        let written = self.medium.write(&self.handle, HEADER as u64 + snapshot.bytes, &self.buffer);
        written.map_err(DiskError::snapshot_io("write", &self.path))?;
        snapshot.bytes += self.buffer.len() as u64;
        snapshot.check = crc32c_append(snapshot.check, &self.buffer);
        self.buffer.clear();
        Ok(())
    }
}

impl<M: Medium> io::Write for SnapshotWriter<M> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() == CHUNK {
            self.flush_buffer()?;
        }
        let count = bytes.len().min(CHUNK - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(self.flush_buffer()?)
    }
}

impl<M: Medium> Drop for SnapshotWriter<M> {
    fn drop(&mut self) {
        if !self.is_named {
            // What cannot be removed now is removed when the log is opened next.
            let _ = self.medium.remove(&self.path);
        }
    }
}
