use std::path::{Path, PathBuf};

use quorate::Snapshot;
use quorate_disk::Medium;

use super::Disk;
use crate::memory::DIRECTORY;

impl Disk {
    /// Removes what is whole or fetched of all snapshots but these, without a sync. How many files that were.
    pub(crate) fn prune(&mut self, whole: &[Snapshot], fetched: &[Snapshot]) -> u64 {
        let kept = Some([whole.to_vec(), fetched.to_vec()]);
        if self.kept == kept {
            return 0;
        }
        self.kept = kept;
        let needed = [names(whole, "snapshot"), names(fetched, "fetched")].concat();
        let found = self.files.list(Path::new(DIRECTORY)).expect("a directory in memory can be read");
        let is_surplus = |path: &PathBuf| {
            let is_snapshot = path.extension().is_some_and(|kind| kind == "snapshot" || kind == "fetched");
            is_snapshot && !needed.contains(path)
        };
        let surplus: Vec<_> = found.into_iter().filter(is_surplus).collect();
        surplus.iter().for_each(|path| self.files.remove(path).expect("a file in memory can be removed"));
        let is_removed = |snapshot: &Snapshot| !whole.contains(snapshot);
        if self.latest.as_ref().is_some_and(is_removed) {
            self.refused = std::mem::replace(&mut self.latest, self.before.take());
        }
        self.before = self.before.filter(|before| !is_removed(before));
        self.latest = self.latest.filter(|latest| !is_removed(latest));
        surplus.len() as u64
    }
}

/// The files of snapshots, as `FORMAT.md` names them.
fn names(snapshots: &[Snapshot], kind: &str) -> Vec<PathBuf> {
    let name = |Snapshot { position, check, .. }: &Snapshot| format!("{:010}-{check:08x}.{kind}", position.index.0);
    snapshots.iter().map(|snapshot| Path::new(DIRECTORY).join(name(snapshot))).collect()
}
