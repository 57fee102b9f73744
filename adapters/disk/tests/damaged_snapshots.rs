//! Snapshots that are damaged, lost or somebody else's: what is told of them, and what takes their place.

mod common;

use std::fs;
use std::io::Read;

use common::snapshots::{View, change, change_header, content, file, foreign, install, mark, store, two_snapshots};
use common::{SMALL, append, members, names, open, owner, record, scratch, state};
use quorate::{Entries, Snapshot, crc32c};
use quorate_disk::{Disk, DiskError, inspect};

#[test]
fn a_damaged_piece_is_told_and_never_installed() {
    let scratch = scratch();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    append(&mut disk, 1..=2);
    let mut bytes = content(30);
    bytes[100] ^= 1;
    disk.snapshots().store(foreign(30), members(), 0, &bytes).unwrap();
    let error = disk.write(None, Some(foreign(30)), Entries::default(), None, None).unwrap_err();
    assert!(matches!(error, DiskError::DamagedSnapshot(_)), "{error}");
    let again = disk.write(state(1), None, Entries::default(), None, None).unwrap_err();
    assert_eq!(again.to_string(), error.to_string(), "it is final");
    drop(disk);
    let mut stored = None;
    let visit = |item: quorate_disk::Recovered<'_>| {
        if let quorate_disk::Recovered::Stored(found) = item {
            stored = Some(found);
        }
        Ok::<(), DiskError>(())
    };
    drop(Disk::open(scratch.path(), owner(), SMALL, visit).unwrap());
    let stored = stored.unwrap();
    assert_eq!((stored.snapshot, stored.received), (foreign(30), foreign(30).bytes));
    assert_eq!(stored.check, crc32c(&bytes), "the node sees that it is another one, and fetches it again");
}

#[test]
fn a_shortened_snapshot_is_not_installed() {
    let scratch = scratch();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    store(&disk, 30, 300).unwrap();
    let error = disk.write(None, Some(foreign(30)), Entries::default(), None, None).unwrap_err();
    assert!(error.to_string().contains("the file ends before its snapshot does"), "{error}");
}

type Change = fn(&mut Vec<u8>);

/// The ways in which the file of a snapshot of 600 bytes and more loses its content.
const DAMAGES: [(&str, Change); 7] = [
    ("ends before its snapshot does", |bytes| bytes.truncate(300)),
    ("ends before the snapshot's header does", |bytes| bytes.truncate(127)),
    ("ends before the snapshot's header does", Vec::clear),
    ("goes on behind the end", |bytes| bytes.push(0)),
    ("header does not match its checksum", |bytes| bytes[30] ^= 1),
    ("this is not a snapshot", |bytes| bytes[0] ^= 1),
    ("the snapshot does not match its checksum", |bytes| bytes[500] ^= 1),
];

#[test]
fn a_damaged_snapshot_is_told_and_the_one_before_takes_its_place() {
    for (what, damage) in DAMAGES {
        let scratch = scratch();
        two_snapshots(scratch.path());
        change(scratch.path(), 8, damage);
        let found = inspect(scratch.path()).unwrap();
        let text = found.snapshots[0].damage.as_ref().unwrap().to_string();
        assert!(text.contains(what) && text.contains("0000000008-"), "{text}");
        for _ in 0..2 {
            let view = View::of(scratch.path());
            assert_eq!((&view.snapshots[..], view.lost, view.damaged), (&[4][..], None, Some(8)), "{what}");
            assert_eq!(view.indices(), (5..=12).collect::<Vec<_>>());
        }
        // The app takes another one of the same state, which is as good.
        let (mut disk, recovery, _) = open(scratch.path()).unwrap();
        let told: Vec<_> = recovery.damaged.iter().map(ToString::to_string).collect();
        assert_eq!(told, [text]);
        mark(&mut disk, 8);
        drop(disk);
        let (_, recovery, seen) = open(scratch.path()).unwrap();
        assert_eq!((&seen[..2], recovery.damaged.len()), (&["snapshot 4".to_owned(), "snapshot 8".to_owned()][..], 0));
    }
}

/// Else the log would no longer say what is committed.
#[test]
fn a_snapshot_of_less_takes_no_damaged_ones_place() {
    let scratch = scratch();
    two_snapshots(scratch.path());
    change(scratch.path(), 8, Vec::clear);
    let (mut disk, ..) = open(scratch.path()).unwrap();
    mark(&mut disk, 7);
    drop(disk);
    assert_eq!(View::of(scratch.path()).damaged, Some(8));
}

#[test]
fn a_missing_snapshot_is_replaced_by_the_one_before() {
    let scratch = scratch();
    two_snapshots(scratch.path());
    fs::remove_file(file(scratch.path(), foreign(8))).unwrap();
    let view = View::of(scratch.path());
    assert_eq!((&view.snapshots[..], view.damaged), (&[4][..], Some(8)));
}

#[test]
fn a_damaged_older_snapshot_is_left_out() {
    let scratch = scratch();
    two_snapshots(scratch.path());
    change(scratch.path(), 4, Vec::clear);
    let view = View::of(scratch.path());
    assert_eq!((&view.snapshots[..], view.damaged, view.indices()), (&[8][..], None, vec![9, 10, 11, 12]));
}

#[test]
fn both_damaged_are_lost_and_the_entries_behind_stay() {
    let scratch = scratch();
    two_snapshots(scratch.path());
    let (mut disk, ..) = open(scratch.path()).unwrap();
    mark(&mut disk, 12);
    append(&mut disk, 13..=14);
    drop(disk);
    change(scratch.path(), 8, |bytes| bytes[200] ^= 1);
    change(scratch.path(), 12, |bytes| bytes[200] ^= 1);
    for _ in 0..2 {
        let view = View::of(scratch.path());
        assert_eq!((view.lost, &view.snapshots[..], view.indices()), (Some(12), &[][..], vec![13, 14]));
    }
    // The leader's snapshot of the same index is as good, and what is behind it comes with it.
    let (mut disk, ..) = open(scratch.path()).unwrap();
    store(&disk, 12, content(12).len()).unwrap();
    let entries = [record(13, b"entry"), record(14, b"entry")].concat();
    disk.write(None, Some(foreign(12)), Entries::parse(&entries).unwrap(), None, None).unwrap();
    drop(disk);
    let view = View::of(scratch.path());
    assert_eq!((view.lost, &view.snapshots[..], view.indices()), (None, &[12][..], vec![13, 14]));
}

#[test]
fn pieces_of_a_lost_snapshot_are_kept() {
    let scratch = scratch();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    install(&mut disk, 50);
    drop(disk);
    change(scratch.path(), 50, Vec::clear);
    assert_eq!(View::of(scratch.path()).lost, Some(50));
    let (disk, ..) = open(scratch.path()).unwrap();
    store(&disk, 50, 100).unwrap();
    drop(disk);
    let view = View::of(scratch.path());
    assert_eq!((view.lost, view.stored, view.indices()), (Some(50), Some((50, 100)), vec![51]));
}

#[test]
fn a_lost_snapshot_is_as_good_as_a_copy_from_another_node() {
    let scratch = scratch();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    install(&mut disk, 50);
    drop(disk);
    let path = file(scratch.path(), foreign(50));
    let copy = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(View::of(scratch.path()).lost, Some(50));
    fs::write(&path, copy).unwrap();
    let view = View::of(scratch.path());
    assert_eq!((view.lost, &view.snapshots[..], view.indices()), (None, &[50][..], vec![51]));
}

#[test]
fn an_older_snapshot_without_the_log_behind_it_is_no_replacement() {
    let scratch = scratch();
    two_snapshots(scratch.path());
    let path = file(scratch.path(), foreign(8));
    let older = fs::read(&path).unwrap();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    install(&mut disk, 50);
    drop(disk);
    fs::write(path, older).unwrap();
    change(scratch.path(), 50, Vec::clear);
    let view = View::of(scratch.path());
    assert_eq!((view.lost, &view.snapshots[..], view.indices()), (Some(50), &[][..], vec![51]));
}

#[test]
fn a_log_from_the_start_replaces_every_snapshot() {
    let scratch = scratch();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    append(&mut disk, 1..=5);
    mark(&mut disk, 4);
    drop(disk);
    change(scratch.path(), 4, Vec::clear);
    let view = View::of(scratch.path());
    assert_eq!((view.lost, view.damaged, &view.snapshots[..]), (None, Some(4), &[][..]));
    assert_eq!(view.indices(), [1, 2, 3, 4, 5]);
}

#[test]
fn a_snapshot_of_another_cluster_is_refused() {
    let scratch = scratch();
    two_snapshots(scratch.path());
    change_header(scratch.path(), 8, 16, 9);
    let error = View::try_of(scratch.path()).unwrap_err();
    assert!(matches!(error, DiskError::ForeignSnapshot { found: 9, wanted: 7, .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("is a snapshot of cluster 9, not of cluster 7. Remove it"), "{text}");
    let seen = inspect(scratch.path()).unwrap();
    assert_eq!(seen.snapshots[0].header.unwrap().cluster, 9);
}

#[test]
fn a_snapshot_of_a_later_version_is_refused() {
    let scratch = scratch();
    two_snapshots(scratch.path());
    change_header(scratch.path(), 8, 8, 2);
    let error = View::try_of(scratch.path()).unwrap_err();
    assert!(matches!(error, DiskError::LaterVersion { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains(".snapshot, byte 0: snapshot format version 2 is not known to this version"), "{text}");
}

#[test]
fn a_snapshot_that_changes_while_it_is_read_does_not_end() {
    let scratch = scratch();
    two_snapshots(scratch.path());
    let (disk, ..) = open(scratch.path()).unwrap();
    change(scratch.path(), 8, |bytes| bytes[130] ^= 1);
    let mut snapshots = disk.snapshots();
    let mut bytes = Vec::new();
    let error = snapshots.open(foreign(8)).unwrap().read_to_end(&mut bytes).unwrap_err();
    assert!(error.to_string().contains("the snapshot does not match its checksum"), "{error}");
    assert!(bytes.len() < content(8).len(), "its last bytes are kept back");
    assert!(matches!(snapshots.open(foreign(8)).unwrap().finish(), Err(DiskError::DamagedSnapshot(_))));
    let other = Snapshot { bytes: 3, ..foreign(8) };
    assert!(matches!(snapshots.read_at(other, 0, &mut [0; 3]), Err(DiskError::DamagedSnapshot(_))));
}

#[test]
fn snapshots_without_a_log_are_no_new_directory() {
    let scratch = scratch();
    two_snapshots(scratch.path());
    for name in names(scratch.path()).iter().filter(|name| name.ends_with("segment")) {
        fs::remove_file(scratch.path().join(name)).unwrap();
    }
    let error = View::try_of(scratch.path()).unwrap_err();
    assert!(matches!(error, DiskError::Damaged(_)), "{error}");
}

#[test]
fn a_lost_first_segment_is_told_from_one_that_was_removed() {
    let scratch = scratch();
    two_snapshots(scratch.path());
    // Segment 2 begins behind entry 3 and segment 4 behind entry 9: the first is covered, the other is not.
    for (number, is_covered) in [(1, true), (2, true), (3, false)] {
        let path = scratch.path().join(format!("{number:010}.segment"));
        if path.exists() {
            fs::remove_file(path).unwrap();
        }
        let opened = View::try_of(scratch.path());
        let damage = inspect(scratch.path()).unwrap().damage;
        match opened {
            Ok(view) => {
                assert!(is_covered, "{number}");
                assert_eq!((view.term, view.indices(), damage), (3, vec![9, 10, 11, 12], None));
            }
            Err(DiskError::Damaged(found)) => {
                assert!(!is_covered, "{number}: {found}");
                assert_eq!((found.what, damage.as_ref()), ("the segment before this one is missing", Some(&found)));
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_snapshot_under_the_name_of_another_is_not_loaded() {
    let scratch = scratch();
    two_snapshots(scratch.path());
    let path = |index| file(scratch.path(), foreign(index));
    fs::copy(path(4), path(8)).unwrap();
    let view = View::of(scratch.path());
    assert_eq!((&view.snapshots[..], view.indices()), (&[4][..], (5..=12).collect()));
}

#[test]
fn an_installed_snapshot_without_entries_leaves_none_of_those_before() {
    let scratch = scratch();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    append(&mut disk, 1..=2);
    store(&disk, 50, content(50).len()).unwrap();
    disk.write(None, Some(foreign(50)), Entries::default(), None, None).unwrap();
    drop(disk);
    change(scratch.path(), 50, Vec::clear);
    let view = View::of(scratch.path());
    assert_eq!((view.lost, &view.snapshots[..], view.indices()), (Some(50), &[][..], vec![]));
}
