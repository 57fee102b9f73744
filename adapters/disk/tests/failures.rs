//! A device that fails: whatever failed is final, and what was acknowledged is there after it.

mod common;

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::path::Path;
use std::rc::Rc;

use common::snapshots::{foreign, store};
use common::{But, Replace, open, open_on, record, state};
use quorate::Entries;
use quorate_disk::{Direct, Disk, DiskError, Medium};
use tempfile::tempdir;

/// Notes what is asked of it, and fails on demand.
#[derive(Clone, Default)]
struct Faulty(Rc<RefCell<Plan>>);

#[derive(Default)]
struct Plan {
    calls: Vec<&'static str>,
    failing: Option<&'static str>,
}

impl Faulty {
    fn fail(&self, call: &'static str) {
        self.0.borrow_mut().failing = Some(call);
    }

    fn mend(&self) {
        self.0.borrow_mut().failing = None;
    }

    /// What was asked since the last time.
    fn calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.borrow_mut().calls)
    }

    fn note(&self, call: &'static str) -> io::Result<()> {
        let mut plan = self.0.borrow_mut();
        plan.calls.push(call);
        if plan.failing == Some(call) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}

impl Replace for Faulty {
    fn write(&mut self, file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.note("write")?;
        Direct.write(file, offset, bytes)
    }

    fn sync(&mut self, _: &File) -> io::Result<()> {
        self.note("sync")
    }

    fn sync_all(&mut self, _: &File) -> io::Result<()> {
        self.note("sync all")
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.note("rename")?;
        Direct.rename(from, to)
    }
}

fn write<M: Medium>(disk: &mut Disk<M>, term: u64) -> Result<(), DiskError> {
    disk.write(state(term), None, Entries::default(), None, None)
}

#[test]
fn a_batch_is_one_write_and_one_sync() {
    let scratch = tempdir().unwrap();
    let medium = Faulty::default();
    let (mut disk, ..) = open_on(But(medium.clone()), scratch.path()).unwrap();
    medium.calls();
    let records = [record(1, b"one"), record(2, b"two")].concat();
    disk.write(state(1), None, Entries::parse(&records).unwrap(), None, None).unwrap();
    assert_eq!(medium.calls(), ["write", "sync"]);
    disk.write(None, None, Entries::default(), None, None).unwrap();
    assert_eq!(medium.calls(), [""; 0]);
}

#[test]
fn a_new_segment_is_durable_and_announced_before_its_first_batch() {
    let scratch = tempdir().unwrap();
    let medium = Faulty::default();
    let (mut disk, ..) = open_on(But(medium.clone()), scratch.path()).unwrap();
    for term in 1..=4 {
        write(&mut disk, term).unwrap();
    }
    medium.calls();
    write(&mut disk, 5).unwrap();
    let made = ["write", "write", "sync all", "rename", "sync all"];
    let (announced, batch) = (["write", "sync"], ["write", "sync"]);
    assert_eq!(medium.calls(), [&made[..], &announced, &batch].concat());
}

#[test]
fn a_new_directory_is_durable_in_those_above_it() {
    let scratch = tempdir().unwrap();
    let medium = Faulty::default();
    let deep = scratch.path().join("above/data");
    let opened = open_on(But(medium.clone()), &deep).unwrap();
    let directories = ["sync all"; 4];
    let first_segment = ["write", "write", "sync all", "rename", "sync all"];
    assert_eq!(medium.calls(), [&directories[..], &first_segment].concat());
    drop(opened);
    // A run before this one may have made the directory and stopped before it synced.
    drop(open_on(But(medium.clone()), &deep).unwrap());
    assert_eq!(medium.calls(), ["sync all"; 2]);
}

#[test]
fn a_failure_is_final() {
    for call in ["write", "sync", "sync all", "rename"] {
        let scratch = tempdir().unwrap();
        let medium = Faulty::default();
        let (mut disk, ..) = open_on(But(medium.clone()), scratch.path()).unwrap();
        for term in 1..=4 {
            write(&mut disk, term).unwrap();
        }
        medium.fail(call);
        let first = write(&mut disk, 5).unwrap_err().to_string();
        medium.mend();
        medium.calls();
        for _ in 0..3 {
            assert_eq!(write(&mut disk, 6).unwrap_err().to_string(), first, "{call}");
        }
        assert_eq!(medium.calls(), [""; 0], "{call}");
        drop(disk);

        let (_, recovery, seen) = open(scratch.path()).unwrap();
        let kept = recovery.batches as usize;
        assert!(kept == 4 || kept == 5, "{call}: {kept}");
        assert_eq!(seen, ["term 1", "term 2", "term 3", "term 4", "term 5"][..kept], "{call}");
    }
}

#[test]
fn pieces_of_a_snapshot_are_synced_when_they_are_asked_to_be() {
    let scratch = tempdir().unwrap();
    let medium = Faulty::default();
    let (disk, ..) = open_on(But(medium.clone()), scratch.path()).unwrap();
    let mut snapshots = disk.snapshots();
    store(&disk, 30, 300).unwrap();
    medium.calls();
    snapshots.sync(foreign(30)).unwrap();
    assert_eq!(medium.calls(), ["sync all"]);
    medium.fail("sync all");
    assert!(matches!(snapshots.sync(foreign(30)), Err(DiskError::Io { operation: "sync", .. })));
    medium.mend();
    // Another one takes its place.
    store(&disk, 40, 100).unwrap();
    medium.calls();
    snapshots.sync(foreign(30)).unwrap();
    assert_eq!(medium.calls(), [""; 0]);
}

#[test]
fn opening_writes_the_last_batch_again_before_it_is_believed() {
    let scratch = tempdir().unwrap();
    let medium = Faulty::default();
    let (mut disk, ..) = open_on(But(medium.clone()), scratch.path()).unwrap();
    medium.fail("sync");
    write(&mut disk, 1).unwrap_err();
    drop(disk);
    medium.calls();
    assert!(matches!(open_on(But(medium.clone()), scratch.path()), Err(DiskError::Io { .. })));
    assert_eq!(medium.calls().last_chunk(), Some(&["write", "sync"]));
}

/// Stops after so many bytes, in the middle of a write.
struct Cut {
    bytes_left: usize,
}

impl Replace for Cut {
    fn write(&mut self, file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let part = bytes.len().min(self.bytes_left);
        self.bytes_left -= part;
        Direct.write(file, offset, &bytes[..part])?;
        if part < bytes.len() { Err(io::ErrorKind::WriteZero.into()) } else { Ok(()) }
    }
}

#[test]
fn a_recovery_that_is_cut_off_starts_over() {
    let scratch = tempdir().unwrap();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    disk.write(None, None, Entries::parse(&record(1, b"kept")).unwrap(), None, None).unwrap();
    disk.write(None, None, Entries::parse(&record(2, &[1; 600])).unwrap(), None, None).unwrap();
    drop(disk);
    // Of the second batch's two sectors the first has arrived, with its stamp.
    let path = scratch.path().join("0000000001.segment");
    let mut torn = std::fs::read(&path).unwrap();
    torn[1_536..2_048].fill(0);
    for bytes_left in 0.. {
        std::fs::write(&path, &torn).unwrap();
        let is_done = open_on(But(Cut { bytes_left }), scratch.path()).is_ok();
        let (_, recovery, seen) = open(scratch.path()).unwrap_or_else(|error| panic!("{bytes_left} bytes: {error}"));
        assert_eq!((recovery.batches, seen), (1, vec!["1@1 Command 4 bytes".to_owned()]));
        if is_done {
            break;
        }
    }
}
