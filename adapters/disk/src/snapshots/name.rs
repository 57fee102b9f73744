use std::path::{Path, PathBuf};

use quorate::{Index, Snapshot};

use crate::{DiskError, Medium};

/// What a file of a snapshot is for, as its name's extension says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// All of a snapshot, durable.
    Whole,
    /// A snapshot of the leader, as far as it is here.
    Fetched,
    /// The app's own snapshot, while it is written.
    Taken,
}

impl Kind {
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Kind::Whole => "snapshot",
            Kind::Fetched => "fetched",
            Kind::Taken => "taken",
        }
    }
}

/// Where a snapshot stands.
pub(crate) fn path(directory: &Path, snapshot: Snapshot, kind: Kind) -> PathBuf {
    directory.join(format!("{}.{}", stem(snapshot), kind.extension()))
}

/// A snapshot's name, which tells apart those that nodes may have of one index.
pub(crate) fn stem(snapshot: Snapshot) -> String {
    let Snapshot { position, check, .. } = snapshot;
    format!("{:010}-{check:08x}", position.index.0)
}

/// The files of this kind, the highest index first.
pub(crate) fn list(directory: &Path, kind: Kind, medium: &mut impl Medium) -> Result<Vec<(Index, PathBuf)>, DiskError> {
    let paths = medium.list(directory).map_err(DiskError::io("list", directory))?;
    let mut found: Vec<_> =
        paths.into_iter().filter_map(|path| index(&path, kind).map(|index| (index, path))).collect();
    found.sort_unstable_by(|one, other| other.cmp(one));
    Ok(found)
}

/// The index in a name of this kind.
fn index(path: &Path, kind: Kind) -> Option<Index> {
    if path.extension()?.to_str()? != kind.extension() {
        return None;
    }
    let (index, check) = path.file_stem()?.to_str()?.split_once('-')?;
    u32::from_str_radix(check, 16).ok()?;
    index.parse().ok().map(Index)
}
