use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use crate::Owner;

/// Why a log cannot be opened, or not be written any more.
#[derive(Clone, Debug)]
pub enum DiskError {
    /// Something that was durable cannot be read any more.
    Damaged(Damage),
    /// The system refused an operation on the log.
    Io {
        /// What was tried, as in "cannot sync".
        operation: &'static str,
        /// The file or directory that it was tried on.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// The log cannot be opened: its path is wrong, or this process may not use it. Nothing is wrong with the disk.
    Inaccessible {
        /// What was tried, as in "cannot open".
        operation: &'static str,
        /// The file or directory that it was tried on.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// A snapshot is damaged. The log is not: another snapshot can take its place.
    DamagedSnapshot(Damage),
    /// The system refused an operation on a snapshot. The log goes on without it.
    SnapshotIo {
        /// What was tried, as in "cannot write".
        operation: &'static str,
        /// The file or directory that it was tried on.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// A snapshot is of another cluster.
    ForeignSnapshot {
        /// The file.
        file: PathBuf,
        /// The cluster whose state it is.
        found: u64,
        /// The cluster of the node.
        wanted: u64,
    },
    /// The directory belongs to another cluster, or to another seat of this one.
    Foreign {
        /// The directory.
        directory: PathBuf,
        /// Whom it belongs to.
        found: Owner,
        /// Who wanted to open it.
        wanted: Owner,
    },
    /// A log was to be made from a snapshot in a directory that holds one already.
    Occupied {
        /// The directory.
        directory: PathBuf,
    },
    /// Another process, or another [`Disk`](crate::Disk) in this one, has the directory open.
    InUse {
        /// The directory.
        directory: PathBuf,
    },
    /// A later version of the program wrote something that this one does not know.
    LaterVersion {
        /// The file.
        file: PathBuf,
        /// Where in the file, in bytes.
        offset: u64,
        /// What is not known.
        what: String,
    },
}

/// Where a log or a snapshot is damaged, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Damage {
    /// The file.
    pub file: PathBuf,
    /// Where in the file, in bytes.
    pub offset: u64,
    /// What is wrong there.
    pub what: &'static str,
}

impl DiskError {
    /// Names the operation and the path that an error of the system belongs to.
    pub(crate) fn io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DiskError {
        move |source| DiskError::Io { operation, path: path.to_owned(), source: Arc::new(source) }
    }

    pub(crate) fn damaged(file: &Path, offset: u64, what: &'static str) -> DiskError {
        DiskError::Damaged(Damage { file: file.to_owned(), offset, what })
    }

    pub(crate) fn snapshot_io(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DiskError {
        move |source| DiskError::SnapshotIo { operation, path: path.to_owned(), source: Arc::new(source) }
    }

    /// The same error, where a log is opened that may not be there at all.
    pub(crate) fn of_opening(self) -> DiskError {
        use io::ErrorKind::{InvalidFilename, InvalidInput, IsADirectory, NotADirectory, NotFound};
        use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
        match self {
            DiskError::Io { operation, path, source } | DiskError::SnapshotIo { operation, path, source }
                if matches!(
                    source.kind(),
                    NotFound
                        | NotADirectory
                        | IsADirectory
                        | InvalidInput
                        | InvalidFilename
                        | PermissionDenied
                        | ReadOnlyFilesystem
                ) =>
            {
                DiskError::Inaccessible { operation, path, source }
            }
            error => error,
        }
    }

    /// The same error, where nothing goes on without the snapshot.
    pub(crate) fn of_log(self) -> DiskError {
        match self {
            DiskError::SnapshotIo { operation, path, source } => DiskError::Io { operation, path, source },
            error => error,
        }
    }

    pub(crate) fn damaged_snapshot(file: &Path, offset: u64, what: &'static str) -> DiskError {
        DiskError::DamagedSnapshot(Damage { file: file.to_owned(), offset, what })
    }
}

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DiskError::Damaged(damage) => write!(
                f,
                "{damage}. Keep this directory for examination, and start the node with an empty one: it joins the others \
                 anew. Do not start it with an old backup: it would have forgotten votes and entries that others count on"
            ),
            DiskError::Inaccessible { operation, path, source } => write!(
                f,
                "cannot {operation} {}: {source}. Check the path, and what this process may do there",
                path.display()
            ),
            DiskError::Io { operation, path, source } => write!(
                f,
                "cannot {operation} {}: {source}. Nothing more is written until the log is opened again. Check the \
                 device, its free space and the permissions, then restart the node",
                path.display()
            ),
            DiskError::DamagedSnapshot(damage) => write!(
                f,
                "{damage}. Use another copy of this snapshot, or another snapshot. A node that is restarted finds one by \
                 itself: the one before, or its leader's"
            ),
            DiskError::SnapshotIo { operation, path, source } => write!(
                f,
                "cannot {operation} {}: {source}. The log goes on without this snapshot. Check the device, its free space \
                 and the permissions",
                path.display()
            ),
            DiskError::ForeignSnapshot { file, found, wanted } => write!(
                f,
                "{} is a snapshot of cluster {found}, not of cluster {wanted}. Remove it, or put one of a node of cluster \
                 {wanted} in its place",
                file.display()
            ),
            DiskError::Foreign { directory, found, wanted } => write!(
                f,
                "{} belongs to {found}, not to {wanted}. Start this node with its own directory",
                directory.display()
            ),
            DiskError::Occupied { directory } => write!(
                f,
                "{} holds the data of a node. Restore into a new directory, or move this one away first",
                directory.display()
            ),
            DiskError::InUse { directory } => write!(
                f,
                "{} is in use by another process. Stop that node, or give this one a directory of its own",
                directory.display()
            ),
            DiskError::LaterVersion { file, offset, what } => write!(
                f,
                "{}, byte {offset}: {what} is not known to this version. Start the node with the version that wrote \
                 it, or a later one",
                file.display()
            ),
        }
    }
}

impl std::error::Error for DiskError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            DiskError::Io { source, .. }
            | DiskError::SnapshotIo { source, .. }
            | DiskError::Inaccessible { source, .. } => Some(source.as_ref()),
            _ => None,
        }
    }
}

/// Of the same kind, with all that the error says.
impl From<DiskError> for io::Error {
    fn from(error: DiskError) -> io::Error {
        let kind = match &error {
            DiskError::Io { source, .. }
            | DiskError::SnapshotIo { source, .. }
            | DiskError::Inaccessible { source, .. } => source.kind(),
            _ => io::ErrorKind::InvalidData,
        };
        io::Error::new(kind, error)
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, byte {}: {}", self.file.display(), self.offset, self.what)
    }
}
