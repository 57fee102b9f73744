use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::path::Path;

use fastrand::Rng;

/// Which file has which name, by its number.
#[derive(Debug, Default)]
pub(super) struct Names {
    seen: Listing,
    durable: Listing,
    /// Changes that no sync has followed, in their order.
    pending: Vec<Change>,
}

/// A file gets this name, and has no other; or no file has it any more.
#[derive(Debug)]
struct Change {
    path: OsString,
    number: Option<usize>,
}

/// Paths are compared as words: that is much quicker than part by part.
#[derive(Clone, Debug, Default)]
struct Listing {
    numbers: BTreeMap<OsString, usize>,
    paths: HashMap<usize, OsString>,
}

impl Names {
    /// Names a file, be it new or named otherwise before.
    pub(super) fn name(&mut self, path: &Path, number: usize) {
        self.change(Change { path: path.into(), number: Some(number) });
    }

    pub(super) fn remove(&mut self, path: &Path) {
        self.change(Change { path: path.into(), number: None });
    }

    fn change(&mut self, change: Change) {
        self.seen.take(&change);
        self.pending.push(change);
    }

    pub(super) fn sync(&mut self) {
        for change in self.pending.drain(..) {
            self.durable.take(&change);
        }
    }

    /// Of the changes that were not synced, any may have arrived, whatever the others did.
    pub(super) fn cut_power(&mut self, rng: &mut Rng) {
        if self.pending.is_empty() {
            return;
        }
        for change in self.pending.drain(..) {
            if rng.bool() {
                self.durable.take(&change);
            }
        }
        self.seen.clone_from(&self.durable);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Path, usize)> {
        self.seen.numbers.iter().map(|(path, number)| (Path::new(path), *number))
    }

    pub(super) fn number(&self, path: &Path) -> Option<usize> {
        self.seen.numbers.get(path.as_os_str()).copied()
    }
}

impl Listing {
    fn take(&mut self, Change { path, number }: &Change) {
        if let Some(before) = number.and_then(|number| self.paths.insert(number, path.clone())) {
            self.numbers.remove(&before);
        }
        let replaced = match number {
            Some(number) => self.numbers.insert(path.clone(), *number),
            None => self.numbers.remove(path),
        };
        if let Some(replaced) = replaced {
            self.paths.remove(&replaced);
        }
    }
}
