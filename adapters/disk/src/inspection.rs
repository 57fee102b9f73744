use std::fs::File;
use std::path::{Path, PathBuf};

use quorate::founding::Record;
use quorate::{HardState, Position};
use serde::Serialize;

use crate::configuration::Configuration;
use crate::outline::Outline;
use crate::replay::Replay;
use crate::snapshots::{self, Kind, SnapshotFile, SnapshotHeader};
use crate::{Damage, Direct, DiskError, Owner, directory};

/// What a log holds, as far as it can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Inspection {
    /// Whom the directory belongs to; none if there is no segment in it.
    pub owner: Option<Owner>,
    /// What makes the store a member, or is to.
    pub record: Option<Record>,
    /// The last configuration that is known to be committed; that of the record, if there is none.
    pub settled: Option<Configuration>,
    /// The last term and vote.
    pub hard_state: HardState,
    /// The first entry.
    pub first: Option<Position>,
    /// The last entry.
    pub last: Option<Position>,
    /// The snapshot that the log stands on.
    pub snapshot: Option<Position>,
    /// The files of snapshots, the latest first.
    pub snapshots: Vec<SnapshotInspection>,
    /// How many segments there are.
    pub segments: u64,
    /// How many writes the log holds.
    pub batches: u64,
    /// Bytes of the segments, room for later batches included.
    pub bytes: u64,
    /// Bytes of a last write that did not arrive as a whole.
    pub torn_bytes: u64,
    /// The first damage. What stands behind it is not counted.
    pub damage: Option<Damage>,
}

/// Reads a directory, and changes and locks nothing.
///
/// While a node runs on the directory, the answer is that of some moment between the call and its return, and a write
/// that is under way may be seen in part: it then counts as torn, or seldom as damage. Only what a second call repeats,
/// or what is seen while no node runs, is true of the disk.
///
/// # Errors
/// If the directory cannot be read, holds the segments of several owners, or was written by a later version.
pub fn inspect(directory: &Path) -> Result<Inspection, DiskError> {
    read(directory).map_err(DiskError::of_opening)
}

fn read(directory: &Path) -> Result<Inspection, DiskError> {
    let mut inspection = Inspection::default();
    let mut replay = Replay::new(None);
    let mut log = Outline::default();
    inspection.damage = match log.read(directory, &mut replay, &mut Direct) {
        Ok(()) => None,
        Err(DiskError::Damaged(damage)) => Some(damage),
        Err(error) => return Err(error),
    };
    for (_, path) in directory::segments(directory, &mut Direct)? {
        let file = path.metadata().map_err(DiskError::io("read", &path))?;
        inspection.segments += 1;
        inspection.bytes += file.len();
    }
    for (_, path) in snapshots::list(directory, Kind::Whole, &mut Direct)? {
        inspection.snapshots.push(SnapshotInspection::of(path)?);
    }
    inspection.owner = replay.owner();
    inspection.record = log.record;
    inspection.settled = log.settled;
    inspection.hard_state = log.hard_state;
    inspection.first = log.first;
    inspection.last = log.first.map(|_| log.last);
    inspection.snapshot = log.snapshot.map(|snapshot| snapshot.position);
    inspection.batches = replay.batches;
    inspection.torn_bytes = replay.torn_end - replay.end;
    Ok(inspection)
}

/// What the file of a snapshot holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SnapshotInspection {
    /// The file.
    pub file: PathBuf,
    /// What it says about itself, if that is sound.
    pub header: Option<SnapshotHeader>,
    /// What is wrong with it.
    pub damage: Option<Damage>,
}

impl SnapshotInspection {
    /// Reads all of the file of a snapshot, wherever it is, and changes nothing.
    ///
    /// # Errors
    /// If the file cannot be read, or was written by a later version.
    pub fn of(file: PathBuf) -> Result<SnapshotInspection, DiskError> {
        let handle = File::open(&file).map_err(DiskError::snapshot_io("open", &file))?;
        let mut header = None;
        let verified = SnapshotFile::read(handle, &file, &mut Direct).and_then(|snapshot| {
            header = Some(snapshot.header);
            snapshot.verify(&mut Direct)
        });
        let damage = match verified {
            Ok(_) => None,
            Err(DiskError::DamagedSnapshot(damage)) => Some(damage),
            Err(error) => return Err(error),
        };
        Ok(SnapshotInspection { file, header, damage })
    }
}
