//! Machines are replaced while clients write, and what is not the cluster does not pass for it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::members::founded;
use crate::program::{eventually, program, run};
use crate::writer::{Pipe, Writer};

#[test]
fn three_nodes_are_replaced_by_three_others_one_by_one_under_a_writing_client() {
    let mut cluster = founded(7);
    let writer = Writer::start(Pipe::start(&cluster, &[1, 2, 3], &[]));
    let mut ids = vec![1, 2, 3];
    for new in 4..=6 {
        let old = new - 3;
        cluster.join(new, ids[1]);
        let member = cluster.peer(new);
        let added = cluster.ask_at(&ids, &["members", "add", &member, "--timeout-ms", "10000"]);
        added.prints(0, &format!("n{new} is a voter\n"));
        ids.push(new);
        let old_id = old.to_string();
        cluster
            .ask_at(&ids, &["members", "remove", &old_id, "--timeout-ms", "10000"])
            .prints(0, &format!("n{old} is removed\n"));
        ids.retain(|id| *id != old);
        cluster.take(old).end().says(9, &["its seat was removed"]);
    }
    let written = writer.stop();
    cluster.settle(&[4, 5, 6]);
    assert!(written.acknowledged.len() > 20, "{} writes were acknowledged", written.acknowledged.len());
    println!("{} writes acknowledged, the longest gap {:?}", written.acknowledged.len(), written.gap);

    // All of it is there, and still is when all come back without any list.
    (4..=6).for_each(|id| cluster.kill(id));
    (4..=6).for_each(|id| cluster.start_alone(id, &[]));
    cluster.settle(&[4, 5, 6]);
    let mut reader = Pipe::start(&cluster, &[5], &[]);
    for number in &written.acknowledged {
        let got = reader.ask(&json!({ "id": number, "op": "get", "key": format!("w{number}") }));
        assert_eq!(got["value"], number.to_string(), "{got}");
    }
    let inspected = run(&["inspect", "--data-dir", &cluster.data_dir(6).display().to_string()]);
    let report: Value = serde_json::from_str(&inspected.out).expect("it is JSON");
    assert_eq!(report["members"]["voters"], json!(["n4", "n5", "n6"]), "{report}");
    assert_eq!(report["members"]["addresses"]["n5"], cluster.address(5), "{report}");
    // One that knows a newcomer only finds its way, though none of the founders is left.
    cluster.join(7, 5);
    let member = cluster.peer(7);
    cluster.ask_at(&[4, 5, 6], &["members", "add", &member, "--timeout-ms", "10000"]).prints(0, "n7 is a voter\n");
    cluster.settle(&[4, 5, 6, 7]);
}

#[test]
fn machines_that_were_wiped_and_founded_anew_do_not_pass_for_the_cluster() {
    let mut cluster = founded(3);
    let listed = cluster.ask(&["members", "list", "--json"]);
    let report: Value = serde_json::from_str(&listed.out).expect("it is JSON");
    let identity = report["cluster"].as_str().expect("a cluster has an identity").to_owned();
    let mut pipe = Pipe::start(&cluster, &[1, 2, 3], &[]);
    assert_eq!(pipe.ask(&json!({ "op": "put", "key": "a", "value": "b" }))["status"], "ok");
    cluster.ask(&["get", "k", "--founding", &identity]).prints(0, "v");
    (1..=3).for_each(|id| cluster.kill(id));
    (1..=3).for_each(|id| fs::remove_dir_all(cluster.data_dir(id)).expect("the directory can go"));
    (1..=3).for_each(|id| cluster.start_with_list(id, &[1, 2, 3], &[]));
    cluster.ask(&["put", "k", "new", "--timeout-ms", "10000"]).prints(0, "OK\n");

    // What was sealed for a node of before may have come to that one, as far as this client knows.
    let sealed_before = pipe.ask(&json!({ "id": 1, "op": "put", "key": "a", "value": "c" }));
    assert!(sealed_before["status"] == "unknown" || sealed_before["status"] == "fail", "{sealed_before}");
    let refused = pipe.ask(&json!({ "id": 2, "op": "put", "key": "a", "value": "c" }));
    let error = refused["error"].as_str().unwrap_or_default();
    assert!(refused["status"] != "ok" && error.contains(&identity) && error.contains("is of the cluster"), "{refused}");
    for request in [&["get", "k"][..], &["put", "k", "w"], &["members", "list"]] {
        let ended = cluster.ask(&[request, &["--founding", &identity, "--timeout-ms", "500"]].concat());
        ended.says(12, &["nothing was done", "is of the cluster ", &identity]);
    }
    let status = cluster.ask(&["status", "--founding", &identity, "--timeout-ms", "500"]);
    assert!(status.out.contains("foreign"), "{status:?}");
    cluster.ask(&["get", "k", "--founding", "12"]).says(2, &["sixteen hexadecimal digits"]);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory can be made");
    for file in fs::read_dir(from).expect("there is one") {
        let path = file.expect("it can be read").path();
        let name = path.file_name().expect("it has a name");
        fs::copy(&path, to.join(name)).expect("it can be copied");
    }
}

/// Starts node 3 on another directory, at the address of node 4.
fn start_twin(cluster: &mut Cluster, directory: &Path) {
    let (listen, directory) = (cluster.address(4), directory.display().to_string());
    let peers = [1, 2].map(|id| ["--peer".to_owned(), cluster.peer(id)]).concat();
    let mut command = program();
    command.args(["serve", "3", "--listen", &listen, "--data-dir", &directory]).args(peers);
    cluster.keep(4, crate::program::Running::start(&mut command));
}

#[test]
fn a_directory_that_was_copied_and_is_in_use_twice_is_told() {
    let mut cluster = founded(4);
    cluster.stop(3);
    let twin = cluster.directory.path().join("twin");
    copy(&cluster.data_dir(3), &twin);
    cluster.start_alone(3, &[]);
    start_twin(&mut cluster, &twin);
    // They take each other's session, an election time-out each, and that several times.
    eventually("one of the others tells", || {
        let places = [cluster.address(3), cluster.address(4)];
        let is_told = |line: &str| line.contains("n3 speaks from ") && places.iter().all(|place| line.contains(place));
        [1, 2].iter().any(|id| cluster.node(*id).said().lines().any(is_told)).then_some(())
    });
}

#[test]
fn a_store_whose_seat_was_taken_by_a_new_one_stops() {
    let mut cluster = founded(4);
    cluster.stop(3);
    let before = cluster.directory.path().join("before");
    fs::rename(cluster.data_dir(3), &before).expect("a directory can be moved");
    cluster.start_alone(3, &["--join", &cluster.address(1)]);
    cluster.settle(&[1, 2, 3]);
    cluster.node(3).hears("takes the place of the one that was lost by itself");
    start_twin(&mut cluster, &before);
    cluster.take(4).end().says(9, &["another store holds this node's seat, and is there"]);
    cluster.settle(&[1, 2, 3]);
}
