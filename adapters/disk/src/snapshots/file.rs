use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use quorate::{Snapshot, crc32c_append};

use super::header::{HEADER, SnapshotHeader};
use super::name;
use crate::segment::HeaderError;
use crate::{DiskError, Medium};

/// The file of a snapshot, open. Its header is sound, and as many bytes follow as it says, or fewer if it is being
/// fetched.
#[derive(Debug)]
pub(crate) struct SnapshotFile<H> {
    pub(crate) handle: H,
    pub(crate) path: PathBuf,
    pub(crate) header: SnapshotHeader,
    /// How many of the snapshot's bytes are there.
    pub(crate) received: u64,
}

impl<H> SnapshotFile<H> {
    /// Opens a file under its own name and reads its header. What follows that is not read.
    pub(crate) fn open(
        path: &Path,
        cluster: u64,
        medium: &mut impl Medium<Handle = H>,
    ) -> Result<SnapshotFile<H>, DiskError> {
        let handle = medium.open(path).map_err(DiskError::snapshot_io("open", path))?;
        let file = SnapshotFile::read(handle, path, medium)?;
        if file.header.cluster != cluster {
            let found = file.header.cluster;
            return Err(DiskError::ForeignSnapshot { file: path.to_owned(), found, wanted: cluster });
        }
        if path.file_stem() != Some(OsStr::new(&name::stem(file.header.snapshot))) {
            return Err(DiskError::damaged_snapshot(path, 0, MISNAMED));
        }
        Ok(file)
    }

    /// Reads the header of a file that is open, whosever it is.
    pub(crate) fn read(
        handle: H,
        path: &Path,
        medium: &mut impl Medium<Handle = H>,
    ) -> Result<SnapshotFile<H>, DiskError> {
        let length = medium.length(&handle).map_err(DiskError::snapshot_io("read", path))?;
        let Some(received) = length.checked_sub(HEADER as u64) else {
            return Err(DiskError::damaged_snapshot(path, length, "the file ends before the snapshot's header does"));
        };
        let mut bytes = [0; HEADER];
        medium.read_at(&handle, 0, &mut bytes).map_err(DiskError::snapshot_io("read", path))?;
        let header = SnapshotHeader::parse(&bytes).map_err(|error| match error {
            HeaderError::Damaged(what) => DiskError::damaged_snapshot(path, 0, what),
            HeaderError::Later(version) => {
                let what = format!("snapshot format version {version}");
                DiskError::LaterVersion { file: path.to_owned(), offset: 0, what }
            }
        })?;
        if received > header.snapshot.bytes {
            let end = HEADER as u64 + header.snapshot.bytes;
            return Err(DiskError::damaged_snapshot(path, end, "the file goes on behind the end of its snapshot"));
        }
        Ok(SnapshotFile { handle, path: path.to_owned(), header, received })
    }

    /// Reads all of a file, which has to be this snapshot and whole.
    pub(crate) fn verify(&self, medium: &mut impl Medium<Handle = H>) -> Result<Snapshot, DiskError> {
        let SnapshotHeader { snapshot, .. } = self.header;
        self.expect_all()?;
        if self.check(medium)? != snapshot.check {
            return Err(DiskError::damaged_snapshot(&self.path, HEADER as u64, MISMATCH));
        }
        Ok(snapshot)
    }

    /// Refuses a file that lacks a part of its snapshot.
    pub(crate) fn expect_all(&self) -> Result<(), DiskError> {
        if self.received < self.header.snapshot.bytes {
            let end = HEADER as u64 + self.received;
            return Err(DiskError::damaged_snapshot(&self.path, end, "the file ends before its snapshot does"));
        }
        Ok(())
    }

    /// The CRC of what is there of the snapshot.
    pub(crate) fn check(&self, medium: &mut impl Medium<Handle = H>) -> Result<u32, DiskError> {
        let mut check = 0;
        self.show(medium, |_, _, bytes| {
            check = crc32c_append(check, bytes);
            Ok(())
        })?;
        Ok(check)
    }

    /// Writes what is there of the snapshot in its own place.
    pub(crate) fn rewrite(&self, medium: &mut impl Medium<Handle = H>) -> Result<(), DiskError> {
        let write = |medium: &mut _, place, bytes: &[u8]| {
            Medium::write(medium, &self.handle, place, bytes).map_err(DiskError::snapshot_io("write", &self.path))
        };
        write(medium, 0, &self.header.bytes())?;
        self.show(medium, |medium, offset, bytes| write(medium, HEADER as u64 + offset, bytes))
    }

    /// Shows what is there of the snapshot to `visit`, piece by piece, with the place of each.
    fn show<M: Medium<Handle = H>>(
        &self,
        medium: &mut M,
        mut visit: impl FnMut(&mut M, u64, &[u8]) -> Result<(), DiskError>,
    ) -> Result<(), DiskError> {
        let mut buffer = vec![0; CHUNK];
        let mut offset = 0;
        while offset < self.received {
            let count = CHUNK.min(usize::try_from(self.received - offset).unwrap_or(CHUNK));
            self.read_at(offset, &mut buffer[..count], medium)?;
            visit(medium, offset, &buffer[..count])?;
            offset += count as u64;
        }
        Ok(())
    }

    /// Fills `bytes` from the snapshot's `offset` on.
    pub(crate) fn read_at(
        &self,
        offset: u64,
        bytes: &mut [u8],
        medium: &mut impl Medium<Handle = H>,
    ) -> Result<(), DiskError> {
        let place = HEADER as u64 + offset;
        medium.read_at(&self.handle, place, bytes).map_err(DiskError::snapshot_io("read", &self.path))
    }
}

/// How many bytes of a snapshot are read or written at a time.
pub(crate) const CHUNK: usize = 1 << 16;
/// What is wrong if the file of one snapshot stands in the place of another one's.
pub(crate) const MISNAMED: &str = "this is not the snapshot in the file's name";
/// What is wrong if the bytes of a snapshot have changed.
pub(crate) const MISMATCH: &str = "the snapshot does not match its checksum";
