//! What takes another process. These tests have a file of their own: a process that is being started holds what is open in
//! its parent for a moment, and another test would find its own directory in use.

mod common;

use std::path::Path;
use std::process::Command;

use common::{open, record, state};
use quorate::Entries;
use quorate_disk::DiskError;
use tempfile::tempdir;

#[test]
fn another_process_finds_the_directory_in_use() {
    let scratch = tempdir().unwrap();
    let _first = open(scratch.path()).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "a_second_process_is_refused"])
        .env("QUORATE_DISK_TEST_DIRECTORY", scratch.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
#[ignore = "runs in a process of its own, on a directory that is in use"]
fn a_second_process_is_refused() {
    let directory = std::env::var_os("QUORATE_DISK_TEST_DIRECTORY")
        .expect("another_process_finds_the_directory_in_use starts this");
    let opened = open(directory.as_ref());
    assert!(matches!(opened, Err(DiskError::InUse { .. })));
}

#[test]
fn a_full_device_loses_nothing() {
    let scratch = tempdir().unwrap();
    // The limit's unit is 512 or 1,024 bytes: enough for a small segment, too little for one of 60,000 bytes.
    let script = "trap '' XFSZ; ulimit -f 16; exec \"$0\" --exact --ignored a_limited_process_fills_its_device";
    let output = Command::new("sh")
        .args(["-c", script])
        .arg(std::env::current_exe().unwrap())
        .env("QUORATE_DISK_TEST_DIRECTORY", scratch.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let (mut disk, _, seen) = open(scratch.path()).unwrap();
    assert_eq!(seen, ["1@1 Command 5 bytes"]);
    disk.write(state(1), None, Entries::default(), None, None).unwrap();
}

#[test]
#[ignore = "runs in a process of its own, with a limit on the size of files"]
fn a_limited_process_fills_its_device() {
    let directory = std::env::var_os("QUORATE_DISK_TEST_DIRECTORY").expect("a_full_device_loses_nothing starts this");
    let (mut disk, ..) = open(Path::new(&directory)).unwrap();
    disk.write(None, None, Entries::parse(&record(1, b"small")).unwrap(), None, None).unwrap();
    let large = record(2, &[0; 60_000]);
    for _ in 0..2 {
        let error = disk.write(None, None, Entries::parse(&large).unwrap(), None, None).unwrap_err();
        assert!(matches!(error, DiskError::Io { operation: "write", .. }), "{error}");
    }
    assert!(disk.write(state(1), None, Entries::default(), None, None).is_err());
}
