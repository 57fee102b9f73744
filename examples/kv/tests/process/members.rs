//! Who takes part changes while the cluster goes on.

use std::fs;

use rustix::process::Signal;
use serde_json::Value;

use crate::cluster::Cluster;
use crate::program::{Ended, Running, eventually, program, run};

impl Cluster {
    pub(crate) fn address(&self, id: usize) -> String {
        self.peer(id).split_once('=').expect("an id and an address").1.to_owned()
    }

    /// Starts a node that knows this one only.
    pub(crate) fn join(&mut self, id: usize, at: usize) {
        let join = self.address(at);
        self.start_alone(id, &["--join", &join]);
    }

    /// Starts a node without a list.
    pub(crate) fn start_alone(&mut self, id: usize, options: &[&str]) {
        let listen = self.address(id);
        self.start_with_list(id, &[], &[&["--listen", &listen], options].concat());
    }

    /// Which life of its store a node has, by its directory.
    fn written_life(&self, id: usize) -> Option<String> {
        let inspected = run(&["inspect", "--data-dir", &self.data_dir(id).display().to_string()]);
        let report: Value = serde_json::from_str(&inspected.out).expect("it is JSON");
        report["life"].as_str().map(str::to_owned)
    }

    /// Runs a client that was told of these nodes.
    pub(crate) fn ask_at(&self, ids: &[usize], arguments: &[&str]) -> Ended {
        self.begin_at(ids, arguments).end()
    }

    /// Starts a client that was told of these nodes.
    pub(crate) fn begin_at(&self, ids: &[usize], arguments: &[&str]) -> Running {
        let peers = ids.iter().flat_map(|id| ["--peer".to_owned(), self.peer(*id)]);
        let own = arguments.iter().map(|argument| (*argument).to_owned());
        Running::start(program().args(own.chain(peers)))
    }

    /// Who takes part and how, by the account of one that knows.
    pub(crate) fn parts(&self, ids: &[usize]) -> Vec<(String, String)> {
        let listed = self.ask_at(ids, &["members", "list", "--json"]);
        let report: Value = serde_json::from_str(&listed.out).unwrap_or_default();
        let members = report["members"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        members.iter().map(|member| (text(&member["node"]), text(&member["part"]))).collect()
    }

    /// Waits until all of these follow one of them, and those that take part are these.
    #[track_caller]
    pub(crate) fn settle(&self, ids: &[usize]) {
        eventually("all of them follow", || {
            let status = self.ask_at(ids, &["status"]);
            (status.code == Some(0)).then_some(())
        });
        let voters: Vec<_> = ids.iter().map(|id| (format!("n{id}"), "voter".to_owned())).collect();
        assert_eq!(self.parts(ids), voters);
    }
}

/// Nodes 1 to 3 of so many, which found the cluster.
pub(crate) fn founded(count: usize) -> Cluster {
    founded_with(count, &[])
}

/// The same, with these options.
fn founded_with(count: usize, options: &[&str]) -> Cluster {
    let mut cluster = Cluster::of(count);
    (1..=3).for_each(|id| cluster.start_with_list(id, &[1, 2, 3], options));
    cluster.ask_at(&[1, 2, 3], &["put", "k", "v", "--timeout-ms", "10000"]).prints(0, "OK\n");
    cluster.settle(&[1, 2, 3]);
    eventually("all addresses are written down", || {
        let listed = cluster.ask_at(&[1, 2, 3], &["members", "list"]);
        (1..=3).all(|id| listed.out.contains(&cluster.address(id))).then_some(())
    });
    cluster
}

#[test]
fn one_node_grows_to_three_that_know_one_only_and_come_back_without_any_list() {
    let mut cluster = Cluster::of(3);
    cluster.start_with_list(1, &[1], &[]);
    cluster.ask_at(&[1], &["put", "k", "v", "--timeout-ms", "10000"]).prints(0, "OK\n");
    for id in [2, 3] {
        cluster.join(id, 1);
        let (member, address) = (cluster.peer(id), cluster.address(id));
        cluster.node(id).hears(&format!(" info  n{id}: part of the cluster "));
        cluster.node(id).hears(&format!("Add it with `quorate-kv members add {id}={address}`"));
        cluster.node(1).hears(&format!(" info  n1: n{id} at {address} asks to take part"));
        cluster.ask_at(&[1], &["members", "add", &member]).prints(0, &format!("n{id} is a voter\n"));
        cluster.node(1).hears(&format!(" info  n1: members: n{id} joins as a learner; n{id} is reached at {address}"));
        cluster.node(1).hears("members: the joint phase begins: ");
        cluster.node(1).hears("members: the joint phase is over: the voters are n1, n2");
    }
    cluster.settle(&[1, 2, 3]);
    // Any two go on, and a client that was told of one finds them.
    cluster.kill(1);
    cluster.ask_at(&[3], &["put", "k", "w", "--timeout-ms", "10000"]).prints(0, "OK\n");
    cluster.kill(2);
    cluster.kill(3);
    (1..=3).for_each(|id| cluster.start_alone(id, &[]));
    cluster.settle(&[1, 2, 3]);
    cluster.ask_at(&[2], &["get", "k"]).prints(0, "w");
}

#[test]
fn a_learner_gets_the_log_and_votes_when_it_is_promoted() {
    let mut cluster = founded(4);
    cluster.join(4, 2);
    let member = cluster.peer(4);
    cluster.ask_at(&[1], &["members", "add", &member, "--learner"]).prints(0, "n4 is a learner\n");
    cluster.ask_at(&[1], &["members", "add", &member]).says(1, &["n4 is a member already (a learner, at", "promote 4"]);
    let status = cluster.ask_at(&[1, 2, 3], &["status"]);
    assert!(status.out.contains("voters n1, n2, n3; learners n4 (lacks "), "{status:?}");
    cluster.ask_at(&[1, 2, 3], &["put", "k", "w"]).prints(0, "OK\n");
    eventually("the learner has it", || (cluster.ask_at(&[4], &["get", "--stale", "k"]).out == "w").then_some(()));

    // It does not count.
    let down = [1, 2, 3].into_iter().filter(|id| *id != 3);
    down.for_each(|id| cluster.kill(id));
    let put = cluster.ask_at(&[3, 4], &["put", "k", "x", "--timeout-ms", "1000"]);
    assert_ne!(put.code, Some(0), "{put:?}");
    [1, 2].iter().for_each(|id| cluster.start_alone(*id, &[]));
    eventually("they go on", || (cluster.ask_at(&[1, 2, 3], &["get", "k"]).out == "w").then_some(()));

    cluster.ask_at(&[1, 2, 3], &["members", "promote", "4", "--timeout-ms", "10000"]).prints(0, "n4 is a voter\n");
    cluster.settle(&[1, 2, 3, 4]);
    cluster.ask_at(&[1], &["members", "promote", "4"]).says(1, &["nothing was changed: n4 is a voter already"]);

    // A backup names all of them, and makes a node of each.
    let file = cluster.directory.path().join("saved").display().to_string();
    assert_eq!(cluster.ask_at(&[1, 2, 3], &["snapshot", "save", &file]).code, Some(0));
    let inspected = run(&["snapshot", "inspect", &file]);
    assert!(inspected.out.contains("members   n1, n2, n3, n4\n"), "{inspected:?}");
    (1..=4).for_each(|id| drop(cluster.stop(id)));
    for id in 1..=4 {
        fs::remove_dir_all(cluster.data_dir(id)).expect("the directory can go");
        let (id_text, data_dir) = (id.to_string(), cluster.data_dir(id).display().to_string());
        let restored = run(&["snapshot", "restore", &file, "--id", &id_text, "--data-dir", &data_dir]);
        assert_eq!(restored.code, Some(0), "{restored:?}");
    }
    (1..=4).for_each(|id| cluster.start_with_list(id, &[1, 2, 3, 4], &[]));
    cluster.settle(&[1, 2, 3, 4]);
    cluster.ask_at(&[4], &["get", "k"]).prints(0, "w");
}

#[test]
fn what_cannot_be_changed_is_refused_with_the_reason_and_what_to_do() {
    let mut cluster = founded(6);
    let all = [1, 2, 3];
    let refused = |cluster: &Cluster, arguments: &[&str], parts: &[&str]| {
        let ended = cluster.ask_at(&all, &[&["members"], arguments, &["--timeout-ms", "1000"]].concat());
        ended.says(1, &[&["nothing was changed: "], parts].concat());
        assert_eq!(cluster.parts(&all).len(), 3, "nothing half done");
    };
    let (three, four, five) = (cluster.peer(3), cluster.peer(4), cluster.peer(5));
    refused(&cluster, &["add", &three], &["n3 is a member already (a voter, at "]);
    refused(&cluster, &["add", &four], &["nothing answers at ", "serve 4 --listen", "--join 127.0.0.1:"]);
    refused(&cluster, &["add", &format!("4={}", cluster.address(3))], &["n3 is at ", "and not n4"]);
    refused(&cluster, &["promote", "4"], &["n4 is none of the learners", "n1, n2, n3", "members add 4=ADDRESS"]);
    refused(&cluster, &["promote", "3"], &["n3 is a voter already"]);
    refused(&cluster, &["remove", "4"], &["n4 is none of the members, which are n1, n2, n3"]);
    refused(&cluster, &["move", &four], &["n4 is none of the members"]);
    refused(&cluster, &["move", &format!("2={}", cluster.address(3))], &["n3 has this address"]);
    // One that is of no cluster, and one of another.
    cluster.start_alone(4, &["--join", "127.0.0.1:9"]);
    cluster.node(4).hears(" info  n4: asks 127.0.0.1:9 for its cluster, and has heard nothing yet");
    refused(&cluster, &["add", &four], &["is not part of this cluster", "--join"]);
    cluster.start_with_list(5, &[5], &[]);
    eventually("it founds one", || (cluster.ask_at(&[5], &["put", "a", "b"]).code == Some(0)).then_some(()));
    refused(&cluster, &["add", &five], &["the data of n5 at ", "are of the cluster ", "an empty directory and --join"]);
    let alone = cluster.ask_at(&[5], &["members", "remove", "5"]);
    alone.says(1, &["nothing was changed: the last voter stays"]);

    // Without the third there would be no majority.
    cluster.kill(3);
    eventually("it is missed", || {
        let status = cluster.ask_at(&all, &["status"]);
        status.out.contains("n3 did not answer").then_some(())
    });
    let leader = cluster.wait_for_leader();
    let follower = (3 - leader).to_string();
    eventually("the leader misses it", || {
        let ended = cluster.ask_at(&all, &["members", "remove", &follower, "--timeout-ms", "300"]);
        (ended.code == Some(1) && ended.err.contains("the leader has not heard n3 lately")).then_some(())
    });
    assert_eq!(cluster.parts(&all).len(), 3);
}

#[test]
fn one_change_is_made_at_a_time_and_a_promotion_ends_with_its_reason() {
    // It is given up after ten election time-outs.
    let patient = ["--election-ms", "700"];
    let mut cluster = founded_with(5, &patient);
    let (all, first) = ([1, 2, 3], cluster.address(1));
    // Who joins with less than it was founded with is refused.
    // By then it has its life in the cluster, and keeps that.
    let mut lives = Vec::new();
    for _ in 0..2 {
        cluster.join(4, 1);
        let told = ["250000 microseconds", "at least 700000", "make it longer, by --election-ms 700\n"];
        cluster.take(4).end().says(2, &told);
        lives.push(cluster.written_life(4));
    }
    assert!(lives[0].is_some() && lives[0] == lives[1], "{lives:?}");
    [4, 5].iter().for_each(|id| cluster.start_alone(*id, &[&patient[..], &["--join", &first]].concat()));
    let (four, five) = (cluster.peer(4), cluster.peer(5));
    cluster.ask_at(&all, &["members", "add", &four, "--learner"]).prints(0, "n4 is a learner\n");
    eventually("it has what there is", || (cluster.ask_at(&[4], &["get", "--stale", "k"]).out == "v").then_some(()));
    cluster.node(4).signal(Signal::STOP);
    cluster.ask_at(&all, &["put", "k", "w"]).prints(0, "OK\n");
    assert_eq!(cluster.written_life(4), lives[0], "it is still the same");
    let promote: Vec<String> = ["members", "promote", "4"].map(str::to_owned).into();
    let peers = all.iter().flat_map(|id| ["--peer".to_owned(), cluster.peer(*id)]);
    let promotion = Running::start(program().args(promote).args(peers));
    eventually("it is under way", || {
        let listed = cluster.ask_at(&all, &["members", "list", "--json"]);
        listed.out.contains("\"pending\": \"n4\"").then_some(())
    });
    let other = cluster.ask_at(&all, &["members", "add", &five, "--timeout-ms", "200"]);
    other.says(1, &["nothing was changed: another change is under way", "n4 is to vote once it has caught up"]);
    promotion.end().says(1, &["n4 stays a learner, and does not vote: nothing was heard of it", "members promote 4"]);
    cluster.node(4).signal(Signal::CONT);
    cluster.ask_at(&all, &["members", "promote", "4", "--timeout-ms", "10000"]).prints(0, "n4 is a voter\n");
    let leader = cluster.wait_for_leader();
    cluster.node(leader).hears("n4 stays a learner, and does not become a voter");
}

#[test]
fn a_removed_leader_makes_way_says_so_and_ends_with_a_code_of_its_own() {
    let mut cluster = founded(3);
    let leader = cluster.wait_for_leader();
    let rest: Vec<usize> = [1, 2, 3].into_iter().filter(|id| *id != leader).collect();
    let id = leader.to_string();
    cluster.ask(&["members", "remove", &id]).prints(0, &format!("n{id} is removed\n"));
    let ended = cluster.take(leader).end();
    ended.says(
        9,
        &["members: the joint phase begins", "this node is none of the members any longer: its seat was removed"],
    );
    cluster.settle(&rest);
    cluster.ask_at(&rest, &["put", "k", "w"]).prints(0, "OK\n");
    // It comes back with its data, and is told once more; with an empty directory it may be added.
    cluster.start_node(leader);
    cluster.take(leader).end().says(9, &["its seat was removed", "an empty directory, and have it added"]);
    fs::remove_dir_all(cluster.data_dir(leader)).expect("the directory can go");
    cluster.join(leader, rest[0]);
    let member = cluster.peer(leader);
    cluster
        .ask_at(&rest, &["members", "add", &member, "--timeout-ms", "10000"])
        .prints(0, &format!("n{id} is a voter\n"));
    cluster.settle(&[1, 2, 3]);
    // Two lose one more, and the last one stays.
    let removed = |cluster: &mut Cluster, id: usize, rest: &[usize]| {
        let id_text = id.to_string();
        cluster.ask_at(rest, &["members", "remove", &id_text]).prints(0, &format!("n{id} is removed\n"));
        cluster.take(id).end().says(9, &["removed"]);
    };
    removed(&mut cluster, 3, &[1, 2]);
    removed(&mut cluster, 2, &[1]);
    cluster.settle(&[1]);
    cluster.ask_at(&[1], &["get", "k"]).prints(0, "w");
}

#[test]
fn a_member_that_moved_is_found_where_the_members_have_it() {
    let mut cluster = founded(4);
    let moved = format!("3={}", cluster.address(4));
    cluster.stop(3);
    cluster.ask(&["members", "move", &moved]).prints(0, &format!("n3 is reached at {}\n", cluster.address(4)));
    let (data_dir, listen) = (cluster.data_dir(3).display().to_string(), cluster.address(4));
    let node = Running::start(program().args(["serve", "3", "--data-dir", &data_dir, "--listen", &listen]));
    cluster.keep(3, node);
    eventually("it is found though the others have it in their lists elsewhere", || {
        (cluster.ask_at(&[1, 2], &["status"]).code == Some(0)).then_some(())
    });
    for id in [1, 2] {
        cluster.stop(id);
        cluster.start_alone(id, &[]);
    }
    let ids = [1, 2];
    eventually("all of them follow", || (cluster.ask_at(&ids, &["status"]).code == Some(0)).then_some(()));
    let status = cluster.ask_at(&ids, &["status"]);
    assert!(status.out.contains(&format!("n3    {listen}")), "{status:?}");
    // A list that says otherwise comes first, and what differs is told.
    cluster.stop(1);
    cluster.start_with_list(1, &[1, 3], &[]);
    cluster
        .node(1)
        .hears(&format!(" warn  n1: --peer has n3 at {}, and the members have it at {listen}", cluster.address(3)));
}

#[test]
fn leadership_is_handed_over_to_whom_one_names() {
    let cluster = founded(3);
    let leader = cluster.wait_for_leader();
    let other = leader % 3 + 1;
    let id = other.to_string();
    cluster.ask(&["transfer", &id]).prints(0, &format!("n{other} leads\n"));
    assert_eq!(cluster.wait_for_leader(), other);
    cluster.ask(&["transfer", &id]).prints(0, &format!("n{other} leads already\n"));
    cluster.ask(&["transfer", "9"]).says(1, &["nothing was changed: n9 is none of the voters, which are n1, n2, n3"]);
    assert_eq!(cluster.ask(&["transfer"]).code, Some(0));
    assert_ne!(cluster.wait_for_leader(), other);
}
