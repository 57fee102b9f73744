//! A file under a passing name beside its own, until all of it is there. Dropped before it is kept, it leaves nothing.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

/// A new file, of which the system takes away what the user's mask says.
pub(crate) fn create(path: &Path, mode: u32) -> io::Result<NamedTempFile> {
    Builder::new().prefix(".quorate-").permissions(Permissions::from_mode(mode)).tempfile_in(parent(path))
}

/// Makes the file durable, and then its name.
pub(crate) fn keep(file: NamedTempFile, path: &Path, replaces: bool) -> io::Result<()> {
    file.as_file().sync_all()?;
    let _named = if replaces { file.persist(path) } else { file.persist_noclobber(path) }?;
    File::open(parent(path))?.sync_all()
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}
