//! Snapshots: what is kept of them, and of the log behind them.

mod common;

use std::fs;
use std::io::{Read, Write};

use common::snapshots::{View, change, content, foreign, install, mark, store, take, two_snapshots};
use common::{append, members, names, open, position, record, scratch, state};
use quorate::{Entries, crc32c};
use quorate_disk::{DiskError, Inspection, SnapshotInspection, Snapshots, inspect};

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
        disk.write(state(round), None, Entries::default(), None, None).unwrap();
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
    let voted = state(5).map(|state| quorate::HardState { vote: Some(quorate::Seat(2).into()), ..state });
    disk.write(voted, None, Entries::default(), None, None).unwrap();
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
    disk.write(None, None, Entries::parse(&entries).unwrap(), None, None).unwrap();
    store(&disk, 2, content(2).len()).unwrap();
    disk.write(None, Some(foreign(2)), Entries::default(), None, None).unwrap();
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
    disk.write(None, Some(foreign(30)), Entries::default(), None, None).unwrap();
    // What was stored can be read by who stored it, and by others.
    let mut piece = [0; 100];
    snapshots.clone().read_at(foreign(30), 500, &mut piece).unwrap();
    assert_eq!(piece, content(30)[500..600]);
    drop(disk);
    assert_eq!(View::of(scratch.path()).snapshots, [30]);
}

/// Pieces of 100 bytes of the snapshot of index 30, by number.
fn store_numbers(snapshots: &mut Snapshots, numbers: &[usize]) {
    for number in numbers {
        let piece = content(30).into_iter().skip(number * 100).take(100).collect::<Vec<_>>();
        snapshots.store(foreign(30), members(), *number as u64 * 100, &piece).unwrap();
    }
}

#[test]
fn pieces_beyond_a_gap_wait_for_what_is_missing() {
    let scratch = scratch();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    store_numbers(&mut disk.snapshots(), &[0, 3, 6, 1]);
    drop(disk);
    assert_eq!(View::of(scratch.path()).stored, Some((30, 200)), "what waited is lost, and what is there has no gap");
    (disk, ..) = open(scratch.path()).unwrap();
    store_numbers(&mut disk.snapshots(), &[4, 6, 3, 2, 5]);
    disk.write(None, Some(foreign(30)), Entries::default(), None, None).unwrap();
    drop(disk);
    assert_eq!(View::of(scratch.path()).snapshots, [30]);
}

#[test]
fn what_waited_is_given_up_when_a_snapshot_begins_anew() {
    let scratch = scratch();
    let (disk, ..) = open(scratch.path()).unwrap();
    let mut snapshots = disk.snapshots();
    store_numbers(&mut snapshots, &[0, 2, 3]);
    store_numbers(&mut snapshots, &[0, 1]);
    drop(disk);
    assert_eq!(View::of(scratch.path()).stored, Some((30, 200)));
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
    disk.write(None, Some(foreign(30)), Entries::default(), None, None).unwrap();
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
fn the_snapshot_in_force_outlives_the_segment_that_names_it() {
    let scratch = scratch();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    store(&disk, 50, content(50).len()).unwrap();
    disk.write(None, Some(foreign(50)), Entries::default(), None, None).unwrap();
    for term in 1..=3 {
        disk.write(state(term), None, Entries::default(), None, None).unwrap();
    }
    append(&mut disk, 51..=52);
    // The node does not want this one any more, and the log is cleaned.
    disk.mark(foreign(5)).unwrap();
    drop(disk);
    assert_eq!(names(scratch.path())[0], "0000000002.segment");
    let view = View::of(scratch.path());
    assert_eq!((view.term, &view.snapshots[..], view.indices()), (3, &[50][..], vec![51, 52]));
}

#[test]
fn other_threads_write_and_read_while_the_log_is_written() {
    let scratch = scratch();
    two_snapshots(scratch.path());
    let (mut disk, ..) = open(scratch.path()).unwrap();
    let snapshots = disk.snapshots();
    let (own, mut leaders) = (snapshots.clone(), snapshots);
    let snapshot = std::thread::scope(|threads| {
        let writing = threads.spawn(move || {
            let mut writer = own.create(position(12), members()).unwrap();
            content(12).chunks(1).for_each(|byte| writer.write_all(byte).unwrap());
            writer.finish().unwrap()
        });
        threads.spawn(move || {
            for (piece, offset) in content(50).chunks(10).zip((0..).step_by(10)) {
                leaders.store(foreign(50), members(), offset, piece).unwrap();
                let mut piece = [0; 10];
                leaders.read_at(foreign(8), offset % 500, &mut piece).unwrap();
                assert_eq!(piece, content(8)[offset as usize % 500..][..10]);
            }
        });
        append(&mut disk, 13..=40);
        writing.join().unwrap()
    });
    disk.mark(snapshot).unwrap();
    disk.write(None, Some(foreign(50)), Entries::default(), None, None).unwrap();
    drop(disk);
    assert_eq!(View::of(scratch.path()).snapshots, [50]);
}
