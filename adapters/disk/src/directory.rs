use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use crate::segment::{Header, Segment};
use crate::{DiskError, Medium, snapshots};

const EXTENSION: &str = "segment";
/// A segment's name until it is whole and durable. What a crash leaves under it is overwritten by the next one.
const UNFINISHED: &str = "unfinished";

/// The directory of a log, locked for as long as the value lives.
#[derive(Debug)]
pub(crate) struct Directory<H> {
    handle: H,
    path: PathBuf,
}

impl<H> Directory<H> {
    /// Makes the directory if it is not there, and locks it.
    ///
    /// Names that a run before this one has made but not synced are made durable first.
    pub(crate) fn open(path: &Path, medium: &mut impl Medium<Handle = H>) -> Result<Directory<H>, DiskError> {
        make(path, medium)?;
        let directory = Directory::lock(path, medium)?;
        directory.sync(medium)?;
        Ok(directory)
    }

    /// Locks a directory that is there, and changes nothing.
    pub(crate) fn lock(path: &Path, medium: &mut impl Medium<Handle = H>) -> Result<Directory<H>, DiskError> {
        let handle = medium.open_directory(path).map_err(DiskError::io("open", path))?;
        medium.lock(&handle).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => DiskError::InUse { directory: path.into() },
            _ => DiskError::io("lock", path)(error),
        })?;
        Ok(Directory { handle, path: path.to_owned() })
    }

    /// Makes a segment and its name durable. It is there as a whole after a crash, or not at all.
    pub(crate) fn create(&self, header: Header, medium: &mut impl Medium<Handle = H>) -> Result<Segment<H>, DiskError> {
        let path = self.segment(header.number);
        let mut segment = Segment::create(self.path.join(UNFINISHED), header, medium)?;
        medium.rename(&segment.path, &path).map_err(DiskError::io("rename", &segment.path))?;
        self.sync(medium)?;
        segment.path = path;
        Ok(segment)
    }

    /// Removes a segment. It is gone for good when this returns: a later one that went first would leave a gap.
    pub(crate) fn remove_segment(&self, number: u64, medium: &mut impl Medium<Handle = H>) -> Result<(), DiskError> {
        snapshots::remove(&self.segment(number), medium)?;
        self.sync(medium)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn segment(&self, number: u64) -> PathBuf {
        self.path.join(format!("{number:010}.{EXTENSION}"))
    }

    pub(crate) fn sync(&self, medium: &mut impl Medium<Handle = H>) -> Result<(), DiskError> {
        medium.sync_all(&self.handle).map_err(DiskError::io("sync", &self.path))
    }
}

/// The segments of a directory by rising number. Files that are no segments by their name are none of ours.
pub(crate) fn segments(directory: &Path, medium: &mut impl Medium) -> Result<Vec<(u64, PathBuf)>, DiskError> {
    let paths = medium.list(directory).map_err(DiskError::io("list", directory))?;
    let mut found: Vec<_> = paths.into_iter().filter_map(|path| number(&path).map(|number| (number, path))).collect();
    found.sort_unstable();
    Ok(found)
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
    let mut made = medium.create_directory(path);
    match &made {
        Err(error) if error.kind() == io::ErrorKind::NotFound && parent != path => {
            make(parent, medium)?;
            made = medium.create_directory(path);
        }
        // The one above was there, but whoever made that may have stopped before it was durable.
        Ok(()) => make(parent, medium)?,
        Err(_) => {}
    }
    match made {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(DiskError::io("create", path)(error)),
        _ => sync_names(parent, medium),
    }
}

fn sync_names(directory: &Path, medium: &mut impl Medium) -> Result<(), DiskError> {
    match medium.open_directory(directory) {
        // Who may not read a directory did not make anything in it.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        opened => {
            let handle = opened.map_err(DiskError::io("open", directory))?;
            medium.sync_all(&handle).map_err(DiskError::io("sync", directory))
        }
    }
}
