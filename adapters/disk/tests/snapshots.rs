//! Snapshots: what is kept of them and of the log, and what is told of a damaged one.

mod common;

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use common::{
    Damage, View, append, content, foreign, members, names, open, owner, position, record, scratch, state, store, take,
};
use quorate::{Entries, Snapshot, crc32c};
use quorate_disk::{Disk, DiskError, Inspection, SnapshotInspection, inspect};

/// Marks the app's own snapshot of this index.
#[track_caller]
fn mark(disk: &mut Disk, index: u64) -> Snapshot {
    let snapshot = take(disk, index).unwrap();
    disk.mark(snapshot).unwrap();
    snapshot
}

/// Makes a snapshot of another node durable here, with the entry behind it.
#[track_caller]
fn install(disk: &mut Disk, index: u64) {
    store(disk, index, content(index).len()).unwrap();
    let entry = record(index + 1, b"behind");
    disk.write(state(9), Some(foreign(index)), Entries::parse(&entry).unwrap()).unwrap();
}

/// Entries 1 to 12, and snapshots of 4 and 8.
fn two_snapshots(directory: &Path) {
    let (mut disk, ..) = open(directory).unwrap();
    disk.write(state(3), None, Entries::default()).unwrap();
    append(&mut disk, 1..=8);
    mark(&mut disk, 4);
    mark(&mut disk, 8);
    append(&mut disk, 9..=12);
}

fn file(directory: &Path, snapshot: Snapshot) -> PathBuf {
    directory.join(format!("{:010}-{:08x}.snapshot", snapshot.position.index.0, snapshot.check))
}

/// Changes the file of a snapshot.
fn change(directory: &Path, index: u64, change: impl FnOnce(&mut Vec<u8>)) {
    let path = file(directory, foreign(index));
    let mut bytes = fs::read(&path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

/// Changes a header, and its CRC to match.
fn change_header(directory: &Path, index: u64, at: usize, byte: u8) {
    change(directory, index, |bytes| {
        bytes[at] = byte;
        let check = crc32c(&bytes[..124]);
        bytes[124..128].copy_from_slice(&check.to_le_bytes());
    });
}

#[test]
fn two_snapshots_are_kept_and_the_log_behind_the_older_one() {
    let scratch = scratch();
    two_snapshots(scratch.path());
    let view = View::of(scratch.path());
    assert_eq!((view.term, &view.snapshots[..], view.indices()), (3, &[4, 8][..], vec![9, 10, 11, 12]));

    let (mut disk, ..) = open(scratch.path()).unwrap();
    mark(&mut disk, 12);
    drop(disk);
    let view = View::of(scratch.path());
    assert_eq!((view.term, &view.snapshots[..], view.indices()), (3, &[8, 12][..], vec![]));
    assert_eq!(names(scratch.path())[0], "0000000003.segment", "the entries up to 8 are gone");
}

#[test]
fn files_and_bytes_stay_bounded() {
    let scratch = scratch();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    for round in 1..=100 {
        append(&mut disk, round * 7 - 6..=round * 7);
        mark(&mut disk, round * 7);
        let found = names(scratch.path());
        assert!(found.len() <= 2 + 6, "{found:?}");
        let sizes = found.iter().map(|name| fs::metadata(scratch.path().join(name)).unwrap().len());
        assert!(sizes.sum::<u64>() <= 2 * 1_500 + 6 * 2_560, "{found:?}");
    }
    drop(disk);
    assert_eq!(View::of(scratch.path()).snapshots, [693, 700]);
}

#[test]
fn a_log_goes_on_over_openings_after_its_first_segments_are_gone() {
    let scratch = scratch();
    for round in 1..=30 {
        let (mut disk, ..) = open(scratch.path()).unwrap();
        disk.write(state(round), None, Entries::default()).unwrap();
        append(&mut disk, round * 3 - 2..=round * 3);
        if round % 2 == 0 {
            mark(&mut disk, round * 3 - 1);
        }
        drop(disk);
        let view = View::of(scratch.path());
        assert_eq!(view.term, round);
        let covered = view.snapshots.last().copied().unwrap_or(0);
        assert_eq!(view.indices(), (covered + 1..=round * 3).collect::<Vec<_>>());
    }
}

#[test]
fn term_and_vote_outlive_the_segment_that_they_were_written_in() {
    let scratch = scratch();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    let voted = state(5).map(|state| quorate::HardState { vote: Some(quorate::Seat(2)), ..state });
    disk.write(voted, None, Entries::default()).unwrap();
    append(&mut disk, 1..=20);
    mark(&mut disk, 18);
    mark(&mut disk, 20);
    assert!(!names(scratch.path()).contains(&"0000000001.segment".to_owned()));
    drop(disk);
    assert_eq!(Some(inspect(scratch.path()).unwrap().hard_state), voted);
    assert_eq!(View::of(scratch.path()).term, 5);
}

#[test]
fn an_installed_snapshot_takes_the_place_of_all_before_it() {
    let scratch = scratch();
    two_snapshots(scratch.path());
    let (mut disk, ..) = open(scratch.path()).unwrap();
    install(&mut disk, 50);
    assert_eq!(names(scratch.path()).len(), 2, "a segment and a snapshot");
    drop(disk);
    let view = View::of(scratch.path());
    assert_eq!((view.term, &view.snapshots[..], view.indices()), (9, &[50][..], vec![51]));
    assert!(view.entries[&51].contains("6 bytes"));
}

#[test]
fn what_an_installation_made_void_does_not_come_back() {
    let scratch = scratch();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    // In one segment: the entries lie before the snapshot and behind it, in another term's log.
    append(&mut disk, 1..=1);
    let entries = [record(2, b"void"), record(3, b"void")].concat();
    disk.write(None, None, Entries::parse(&entries).unwrap()).unwrap();
    store(&disk, 2, content(2).len()).unwrap();
    disk.write(None, Some(foreign(2)), Entries::default()).unwrap();
    drop(disk);
    let (_, _, seen) = open(scratch.path()).unwrap();
    assert_eq!(seen, ["snapshot 2"]);
}

#[test]
fn pieces_are_taken_up_where_they_ended() {
    let scratch = scratch();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    store(&disk, 30, 300).unwrap();
    drop(disk);
    assert_eq!(View::of(scratch.path()).stored, Some((30, 300)));
    (disk, ..) = open(scratch.path()).unwrap();
    let mut snapshots = disk.snapshots();
    snapshots.store(foreign(30), members(), 300, &content(30)[300..]).unwrap();
    disk.write(None, Some(foreign(30)), Entries::default()).unwrap();
    // What was stored can be read by who stored it, and by others.
    let mut piece = [0; 100];
    snapshots.clone().read_at(foreign(30), 500, &mut piece).unwrap();
    assert_eq!(piece, content(30)[500..600]);
    drop(disk);
    assert_eq!(View::of(scratch.path()).snapshots, [30]);
}

#[test]
fn a_damaged_piece_is_told_and_never_installed() {
    let scratch = scratch();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    append(&mut disk, 1..=2);
    let mut bytes = content(30);
    bytes[100] ^= 1;
    disk.snapshots().store(foreign(30), members(), 0, &bytes).unwrap();
    let error = disk.write(None, Some(foreign(30)), Entries::default()).unwrap_err();
    assert!(matches!(error, DiskError::DamagedSnapshot(_)), "{error}");
    let again = disk.write(state(1), None, Entries::default()).unwrap_err();
    assert_eq!(again.to_string(), error.to_string(), "it is final");
    drop(disk);
    let mut stored = None;
    let visit = |item: quorate_disk::Recovered<'_>| {
        if let quorate_disk::Recovered::Stored(found) = item {
            stored = Some(found);
        }
        Ok::<(), DiskError>(())
    };
    drop(Disk::open(scratch.path(), owner(), common::SMALL, visit).unwrap());
    let stored = stored.unwrap();
    assert_eq!((stored.snapshot, stored.received), (foreign(30), foreign(30).bytes));
    assert_eq!(stored.check, crc32c(&bytes), "the node sees that it is another one, and fetches it again");
}

#[test]
fn a_shortened_snapshot_is_not_installed() {
    let scratch = scratch();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    store(&disk, 30, 300).unwrap();
    let error = disk.write(None, Some(foreign(30)), Entries::default()).unwrap_err();
    assert!(error.to_string().contains("the file ends before its snapshot does"), "{error}");
}

#[test]
fn a_later_snapshot_gives_up_the_pieces_of_an_earlier_one() {
    let scratch = scratch();
    let (disk, ..) = open(scratch.path()).unwrap();
    store(&disk, 30, 300).unwrap();
    store(&disk, 40, 200).unwrap();
    drop(disk);
    assert_eq!(names(scratch.path()).len(), 2);
    let (mut disk, _, seen) = open(scratch.path()).unwrap();
    assert_eq!(seen, ["stored 200 of 640 of snapshot 40"]);
    // The leader's log was enough after all, and the app has a later state of its own.
    append(&mut disk, 1..=41);
    mark(&mut disk, 41);
    assert!(names(scratch.path()).iter().all(|name| !name.ends_with("fetched")));
}

#[test]
fn a_whole_snapshot_is_not_given_up_for_a_later_one() {
    let scratch = scratch();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    store(&disk, 30, content(30).len()).unwrap();
    store(&disk, 40, 200).unwrap();
    disk.write(None, Some(foreign(30)), Entries::default()).unwrap();
    drop(disk);
    let view = View::of(scratch.path());
    assert_eq!((&view.snapshots[..], view.stored), (&[30][..], Some((40, 200))));
}

#[test]
fn pieces_that_the_log_has_passed_are_removed() {
    let scratch = scratch();
    two_snapshots(scratch.path());
    let (disk, ..) = open(scratch.path()).unwrap();
    store(&disk, 8, 300).unwrap();
    drop(disk);
    assert_eq!(View::of(scratch.path()).stored, None);
    assert!(names(scratch.path()).iter().all(|name| !name.ends_with("fetched")));
}

#[test]
fn a_snapshot_that_is_not_later_is_removed() {
    let scratch = scratch();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    append(&mut disk, 1..=5);
    let own = take(&disk, 5).unwrap();
    install(&mut disk, 50);
    disk.mark(own).unwrap();
    disk.mark(foreign(50)).unwrap();
    drop(disk);
    assert_eq!(View::of(scratch.path()).snapshots, [50]);
}

#[test]
fn a_snapshot_whose_file_is_not_there_is_not_marked() {
    let scratch = scratch();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    append(&mut disk, 1..=5);
    let error = disk.mark(foreign(4)).unwrap_err();
    assert!(matches!(error, DiskError::SnapshotIo { .. }), "{error}");
    take(&disk, 4).unwrap();
    change(scratch.path(), 4, |bytes| bytes.truncate(300));
    assert!(matches!(disk.mark(foreign(4)), Err(DiskError::DamagedSnapshot(_))));
    append(&mut disk, 6..=6);
    drop(disk);
    assert_eq!(View::of(scratch.path()).indices(), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn what_was_not_marked_is_removed_when_the_log_is_opened() {
    let scratch = scratch();
    two_snapshots(scratch.path());
    let (disk, ..) = open(scratch.path()).unwrap();
    take(&disk, 12).unwrap();
    let mut unfinished = disk.snapshots().create(position(12), members()).unwrap();
    unfinished.write_all(b"part").unwrap();
    std::mem::forget(unfinished);
    drop(disk);
    let view = View::of(scratch.path());
    assert_eq!((&view.snapshots[..], view.indices()), (&[4, 8][..], vec![9, 10, 11, 12]));
    let left = names(scratch.path());
    assert!(left.iter().all(|name| !name.ends_with("taken") && !name.starts_with("0000000012-")), "{left:?}");
}

#[test]
fn two_can_be_written_at_once_and_one_given_up() {
    let scratch = scratch();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    append(&mut disk, 1..=5);
    let mut first = disk.snapshots().create(position(5), members()).unwrap();
    let mut second = disk.snapshots().create(position(5), members()).unwrap();
    first.write_all(b"not this").unwrap();
    // Longer than a buffer.
    let long: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    second.write_all(&long).unwrap();
    drop(first);
    let snapshot = second.finish().unwrap();
    assert_eq!((snapshot.bytes, snapshot.check), (800_000, crc32c(&long)));
    disk.mark(snapshot).unwrap();
    let mut reader = disk.snapshots().open(snapshot).unwrap();
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).unwrap();
    reader.finish().unwrap();
    assert_eq!(bytes, long);
    assert_eq!(names(scratch.path()).len(), 3);
}

#[test]
fn an_empty_state_has_a_snapshot_too() {
    let scratch = scratch();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    append(&mut disk, 1..=1);
    let snapshot = disk.snapshots().create(position(1), members()).unwrap().finish().unwrap();
    disk.mark(snapshot).unwrap();
    drop(disk);
    let (disk, _, seen) = open(scratch.path()).unwrap();
    assert_eq!(seen[0], "snapshot 1");
    assert_eq!(disk.snapshots().open(snapshot).unwrap().read(&mut [0; 9]).unwrap(), 0);
}

/// The ways in which the file of a snapshot of 600 bytes and more loses its content.
const DAMAGES: [(&str, Damage); 7] = [
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
            assert_eq!((&view.snapshots[..], view.lost), (&[4][..], None), "{what}");
            assert_eq!(view.indices(), (5..=12).collect::<Vec<_>>());
        }
        // The app takes another one of the same state, which is as good.
        let (mut disk, ..) = open(scratch.path()).unwrap();
        mark(&mut disk, 8);
        drop(disk);
        assert_eq!(View::of(scratch.path()).snapshots, [4, 8]);
    }
}

#[test]
fn a_missing_snapshot_is_replaced_by_the_one_before() {
    let scratch = scratch();
    two_snapshots(scratch.path());
    fs::remove_file(file(scratch.path(), foreign(8))).unwrap();
    assert_eq!(View::of(scratch.path()).snapshots, [4]);
}

#[test]
fn a_damaged_older_snapshot_is_left_out() {
    let scratch = scratch();
    two_snapshots(scratch.path());
    change(scratch.path(), 4, Vec::clear);
    let view = View::of(scratch.path());
    assert_eq!((&view.snapshots[..], view.indices()), (&[8][..], vec![9, 10, 11, 12]));
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
    disk.write(None, Some(foreign(12)), Entries::parse(&entries).unwrap()).unwrap();
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
    assert_eq!((view.lost, &view.snapshots[..], view.indices()), (None, &[][..], vec![1, 2, 3, 4, 5]));
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
fn an_inspection_shows_every_snapshot() {
    let scratch = scratch();
    two_snapshots(scratch.path());
    let Inspection { snapshot, snapshots, .. } = inspect(scratch.path()).unwrap();
    assert_eq!(snapshot, Some(position(8)));
    let headers: Vec<_> = snapshots.iter().map(|found| found.header.unwrap()).collect();
    assert_eq!(headers.iter().map(|header| header.snapshot).collect::<Vec<_>>(), [foreign(8), foreign(4)]);
    assert_eq!((headers[0].cluster, headers[0].members), (7, members()));
    let copy = scratch.path().join("copy");
    fs::copy(&snapshots[0].file, &copy).unwrap();
    assert_eq!(SnapshotInspection::of(copy).unwrap().header, Some(headers[0]));
    assert_eq!(serde_json::to_value(&snapshots[0]).unwrap()["header"]["snapshot"]["position"]["index"], 8);
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
