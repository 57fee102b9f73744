use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use quorate::founding::Record;

use crate::directory::Directory;
use crate::outline::Outline;
use crate::replay::Replay;
use crate::snapshots::Shelf;
use crate::{Damage, Direct, DiskError, Owner, Recovered, Snapshots};

/// The log of a node that is not to run again: locked, read, and never changed.
#[derive(Debug)]
#[must_use = "the directory is locked only as long as this is kept"]
pub struct Survivor {
    directory: Directory<File>,
    owner: Owner,
    log: Outline,
    shelf: Shelf,
    bytes: u64,
}

impl Survivor {
    /// Locks a directory and reads all of it, whosever it is. `None` if there is no log in it.
    ///
    /// A last write that did not arrive as a whole is left out, and stays where it is.
    ///
    /// # Errors
    /// Another process has the directory open, it cannot be read, or is damaged. Or a later version wrote it.
    pub fn open(directory: &Path) -> Result<Option<Survivor>, DiskError> {
        let path = directory;
        let directory = Directory::lock(path, &mut Direct).map_err(DiskError::of_opening)?;
        let (mut log, mut replay) = (Outline::default(), Replay::new(None));
        log.read(path, &mut replay, &mut Direct).map_err(DiskError::of_opening)?;
        let Some(owner) = replay.owner() else { return Ok(None) };
        let shelf = Shelf::read(path, owner.cluster, &log, &mut Direct).map_err(DiskError::of_opening)?;
        Ok(Some(Survivor { directory, owner, log, shelf, bytes: replay.total_bytes }))
    }

    /// Whom the directory belongs to.
    pub fn owner(&self) -> Owner {
        self.owner
    }

    /// What makes the store a member, or is to.
    pub fn record(&self) -> Option<Record> {
        self.log.record
    }

    /// Bytes of all segments: no log has more of entries.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What is wrong with the latest snapshots, the latest first.
    pub fn damaged(&self) -> &[Damage] {
        &self.shelf.damaged
    }

    /// Shows all that the log holds, as [`Disk::open`](crate::Disk::open) does.
    ///
    /// # Errors
    /// What `visit` returns, or the system says.
    pub fn show<E: From<DiskError>>(&self, mut visit: impl FnMut(Recovered<'_>) -> Result<(), E>) -> Result<(), E> {
        self.log.record.map_or(Ok(()), |record| visit(record.into()))?;
        self.shelf.show(&mut visit)?;
        self.log.show(self.directory.path(), &mut Replay::new(Some(self.owner)), &mut Direct, visit)
    }

    /// The snapshots beside the log, to be read.
    pub fn snapshots(&self) -> Snapshots {
        Snapshots::new(Direct, self.directory.path().to_owned(), self.owner.cluster, Arc::default())
    }
}
