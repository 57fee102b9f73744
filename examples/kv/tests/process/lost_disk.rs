//! Nodes that come back without their disks.

use std::fs;

use crate::cluster::Cluster;
use crate::program::eventually;

impl Cluster {
    /// Takes a node's disk away, and starts it with an empty one.
    fn start_empty(&mut self, id: usize, options: &[&str]) {
        self.kill(id);
        fs::remove_dir_all(self.data_dir(id)).expect("the directory can go");
        self.start_node_with(id, options);
    }

    /// Waits until all have applied the same, and the verdict has this in it.
    #[track_caller]
    fn agree_that(&self, part: &str) {
        self.agree_when(part, |verdict| verdict.contains(part));
    }
}

#[test]
fn a_node_that_lost_its_disk_is_brought_in_line_and_does_not_count() {
    let mut cluster = Cluster::of(3).with(&["--log-size", "1", "--snapshot-every", "300"]);
    cluster.start_nodes(1..4);
    cluster.fill(0..1500);
    let leader = cluster.wait_for_leader();
    let (lost, other) = (leader % 3 + 1, (leader + 1) % 3 + 1);

    cluster.start_empty(lost, &["--incarnation", "1"]);
    cluster.agree_that(&format!("3 of 3 nodes reachable; not counting n{lost}, whose disk was lost"));
    cluster.fill(1500..1600);
    cluster.find(0..1600);

    // It keeps what it has, and comes back with it, if it says who it is.
    cluster.stop(lost).says(0, &["with a new log", "taken over"]);
    cluster.start_node(lost);
    cluster.take(lost).end().says(12, &["belongs to", "or with --incarnation 1"]);
    cluster.start_node_with(lost, &["--incarnation", "1"]);
    cluster.agree_that("not counting");

    // Once more.
    cluster.start_empty(lost, &["--incarnation", "2"]);
    cluster.agree_that("not counting");
    cluster.find(0..1600);

    // It is no majority with one other.
    cluster.kill(other);
    eventually("nobody leads", || (cluster.status()["exit"] == 5).then_some(()));
    let put = cluster.ask(&["put", "a", "1", "--timeout-ms", "500"]);
    assert_ne!(put.code, Some(0), "{}", put.out);
    cluster.start_node(other);
    cluster.agree_that("not counting");
    cluster.find(0..1600);
}

#[test]
fn a_node_that_lost_its_disk_and_does_not_say_so_is_found_out() {
    let mut cluster = Cluster::start();
    cluster.fill(0..10);
    cluster.agree();
    let lost = cluster.wait_for_leader() % 3 + 1;
    cluster.start_empty(lost, &[]);
    cluster.node(lost).hears(&format!(" warn  n{lost}: the data directory is empty, and n"));
    cluster
        .node(lost)
        .hears("if its disk was lost, start it with the next --incarnation; if its volume is not mounted");
    let status = cluster.ask(&["status"]);
    assert_eq!(status.code, Some(6), "{status:?}");
    assert!(
        status.out.contains(&format!("\n  the data of n{lost} are of no cluster: its disk was lost")),
        "{status:?}"
    );
    // It counts for nothing.
    let other = (1..=3).find(|id| *id != lost && *id != cluster.wait_for_leader()).expect("there are three");
    cluster.kill(other);
    let put = cluster.ask(&["put", "a", "1", "--timeout-ms", "500"]);
    assert_ne!(put.code, Some(0), "{put:?}");
    cluster.start_node(other);
    cluster.wait_for_leader();
    // As it was told, and in the same directory: what is in there was never part of a cluster.
    cluster.kill(lost);
    cluster.start_node_with(lost, &["--incarnation", "1"]);
    cluster.agree_that("not counting");
    cluster.node(lost).hears(&format!(" info  n{lost}: takes the place of a store that was lost"));
}

#[test]
fn a_cluster_that_lost_too_many_disks_says_what_is_left_to_do() {
    let mut cluster = Cluster::start();
    cluster.fill(0..10);
    let leader = cluster.wait_for_leader();
    for lost in [leader % 3 + 1, (leader + 1) % 3 + 1] {
        cluster.start_empty(lost, &["--incarnation", "1"]);
    }
    eventually("nobody leads", || {
        let status = cluster.status();
        let verdict = status["verdict"].as_str()?;
        (status["exit"] == 5 && verdict.contains("Too many disks are lost: restore")).then_some(())
    });
    let alone = ["serve", "1", "--peer", "1=127.0.0.1:1", "--incarnation", "1"];
    crate::program::run(&alone).says(2, &["--incarnation needs other nodes"]);
}
