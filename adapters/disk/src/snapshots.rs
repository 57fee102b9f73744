mod file;
mod header;
mod intake;
mod name;
mod reader;
mod shelf;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use quorate::{Index, Members, Position, Snapshot};

pub(crate) use file::SnapshotFile;
pub use header::SnapshotHeader;
use intake::Intake;
pub(crate) use name::{Kind, list};
pub use reader::SnapshotReader;
pub(crate) use shelf::Shelf;
pub use writer::SnapshotWriter;

use crate::{Direct, DiskError, Medium};

/// The snapshots beside a log, to be written and read while the log is written: each thread has a clone of its own.
///
/// A snapshot counts once the log says so: [`Disk::mark`](crate::Disk::mark) for one of the app's own,
/// [`Disk::write`](crate::Disk::write) for one of the leader.
#[derive(Debug)]
pub struct Snapshots<M: Medium = Direct> {
    medium: M,
    directory: PathBuf,
    cluster: u64,
    /// How many of the app's own snapshots were begun.
    begun: Arc<AtomicU32>,
    /// What pieces are read from.
    reading: Vec<SnapshotFile<M::Handle>>,
    /// What pieces are stored in.
    storing: Option<Intake<M::Handle>>,
}

impl<M: Medium + Clone> Snapshots<M> {
    pub(crate) fn new(medium: M, directory: PathBuf, cluster: u64, begun: Arc<AtomicU32>) -> Self {
        Snapshots { medium, directory, cluster, begun, reading: Vec::new(), storing: None }
    }

    /// Begins a snapshot of the app's own state as it was at this position, among these members.
    ///
    /// # Errors
    /// What the system says. The log goes on.
    pub fn create(&self, position: Position, members: Members) -> Result<SnapshotWriter<M>, DiskError> {
        let snapshot = Snapshot { position, bytes: 0, check: 0 };
        let header = SnapshotHeader { cluster: self.cluster, members, snapshot };
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        SnapshotWriter::create(self.medium.clone(), self.directory.clone(), number, header)
    }

    /// All of a snapshot that is durable here, to restore the app's state from.
    ///
    /// # Errors
    /// The file cannot be read, or is not that of this snapshot. Whether its content is sound is seen at its end.
    pub fn open(&self, snapshot: Snapshot) -> Result<SnapshotReader<M>, DiskError> {
        let mut medium = self.medium.clone();
        let file = whole(&self.directory, self.cluster, snapshot, &mut medium)?;
        Ok(SnapshotReader::new(medium, file))
    }
}

impl<M: Medium> Snapshots<M> {
    /// Keeps a piece of a snapshot of the leader. It is not synced: [`Disk::write`](crate::Disk::write) makes all of it
    /// durable, or opening the log tells how much is there. One that is ahead of what is whole waits in memory for what
    /// is missing; with [`pieces_in_order`](quorate::Config::pieces_in_order) there is none.
    ///
    /// # Errors
    /// What the system says. It is final, for the node takes the piece for stored: only opening the log anew tells what
    /// is.
    pub fn store(&mut self, snapshot: Snapshot, members: Members, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        self.try_store(snapshot, members, offset, bytes).map_err(DiskError::of_log)
    }

    fn try_store(&mut self, snapshot: Snapshot, members: Members, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        let intake = match self.storing.take() {
            Some(intake) if offset > 0 && intake.is_of(snapshot) => intake,
            _ if offset == 0 => Intake::new(self.begin(SnapshotHeader { cluster: self.cluster, members, snapshot })?),
            _ => Intake::new(expect(&self.directory, self.cluster, snapshot, Kind::Fetched, &mut self.medium)?),
        };
        self.storing.insert(intake).take(offset, bytes, &mut self.medium)
    }

    /// Makes what was stored of a snapshot durable, where it is still being fetched.
    /// [`Disk::write`](crate::Disk::write) does it in the end; what was synced before, on another thread, nobody waits
    /// for then.
    ///
    /// # Errors
    /// What the system says. It is final, as in [`store`](Snapshots::store).
    pub fn sync(&mut self, snapshot: Snapshot) -> Result<(), DiskError> {
        let path = name::path(&self.directory, snapshot, Kind::Fetched);
        match self.medium.open(&path) {
            Ok(handle) => self.medium.sync_all(&handle).map_err(DiskError::io("sync", &path)),
            // Another one has taken its place.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(DiskError::io("open", &path)(error)),
        }
    }

    /// Fills `bytes` from the snapshot's `offset` on, to send them as a piece. The file stays open for the next one.
    ///
    /// # Errors
    /// The file cannot be read, or is not that of this snapshot. Whether its content is sound is for the receiver to
    /// check.
    pub fn read_at(&mut self, snapshot: Snapshot, offset: u64, bytes: &mut [u8]) -> Result<(), DiskError> {
        let at = match self.reading.iter().position(|file| file.header.snapshot == snapshot) {
            Some(at) => at,
            None => {
                let file = whole(&self.directory, self.cluster, snapshot, &mut self.medium)?;
                self.reading.truncate(KEPT - 1);
                self.reading.insert(0, file);
                0
            }
        };
        self.reading[at].read_at(offset, bytes, &mut self.medium)
    }

    /// Makes the file for a snapshot's first piece. Another one that is not all here is given up for it; one that is
    /// may be what the log's thread installs just now.
    fn begin(&mut self, header: SnapshotHeader) -> Result<SnapshotFile<M::Handle>, DiskError> {
        let path = name::path(&self.directory, header.snapshot, Kind::Fetched);
        for (_, other) in list(&self.directory, Kind::Fetched, &mut self.medium)? {
            let opened = SnapshotFile::open(&other, self.cluster, &mut self.medium);
            if other == path || !opened.is_ok_and(|file| file.expect_all().is_ok()) {
                remove(&other, &mut self.medium)?;
            }
        }
        let handle = self.medium.create(&path).map_err(DiskError::snapshot_io("create", &path))?;
        self.medium.write(&handle, 0, &header.bytes()).map_err(DiskError::snapshot_io("write", &path))?;
        Ok(SnapshotFile { handle, path, header, received: 0 })
    }
}

impl<M: Medium + Clone> Clone for Snapshots<M> {
    fn clone(&self) -> Self {
        let Snapshots { medium, directory, cluster, begun, .. } = self;
        Snapshots::new(medium.clone(), directory.clone(), *cluster, Arc::clone(begun))
    }
}

/// How many snapshots are kept: the one in force, and the one before it, which a follower may still be fetching.
pub(crate) const KEPT: usize = 2;

/// The file of a snapshot that is durable. Its content is not read.
pub(crate) fn whole<H>(
    directory: &Path,
    cluster: u64,
    snapshot: Snapshot,
    medium: &mut impl Medium<Handle = H>,
) -> Result<SnapshotFile<H>, DiskError> {
    let file = expect(directory, cluster, snapshot, Kind::Whole, medium)?;
    file.expect_all()?;
    Ok(file)
}

/// The file of this snapshot and no other.
fn expect<H>(
    directory: &Path,
    cluster: u64,
    snapshot: Snapshot,
    kind: Kind,
    medium: &mut impl Medium<Handle = H>,
) -> Result<SnapshotFile<H>, DiskError> {
    let path = name::path(directory, snapshot, kind);
    let file = SnapshotFile::open(&path, cluster, medium)?;
    if file.header.snapshot != snapshot {
        return Err(DiskError::damaged_snapshot(&path, 0, file::MISNAMED));
    }
    Ok(file)
}

/// Makes a fetched snapshot, which has to be whole, durable, and gives it its name. The name is yet to be made durable.
pub(crate) fn install(
    directory: &Path,
    cluster: u64,
    snapshot: Snapshot,
    medium: &mut impl Medium,
) -> Result<(), DiskError> {
    let file = expect(directory, cluster, snapshot, Kind::Fetched, medium)?;
    file.verify(medium)?;
    medium.sync_all(&file.handle).map_err(DiskError::io("sync", &file.path))?;
    let path = name::path(directory, snapshot, Kind::Whole);
    medium.rename(&file.path, &path).map_err(DiskError::io("rename", &file.path))
}

/// Removes the snapshots that are not later than the last of these, but for these.
pub(crate) fn keep(directory: &Path, kept: &[Snapshot], medium: &mut impl Medium) -> Result<(), DiskError> {
    let covered = kept.last().map_or(Index(0), |latest| latest.position.index);
    let needed: Vec<_> = kept.iter().map(|snapshot| name::path(directory, *snapshot, Kind::Whole)).collect();
    for kind in [Kind::Whole, Kind::Fetched] {
        for (index, path) in list(directory, kind, medium)? {
            if index <= covered && !needed.contains(&path) {
                remove(&path, medium)?;
            }
        }
    }
    Ok(())
}

/// Removes a file, which may be gone already.
pub(crate) fn remove(path: &Path, medium: &mut impl Medium) -> Result<(), DiskError> {
    match medium.remove(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(DiskError::io("remove", path)(error)),
        _ => Ok(()),
    }
}
