//! Reads by a leader's lease, also of a leader that stood still while another was elected.

use std::time::{Duration, Instant};

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
    let leader = cluster.wait_for_leader();
    for (node, id) in cluster.status()["nodes"].as_array().expect("all are there").iter().zip(1..) {
        let lease = node["lease_ms"].as_u64();
        // On Linux; elsewhere no clock is good enough.
        assert_eq!(lease.is_some(), id == leader && cfg!(target_os = "linux"), "{node}");
        assert!(lease.is_none_or(|millis| millis < 500), "it is shorter than the election time-out: {node}");
    }
    eventually("a lease that was just made is shown", || {
        cluster.ask(&["get", "--lease", "k"]).prints(0, "3");
        let told = cluster.ask(&["status"]).out;
        let lease = told.lines().find(|line| line.starts_with("lease ")).expect("there is a leader").to_owned();
        (lease.ends_with(" ms yet") || !cfg!(target_os = "linux")).then_some(())
    });
    cluster.ask(&["get", "--lease", "none"]).prints(1, "");
    cluster.ask(&["get", "--lease", "--stale", "k"]).says(2, &["--lease", "--stale"]);
}

/// Four rounds, each until the others have gone on without it; `QUORATE_PAUSES=full` adds pauses of up to a minute.
#[test]
fn a_leader_that_stood_still_reads_nothing_stale() {
    let cluster = Cluster::start();
    let is_full = std::env::var("QUORATE_PAUSES").is_ok_and(|mode| mode == "full");
    let long: &[u64] = if is_full { &[1, 2, 3, 5, 8, 13, 20, 30, 45, 60] } else { &[] };
    let mut written = 0;
    for pause in [0; 4].iter().chain(long).map(|seconds| Duration::from_secs(*seconds)) {
        written = stand_still(&cluster, written, pause);
    }
}

/// Lets the leader stand still for so long, and until the others have gone on, and reads by its lease what was asked
/// meanwhile, and afterwards. What is written is a number that rises: the last one.
fn stand_still(cluster: &Cluster, before: u64, pause: Duration) -> u64 {
    let mut written = before + 1;
    cluster.ask(&["put", "k", &written.to_string()]).prints(0, "OK\n");
    let leader = cluster.wait_for_leader();
    // It has a lease now.
    cluster.ask_at(&[leader], &["get", "--lease", "k"]).prints(0, &written.to_string());
    cluster.node(leader).signal(Signal::STOP);
    let since = Instant::now();
    let others: Vec<usize> = (1..=3).filter(|id| *id != leader).collect();
    let mut waiting = Vec::new();
    loop {
        eventually("the others go on", || {
            let put = cluster.ask_at(&others, &["put", "k", &(written + 1).to_string(), "--timeout-ms", "2000"]);
            (put.code == Some(0)).then_some(())
        });
        written += 1;
        // What it is asked while it stands still, it finds when it goes on.
        if waiting.len() < READERS {
            waiting.push((written, cluster.begin_at(&[leader], &["get", "--lease", "k", "--timeout-ms", "120000"])));
        }
        if since.elapsed() >= pause {
            break;
        }
    }
    let paused = since.elapsed();
    cluster.node(leader).signal(Signal::CONT);
    let asked = Instant::now();
    cluster.ask_at(&[leader], &["get", "--lease", "k", "--timeout-ms", "120000"]).prints(0, &written.to_string());
    let answered = asked.elapsed();
    let readers = waiting.len();
    for (least, reader) in waiting {
        let ended = reader.end();
        let found: u64 = ended.out.parse().unwrap_or_else(|_| panic!("{ended:?}"));
        assert!(
            (least..=written).contains(&found),
            "{found} was read, and {least} was written before it was asked for"
        );
    }
    cluster.agree();
    let term = &cluster.status()["nodes"][leader - 1]["term"];
    println!(
        "n{leader} stood still for {paused:.1?}, and {} puts went on: a read by lease came after {answered:.1?}, {readers} more \
         had waited, and nothing was stale; term {term}",
        written - before - 1
    );
    written
}

/// How many reads wait at most for a leader that stands still.
const READERS: usize = 8;
