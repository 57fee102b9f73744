//! The keys of a cluster change while it runs.

use std::fs;
use std::path::Path;

use crate::cluster::Cluster;
use crate::keyring::set_mode;
use crate::program::run;
use crate::writer::{Pipe, Writer};

#[test]
fn a_key_is_changed_under_a_writing_client() {
    let cluster = Cluster::keyed();
    let before = cluster.client("before", "read-write");
    cluster.keyring(&["add"]).prints(0, "2\n");
    cluster.all_hear("ring: takes key 2");
    let after = cluster.client("after", "read-write");
    let writer = Writer::start(Pipe::start(&cluster, &[1, 2, 3], &["--keys", &after]));
    cluster.keyring(&["use", "2"]).prints(0, "key 2 is used\n");
    cluster.all_hear("ring: seals under key 2");
    cluster.ask_by(&before, &["put", "k", "before"]).prints(0, "OK\n");
    let term = cluster.status()["nodes"][0]["term"].clone();
    cluster.keyring(&["remove", "1"]).prints(0, "key 1 is removed\n");
    cluster.all_hear("ring: takes no longer key 1");
    let removed = ["not done", "has no key 1", "Give the client a key that the nodes have now"];
    cluster.ask_by(&before, &["put", "k", "removed", "--timeout-ms", "500"]).says(1, &removed);
    cluster.ask_by(&after, &["get", "k"]).prints(0, "before");
    let written = writer.stop();
    assert!(written.failed.is_empty() && written.acknowledged.len() > 20, "{written:?}");
    cluster.agree();
    assert_eq!(cluster.status()["nodes"][0]["term"], term, "nobody was cut off for long");
}

#[test]
fn what_is_no_keyring_any_more_is_told_and_changes_nothing() {
    let cluster = Cluster::keyed();
    let (ring, alice) = (cluster.file("ring"), cluster.client("alice", "read-write"));
    let good = fs::read_to_string(&ring).expect("it can be read");
    let works = |value: &str| cluster.ask_by(&alice, &["put", "k", value]).prints(0, "OK\n");
    let goes_on = "This node goes on with the keys that it has";

    fs::write(&ring, "garbage\n").expect("it can be written");
    cluster.all_hear(&format!("{ring}, line 1: "));
    cluster.all_hear(goes_on);
    works("garbage");
    fs::write(&ring, &good).expect("it can be written");
    set_mode(Path::new(&ring), 0o644);
    fs::write(&ring, &good).expect("it can be written");
    cluster.all_hear(&format!("{ring} has mode 0644"));
    works("mode");
    set_mode(Path::new(&ring), 0o600);

    let other = cluster.file("other");
    run(&["keyring", "init", "--keys", &other]).says(0, &[]);
    fs::rename(&other, &ring).expect("it can be moved");
    cluster.all_hear(&format!("key 1 of {ring} is another one than before: give a new key a number of its own"));
    works("other");
    fs::remove_file(&ring).expect("it can go");
    cluster.all_hear(&format!("there is no file {ring}"));
    works("gone");

    fs::write(&ring, &good).expect("it can be written");
    set_mode(Path::new(&ring), 0o600);
    cluster.keyring(&["add"]).prints(0, "2\n");
    cluster.all_hear("ring: takes key 2");
    works("good");
}
