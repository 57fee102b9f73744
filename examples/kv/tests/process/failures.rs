use std::fs;
use std::net::UdpSocket;
use std::path::Path;

use quorate::founding::Record;
use quorate::{
    Charter, Entries, Entry, Features, Founding, HardState, Index, Kind, Least, Members, Position, Seat, Seats, Term,
};
use quorate_disk::{Disk, DiskError, Options, Owner};
use rustix::process::{Resource, Rlimit, prlimit};

use crate::cluster::Cluster;
use crate::program::{Running, eventually, program, program_after, run};

/// Changes a byte of the key's first record, which is not the last one.
fn damage(data_dir: &Path, key: &str) {
    let path = data_dir.join("0000000001.segment");
    let mut bytes = fs::read(&path).expect("there is a segment");
    let found = bytes.windows(key.len()).position(|window| window == key.as_bytes());
    bytes[found.expect("the key is in the segment")] ^= 1;
    fs::write(&path, bytes).expect("the segment can be written");
}

#[test]
fn damaged_data_stops_the_node_and_is_shown() {
    let mut cluster = Cluster::start();
    for key in ["first-key", "second-key", "third-key"] {
        cluster.ask(&["put", key, "value"]).prints(0, "OK\n");
    }
    cluster.stop(1);
    damage(&cluster.data_dir(1), "first-key");
    run(&cluster.serve(1)).says(10, &["error n1: ", "0000000001.segment, byte", "and start this node again"]);

    let inspected = run(&["inspect", "--data-dir", &cluster.data_dir(1).display().to_string()]);
    inspected.says(10, &[]);
    let report: serde_json::Value = serde_json::from_str(&inspected.out).expect("it is JSON");
    assert_eq!(report["damage"].as_array().map(Vec::len), Some(1), "{report}");
    assert_eq!((&report["node"], &report["snapshot"]), (&"n1".into(), &serde_json::Value::Null));
    cluster.ask(&["get", "first-key"]).prints(0, "value");
}

#[test]
fn a_directory_serves_one_node_at_a_time_and_no_other() {
    let mut cluster = Cluster::of(3);
    cluster.start_node(1);
    eventually("the node listens", || (cluster.ask(&["status"]).code == Some(5)).then_some(()));
    let data_dir = cluster.data_dir(1).display().to_string();
    let other = |id: &str, address: &str| {
        ["serve", id, "--listen", address, "--peer", "9=127.0.0.1:9", "--data-dir", &data_dir].map(str::to_owned)
    };
    run(&other("1", "127.0.0.1:0")).says(13, &["in use", &data_dir]);
    run(&cluster.serve(1)).says(15, &["cannot use 127.0.0.1"]);
    cluster.stop(1).says(0, &[]);
    run(&other("2", "127.0.0.1:0")).says(12, &["belongs to n1 ", "not to n2 "]);
    let mut foreign = cluster.serve(1);
    foreign.extend(["--cluster".to_owned(), "7".to_owned()]);
    run(&foreign).says(12, &["of cluster 1", "of cluster 7"]);
}

#[test]
fn a_taken_address_is_told() {
    let directory = tempfile::tempdir().expect("there is room for a directory");
    let taken = UdpSocket::bind("127.0.0.1:0").expect("there is a free port");
    let peer = format!("1={}", taken.local_addr().expect("it has an address"));
    let data_dir = directory.path().display().to_string();
    run(&["serve", "1", "--peer", &peer, "--data-dir", &data_dir]).says(15, &["cannot use", "Check"]);
}

#[test]
fn a_disk_without_room_stops_the_node_at_its_start() {
    let cluster = Cluster::of(1);
    let mut command = program_after("ulimit -f 100");
    Running::start(command.args(cluster.serve(1))).end().says(11, &["cannot", "n1"]);
}

#[test]
fn a_disk_that_fails_stops_its_node_and_the_others_go_on() {
    let mut cluster = Cluster::of(3);
    for id in [1, 2] {
        cluster.start_node(id);
    }
    let third = Running::start(program().args(cluster.serve(3)));
    cluster.wait_for_leader();
    cluster.ask(&["put", "before", "1"]).prints(0, "OK\n");
    let nothing = Rlimit { current: Some(1), maximum: None };
    prlimit(Some(third.pid()), Resource::Fsize, nothing).expect("a process of ours can be limited");
    cluster.ask(&["put", "after", "2"]).prints(0, "OK\n");
    third.end().says(11, &["cannot write", "n3", "Check the device"]);
    cluster.ask(&["get", "after"]).prints(0, "2");
}

#[test]
fn a_command_of_another_version_stops_the_node() {
    let cluster = Cluster::of(1);
    let owner = Owner { cluster: 1, seat: Seat(1) };
    let (term, index) = (Term(1), Index(1));
    let mut record = [0; 64];
    let entry = Entry::write(&mut record, Position { term, index }, Kind::Command, &[99, 1, 2]).expect("it fits");
    let entries = Entries::parse(entry.record()).expect("it is whole");
    let visit = |_: quorate_disk::Recovered<'_>| Ok::<(), DiskError>(());
    let (mut disk, _) = Disk::open(&cluster.data_dir(1), owner, Options::default(), visit).expect("it is new");
    let members = Members::of(Seats::NONE.with(Seat(1)));
    let charter = Charter {
        founding: Founding(1),
        members,
        least: Least { log_bytes: 1 << 20, election_micros: 250_000, features: Features::OWN },
    };
    disk.record(Record::Complete(charter)).expect("the disk has room");
    disk.write(Some(HardState { term, vote: None }), None, entries, None, None).expect("the disk has room");
    drop(disk);
    run(&cluster.serve(1)).says(14, &["index 1 cannot be read", "version"]);
}

/// Its leases would be stale: others count on what all of them were founded with.
#[test]
fn a_node_with_less_than_its_cluster_was_founded_with_is_refused() {
    let mut cluster = Cluster::of(1);
    cluster.start_nodes(1..2);
    cluster.stop(1);
    let refused = |option, value, parts: &[&str]| {
        let arguments: Vec<_> = cluster.serve(1).into_iter().chain([option, value].map(String::from)).collect();
        run(&arguments).says(2, parts);
    };
    refused(
        "--election-ms",
        "200",
        &["200000 microseconds", "at least 250000", "make it longer, by --election-ms 250\n"],
    );
    refused("--log-size", "1", &["1048576 bytes", "at least 67108864", "give it more, by --log-size 64\n"]);
}

#[test]
fn a_directory_without_data_is_told() {
    let directory = tempfile::tempdir().expect("there is room for a directory");
    let path = directory.path().display().to_string();
    run(&["inspect", "--data-dir", &path]).says(1, &[&path, "--data-dir"]);
    run(&["inspect", "--data-dir", &format!("{path}/missing")]).says(2, &["missing", "--data-dir"]);
}

#[test]
fn a_damaged_node_that_is_alone_is_not_sent_to_others() {
    let mut cluster = Cluster::of(1);
    cluster.start_nodes(1..2);
    for key in ["first-key", "second-key", "third-key"] {
        cluster.ask(&["put", key, "value"]).prints(0, "OK\n");
    }
    cluster.stop(1);
    damage(&cluster.data_dir(1), "first-key");
    let ended = run(&cluster.serve(1));
    ended.says(10, &["0000000001.segment, byte", "quorate-kv snapshot restore"]);
    assert!(!ended.err.contains("bring it in line"), "{ended:?}");
}

#[test]
fn a_path_that_cannot_be_is_wrong_usage() {
    let directory = tempfile::tempdir().expect("there is room for a directory");
    let file = directory.path().join("file");
    fs::write(&file, b"no directory").expect("it can be written");
    let cluster = Cluster::of(1);
    for path in [file.display().to_string(), file.join("below").display().to_string()] {
        let mut serve = cluster.serve(1);
        serve[3].clone_from(&path);
        run(&serve).says(2, &["error n1: cannot ", &path, "Not a directory (os error 20)", "--data-dir"]);
    }
    let local = ["local", "--data-dir", &file.display().to_string(), "--port", "7931"];
    run(&local).says(2, &["cannot create", "Not a directory", "--data-dir"]);
    let saved = file.join("saved").display().to_string();
    run(&["snapshot", "inspect", &saved]).says(2, &["cannot open", "Not a directory"]);
    let to = file.join("n1").display().to_string();
    let (_kept, snapshot) = crate::saved::sound();
    let restore = ["snapshot", "restore", &snapshot.display().to_string(), "--id", "1", "--data-dir", &to];
    run(&restore).says(2, &["cannot create", "Not a directory"]);
}
