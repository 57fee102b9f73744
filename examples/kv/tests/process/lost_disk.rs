//! Nodes that come back without their disks.

use std::fs;

use crate::cluster::Cluster;
use crate::program::eventually;

impl Cluster {
    /// Takes a node's disk away, and starts it with an empty one.
    pub(crate) fn start_empty(&mut self, id: usize, options: &[&str]) {
        self.kill(id);
        fs::remove_dir_all(self.data_dir(id)).expect("the directory can go");
        self.start_node_with(id, options);
    }

    /// Which life of its store a node is.
    fn life(&self, id: usize) -> String {
        self.status()["nodes"][id - 1]["life"].as_str().unwrap_or_default().to_owned()
    }
}

#[test]
fn a_lost_disk_heals_without_an_operator_and_counts_again() {
    let mut cluster = Cluster::of(3).with(&["--log-size", "1", "--snapshot-every", "300"]);
    cluster.start_nodes(1..4);
    cluster.fill(0..1500);
    let leader = cluster.wait_for_leader();
    let (lost, other) = (leader % 3 + 1, (leader + 1) % 3 + 1);

    cluster.start_empty(lost, &[]);
    cluster.node(lost).hears(&format!(" warn  n{lost}: the data directory was empty: a new store, of life "));
    cluster.node(leader).hears(&format!("n{lost} has a new store, of life "));
    cluster.agree();
    let life = cluster.life(lost);
    assert_eq!((life.len(), cluster.life(leader).as_str()), (16, "founder"));
    cluster.fill(1500..1600);
    cluster.find(0..1600);

    // It is a majority with one other.
    cluster.kill(other);
    cluster.fill(1600..1610);
    cluster.start_node(other);
    cluster.agree();

    // It keeps what it has, and comes back with it.
    cluster.stop(lost).says(0, &["with a new log", "taken over"]);
    cluster.start_node(lost);
    cluster.agree();
    assert_eq!(cluster.life(lost), life);

    // The others, one after the other, the leader too.
    for lost in [other, leader] {
        cluster.start_empty(lost, &["--existing"]);
        cluster.agree();
        assert_eq!(cluster.life(lost).len(), 16);
    }
    cluster.find(0..1610);
}

#[test]
fn too_many_lost_disks_are_not_taken_for_a_cluster() {
    let mut cluster = Cluster::start();
    cluster.fill(0..10);
    let leader = cluster.wait_for_leader();
    for lost in [leader % 3 + 1, (leader + 1) % 3 + 1] {
        cluster.kill(lost);
    }
    for lost in [leader % 3 + 1, (leader + 1) % 3 + 1] {
        fs::remove_dir_all(cluster.data_dir(lost)).expect("the directory can go");
        cluster.start_node(lost);
    }
    eventually("nobody leads", || {
        let status = cluster.status();
        let verdict = status["verdict"].as_str()?;
        (status["exit"] == 5 && verdict.contains("Too many disks are lost: rescue")).then_some(())
    });
    cluster.ask(&["put", "a", "1", "--timeout-ms", "1000"]).says(5, &["nothing was done"]);
}
