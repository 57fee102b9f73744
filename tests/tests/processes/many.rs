//! Twenty-seven processes on loopback.

use rustix::process::Signal;

use crate::cluster::Cluster;

const NODES: usize = 27;
/// Twenty-seven processes share this machine: they give each other time.
const OPTIONS: &[&str] = &["--heartbeat-ms", "200", "--election-ms", "3000"];

/// How long the nodes are written to at most: a second each time, on a machine that may be busy.
const FLOODS_MAX: usize = 40;

#[test]
fn fourteen_of_twenty_seven_go_on_and_the_others_come_in_line_by_a_snapshot() {
    let mut cluster = Cluster::start(NODES, OPTIONS);
    let leader = cluster.leader();
    let others: Vec<_> = cluster.nodes().filter(|node| *node != leader).take(13).collect();
    let (dead, stopped) = others.split_at(9);
    dead.iter().for_each(|node| cluster.kill(*node));
    stopped.iter().for_each(|node| cluster.signal(*node, Signal::STOP));
    // Until each of the fourteen has forgotten entries that the others will need.
    for _ in 0..FLOODS_MAX {
        cluster.flood();
        if cluster.count(" taken: ") >= NODES - others.len() {
            break;
        }
    }
    stopped.iter().for_each(|node| cluster.signal(*node, Signal::CONT));
    dead.iter().for_each(|node| cluster.restart(*node));
    cluster.await_agreement();
    let restored = cluster.count(" taken over, ");
    assert!(restored >= dead.len(), "only {restored} nodes were sent a snapshot, {} had died", dead.len());
}
