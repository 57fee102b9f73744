use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use quorate::Identity;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use serde::Serialize;

use crate::segment::{Header, Segment};
use crate::{DiskError, Handle, Medium};

const EXTENSION: &str = "segment";
/// A segment's name until it is whole and durable. What a crash leaves under it is overwritten by the next one.
const UNFINISHED: &str = "unfinished";

/// Whom a directory belongs to: one node, in one of its incarnations, of one cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Owner {
    /// The cluster, by the number that all its nodes are given.
    pub cluster: u64,
    /// The node's seat and incarnation.
    pub identity: Identity,
}

/// The directory of a log, locked for as long as the value lives.
#[derive(Debug)]
pub(crate) struct Directory {
    handle: Handle,
}

impl Directory {
    /// Makes the directory if it is not there, and locks it.
    ///
    /// Names that a run before this one has made but not synced are made durable first.
    pub(crate) fn open(path: &Path, medium: &mut impl Medium) -> Result<Directory, DiskError> {
        make(path, medium)?;
        let handle = open(path)?;
        match flock(&handle.file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Err(DiskError::InUse { directory: path.into() }),
            Err(errno) => return Err(DiskError::io("lock", path)(errno.into())),
        }
        sync(&handle, medium)?;
        Ok(Directory { handle })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.handle.path
    }

    /// Makes a segment and its name durable. It is there as a whole after a crash, or not at all.
    pub(crate) fn create(&self, header: Header, medium: &mut impl Medium) -> Result<Segment, DiskError> {
        let unfinished = self.path().join(UNFINISHED);
        let path = self.path().join(format!("{:010}.{EXTENSION}", header.number));
        let file = File::create(&unfinished).map_err(DiskError::io("create", &unfinished))?;
        let file = Handle { file, path: unfinished };
        let mut segment = Segment::create(file, header, medium)?;
        medium
            .rename(&segment.file.path, &path)
            .map_err(DiskError::io("rename", &segment.file.path))?;
        sync(&self.handle, medium)?;
        segment.file.path = path;
        Ok(segment)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Identity { seat, incarnation } = self.identity;
        write!(
            f,
            "node {} (incarnation {}) of cluster {}",
            seat.0, incarnation.0, self.cluster
        )
    }
}

/// The segments of a directory by rising number. Files that are no segments by their name are none of ours.
pub(crate) fn segments(directory: &Path) -> Result<Vec<(u64, PathBuf)>, DiskError> {
    let list = || -> io::Result<Vec<(u64, PathBuf)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if let Some(number) = number(&path) {
                found.push((number, path));
            }
        }
        found.sort_unstable();
        Ok(found)
    };
    list().map_err(DiskError::io("list", directory))
}

fn number(path: &Path) -> Option<u64> {
    if path.extension() != Some(OsStr::new(EXTENSION)) {
        return None;
    }
    path.file_stem()?.to_str()?.parse().ok()
}

/// Makes a directory and those above it that are missing, each durable in the one that holds it.
fn make(path: &Path, medium: &mut impl Medium) -> Result<(), DiskError> {
    let parent = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    if !path.is_dir() {
        make(parent, medium)?;
        create(path).map_err(DiskError::io("create", path))?;
    }
    match open(parent) {
        // Who may not read the parent did not make the directory there.
        Err(DiskError::Io { source, .. }) if source.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        opened => sync(&opened?, medium),
    }
}

fn create(path: &Path) -> io::Result<()> {
    fs::create_dir(path).or_else(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Ok(()),
        _ => Err(error),
    })
}

fn open(path: &Path) -> Result<Handle, DiskError> {
    let file = File::open(path).map_err(DiskError::io("open", path))?;
    let path = path.to_owned();
    Ok(Handle { file, path })
}

fn sync(directory: &Handle, medium: &mut impl Medium) -> Result<(), DiskError> {
    medium
        .sync_all(directory)
        .map_err(DiskError::io("sync", &directory.path))
}
