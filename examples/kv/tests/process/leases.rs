//! Reads by a leader's lease, also of a leader that stood still while another was elected.

use rustix::process::Signal;

use crate::cluster::Cluster;
use crate::program::eventually;

#[test]
fn a_read_by_lease_is_as_good_as_any() {
    let cluster = Cluster::start();
    for value in ["1", "2", "3"] {
        cluster.ask(&["put", "k", value]).prints(0, "OK\n");
        cluster.ask(&["get", "--lease", "k"]).prints(0, value);
    }
    cluster.ask(&["get", "--lease", "none"]).prints(1, "");
    cluster.ask(&["get", "--lease", "--stale", "k"]).says(2, &["--lease", "--stale"]);
}

#[test]
fn a_leader_that_stood_still_reads_nothing_stale() {
    let cluster = Cluster::start();
    cluster.ask(&["put", "k", "0"]).prints(0, "OK\n");
    for round in 1..=4 {
        let leader = cluster.wait_for_leader();
        // It has a lease now.
        cluster.ask_at(&[leader], &["get", "--lease", "k"]).prints(0, &(round - 1).to_string());
        cluster.node(leader).signal(Signal::STOP);
        let others: Vec<usize> = (1..=3).filter(|id| *id != leader).collect();
        eventually("the others go on", || {
            let put = cluster.ask_at(&others, &["put", "k", &round.to_string(), "--timeout-ms", "2000"]);
            (put.code == Some(0)).then_some(())
        });
        cluster.node(leader).signal(Signal::CONT);
        cluster.ask_at(&[leader], &["get", "--lease", "k"]).prints(0, &round.to_string());
        cluster.agree();
    }
}
