use std::collections::BTreeMap;

use super::journal::Change;

/// What a power cut cannot take from a directory's files any more, and what it still can.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    /// What is durable of each file, by its number.
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

/// A file gets this name, and has no other; or no file has it any more.
#[derive(Clone, Debug)]
pub(crate) struct NameChange {
    name: String,
    file: Option<usize>,
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
            Change::Create { name, file } => {
                assert_eq!(*file, self.durable.len(), "files are numbered in their order");
                self.durable.push(Vec::new());
                self.name(name, Some(*file));
            }
            Change::Write { file, offset, bytes } => {
                self.pending.push(Pending { file: *file, offset: *offset as usize, bytes: bytes.clone() });
            }
            Change::Sync(file) => {
                let (synced, rest): (Vec<Pending>, _) =
                    std::mem::take(&mut self.pending).into_iter().partition(|write| write.file == *file);
                self.pending = rest;
                synced.iter().for_each(|write| write.apply(&mut self.durable));
            }
            Change::Rename { name, file } => self.name(name, Some(*file)),
            Change::Remove(name) => self.name(name, None),
            Change::SyncNames => {
                self.names = self.seen.clone();
                self.pending_names.clear();
                self.forget_nameless();
            }
        }
    }

    /// Nobody can find a file any more that has no name.
    fn forget_nameless(&mut self) {
        let has_name = |file: usize| self.names.values().any(|named| *named == file);
        self.pending.retain(|write| has_name(write.file));
        let nameless = self.durable.iter_mut().enumerate().filter(|(file, _)| !has_name(*file));
        nameless.for_each(|(_, content)| content.clear());
    }

    /// The directory as a running program sees it.
    pub(crate) fn seen(mut self) -> Image {
        self.pending.iter().for_each(|write| write.apply(&mut self.durable));
        self.seen.into_iter().map(|(name, file)| (name, std::mem::take(&mut self.durable[file]))).collect()
    }

    fn name(&mut self, name: &str, file: Option<usize>) {
        let change = NameChange { name: name.to_owned(), file };
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
        match self.file {
            Some(file) => {
                names.retain(|_, other| *other != file);
                names.insert(self.name.clone(), file);
            }
            None => {
                names.remove(&self.name);
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
