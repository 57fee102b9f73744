//! Snapshots on a device that stops, or is full, between any two operations.

mod common;

use std::cell::RefCell;
use std::io;
use std::path::Path;
use std::rc::Rc;

use common::snapshots::{View, content, foreign, store, take};
use common::{But, Replace, append, names, open, open_on, record, scratch, state};
use quorate::Entries;
use quorate_disk::{Disk, DiskError};

/// Fails after so many operations.
#[derive(Clone)]
struct Limited(Rc<RefCell<Limit>>);

struct Limit {
    operations_left: usize,
    /// Whether all fails from then on, or only what takes room, once.
    is_end: bool,
    has_failed: bool,
}

impl Limited {
    fn new(operations_left: usize, is_end: bool) -> Limited {
        Limited(Rc::new(RefCell::new(Limit { operations_left, is_end, has_failed: false })))
    }

    fn has_failed(&self) -> bool {
        self.0.borrow().has_failed
    }
}

impl Replace for Limited {
    fn before(&mut self, call: &'static str) -> io::Result<()> {
        let Limit { operations_left, is_end, has_failed } = &mut *self.0.borrow_mut();
        let is_struck = *is_end || ["create", "write", "sync", "sync_all", "rename"].contains(&call);
        if *operations_left > 0 || !is_struck || (*has_failed && !*is_end) {
            *operations_left = operations_left.saturating_sub(1);
            return Ok(());
        }
        *has_failed = true;
        Err(if *is_end { io::ErrorKind::Other } else { io::ErrorKind::StorageFull }.into())
    }
}

type Limits = Disk<But<Limited>>;

/// What is done until a device fails.
type Story = fn(&mut Limits) -> Result<(), DiskError>;

/// Entries 1 to 14, snapshots of 4 and 8, and a snapshot of another node that is here.
fn before(directory: &Path) -> View {
    let (mut disk, ..) = open(directory).unwrap();
    disk.write(state(3), None, Entries::default(), None, None).unwrap();
    append(&mut disk, 1..=8);
    for index in [4, 8] {
        let snapshot = take(&disk, index).unwrap();
        disk.mark(snapshot).unwrap();
    }
    append(&mut disk, 9..=14);
    store(&disk, 50, content(50).len()).unwrap();
    drop(disk);
    View::of(directory)
}

fn mark(disk: &mut Limits) -> Result<(), DiskError> {
    let snapshot = take(disk, 12)?;
    disk.mark(snapshot)
}

fn install(disk: &mut Limits) -> Result<(), DiskError> {
    let entries = [record(51, b"behind"), record(52, &[5; 900])].concat();
    disk.write(state(9), Some(foreign(50)), Entries::parse(&entries).unwrap(), None, None)
}

/// Opens a directory on a device that fails after so many operations from then on.
fn open_limited(directory: &Path, limited: &Limited) -> Limits {
    let operations = std::mem::replace(&mut limited.0.borrow_mut().operations_left, usize::MAX);
    let (disk, ..) = open_on(But(limited.clone()), directory).unwrap();
    limited.0.borrow_mut().operations_left = operations;
    disk
}

/// Does this on such a device. Whether it came to its end.
fn attempt(directory: &Path, story: Story, limited: &Limited) -> Result<(), DiskError> {
    story(&mut open_limited(directory, limited))
}

/// What a node finds after it: all that was there before it began, or all that it was to do.
#[track_caller]
fn is_old_or_new(view: &View, old: &View, new: &View, stop: &str) {
    let ends = |view: &View| (view.term, view.snapshots.last().copied(), view.lost, view.entries.clone());
    assert!([ends(old), ends(new)].contains(&ends(view)), "{stop}: {view:?}");
}

/// What there is after the story, and that it went on from there.
fn after(story: Story) -> (View, View) {
    let scratch = scratch();
    let old = before(scratch.path());
    attempt(scratch.path(), story, &Limited::new(usize::MAX, true)).unwrap();
    (old, View::of(scratch.path()))
}

/// A log goes on: entries, a snapshot, another opening.
#[track_caller]
fn goes_on(directory: &Path, view: &View, stop: &str) {
    let (mut disk, ..) = open(directory).unwrap();
    let last = view.entries.keys().copied().chain(view.snapshots.clone()).max().unwrap();
    append(&mut disk, last + 1..=last + 6);
    let snapshot = take(&disk, last + 3).unwrap();
    disk.mark(snapshot).unwrap();
    let files = names(directory);
    assert!(files.len() <= 9, "{stop}: {files:?}");
    drop(disk);
    let after = View::of(directory);
    let kept = [view.snapshots.last().copied().unwrap(), last + 3];
    assert_eq!((&after.snapshots[..], after.indices()), (&kept[..], vec![last + 4, last + 5, last + 6]), "{stop}");
}

#[test]
fn a_stop_leaves_the_old_state_or_the_new_one() {
    for (story, what) in [(mark as Story, "mark"), (install, "install")] {
        let (old, new) = after(story);
        assert_ne!(old.snapshots, new.snapshots);
        for operations in 0.. {
            let scratch = scratch();
            before(scratch.path());
            let limited = Limited::new(operations, true);
            let done = attempt(scratch.path(), story, &limited);
            let stop = format!("{what}, stopped after {operations} operations");
            let view = View::of(scratch.path());
            is_old_or_new(&view, &old, &new, &stop);
            if done.is_ok() {
                assert_eq!(view, new, "{stop}");
                assert!(!limited.has_failed() && operations > 10);
                break;
            }
            goes_on(scratch.path(), &view, &stop);
        }
    }
}

#[test]
fn a_stop_in_the_opening_after_a_stop_loses_nothing_either() {
    for story in [mark as Story, install] {
        let (old, new) = after(story);
        for operations in 0.. {
            let scratch = scratch();
            before(scratch.path());
            let done = attempt(scratch.path(), story, &Limited::new(operations, true)).is_ok();
            for again in 0.. {
                let is_open = open_on(But(Limited::new(again, true)), scratch.path()).is_ok();
                if is_open {
                    break;
                }
            }
            is_old_or_new(&View::of(scratch.path()), &old, &new, &format!("{operations} operations"));
            if done {
                break;
            }
        }
    }
}

#[test]
fn a_full_device_leaves_the_old_snapshot_and_a_log_that_goes_on() {
    let mut failures = 0;
    for operations in 0.. {
        let scratch = scratch();
        let old = before(scratch.path());
        let limited = Limited::new(operations, false);
        let mut disk = open_limited(scratch.path(), &limited);
        let taken = take(&disk, 12);
        limited.0.borrow_mut().operations_left = usize::MAX;
        append(&mut disk, 15..=15);
        drop(disk);
        let left = names(scratch.path());
        assert!(left.iter().all(|name| !name.ends_with("taken")), "{left:?}");
        let view = View::of(scratch.path());
        assert_eq!((&view.snapshots, view.indices()), (&old.snapshots, (9..=15).collect()));
        let Err(error) = taken else { break };
        assert!(matches!(error, DiskError::SnapshotIo { .. }), "{operations} operations: {error}");
        assert!(error.to_string().contains("The log goes on without this snapshot"), "{error}");
        failures += 1;
    }
    assert_eq!(failures, 7, "it is made, written twice, synced, named, and its name synced");
}

#[test]
fn a_piece_that_is_not_stored_stops_the_node() {
    let scratch = scratch();
    let limited = Limited::new(0, false);
    let disk = open_limited(scratch.path(), &limited);
    let error = store(&disk, 50, 100).unwrap_err();
    assert!(matches!(error, DiskError::Io { .. }), "{error}");
    assert!(error.to_string().contains("restart the node"), "{error}");
}

#[test]
fn a_full_device_at_a_mark_or_an_installation_is_final() {
    for story in [mark as Story, install] {
        let (old, new) = after(story);
        for operations in 0.. {
            let scratch = scratch();
            before(scratch.path());
            let limited = Limited::new(operations, false);
            let done = attempt(scratch.path(), story, &limited);
            let stop = format!("full after {operations} operations");
            let view = View::of(scratch.path());
            is_old_or_new(&view, &old, &new, &stop);
            goes_on(scratch.path(), &view, &stop);
            if done.is_ok() && !limited.has_failed() {
                break;
            }
        }
    }
}

/// Fills segment 1, and stops when segment 2 is there and nothing in it.
fn stop_before_the_first_batch(directory: &Path) {
    drop(open(directory).unwrap());
    // Four batches, a segment, and the first of the operations on a fifth batch.
    let mut disk = open_limited(directory, &Limited::new(4 * 2 + 6, true));
    append(&mut disk, 1..=4);
    disk.write(None, None, Entries::parse(&record(5, b"entry")).unwrap(), None, None).unwrap_err();
    assert_eq!(names(directory).len(), 2);
}

#[test]
fn a_segment_that_was_left_empty_gets_its_head() {
    let scratch = scratch();
    stop_before_the_first_batch(scratch.path());
    let (mut disk, ..) = open(scratch.path()).unwrap();
    append(&mut disk, 5..=8);
    for index in [3, 4, 5] {
        let snapshot = take(&disk, index).unwrap();
        disk.mark(snapshot).unwrap();
    }
    drop(disk);
    assert_eq!(names(scratch.path())[0], "0000000002.segment");
    let view = View::of(scratch.path());
    assert_eq!((&view.snapshots[..], view.indices()), (&[4, 5][..], vec![6, 7, 8]));
}

#[test]
fn a_segment_that_stays_empty_goes_with_those_around_it() {
    let scratch = scratch();
    stop_before_the_first_batch(scratch.path());
    let (mut disk, ..) = open(scratch.path()).unwrap();
    disk.write(None, None, Entries::parse(&record(5, &[5; 9_000])).unwrap(), None, None).unwrap();
    append(&mut disk, 6..=8);
    drop(disk);
    let (mut disk, ..) = open(scratch.path()).unwrap();
    for index in [7, 8] {
        let snapshot = take(&disk, index).unwrap();
        disk.mark(snapshot).unwrap();
    }
    drop(disk);
    assert_eq!(names(scratch.path())[0], "0000000004.segment");
    assert_eq!(View::of(scratch.path()).snapshots, [7, 8]);
}

#[test]
fn an_empty_segment_alone_is_no_new_log() {
    let scratch = scratch();
    stop_before_the_first_batch(scratch.path());
    std::fs::remove_file(scratch.path().join("0000000001.segment")).unwrap();
    let error = View::try_of(scratch.path()).unwrap_err();
    assert!(error.to_string().contains("the segment before this one is missing"), "{error}");
}

/// Notes the operations that a power cut depends on.
#[derive(Clone, Default)]
struct Noting(Rc<RefCell<Vec<&'static str>>>);

impl Noting {
    /// What was done since the last time.
    fn calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.borrow_mut())
    }
}

impl Replace for Noting {
    fn before(&mut self, call: &'static str) -> io::Result<()> {
        if ["create", "write", "sync", "sync_all", "rename", "remove"].contains(&call) {
            self.0.borrow_mut().push(call);
        }
        Ok(())
    }
}

#[test]
fn nothing_counts_before_it_is_durable() {
    let scratch = scratch();
    before(scratch.path());
    let noting = Noting::default();
    let (mut disk, ..) = open_on(But(noting.clone()), scratch.path()).unwrap();
    noting.calls();
    let snapshot = take(&disk, 12).unwrap();
    assert_eq!(noting.calls(), ["create", "write", "write", "sync_all", "rename", "sync_all"]);
    disk.mark(snapshot).unwrap();
    // The oldest snapshot goes, and a segment for good.
    assert_eq!(noting.calls(), ["write", "sync", "remove", "remove", "sync_all"]);
    disk.write(None, Some(foreign(50)), Entries::default(), None, None).unwrap();
    let removed = ["remove", "remove", "remove", "sync_all", "remove", "sync_all"];
    assert_eq!(noting.calls(), [&["sync_all", "rename", "sync_all", "write", "sync"][..], &removed].concat());
}

#[test]
fn opening_writes_what_was_fetched_again_before_it_is_believed() {
    let scratch = scratch();
    before(scratch.path());
    let noting = Noting::default();
    let (mut disk, ..) = open_on(But(noting.clone()), scratch.path()).unwrap();
    let (last_batch, header, content) = (&["write", "sync"][..], &["write"][..], &["write"][..]);
    assert!(noting.calls().ends_with(&[last_batch, header, content].concat()));
    disk.write(None, Some(foreign(50)), Entries::default(), None, None).unwrap();
    assert_eq!(noting.calls().first(), Some(&"sync_all"));
    drop(disk);
    assert_eq!(View::of(scratch.path()).snapshots, [50]);
}
