//! A directory is one process's. This test has a file of its own: a process that is being started holds what is open in
//! its parent for a moment, and another test would find its own directory in use.

mod common;

use std::process::Command;

use common::open;
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
