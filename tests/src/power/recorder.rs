use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use quorate::Seat;
use quorate_disk::{Handle, Medium};

use super::journal::{Change, Event, Journal};

/// A medium that does what it is told, and notes it.
pub(crate) struct Recorder {
    pub(crate) seat: Seat,
    pub(crate) directory: PathBuf,
    pub(crate) journal: Journal,
    pub(crate) lie: Option<Lie>,
    /// How many more syncs of the kind that it lies about it carries out.
    pub(crate) honest_syncs: usize,
}

/// A sync that does nothing and says that all is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// Batches are not made durable.
    Batches,
    /// New segments are not made durable.
    Segments,
    /// Names are not made durable.
    Names,
}

impl Recorder {
    fn note(&self, change: Change) {
        self.journal.note(self.seat, Event::Change(change));
    }

    fn sync(&mut self, lie: Lie, change: Change) {
        if self.lie != Some(lie) {
            self.note(change);
        } else if self.honest_syncs > 0 {
            self.honest_syncs -= 1;
            self.note(change);
        }
    }
}

/// Nothing is synced for real: crash states are made from the notes.
impl Medium for Recorder {
    fn write(&mut self, file: &Handle, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let name = name(file.path());
        if file.file().metadata()?.len() == 0 {
            self.note(Change::Create(name.clone()));
        }
        self.note(Change::Write { file: name, offset, bytes: bytes.to_vec() });
        quorate_disk::Direct.write(file, offset, bytes)
    }

    fn sync(&mut self, file: &Handle) -> io::Result<()> {
        Recorder::sync(self, Lie::Batches, Change::Sync(name(file.path())));
        Ok(())
    }

    fn sync_all(&mut self, file: &Handle) -> io::Result<()> {
        if file.path() == self.directory {
            Recorder::sync(self, Lie::Names, Change::SyncNames);
        } else if file.file().metadata()?.is_file() {
            Recorder::sync(self, Lie::Segments, Change::Sync(name(file.path())));
        }
        Ok(())
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.note(Change::Rename { from: name(from), to: name(to) });
        fs::rename(from, to)
    }
}

fn name(path: &Path) -> String {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned()
}
