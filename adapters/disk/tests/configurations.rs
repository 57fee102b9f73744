//! Who takes part, as the log keeps it.

mod common;

use common::snapshots::{View, install, mark};
use common::{append, members, names, open, position, record, scratch, settled, state};
use quorate::{Entries, Mark, Members, Seats, Term};
use quorate_disk::inspect;

#[test]
fn the_last_configuration_outlives_the_segment_that_it_was_written_in() {
    let scratch = scratch();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    let (first, later) = (settled(1, members()), settled(2, Members::of(Seats::first(5))));
    let entries = [record(1, b"entry"), record(2, b"entry")].concat();
    disk.write(None, None, Entries::parse(&entries).unwrap(), first.settled(), None).unwrap();
    disk.write(None, None, Entries::default(), later.settled(), None).unwrap();
    append(&mut disk, 3..=20);
    mark(&mut disk, 18);
    mark(&mut disk, 20);
    assert!(!names(scratch.path()).contains(&"0000000001.segment".to_owned()));
    drop(disk);
    assert_eq!(inspect(scratch.path()).unwrap().settled, Some(later));
    assert_eq!(View::of(scratch.path()).settled, Some(2));
    let (mut disk, ..) = open(scratch.path()).unwrap();
    install(&mut disk, 50);
    drop(disk);
    assert_eq!(View::of(scratch.path()).settled, Some(2), "a snapshot of the leader does not undo it");
}

#[test]
fn a_configuration_comes_back_behind_the_entries_that_it_came_with_and_in_front_of_the_mark() {
    let scratch = scratch();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    let entries = [record(1, b"one"), record(2, b"two")].concat();
    let end = Some(Mark { term: Term(2), last: position(2) });
    disk.write(state(2), None, Entries::parse(&entries).unwrap(), settled(2, members()).settled(), end).unwrap();
    drop(disk);
    let (_, _, seen) = open(scratch.path()).unwrap();
    assert_eq!(seen, ["term 2", "1@1 Command 3 bytes", "2@1 Command 3 bytes", "settled since 2", "mark 2 at 2"]);
}
