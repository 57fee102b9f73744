use std::collections::BTreeMap;

use super::journal::Change;

/// What a power cut cannot take from a directory's files any more, and what it still can.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    /// What is durable of each file, by its number. A file keeps its number when it gets another name.
    pub(crate) durable: Vec<Vec<u8>>,
    /// Writes that no sync has followed, in their order.
    pub(crate) pending: Vec<Pending>,
    pub(crate) names: Names,
    /// Changes of names that no sync has followed, in their order.
    pub(crate) pending_names: Vec<NameChange>,
    /// The names as a running program sees them.
    seen: Names,
}

/// Which file has which name.
pub(crate) type Names = BTreeMap<String, usize>;

/// A directory, its files by name.
pub(crate) type Image = BTreeMap<String, Vec<u8>>;

#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) file: usize,
    pub(crate) offset: usize,
    pub(crate) bytes: Vec<u8>,
}

#[derive(Clone, Debug)]
pub(crate) enum NameChange {
    Create { name: String, file: usize },
    Rename { from: String, to: String },
}

impl Files {
    /// A directory in which everything is durable.
    pub(crate) fn of(image: &Image) -> Files {
        let names: Names = image.keys().cloned().zip(0..).collect();
        let durable = image.values().cloned().collect();
        Files { durable, seen: names.clone(), names, ..Files::default() }
    }

    pub(crate) fn take(&mut self, change: &Change) {
        match change {
            Change::Create(name) => {
                let file = self.durable.len();
                self.durable.push(Vec::new());
                self.rename(NameChange::Create { name: name.clone(), file });
            }
            Change::Write { file, offset, bytes } => {
                let offset = *offset as usize;
                self.pending.push(Pending { file: self.seen[file], offset, bytes: bytes.clone() });
            }
            Change::Sync(file) => {
                let file = self.seen[file];
                let (synced, rest) =
                    std::mem::take(&mut self.pending).into_iter().partition(|write| write.file == file);
                self.pending = rest;
                let synced: Vec<Pending> = synced;
                synced.iter().for_each(|write| write.apply(&mut self.durable));
            }
            Change::Rename { from, to } => self.rename(NameChange::Rename { from: from.clone(), to: to.clone() }),
            Change::SyncNames => {
                self.names = self.seen.clone();
                self.pending_names.clear();
            }
        }
    }

    fn rename(&mut self, change: NameChange) {
        change.apply(&mut self.seen);
        self.pending_names.push(change);
    }
}

impl Pending {
    /// Does the write, as far as its first `length` bytes.
    pub(crate) fn apply_front(&self, length: usize, contents: &mut [Vec<u8>]) {
        overwrite(&mut contents[self.file], self.offset, &self.bytes[..length]);
    }

    pub(crate) fn apply(&self, contents: &mut [Vec<u8>]) {
        self.apply_front(self.bytes.len(), contents);
    }

    pub(crate) fn end(&self) -> usize {
        self.offset + self.bytes.len()
    }
}

impl NameChange {
    pub(crate) fn apply(&self, names: &mut Names) {
        match self {
            NameChange::Create { name, file } => {
                names.insert(name.clone(), *file);
            }
            NameChange::Rename { from, to } => {
                if let Some(file) = names.remove(from) {
                    names.insert(to.clone(), file);
                }
            }
        }
    }
}

/// Writes into a file, which grows if it is shorter.
pub(crate) fn overwrite(file: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if !bytes.is_empty() && file.len() < end {
        file.resize(end, 0);
    }
    file[offset.min(end)..][..bytes.len()].copy_from_slice(bytes);
}
