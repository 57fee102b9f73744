use std::path::Path;

use quorate::{HardState, Position};
use serde::Serialize;

use crate::replay::Replay;
use crate::{Damage, Direct, DiskError, Owner, Recovered};

/// What a log holds, as far as it can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Inspection {
    /// Whom the directory belongs to; none if there is no segment in it.
    pub owner: Option<Owner>,
    /// The last term and vote.
    pub hard_state: HardState,
    /// The first entry.
    pub first: Option<Position>,
    /// The last entry.
    pub last: Option<Position>,
    /// The last snapshot. This version has none.
    pub snapshot: Option<Position>,
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
/// While a node runs on the directory, the answer is that of some moment between the call and its return, and a write that
/// is under way may be seen in part: it then counts as torn, or seldom as damage. Only what a second call repeats, or what
/// is seen while no node runs, is true of the disk.
///
/// # Errors
/// If the directory cannot be read, holds the segments of several owners, or was written by a later version.
pub fn inspect(directory: &Path) -> Result<Inspection, DiskError> {
    let mut inspection = Inspection::default();
    let mut replay = Replay::new(None);
    let result = replay.run(directory, &mut Direct, |item| {
        inspection.note(item);
        Ok(())
    });
    inspection.damage = match result {
        Ok(()) => None,
        Err(DiskError::Damaged(damage)) => Some(damage),
        Err(error) => return Err(error),
    };
    for (_, path) in crate::directory::segments(directory, &mut Direct)? {
        let file = path.metadata().map_err(DiskError::io("read", &path))?;
        inspection.segments += 1;
        inspection.bytes += file.len();
    }
    inspection.owner = replay.owner();
    inspection.batches = replay.batches;
    inspection.torn_bytes = replay.torn_end - replay.end;
    Ok(inspection)
}

impl Inspection {
    fn note(&mut self, item: Recovered<'_>) {
        match item {
            Recovered::HardState(state) => self.hard_state = state,
            Recovered::Entry(entry) => {
                let position = entry.position();
                self.first = self.first.filter(|first| first.index < position.index).or(Some(position));
                self.last = Some(position);
            }
        }
    }
}
