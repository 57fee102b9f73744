//! What nodes say on standard error: enough to know why nobody leads, and who does not follow.

use std::fs;
use std::path::Path;

use rustix::process::Signal;

use crate::cluster::Cluster;
use crate::program::run;

/// Whether a line begins as in `2026-11-29T10:08:25.123Z warn  n3: `.
fn is_told(line: &str, node: &str) -> bool {
    let Some((time, rest)) = line.split_at_checked(24) else { return false };
    let shape: String = time.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    let levels = ["info ", "warn ", "error"].map(|level| format!(" {level} {node}: "));
    shape == "0000-00-00T00:00:00.000Z" && levels.iter().any(|level| rest.starts_with(level))
}

#[test]
fn each_line_has_time_level_and_node() {
    let mut cluster = Cluster::start();
    let leader = cluster.wait_for_leader();
    for id in 1..=3 {
        let (ended, node) = (cluster.stop(id), format!("n{id}"));
        assert!(ended.err.lines().count() > 2 && ended.err.lines().all(|line| is_told(line, &node)), "{}", ended.err);
        assert!(ended.out.lines().all(|line| line.starts_with(&format!("{node}: "))), "{}", ended.out);
        if id == leader {
            ended.says(0, &[&format!(" info  {node}: leader of term "), &format!(" info  {node}: stopping")]);
        }
    }
}

#[test]
fn a_node_without_a_leader_says_for_whom_it_waits() {
    let mut cluster = Cluster::start();
    cluster.agree();
    cluster.kill(1);
    cluster.kill(3);
    cluster.node(2).hears(": nothing is heard of n1, n3. Start them, or check --peer and the network");
    cluster.start_node(1);
    cluster.wait_for_leader();
}

#[test]
fn a_node_of_another_cluster_is_told_from_a_dead_one() {
    let mut cluster = Cluster::of(3);
    cluster.start_node(1);
    cluster.start_node_with(2, &["--cluster", "7"]);
    cluster.node(1).hears(" sent, frame of another cluster: start both with the same --cluster");
    cluster.node(1).hears("nothing is heard of n2, n3");
}

#[test]
fn a_leader_says_whom_it_lost_and_who_is_back() {
    let cluster = Cluster::start();
    cluster.agree();
    let leader = cluster.wait_for_leader();
    let still = leader % 3 + 1;
    cluster.node(still).signal(Signal::STOP);
    cluster.node(leader).hears(&format!(" warn  n{leader}: n{still} is lost: nothing was heard of it for 0."));
    cluster.node(still).signal(Signal::CONT);
    cluster.node(leader).hears(&format!(" info  n{leader}: n{still} follows again, after "));
}

/// Copies the files of a directory.
fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("there is room for a directory");
    for file in from.read_dir().expect("a directory can be read") {
        let file = file.expect("a directory can be read");
        fs::copy(file.path(), to.join(file.file_name())).expect("there is room for a copy");
    }
}

#[test]
fn a_leader_says_whom_it_refuses_and_why() {
    let mut cluster = Cluster::start();
    cluster.fill(0..10);
    cluster.agree();
    let leader = cluster.wait_for_leader();
    let lost = leader % 3 + 1;
    // Its disk is of an earlier day.
    let (now, earlier) = (cluster.data_dir(lost), cluster.directory.path().join("earlier"));
    cluster.kill(lost);
    copy(&now, &earlier);
    cluster.start_node(lost);
    cluster.fill(10..20);
    cluster.agree();
    cluster.kill(lost);
    fs::remove_dir_all(&now).expect("the directory can go");
    copy(&earlier, &now);
    cluster.start_node(lost);
    let refuses = format!(
        " warn  n{leader}: refuses what n{lost} says, lacks what it acknowledged: its disk is of an earlier day"
    );
    cluster.node(leader).hears(&refuses);
}

#[test]
fn a_leader_says_to_whom_it_sends_a_snapshot() {
    let mut cluster = Cluster::of(3).with(&["--log-size", "1", "--snapshot-rate", "2000"]);
    cluster.go_on_without(3);
    let leader = cluster.wait_for_leader();
    cluster.fill(0..1200);
    cluster.start_node(3);
    cluster.node(leader).hears("n3 lacks what the log no longer holds: sending it the snapshot of index ");
    cluster.node(leader).hears("n3 follows again, after ");
}

#[test]
fn whoever_types_sees_what_is_wrong_and_nothing_else() {
    let directory = tempfile::tempdir().expect("there is room for a directory");
    let (path, port) = (directory.path().display().to_string(), crate::local::free_ports().to_string());
    let ended = run(&["local", "--data-dir", &path, "--port", &port]);
    ended.says(0, &[]);
    assert!(!ended.err.contains(" info "), "{ended:?}");
}
