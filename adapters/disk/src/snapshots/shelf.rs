use std::path::{Path, PathBuf};

use quorate::{Index, Position, Snapshot, Stored};

use super::{KEPT, Kind, SnapshotFile, list, name, remove};
use crate::outline::Outline;
use crate::{Damage, DiskError, Medium, Recovered};

/// The snapshots that are found when a log is opened.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    /// Those that are whole and that the log follows, the latest last.
    pub(crate) kept: Vec<Snapshot>,
    /// What the log stands on, if it is damaged or gone and nothing can take its place.
    lost: Option<Position>,
    /// What the log stands on, if it is damaged or gone and something here takes its place.
    replaced: Option<Position>,
    stored: Option<Stored>,
    /// What is wrong with those that would be kept if they were whole, the latest first.
    pub(crate) damaged: Vec<Damage>,
    /// Files that are of no use any more.
    surplus: Vec<PathBuf>,
}

impl Shelf {
    /// Reads all snapshots that are of use beside this log, and changes nothing.
    pub(crate) fn read(
        directory: &Path,
        cluster: u64,
        log: &Outline,
        medium: &mut impl Medium,
    ) -> Result<Shelf, DiskError> {
        let mut shelf = Shelf::default();
        let in_force = log.snapshot.unwrap_or_default().position;
        for (index, path) in list(directory, Kind::Whole, medium)? {
            if index > in_force.index || shelf.kept.len() == KEPT {
                shelf.surplus.push(path);
                continue;
            }
            // What is damaged stays until another snapshot is durable: it may be the only one that there is.
            let snapshot = match verified(&path, cluster, medium) {
                Err(DiskError::DamagedSnapshot(damage)) => {
                    shelf.damaged.push(damage);
                    continue;
                }
                result => result?,
            };
            if snapshot.position == in_force || log.reaches(snapshot.position.index) || !shelf.kept.is_empty() {
                shelf.kept.insert(0, snapshot);
            }
        }
        shelf.lost = (shelf.kept.is_empty() && !log.reaches(Index(0))).then_some(in_force);
        let stands_on = shelf.kept.last().map_or(Index(0), |snapshot| snapshot.position.index);
        shelf.replaced = (shelf.lost.is_none() && stands_on < in_force.index).then_some(in_force);
        shelf.read_stored(directory, cluster, medium)?;
        shelf.surplus.extend(list(directory, Kind::Taken, medium)?.into_iter().map(|(_, path)| path));
        Ok(shelf)
    }

    /// Shows what was found, in the order in which a node takes it.
    pub(crate) fn show<E>(&self, visit: &mut impl FnMut(Recovered<'_>) -> Result<(), E>) -> Result<(), E> {
        self.kept.iter().try_for_each(|snapshot| visit(Recovered::Snapshot(*snapshot)))?;
        self.lost.map_or(Ok(()), |position| visit(Recovered::LostSnapshot(position)))?;
        self.replaced.map_or(Ok(()), |position| visit(Recovered::DamagedSnapshot(position)))?;
        self.stored.map_or(Ok(()), |stored| visit(Recovered::Stored(stored)))
    }

    /// Removes what is of no use any more, and writes what was fetched once more: a sync that failed before this
    /// opening may have left it in memory alone, marked as written, and no later sync would write it.
    pub(crate) fn settle(&self, directory: &Path, cluster: u64, medium: &mut impl Medium) -> Result<(), DiskError> {
        self.surplus.iter().try_for_each(|path| remove(path, medium))?;
        let Some(Stored { snapshot, .. }) = self.stored else { return Ok(()) };
        let path = name::path(directory, snapshot, Kind::Fetched);
        let rewritten = SnapshotFile::open(&path, cluster, medium).and_then(|file| file.rewrite(medium));
        rewritten.map_err(DiskError::of_log)
    }

    /// Finds the latest of the snapshots that are being fetched, if it is of use.
    fn read_stored(&mut self, directory: &Path, cluster: u64, medium: &mut impl Medium) -> Result<(), DiskError> {
        let has = self.kept.last().map_or(Index(0), |snapshot| snapshot.position.index);
        let wanted = self.lost.map_or(Index(has.0 + 1), |position| position.index);
        for (index, path) in list(directory, Kind::Fetched, medium)? {
            if index >= wanted && self.stored.is_none() {
                self.stored = stored(&path, cluster, medium)?;
            }
            if self.stored.is_none_or(|stored| stored.snapshot.position.index != index) {
                self.surplus.push(path);
            }
        }
        Ok(())
    }
}

/// The snapshot in a file, all of which is read.
fn verified(path: &Path, cluster: u64, medium: &mut impl Medium) -> Result<Snapshot, DiskError> {
    SnapshotFile::open(path, cluster, medium).and_then(|file| file.verify(medium))
}

/// What is in the file of a snapshot that is being fetched, if it can be read.
fn stored(path: &Path, cluster: u64, medium: &mut impl Medium) -> Result<Option<Stored>, DiskError> {
    match SnapshotFile::open(path, cluster, medium) {
        Err(DiskError::DamagedSnapshot(_)) => Ok(None),
        Err(error) => Err(error),
        Ok(file) => {
            let (snapshot, received) = (file.header.snapshot, file.received);
            Ok(Some(Stored { snapshot, received, check: file.check(medium)? }))
        }
    }
}
