//! Snapshots that are kept aside, and logs that are made from them.

mod common;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use common::snapshots::{View, content, foreign, store};
use common::{Damage, append, members, open, owner, scratch};
use quorate::{HardState, Members, Seat, Seats, Term, crc32c};
use quorate_disk::{DiskError, Options, Owner, SnapshotHeader, SnapshotReader, inspect, restore};

const INDEX: u64 = 50;

/// A copy of a snapshot of cluster 7, under a name of its own.
fn copy(directory: &Path) -> PathBuf {
    let header = SnapshotHeader { cluster: 7, members: members(), snapshot: foreign(INDEX) };
    let path = directory.join("monday.backup");
    fs::write(&path, [&header.bytes()[..], &content(INDEX)].concat()).unwrap();
    path
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

/// Changes a header, and its CRC to match.
fn change_header(path: &Path, at: usize, byte: u8) {
    change(path, |bytes| {
        bytes[at] = byte;
        let check = crc32c(&bytes[..124]);
        bytes[124..128].copy_from_slice(&check.to_le_bytes());
    });
}

fn try_restore(directory: &Path, file: &Path) -> Result<(), DiskError> {
    restore(directory, owner(), Options::default(), file, members(), |_| {})
}

#[test]
fn a_log_is_made_that_stands_on_a_copy() {
    let scratch = scratch();
    let file = copy(scratch.path());
    let mut from = SnapshotReader::of(&file).unwrap();
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes).unwrap();
    assert_eq!((bytes, from.header().snapshot), (content(INDEX), foreign(INDEX)));

    let directory = scratch.path().join("new/n1");
    let mut told = Vec::new();
    let two = Members::of(Seats::first(2));
    restore(&directory, owner(), Options::default(), &file, two, |bytes| told.push(bytes)).unwrap();
    assert_eq!(told, [foreign(INDEX).bytes]);
    let view = View::of(&directory);
    assert_eq!((view.term, &view.snapshots[..], view.lost, view.stored), (1, &[INDEX][..], None, None));
    let found = inspect(&directory).unwrap();
    assert_eq!((found.owner, found.hard_state), (Some(owner()), HardState { term: Term(1), vote: None }));
    assert_eq!((found.snapshots[0].header.unwrap().members, found.last), (two, None));

    let (mut disk, ..) = open(&directory).unwrap();
    append(&mut disk, [INDEX + 1]);
    drop(disk);
    assert_eq!(View::of(&directory).indices(), [INDEX + 1], "the log goes on behind it");
}

#[test]
fn a_copy_of_an_empty_state_is_one_too() {
    let scratch = scratch();
    let snapshot = quorate::Snapshot { bytes: 0, check: 0, ..foreign(INDEX) };
    let file = scratch.path().join("empty");
    fs::write(&file, SnapshotHeader { cluster: 7, members: members(), snapshot }.bytes()).unwrap();
    let directory = scratch.path().join("n1");
    try_restore(&directory, &file).unwrap();
    assert_eq!(inspect(&directory).unwrap().snapshot, Some(snapshot.position));
    let (_, _, seen) = open(&directory).unwrap();
    assert_eq!(seen, ["snapshot 50", "term 1"]);
}

#[test]
fn what_is_no_sound_copy_is_refused_with_the_place_and_a_way_out() {
    let damages: [(&str, u64, Damage); 7] = [
        ("ends before its snapshot does", 300, |bytes| bytes.truncate(300)),
        ("ends before the snapshot's header does", 100, |bytes| bytes.truncate(100)),
        ("ends before the snapshot's header does", 0, Vec::clear),
        ("goes on behind the end", 128 + 650, |bytes| bytes.push(0)),
        ("header does not match its checksum", 0, |bytes| bytes[30] ^= 1),
        ("the snapshot does not match its checksum", 128, |bytes| bytes[500] ^= 1),
        ("this is not a snapshot", 0, |bytes| *bytes = vec![b'x'; 1000]),
    ];
    for (what, offset, damage) in damages {
        let scratch = scratch();
        let file = copy(scratch.path());
        change(&file, damage);
        let directory = scratch.path().join("n1");
        let error = try_restore(&directory, &file).unwrap_err();
        assert!(matches!(error, DiskError::DamagedSnapshot(_)), "{what}: {error}");
        let text = error.to_string();
        let place = format!("monday.backup, byte {offset}: ");
        assert!(text.contains(what) && text.contains(&place) && text.contains("another copy"), "{text}");
        // Nothing that a node could start from was made.
        assert!(!directory.exists() || View::of(&directory).snapshots.is_empty(), "{what}");
    }
}

#[test]
fn a_copy_of_another_cluster_or_a_later_version_is_refused() {
    let scratch = scratch();
    let (file, directory) = (copy(scratch.path()), scratch.path().join("n1"));
    change_header(&file, 16, 9);
    let error = try_restore(&directory, &file).unwrap_err();
    assert!(matches!(error, DiskError::ForeignSnapshot { found: 9, wanted: 7, .. }), "{error}");
    change_header(&file, 16, 7);
    change_header(&file, 8, 2);
    let error = try_restore(&directory, &file).unwrap_err().to_string();
    assert!(error.contains("monday.backup, byte 0: snapshot format version 2 is not known"), "{error}");
    assert!(!directory.exists());
    let missing = SnapshotReader::of(&scratch.path().join("missing")).unwrap_err();
    assert!(matches!(missing, DiskError::Inaccessible { operation: "open", .. }), "{missing}");
}

#[test]
fn a_directory_that_holds_something_of_a_node_is_left_as_it_is() {
    let scratch = scratch();
    let (file, directory) = (copy(scratch.path()), scratch.path().join("n1"));
    let (mut disk, ..) = open(&directory).unwrap();
    assert!(matches!(try_restore(&directory, &file), Err(DiskError::InUse { .. })));
    append(&mut disk, 1..=3);
    drop(disk);
    let before = View::of(&directory);
    let error = try_restore(&directory, &file).unwrap_err();
    assert!(matches!(error, DiskError::Occupied { .. }), "{error}");
    assert!(error.to_string().contains("n1 holds the data of a node"), "{error}");
    assert_eq!(View::of(&directory), before);

    let other = Owner { seat: Seat(2), ..owner() };
    let error = restore(&directory, other, Options::default(), &file, members(), |_| {}).unwrap_err();
    assert!(matches!(error, DiskError::Foreign { .. }), "{error}");
}

#[test]
fn a_vote_alone_is_something_of_a_node() {
    let scratch = scratch();
    let (file, directory) = (copy(scratch.path()), scratch.path().join("n1"));
    let (mut disk, ..) = open(&directory).unwrap();
    disk.write(common::state(9), None, quorate::Entries::default(), None, None).unwrap();
    drop(disk);
    assert!(matches!(try_restore(&directory, &file), Err(DiskError::Occupied { .. })));
    assert!(matches!(try_restore(&directory, &file), Err(DiskError::Occupied { .. })), "and stays it");
}

#[test]
fn a_restoration_that_was_cut_off_is_begun_anew() {
    let scratch = scratch();
    let (file, directory) = (copy(scratch.path()), scratch.path().join("n1"));
    let (disk, ..) = open(&directory).unwrap();
    store(&disk, INDEX, 300).unwrap();
    drop(disk);
    try_restore(&directory, &file).unwrap();
    assert_eq!(View::of(&directory).snapshots, [INDEX]);
    assert!(matches!(try_restore(&directory, &file), Err(DiskError::Occupied { .. })));
}
