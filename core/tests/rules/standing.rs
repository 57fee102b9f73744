//! Who stands for election, and when: whoever counts, then whoever could be needed, and nobody who is known to be gone
//! (known 17, 46).

use std::time::Duration;

use quorate::{Change, Role, Seat};

use crate::cluster::{Cluster, led};

/// Three voters, and a learner in seat 3.
fn with_learner() -> (Cluster, u8) {
    let (mut cluster, leader) = led(3);
    cluster.join(3);
    cluster.run(300);
    assert_eq!(cluster.change(leader, Change::Add { seat: Seat(3), address: b"x" }), Ok(()));
    cluster.run(100);
    assert!(cluster.node(3).is_member());
    (cluster, leader)
}

#[test]
fn a_learner_stands_only_after_those_who_count_have_had_their_turn() {
    let (cluster, leader) = with_learner();
    let waits = |seat: u8| cluster.node(seat).deadline().unwrap().saturating_since(cluster.now);
    let voters = (0..3).filter(|seat| *seat != leader);
    let longest = voters.map(waits).max().unwrap();
    assert!(longest <= Duration::from_millis(200));
    assert!(waits(3) > Duration::from_millis(280), "{:?}", waits(3));
}

/// Its mark may be the latest: then nobody else wins its vote, or theirs who know of it.
#[test]
fn a_learner_stands_where_nobody_else_does() {
    let (mut cluster, _) = with_learner();
    (0..3).for_each(|seat| cluster.cut(seat));
    cluster.run(600);
    assert_eq!(cluster.node(3).role(), Role::PreCandidate);
}
