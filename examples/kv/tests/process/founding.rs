//! Members belong to the data: who founds a cluster, who does not, and what a list of members is worth later.

use std::fs;

use crate::cluster::Cluster;
use crate::program::{Running, eventually, program};

impl Cluster {
    /// Starts a node with these nodes in its list instead of all.
    pub(crate) fn start_with_list(&mut self, id: usize, list: &[usize], options: &[&str]) {
        let data_dir = self.data_dir(id).display().to_string();
        let mut command = program();
        command.args(["serve", &id.to_string(), "--data-dir", &data_dir]).args(options);
        for peer in list {
            command.args(["--peer", &self.peer(*peer)]);
        }
        self.keep(id, Running::start(&mut command));
    }
}

#[test]
fn three_terminals_one_after_the_other_just_work_and_say_whom_they_wait_for() {
    let mut cluster = Cluster::of(3);
    cluster.start_node(2);
    cluster.node(2).hears(" info  n2: founding a cluster: nothing is heard of n1, n3. Start them, or check --peer");
    let put = cluster.ask(&["put", "k", "v", "--timeout-ms", "500"]);
    put.says(5, &["not done", "start n1, n3"]);
    let status = cluster.ask(&["status"]);
    assert!(status.code == Some(5) && status.out.contains("no cluster yet: n2 found one with n1, n3"), "{status:?}");
    cluster.start_node(1);
    cluster.node(1).hears("nothing is heard of n3");
    cluster.start_node(3);
    cluster.node(3).hears(" info  n3: member of the cluster ");
    cluster.ask(&["put", "k", "v", "--timeout-ms", "10000"]).prints(0, "OK\n");
    cluster.agree();
}

#[test]
fn a_list_that_names_no_other_member_is_refused() {
    let mut cluster = Cluster::start();
    cluster.ask(&["put", "k", "v"]).prints(0, "OK\n");
    cluster.stop(3);
    cluster.start_with_list(3, &[3], &[]);
    cluster.take(3).end().says(12, &["the data are of a cluster of n1, n2, n3, and the list names n3", "--data-dir"]);
    cluster.ask(&["put", "k", "w"]).prints(0, "OK\n");
    cluster.start_node(3);
    cluster.agree();
    cluster.ask(&["get", "k"]).prints(0, "w");
}

#[test]
fn a_longer_list_changes_nothing_and_its_new_nodes_neither_vote_nor_count() {
    let mut cluster = Cluster::of(5);
    (1..=3).for_each(|id| cluster.start_with_list(id, &[1, 2, 3], &[]));
    let three: Vec<String> = [1, 2, 3].iter().flat_map(|id| ["--peer".to_owned(), cluster.peer(*id)]).collect();
    let ask = |arguments: &[&str]| {
        let own = arguments.iter().map(|argument| (*argument).to_owned());
        crate::program::run(&own.chain(three.clone()).collect::<Vec<_>>())
    };
    eventually("three found a cluster", || (ask(&["put", "k", "v"]).code == Some(0)).then_some(()));
    (1..=3).for_each(|id| drop(cluster.stop(id)));
    (1..=5).for_each(|id| cluster.start_node(id));
    cluster
        .node(1)
        .hears(" warn  n1: members belong to the data, and --peer gives their addresses only. Left out: n4, n5, no members: `quorate-kv members add` makes");
    cluster
        .node(4)
        .hears("and this node is none of those that founded it, n1, n2, n3. To add it, start it with --join");
    eventually("status knows the newcomers", || {
        let status = cluster.ask(&["status"]);
        let told =
            [4, 5].map(|id| status.out.contains(&format!("  n{id} is no member, and its data are of no cluster")));
        (status.code == Some(6) && told == [true; 2]).then_some(())
    });
    // With two of three members away, the newcomers are no majority with the third.
    eventually("the members go on", || (ask(&["put", "k", "w"]).code == Some(0)).then_some(()));
    cluster.kill(1);
    cluster.kill(2);
    let put = ask(&["put", "k", "x", "--timeout-ms", "1500"]);
    assert_ne!(put.code, Some(0), "{put:?}");
    cluster.start_node(1);
    eventually("the members go on", || (ask(&["get", "k"]).out == "w").then_some(()));
}

#[test]
fn lists_that_differ_found_nothing_and_both_are_named() {
    let mut cluster = Cluster::of(3);
    cluster.start_with_list(1, &[1, 2], &[]);
    cluster.start_with_list(2, &[1, 2, 3], &[]);
    cluster.node(1).hears(" warn  n1: no cluster can be founded: n2 has another list of members, n1, n2, n3");
    cluster.node(2).hears(" warn  n2: no cluster can be founded: n1 has another list of members, n1, n2");
}

#[test]
fn what_is_to_exist_already_is_never_founded() {
    let mut cluster = Cluster::of(1);
    cluster.start_node_with(1, &["--existing"]);
    cluster.node(1).hears(" warn  n1: the data directory is empty, no cluster is founded here, and none is heard of");
    cluster.ask(&["put", "k", "v", "--timeout-ms", "500"]).says(5, &["nothing was done"]);
    cluster.stop(1);
    cluster.start_node(1);
    cluster.ask(&["put", "k", "v", "--timeout-ms", "10000"]).prints(0, "OK\n");
    // With data it is what it should be.
    cluster.stop(1);
    cluster.start_node_with(1, &["--existing"]);
    cluster.wait_for_leader();
    cluster.ask(&["get", "k"]).prints(0, "v");
}

#[test]
fn a_volume_that_is_not_mounted_loses_no_write() {
    let mut cluster = Cluster::start();
    cluster.ask(&["put", "k", "first"]).prints(0, "OK\n");
    cluster.agree();
    cluster.stop(2);
    cluster.ask(&["put", "k", "v"]).prints(0, "OK\n");
    cluster.kill(1);
    cluster.kill(3);
    let (volume, away) = (cluster.data_dir(3), cluster.directory.path().join("away"));
    fs::rename(&volume, &away).expect("a directory can be moved");
    cluster.start_node(3);
    cluster.start_node(2);
    cluster.node(3).hears(" warn  n3: the data directory was empty: a new store");
    let put = cluster.ask(&["put", "k", "lost", "--timeout-ms", "1500"]);
    assert_ne!(put.code, Some(0), "{put:?}");
    cluster.stop(3);
    fs::remove_dir_all(&volume).expect("the directory can go");
    fs::rename(&away, &volume).expect("a directory can be moved");
    cluster.start_node(3);
    cluster.wait_for_leader();
    cluster.ask(&["get", "k"]).prints(0, "v");
}

#[test]
fn a_list_may_be_left_out_once_there_are_data() {
    let mut cluster = Cluster::start();
    cluster.ask(&["put", "k", "v"]).prints(0, "OK\n");
    cluster.stop(3);
    let listen = cluster.peer(3).split_once('=').expect("an id and an address").1.to_owned();
    cluster.start_with_list(3, &[], &["--listen", &listen]);
    cluster.agree();
    let empty = cluster.directory.path().join("empty").display().to_string();
    let serve = ["serve", "3", "--listen", "127.0.0.1:0", "--data-dir", &empty];
    crate::program::run(&serve).says(
        2,
        &["is empty, and no other node is named: name all members with --peer, or one that is there with --join"],
    );
}
