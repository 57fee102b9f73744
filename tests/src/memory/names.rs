use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fastrand::Rng;

/// Which file has which name, by its number.
#[derive(Debug, Default)]
pub(super) struct Names {
    seen: BTreeMap<PathBuf, usize>,
    durable: BTreeMap<PathBuf, usize>,
    /// Changes that no sync has followed, in their order.
    pending: Vec<Change>,
}

#[derive(Debug)]
enum Change {
    /// A file gets this name, and has no other.
    Name { path: PathBuf, number: usize },
    /// Nothing has this name any more.
    Remove { path: PathBuf },
}

impl Names {
    /// Names a file, be it new or named otherwise before.
    pub(super) fn name(&mut self, path: &Path, number: usize) {
        self.change(Change::Name { path: path.to_owned(), number });
    }

    pub(super) fn remove(&mut self, path: &Path) {
        self.change(Change::Remove { path: path.to_owned() });
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.seen);
        self.pending.push(change);
    }

    pub(super) fn sync(&mut self) {
        for change in self.pending.drain(..) {
            change.apply(&mut self.durable);
        }
    }

    /// Of the changes that were not synced, any may have arrived, whatever the others did.
    pub(super) fn cut_power(&mut self, rng: &mut Rng) {
        for change in self.pending.drain(..) {
            if rng.bool() {
                change.apply(&mut self.durable);
            }
        }
        self.seen.clone_from(&self.durable);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Path, usize)> {
        self.seen.iter().map(|(path, number)| (path.as_path(), *number))
    }

    pub(super) fn number(&self, path: &Path) -> Option<usize> {
        self.seen.get(path).copied()
    }
}

impl Change {
    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Change::Name { path, number } => {
                names.retain(|_, found| found != number);
                names.insert(path.clone(), *number);
            }
            Change::Remove { path } => {
                names.remove(path);
            }
        }
    }
}
