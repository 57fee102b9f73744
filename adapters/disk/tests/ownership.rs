//! Who may open a directory, and what the others are told.

mod common;

use std::fs;

use common::{SMALL, open, owner, record, state};
use quorate::{Entries, Seat, crc32c};
use quorate_disk::{Disk, DiskError, Inspection, Owner, inspect};
use tempfile::tempdir;

const SEGMENT_1: &str = "0000000001.segment";

#[track_caller]
fn refusal(directory: &std::path::Path, owner: Owner) -> DiskError {
    match Disk::open(directory, owner, SMALL, |_| Ok::<(), DiskError>(())) {
        Err(error) => error,
        Ok(_) => panic!("{owner} was let in"),
    }
}

#[test]
fn a_directory_belongs_to_one_node_of_one_cluster() {
    let scratch = tempdir().unwrap();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    disk.write(state(1), None, Entries::default(), None, None).unwrap();
    drop(disk);
    let Owner { cluster, seat } = owner();
    for other in [Owner { cluster: cluster + 1, seat }, Owner { cluster, seat: Seat(2) }] {
        let error = refusal(scratch.path(), other);
        let DiskError::Foreign { found, wanted, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!((*found, *wanted), (owner(), other));
        assert!(error.to_string().contains(&format!("belongs to {}, not to {other}.", owner())));
    }
}

#[test]
fn a_directory_is_open_once() {
    let scratch = tempdir().unwrap();
    let first = open(scratch.path()).unwrap();
    assert!(matches!(refusal(scratch.path(), owner()), DiskError::InUse { .. }));
    drop(first);
    drop(open(scratch.path()).unwrap());
}

#[test]
fn an_inspection_locks_and_makes_nothing() {
    let scratch = tempdir().unwrap();
    let directory = scratch.path().join("data");
    assert!(matches!(inspect(&directory), Err(DiskError::Inaccessible { .. })));
    assert!(!directory.exists());
    assert_eq!(inspect(scratch.path()).unwrap(), Inspection::default());

    let (mut disk, ..) = open(&directory).unwrap();
    let records = [record(1, b"one"), record(2, b"two")].concat();
    disk.write(state(4), None, Entries::parse(&records).unwrap(), None, None).unwrap();
    disk.write(None, None, Entries::parse(&record(2, b"other")).unwrap(), None, None).unwrap();
    let seen = inspect(&directory).unwrap();
    assert_eq!((seen.owner, Some(seen.hard_state)), (Some(owner()), state(4)));
    assert_eq!((seen.first.unwrap().index.0, seen.last.unwrap().index.0), (1, 2));
    assert_eq!((seen.segments, seen.batches, seen.torn_bytes), (1, 2, 0));
    assert_eq!(seen.bytes, 2_560);
    let json = serde_json::to_value(&seen).unwrap();
    assert_eq!(json["hard_state"]["term"], 4);
    assert_eq!(json["damage"], serde_json::Value::Null);
}

#[test]
fn a_later_version_is_not_taken_for_damage() {
    let scratch = tempdir().unwrap();
    drop(open(scratch.path()).unwrap());
    let path = scratch.path().join(SEGMENT_1);
    let mut bytes = fs::read(&path).unwrap();
    bytes[8] = 2;
    let check = crc32c(&bytes[..60]);
    bytes[60..64].copy_from_slice(&check.to_le_bytes());
    fs::write(&path, bytes).unwrap();
    let error = refusal(scratch.path(), owner());
    assert!(matches!(error, DiskError::LaterVersion { .. }), "{error}");
    assert!(error.to_string().contains("format version 2 is not known to this version"));
    assert!(matches!(inspect(scratch.path()), Err(DiskError::LaterVersion { .. })));
}
