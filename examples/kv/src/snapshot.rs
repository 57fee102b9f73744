mod content;
mod draft;
mod inspect;
mod progress;
mod rescue;
mod restore;
mod save;
mod source;

use std::io;

use quorate::Snapshot;
use quorate_disk::DiskError;

pub(crate) use self::inspect::inspect;
pub(crate) use self::rescue::rescue;
pub(crate) use self::restore::restore;
pub(crate) use self::save::save;
use crate::exit::{Exit, Failure};
use crate::serve::disk_exit;

/// How the program ends if a file of a snapshot cannot be used.
fn failure(error: DiskError) -> Failure {
    let exit = disk_exit(&error);
    match error {
        DiskError::DamagedSnapshot(damage) => Failure::new(
            exit,
            format_args!("{damage}. Use another copy of it, or save a snapshot anew with `quorate-kv snapshot save`"),
        ),
        DiskError::Inaccessible { path, source, .. } if source.kind() == io::ErrorKind::NotFound => {
            Failure::new(Exit::Usage, format_args!("there is no file {}: check its name", path.display()))
        }
        DiskError::SnapshotIo { operation, path, source } | DiskError::Io { operation, path, source } => Failure::new(
            exit,
            format_args!(
                "cannot {operation} {}: {source}. Check the device, its free space and the permissions, then run this again",
                path.display()
            ),
        ),
        DiskError::ForeignSnapshot { file, found, wanted } => Failure::new(
            exit,
            format_args!(
                "{} is a snapshot of cluster {found}, not of cluster {wanted}. Name another file, or another --cluster",
                file.display()
            ),
        ),
        DiskError::LaterVersion { file, offset, what } => Failure::new(
            exit,
            format_args!(
                "{}, byte {offset}: {what} is not known to this version. Use the version that saved it, or a later one",
                file.display()
            ),
        ),
        error => Failure::new(exit, error),
    }
}

/// A snapshot in a line.
fn outline(snapshot: Snapshot) -> String {
    let Snapshot { position, bytes, check } = snapshot;
    format!("index {}, term {}, {bytes} bytes, crc32c {check:08x}", position.index.0, position.term.0)
}
