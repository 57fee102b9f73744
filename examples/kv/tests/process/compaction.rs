//! Snapshots that nodes take, send and start from by themselves.

use std::fs;
use std::path::Path;

use rustix::process::{Resource, Rlimit, prlimit};

use crate::cluster::Cluster;
use crate::program::eventually;

/// Bytes of a segment of the log, with its header.
const SEGMENT: u64 = (16 << 20) + 512;

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).expect("there is a snapshot");
    bytes[at] ^= 1;
    fs::write(path, bytes).expect("it can be written");
}

#[test]
fn a_small_log_takes_writes_far_beyond_its_size_and_the_directory_stays_bounded() {
    let mut cluster = Cluster::of(1).with(&["--log-size", "1"]);
    cluster.start_nodes(1..2);
    // The same keys again and again, until the log's first segment is full and not needed any more.
    for round in 0.. {
        assert!(round < 30, "the first segment is never removed");
        cluster.fill(0..2000);
        let (segments, snapshots) = (cluster.files(1, "segment"), cluster.files(1, "snapshot"));
        let sizes = segments.iter().chain(&snapshots).map(|path| path.metadata().map_or(0, |file| file.len()));
        let state = 2000 * 1_100;
        assert!(sizes.sum::<u64>() <= 2 * SEGMENT + 3 * state, "{segments:?} {snapshots:?}");
        if segments.iter().all(|path| !path.ends_with("0000000001.segment")) {
            break;
        }
    }
    cluster.find(0..2000);
    cluster.kill(1);
    cluster.start_nodes(1..2);
    cluster.find(0..2000);
    cluster.stop(1).says(0, &[" info  n1: listening on"]);
}

#[test]
fn a_node_joins_by_snapshot_and_gets_over_damaged_ones() {
    let mut cluster = Cluster::of(3).with(&["--log-size", "1", "--snapshot-every", "300"]);
    cluster.go_on_without(3);
    cluster.fill(0..1500);
    cluster.start_node(3);
    cluster.agree();
    cluster.find(0..1500);
    cluster.stop(3).says(0, &["taken over"]);

    // Its newest is damaged: the one before takes its place.
    cluster.start_node(3);
    cluster.fill(1500..2200);
    cluster.agree();
    cluster.kill(3);
    let snapshots = cluster.files(3, "snapshot");
    flip(&snapshots[1], 5000);
    cluster.fill(2200..2250);
    cluster.start_node(3);
    cluster.agree();
    let ended = cluster.stop(3);
    assert!(!ended.err.contains("taken over"), "{}", ended.err);
    let damaged = snapshots[1].display();
    ended.says(0, &[&format!(" warn  n3: {damaged}, byte 128: "), "It stays aside; the snapshot of index"]);

    // All are: it has to have another one.
    cluster.files(3, "snapshot").iter().for_each(|path| flip(path, 5000));
    cluster.start_node(3);
    cluster.agree();
    cluster.find(0..2250);
    cluster.stop(3).says(0, &["is damaged or gone; waiting for another", "taken over"]);
}

#[test]
fn a_node_that_is_killed_while_it_fetches_goes_on_where_it_was() {
    let mut cluster = Cluster::of(3).with(&["--log-size", "1", "--snapshot-rate", "300"]);
    cluster.go_on_without(3);
    cluster.fill(0..1200);
    let fetched = |cluster: &Cluster, more_than: u64| {
        eventually("a part of the snapshot is there", || {
            let found = cluster.files(3, "fetched").first()?.metadata().ok()?.len();
            (found > more_than).then_some(found)
        })
    };
    cluster.start_node(3);
    let mut before = 0;
    for _ in 0..3 {
        before = fetched(&cluster, before + 20_000);
        cluster.kill(3);
        let found = cluster.files(3, "fetched")[0].metadata().expect("it is there").len();
        assert!(found >= before, "what was there stays");
        cluster.start_node(3);
    }
    cluster.agree();
    cluster.find(0..1200);
    cluster.stop(3).says(0, &["taken over"]);
}

#[test]
fn a_disk_without_room_for_a_snapshot_leaves_the_one_before_in_force() {
    let mut cluster = Cluster::of(1);
    cluster.start_nodes(1..2);
    cluster.fill(0..4000);
    let saved = cluster.directory.path().join("saved").display().to_string();
    cluster.ask(&["snapshot", "save", &saved]).says(0, &[]);
    cluster.kill(1);
    // A directory with a large snapshot and, unlike the other one, a log that is still short.
    let data_dir = cluster.data_dir(1).display().to_string();
    fs::remove_dir_all(&data_dir).expect("the directory can go");
    crate::program::run(&["snapshot", "restore", &saved, "--id", "1", "--data-dir", &data_dir]).says(0, &[]);
    let before = cluster.files(1, "snapshot");
    cluster = cluster.with(&["--log-size", "1", "--snapshot-every", "100"]);
    cluster.start_nodes(1..2);
    let limit = |cluster: &Cluster, bytes| {
        let limit = Rlimit { current: bytes, maximum: None };
        prlimit(Some(cluster.node(1).pid()), Resource::Fsize, limit).expect("a process of ours can be limited");
    };
    limit(&cluster, Some(3_000_000));
    cluster.fill(4000..4950);
    assert_eq!(cluster.files(1, "snapshot"), before);
    // No snapshot, no room: at last the log is full, and the node goes on reading.
    let value = "v".repeat(1000);
    let refused = eventually("the log is full", || {
        let ended = cluster.ask(&["put", "more", &value, "--timeout-ms", "500"]);
        // Until then a write may take longer than that, and its outcome is unknown.
        (ended.code == Some(1)).then_some(ended)
    });
    refused.says(1, &["log is full, and no snapshot has made room", "--log-size"]);
    let status = cluster.ask(&["status"]);
    assert_eq!(status.code, Some(6), "{status:?}");
    assert!(status.out.contains("the log of n1 is full: writes are refused"), "{status:?}");
    cluster.node(1).hears(" warn  n1: the log has been full for ");
    cluster.find(0..4800);
    assert_eq!(cluster.files(1, "snapshot"), before);
    // Each attempt takes its file away again, also if the next one is begun soon.
    eventually("an attempt leaves nothing", || cluster.files(1, "taken").is_empty().then_some(()));

    limit(&cluster, None);
    cluster.ask(&["put", "more", &value, "--timeout-ms", "15000"]).prints(0, "OK\n");
    assert_ne!(cluster.files(1, "snapshot"), before);
    cluster.agree();
    cluster.node(1).hears(" info  n1: the log has room again");
    cluster.stop(1).says(
        0,
        &[" warn  n1: no snapshot can be written, the one before stays in force", "n1/", "File too large (os error"],
    );
}
