use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::retry_on_intr;
use rustix::process::geteuid;
use zeroize::Zeroizing;

use super::text::Text;
use crate::beside;
use crate::exit::{Exit, Failure};

/// How long a file of keys may be.
pub(super) const BYTES_MAX: usize = 64 << 10;

/// A text that is wiped when it is dropped.
pub(super) type Content = Zeroizing<String>;

/// Reads a file that nobody but its owner can read.
///
/// # Errors
/// It is not there, no regular file, another user's, readable by others, empty, too long, or no text.
pub(super) fn read(path: &Path) -> Result<Content, Failure> {
    content(path, &open(path, path)?)
}

/// Writes a file that is not there yet, and that nobody but its owner can read.
///
/// # Errors
/// It is there, or cannot be written.
pub(super) fn create(path: &Path, text: &Text) -> Result<(), Failure> {
    write(path, text, false).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            let message = format!("{} is there already, and was left as it is: name another file", path.display());
            Failure::new(Exit::Usage, message)
        }
        _ => unwritable(path, &error),
    })
}

/// Holds a file that is to be changed, once nobody else does.
///
/// # Errors
/// As for [`read`].
pub(super) fn hold(path: &Path) -> Result<Held<'_>, Failure> {
    loop {
        let target = fs::canonicalize(path).map_err(|error| inaccessible(path, &error))?;
        let file = open(&target, path)?;
        retry_on_intr(|| flock(&file, FlockOperation::LockExclusive))
            .map_err(|error| inaccessible(path, &error.into()))?;
        // Whoever held it before may have put another file in its place.
        if is_at(&file, &target).map_err(|error| inaccessible(path, &error))? {
            return Ok(Held { path, target, file });
        }
    }
}

/// A file that nobody else changes meanwhile.
pub(super) struct Held<'a> {
    /// As it was named.
    path: &'a Path,
    /// Where it is: behind a symbolic link, which stays.
    target: PathBuf,
    file: File,
}

impl Held<'_> {
    pub(super) fn read(&self) -> Result<Content, Failure> {
        content(self.path, &self.file)
    }

    /// # Errors
    /// It cannot be written; it is as it was then.
    pub(super) fn replace(self, text: &Text) -> Result<(), Failure> {
        write(&self.target, text, true).map_err(|error| unwritable(self.path, &error))
    }
}

fn is_at(file: &File, target: &Path) -> io::Result<bool> {
    let is_same = |one: Metadata, other: Metadata| (one.dev(), one.ino()) == (other.dev(), other.ino());
    match fs::metadata(target) {
        Ok(found) => Ok(is_same(found, file.metadata()?)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn write(path: &Path, text: &Text, replaces: bool) -> io::Result<()> {
    let mut file = beside::create(path, 0o600)?;
    file.as_file_mut().write_all(text.as_str().as_bytes())?;
    beside::keep(file, path, replaces)
}

/// Opens the file that was named as `path`, behind a symbolic link as well, as ssh does: what counts is who can read the file
/// that is there.
fn open(target: &Path, path: &Path) -> Result<File, Failure> {
    // A pipe would let its reader wait for a writer.
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits();
    let opened = OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(target);
    let file = opened.map_err(|error| inaccessible(path, &error))?;
    let found = file.metadata().map_err(|error| inaccessible(path, &error))?;
    let found = Found { is_file: found.is_file(), owner: found.uid(), mode: found.mode() & 0o7777 };
    match found.refusal(&path.display().to_string(), geteuid().as_raw()) {
        Some(message) => Err(Failure::new(Exit::Usage, message)),
        None => Ok(file),
    }
}

/// What was opened.
struct Found {
    is_file: bool,
    owner: u32,
    mode: u32,
}

impl Found {
    /// Why this user takes no keys from it.
    fn refusal(&self, at: &str, user: u32) -> Option<String> {
        let Found { is_file, owner, mode } = *self;
        if !is_file {
            return Some(format!("{at} is no regular file, and keys are in one: name another one with --keys"));
        }
        if owner != user {
            return Some(format!(
                "{at} is user {owner}'s, who can read it, and this is user {user}: run this as its owner, or make it yours \
                 with chown"
            ));
        }
        if mode != 0o600 && mode != 0o400 {
            return Some(format!(
                "{at} has mode {mode:04o}, and a file of keys has 0600 or 0400: run `chmod 600 {at}`. If somebody else may \
                 have read it, change its keys as well"
            ));
        }
        None
    }
}

/// Nothing is read into a buffer that grows: that would leave copies.
fn content(path: &Path, mut file: &File) -> Result<Content, Failure> {
    let mut bytes = Zeroizing::new(vec![0; BYTES_MAX + 1]);
    let mut length = 0;
    while let Some(room) = bytes.get_mut(length..).filter(|room| !room.is_empty()) {
        match file.read(room) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(inaccessible(path, &error)),
        }
    }
    let damaged = |what: &str| {
        let message = format!("{} {what}. Take another copy of it, or name another one with --keys", path.display());
        Failure::new(Exit::Damaged, message)
    };
    match str::from_utf8(bytes.get(..length).unwrap_or_default()) {
        _ if length > BYTES_MAX => Err(damaged("is too long for a file of keys")),
        Ok("") => Err(damaged("is empty")),
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(damaged("is no text, and a file of keys is")),
    }
}

fn inaccessible(path: &Path, error: &io::Error) -> Failure {
    let at = path.display();
    let message = match error.kind() {
        ErrorKind::NotFound => format!(
            "there is no file {at}: name the file of keys with --keys, or make a keyring with `quorate-kv keyring init`"
        ),
        _ => format!("cannot read {at}: {error}. Check the path and the permissions, then run this again"),
    };
    Failure::new(Exit::of_file(error), message)
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let message = format!(
        "cannot write {}: {error}. Check its directory, the free space and the permissions, then run this again",
        path.display()
    );
    Failure::new(Exit::of_file(error), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_taken_from_a_file_that_only_its_owner_reads() {
        let found = |is_file, owner, mode| Found { is_file, owner, mode }.refusal("k", 7);
        assert_eq!((found(true, 7, 0o600), found(true, 7, 0o400)), (None, None));
        let cases = [
            (found(false, 7, 0o600), "no regular file"),
            (found(true, 8, 0o600), "k is user 8's"),
            (found(true, 0, 0o400), "k is user 0's"),
            (found(true, 7, 0o640), "mode 0640"),
            (found(true, 7, 0o604), "`chmod 600 k`"),
            (found(true, 7, 0o644), "mode 0644"),
            (found(true, 7, 0o700), "mode 0700"),
            (found(true, 7, 0o4600), "mode 4600"),
        ];
        for (message, part) in cases {
            assert!(message.as_ref().is_some_and(|message| message.contains(part)), "no {part:?} in {message:?}");
        }
    }
}
