//! The laws of every store, on a directory, with every torn write and every changed bit.

mod common;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use common::{But, Replace, SMALL, members, owner, scratch};
use quorate::founding::Record;
use quorate::{Position, Snapshot};
use quorate_disk::conformance::{Subject, Write as Batch, check};
use quorate_disk::{Disk, DiskError, Recovered};
use tempfile::TempDir;

/// Leaves syncs out: an image is what was written, and crashes are made from it.
#[derive(Clone)]
struct Unsynced;

impl Replace for Unsynced {
    fn sync(&mut self, _: &File) -> io::Result<()> {
        Ok(())
    }

    fn sync_all(&mut self, _: &File) -> io::Result<()> {
        Ok(())
    }
}

/// A directory, its files by name.
type Image = BTreeMap<String, Vec<u8>>;

struct Directory {
    scratch: TempDir,
}

impl Directory {
    /// Puts the image into the directory, lets `work` run there, and takes the image back.
    fn with<T>(&self, image: &mut Image, work: impl FnOnce(&Path) -> T) -> T {
        let path = self.scratch.path();
        for entry in fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            if !image.contains_key(entry.file_name().to_str().unwrap()) {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        for (name, bytes) in &*image {
            fs::write(path.join(name), bytes).unwrap();
        }
        let result = work(path);
        *image = fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
            .collect();
        result
    }
}

impl Subject for Directory {
    type Image = Image;

    fn blank(&self) -> Image {
        Image::new()
    }

    fn open(&self, image: &mut Image, visit: &mut dyn FnMut(Recovered<'_>)) -> Result<(), String> {
        let visit = |item: Recovered<'_>| {
            visit(item);
            Ok::<(), DiskError>(())
        };
        let opened = self.with(image, |path| Disk::open_on(But(Unsynced), path, owner(), SMALL, visit).map(drop));
        opened.map_err(|error| error.to_string())
    }

    fn write(&self, image: &mut Image, Batch { hard_state, entries, settled, mark }: Batch<'_>) {
        self.with(image, |path| {
            open(path).write(hard_state, None, entries, settled, mark).unwrap();
        });
    }

    fn record(&self, image: &mut Image, record: Record) {
        self.with(image, |path| open(path).record(record).unwrap());
    }

    fn take(&self, image: &mut Image, position: Position, state: &[u8]) {
        self.with(image, |path| {
            let mut disk = open(path);
            let mut writer = disk.snapshots().create(position, members()).unwrap();
            writer.write_all(state).unwrap();
            disk.mark(writer.finish().unwrap()).unwrap();
        });
    }

    fn install(&self, image: &mut Image, snapshot: Snapshot, state: &[u8], batch: Batch<'_>) {
        let Batch { hard_state, entries, settled, mark } = batch;
        self.with(image, |path| {
            let mut disk = open(path);
            let mut snapshots = disk.snapshots();
            for (piece, offset) in state.chunks(7).zip((0..).step_by(7)) {
                snapshots.store(snapshot, members(), offset, piece).unwrap();
            }
            disk.write(hard_state, Some(snapshot), entries, settled, mark).unwrap();
        });
    }

    fn state(&self, image: &mut Image, snapshot: Snapshot) -> Vec<u8> {
        let mut state = Vec::new();
        self.with(image, |path| open(path).snapshots().open(snapshot).unwrap().read_to_end(&mut state).unwrap());
        state
    }

    fn crashes(&self, before: &Image, after: &Image) -> impl Iterator<Item = Image> {
        let mut whole = before.clone();
        let mut crashes = vec![before.clone()];
        for (name, new) in after.iter().filter(|(name, _)| is_snapshot(name) && !before.contains_key(*name)) {
            crashes.extend(unnamed(&whole, name, new));
            whole.insert(name.clone(), new.clone());
            crashes.push(whole.clone());
        }
        let segments = || after.iter().filter(|(name, _)| !is_snapshot(name));
        // A segment is there before the one before it says so, and gets its batch after that.
        for (name, new) in segments().filter(|(name, _)| !before.contains_key(*name)) {
            crashes.extend(unfinished(&whole, new));
            whole.insert(name.clone(), empty(new));
            crashes.push(whole.clone());
        }
        for (name, new) in segments() {
            let old = whole.insert(name.clone(), new.clone()).unwrap();
            crashes.extend(torn(&old, new).into_iter().map(|bytes| {
                let mut crash = whole.clone();
                crash.insert(name.clone(), bytes);
                crash
            }));
        }
        let (snapshots, segments): (Vec<_>, Vec<_>) =
            before.keys().filter(|name| !after.contains_key(*name)).partition(|name| is_snapshot(name));
        for name in snapshots.into_iter().chain(segments) {
            whole.remove(name);
            crashes.push(whole.clone());
        }
        crashes.into_iter()
    }

    fn flips(&self, image: &Image) -> impl Iterator<Item = Image> {
        let places = image.iter().flat_map(|(name, bytes)| (0..bytes.len()).map(move |at| (name, at)));
        places.flat_map(move |(name, at)| {
            let byte = image[name][at];
            let changed = [byte ^ 1 << (at % 8), 0].into_iter().filter(move |new| *new != byte);
            changed.map(move |new| {
                let mut image = image.clone();
                image.get_mut(name).unwrap()[at] = new;
                image
            })
        })
    }
}

fn open(path: &Path) -> Disk<But<Unsynced>> {
    Disk::open_on(But(Unsynced), path, owner(), SMALL, |_| Ok::<(), DiskError>(())).unwrap().0
}

fn is_snapshot(name: &str) -> bool {
    name.ends_with(".snapshot")
}

/// A crash while a snapshot is written or fetched: its passing name, and any part of its bytes.
fn unnamed(before: &Image, name: &str, snapshot: &[u8]) -> Vec<Image> {
    let parts = [0, 1, 127, 128, 130, snapshot.len()].map(|length| &snapshot[..length]);
    let holed = [&[0; 128], &snapshot[128..]].concat();
    let crash = |extension: &str, bytes: &[u8]| {
        let mut crash = before.clone();
        crash.insert(name.replace("snapshot", extension), bytes.to_vec());
        crash
    };
    let contents = || parts.into_iter().chain([&holed[..]]);
    ["taken", "fetched"]
        .into_iter()
        .flat_map(|extension| contents().map(move |bytes| crash(extension, bytes)))
        .collect()
}

/// A segment before its first batch.
fn empty(segment: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; segment.len()];
    bytes[..64].copy_from_slice(&segment[..64]);
    bytes
}

/// A crash while a segment is made: its passing name, and any part of its bytes.
fn unfinished(before: &Image, segment: &[u8]) -> Vec<Image> {
    let parts = [0, 1, 17, 64, 512, segment.len()];
    parts
        .map(|length| {
            let mut crash = before.clone();
            crash.insert("unfinished".into(), segment[..length].to_vec());
            crash
        })
        .to_vec()
}

/// A file after a write that was cut off: at any byte, or with any choice of its sectors.
fn torn(old: &[u8], new: &[u8]) -> Vec<Vec<u8>> {
    let changed: Vec<usize> = (0..new.len()).filter(|at| old[*at] != new[*at]).collect();
    let (Some(&first), Some(&last)) = (changed.first(), changed.last()) else {
        return vec![new.to_vec()];
    };
    let prefixes = (first..=last + 1).map(|cut| [&new[..cut], &old[cut..]].concat());
    let sectors = first / 512..=last / 512;
    let choices = 0..1_u32 << sectors.clone().count();
    let subsets = choices.map(|choice| {
        let mut bytes = old.to_vec();
        for (bit, sector) in sectors.clone().enumerate() {
            if choice & (1 << bit) != 0 {
                let range = sector * 512..(sector + 1) * 512;
                bytes[range.clone()].copy_from_slice(&new[range]);
            }
        }
        bytes
    });
    prefixes.chain(subsets).collect()
}

#[test]
fn a_directory_obeys_the_laws_of_every_store() {
    check(&Directory { scratch: scratch() });
}
