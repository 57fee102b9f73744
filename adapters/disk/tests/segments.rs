//! How a log grows over segments, and what is torn there or damaged.

mod common;

use std::fs;
use std::path::Path;

use common::{open, position, record, state};
use quorate::{Entries, Mark, Position, Term};
use quorate_disk::{Damage, Disk, DiskError, inspect};
use tempfile::tempdir;

/// Writes one entry.
#[track_caller]
fn append(disk: &mut Disk, index: u64, payload: &[u8]) {
    disk.write(None, None, Entries::parse(&record(index, payload)).unwrap(), None, None).unwrap();
}

fn segment(directory: &Path, number: u64) -> std::path::PathBuf {
    directory.join(format!("{number:010}.segment"))
}

/// Changes a file at one place.
fn overwrite(path: &Path, at: usize, bytes: &[u8]) {
    let mut file = fs::read(path).unwrap();
    file[at..at + bytes.len()].copy_from_slice(bytes);
    fs::write(path, file).unwrap();
}

#[track_caller]
fn damage(directory: &Path) -> Damage {
    let Err(DiskError::Damaged(damage)) = open(directory) else {
        panic!("the damage goes unnoticed");
    };
    assert_eq!(inspect(directory).unwrap().damage.as_ref(), Some(&damage));
    damage
}

/// Eight batches of one sector over two segments of four.
fn two_segments(directory: &Path) {
    let (mut disk, ..) = open(directory).unwrap();
    for index in 1..=8 {
        append(&mut disk, index, b"entry");
    }
}

#[test]
fn a_log_grows_over_segments_and_openings() {
    let scratch = tempdir().unwrap();
    let mut expected = Vec::new();
    for index in 1..=40 {
        let (mut disk, recovery, seen) = open(scratch.path()).unwrap();
        assert_eq!(seen, expected);
        assert_eq!((recovery.created, recovery.batches), (index == 1, index - 1));
        append(&mut disk, index, b"entry");
        expected.push(format!("{index}@1 Command 5 bytes"));
    }
    assert_eq!(inspect(scratch.path()).unwrap().segments, 10);
}

#[test]
fn a_batch_larger_than_a_segment_gets_a_segment_of_its_size() {
    let scratch = tempdir().unwrap();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    append(&mut disk, 1, b"small");
    append(&mut disk, 2, &[0; 60_000]);
    append(&mut disk, 3, b"small");
    drop(disk);
    let (_, _, seen) = open(scratch.path()).unwrap();
    assert_eq!(seen, ["1@1 Command 5 bytes", "2@1 Command 60000 bytes", "3@1 Command 5 bytes"]);
    let lengths = [1, 2, 3].map(|number| segment(scratch.path(), number).metadata().unwrap().len());
    assert_eq!(lengths, [2_560, 60_928, 2_560]);
}

#[test]
fn a_log_that_leaves_its_first_segment_empty_shows_what_was_written() {
    let scratch = tempdir().unwrap();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    append(&mut disk, 1, &[0; 60_000]);
    drop(disk);
    let (_, _, seen) = open(scratch.path()).unwrap();
    assert_eq!(seen, ["1@1 Command 60000 bytes"]);
}

/// What a mark makes void is no entry any more, for an inspection either.
#[test]
fn a_log_ends_where_its_mark_says() {
    let scratch = tempdir().unwrap();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    (1..=3).for_each(|index| append(&mut disk, index, b"entry"));
    let ends = || inspect(scratch.path()).map(|found| (found.first, found.last)).unwrap();
    let mark = |term, last| Some(Mark { term: Term(term), last: position(last) });
    assert_eq!(ends(), (Some(position(1)), Some(position(3))));
    disk.write(None, None, Entries::default(), None, mark(2, 4)).unwrap();
    assert_eq!(ends(), (Some(position(1)), Some(position(3))));
    disk.write(None, None, Entries::default(), None, mark(3, 1)).unwrap();
    assert_eq!(ends(), (Some(position(1)), Some(position(1))));
    disk.write(None, None, Entries::default(), None, Some(Mark { term: Term(4), last: Position::default() })).unwrap();
    assert_eq!(ends().0, None);
}

#[test]
fn a_torn_tail_is_dropped_once_and_leaves_nothing() {
    let scratch = tempdir().unwrap();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    append(&mut disk, 1, b"kept");
    append(&mut disk, 2, &[1; 600]);
    drop(disk);
    overwrite(&segment(scratch.path(), 1), 1_024, &[0; 512]);
    assert_eq!(inspect(scratch.path()).unwrap().torn_bytes, 1_024);

    let (_, recovery, seen) = open(scratch.path()).unwrap();
    assert_eq!((recovery.torn_bytes, recovery.batches), (1_024, 1));
    assert_eq!(seen, ["1@1 Command 4 bytes"]);
    assert!(fs::read(segment(scratch.path(), 1)).unwrap()[1_024..].iter().all(|byte| *byte == 0));
    assert_eq!(inspect(scratch.path()).unwrap().torn_bytes, 0);
}

#[test]
fn a_whole_batch_that_lost_its_stamps_gets_them_back() {
    let scratch = tempdir().unwrap();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    append(&mut disk, 1, &[1; 600]);
    drop(disk);
    let file = segment(scratch.path(), 1);
    let stamped = fs::read(&file).unwrap();
    overwrite(&file, 1_023, &[0]);
    overwrite(&file, 1_535, &[0]);
    let (_, recovery, _) = open(scratch.path()).unwrap();
    assert_eq!((recovery.batches, recovery.torn_bytes), (1, 0));
    assert_eq!(fs::read(&file).unwrap(), stamped);
}

#[test]
fn a_hole_before_a_later_batch_is_damage() {
    let scratch = tempdir().unwrap();
    two_segments(scratch.path());
    let last = segment(scratch.path(), 2);
    overwrite(&last, 1_024, &[0; 512]);
    let damage = damage(scratch.path());
    assert_eq!((damage.file, damage.offset), (last, 1_024));
}

#[test]
fn a_torn_batch_before_a_later_segment_is_damage() {
    let scratch = tempdir().unwrap();
    two_segments(scratch.path());
    let first = segment(scratch.path(), 1);
    overwrite(&first, 2_048 + 40, &[0; 472]);
    let damage = damage(scratch.path());
    assert_eq!((damage.file, damage.offset), (first, 2_048));
}

#[test]
fn a_lost_batch_before_a_later_segment_is_damage() {
    let scratch = tempdir().unwrap();
    two_segments(scratch.path());
    overwrite(&segment(scratch.path(), 1), 2_048, &[0; 512]);
    let damage = damage(scratch.path());
    assert_eq!((damage.file, damage.offset), (segment(scratch.path(), 2), 0));
}

#[test]
fn a_missing_segment_is_damage() {
    let scratch = tempdir().unwrap();
    two_segments(scratch.path());
    fs::remove_file(segment(scratch.path(), 1)).unwrap();
    let damage = damage(scratch.path());
    assert_eq!(damage.file, segment(scratch.path(), 2));
    assert_eq!(damage.what, "the segment before this one is missing");
}

#[test]
fn a_missing_last_segment_is_damage() {
    let scratch = tempdir().unwrap();
    two_segments(scratch.path());
    fs::remove_file(segment(scratch.path(), 2)).unwrap();
    let damage = damage(scratch.path());
    assert_eq!((damage.file, damage.offset), (segment(scratch.path(), 1), 511));
    assert_eq!(damage.what, "the segment after this one is missing");
}

/// Power that fails after a segment is there, and before the one before it says so.
#[test]
fn a_segment_that_was_not_closed_is_closed_when_the_log_is_opened() {
    let scratch = tempdir().unwrap();
    two_segments(scratch.path());
    overwrite(&segment(scratch.path(), 1), 511, &[0]);
    assert_eq!(open(scratch.path()).unwrap().2.len(), 8);
    fs::remove_file(segment(scratch.path(), 2)).unwrap();
    assert_eq!(damage(scratch.path()).what, "the segment after this one is missing");
}

#[test]
fn a_renamed_segment_is_damage() {
    let scratch = tempdir().unwrap();
    two_segments(scratch.path());
    fs::rename(segment(scratch.path(), 2), segment(scratch.path(), 1)).unwrap();
    let damage = damage(scratch.path());
    assert_eq!(damage.what, "the segment's number is not the one in its name");
}

#[test]
fn a_shortened_segment_is_damage() {
    let scratch = tempdir().unwrap();
    two_segments(scratch.path());
    let last = segment(scratch.path(), 2);
    fs::File::options().write(true).open(&last).unwrap().set_len(1_536).unwrap();
    assert_eq!(damage(scratch.path()).file, last);
}

#[test]
fn damage_says_what_to_do_next() {
    let scratch = tempdir().unwrap();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    disk.write(state(1), None, Entries::default(), None, None).unwrap();
    drop(disk);
    overwrite(&segment(scratch.path(), 1), 550, &[0xff]);
    let Err(error) = open(scratch.path()) else {
        panic!("the damage goes unnoticed");
    };
    let text = error.to_string();
    for part in ["0000000001.segment, byte 512: ", "does not match its checksum", "it joins the others anew"] {
        assert!(text.contains(part), "{text}");
    }
}
