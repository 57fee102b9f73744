use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use lamps::{KEY_PAGE, key_page, read_key_page};
use quorate_wire::seal::{Key, KeyId};

use crate::Failure;

/// The key of a cluster's machines, in a file that nobody else reads. It is laid out as the page of a board's flash, to which it is
/// copied when the board is switched on: an erase of the board's log does not reach it.
#[derive(Clone)]
pub(crate) struct Keys(PathBuf);

impl Keys {
    /// The key of the machines whose flashes and disks are in this directory. It is made if there are none yet.
    ///
    /// # Errors
    /// It is gone, though they are there, or cannot be read or made.
    pub(crate) fn of(directory: &Path) -> Result<Keys, Failure> {
        let path = directory.join(NAME);
        if path.exists() {
            return Keys::read(&path).map(|_| Keys(path));
        }
        let is_empty = fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_none());
        if is_empty {
            return Keys::make(directory);
        }
        Err(Failure::new(format!(
            "{} is missing, and {} holds machines: put it back, or say --plain if they never had one",
            path.display(),
            directory.display()
        )))
    }

    /// Makes a key for new machines.
    ///
    /// # Errors
    /// There is one, or the file cannot be written.
    pub(crate) fn make(directory: &Path) -> Result<Keys, Failure> {
        let path = directory.join(NAME);
        let failed = |error: io::Error| Failure::new(format!("cannot write {}: {error}", path.display()));
        let mut bytes = [0; Key::BYTES];
        getrandom::fill(&mut bytes).map_err(|error| failed(io::Error::other(error)))?;
        let id = KeyId::new(FIRST).ok_or_else(|| Failure::new("keys have numbers below 16"))?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(failed)?;
        file.write_all(&key_page(id, &Key::new(bytes))).and_then(|()| file.sync_all()).map_err(failed)?;
        Ok(Keys(path))
    }

    /// The key in such a file.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn read(path: &Path) -> Result<(KeyId, Key), Failure> {
        let failed = |error: io::Error| Failure::new(format!("cannot read {}: {error}", path.display()));
        let mut page = [0; KEY_PAGE];
        File::open(path).and_then(|mut file| file.read_exact(&mut page)).map_err(failed)?;
        read_key_page(&page).ok_or_else(|| Failure::new(format!("{} holds no key", path.display())))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes the page of the board of this name, and returns the name of its file.
    pub(crate) fn write_page(&self, directory: &Path, board: &str) -> io::Result<String> {
        let name = format!("{board}.keys");
        fs::copy(&self.0, directory.join(&name))?;
        Ok(name)
    }
}

const NAME: &str = "cluster.keys";

/// The number of the first key.
const FIRST: u8 = 1;
