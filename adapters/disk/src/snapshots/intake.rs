use std::collections::BTreeMap;

use quorate::Snapshot;

use super::SnapshotFile;
use super::header::HEADER;
use crate::{DiskError, Medium};

/// A snapshot of the leader on its way into its file, which has no gap at any time: what is there of it is its front.
#[derive(Debug)]
pub(super) struct Intake<H> {
    file: SnapshotFile<H>,
    /// Pieces beyond a gap, by where they belong. The node bounds how far ahead they are.
    early: BTreeMap<u64, Vec<u8>>,
}

impl<H> Intake<H> {
    pub(super) fn new(file: SnapshotFile<H>) -> Intake<H> {
        Intake { file, early: BTreeMap::new() }
    }

    pub(super) fn is_of(&self, snapshot: Snapshot) -> bool {
        self.file.header.snapshot == snapshot
    }

    /// Keeps a piece, and writes those that the gap was in the way of.
    pub(super) fn take(
        &mut self,
        offset: u64,
        bytes: &[u8],
        medium: &mut impl Medium<Handle = H>,
    ) -> Result<(), DiskError> {
        if offset > self.file.received {
            self.early.insert(offset, bytes.to_vec());
            return Ok(());
        }
        self.write(offset, bytes, medium)?;
        while let Some(bytes) = self.early.remove(&self.file.received) {
            self.write(self.file.received, &bytes, medium)?;
        }
        Ok(())
    }

    fn write(&mut self, offset: u64, bytes: &[u8], medium: &mut impl Medium<Handle = H>) -> Result<(), DiskError> {
        let SnapshotFile { handle, path, received, .. } = &mut self.file;
        medium.write(handle, HEADER as u64 + offset, bytes).map_err(DiskError::snapshot_io("write", path))?;
        *received = (*received).max(offset + bytes.len() as u64);
        Ok(())
    }
}
