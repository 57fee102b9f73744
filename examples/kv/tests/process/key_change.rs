//! The keys of a cluster change while it runs.

use std::fs;
use std::path::Path;

use crate::cluster::Cluster;
use crate::keyring::set_mode;
use crate::program::{Ended, eventually, run};
use crate::writer::{Pipe, Writer};

impl Cluster {
    /// Has the nodes use a key, by whoever has the keyring of this cluster's clients.
    fn use_key(&self, number: &str, options: &[&str]) -> Ended {
        self.ask(&[&["keyring", "use", number], options].concat())
    }

    /// Three nodes, each of which has a keyring in a file of its own; the client's is that of the first.
    fn keyed_apart() -> Cluster {
        let cluster = Cluster::of(3);
        cluster.keyring(&["init"]).says(0, &[]);
        let ring = cluster.file("ring");
        let mut cluster = cluster.asked_with(&["--keys", &ring]);
        (1..=3).for_each(|id| {
            cluster.bring_ring(id);
            cluster.start_apart(id);
        });
        cluster.ask(&["put", "k", "v", "--timeout-ms", "10000"]).prints(0, "OK\n");
        cluster.agree();
        cluster
    }

    fn start_apart(&mut self, id: usize) {
        let ring = self.file(&format!("ring{id}"));
        self.start_node_with(id, &["--keys", &ring]);
    }

    /// Copies the client's keyring to a node, as an operator does.
    fn bring_ring(&self, id: usize) {
        let new = self.file("new");
        fs::copy(self.file("ring"), &new).expect("it can be copied");
        set_mode(Path::new(&new), 0o600);
        fs::rename(new, self.file(&format!("ring{id}"))).expect("it can be moved");
    }
}

#[test]
fn a_key_is_changed_under_a_writing_client() {
    let cluster = Cluster::keyed();
    let before = cluster.client("before", "read-write");
    cluster.keyring(&["add"]).prints(0, "2\n");
    cluster.all_hear("ring: takes key 2");
    let after = cluster.client("after", "read-write");
    let writer = Writer::start(Pipe::start(&cluster, &[1, 2, 3], &["--keys", &after]));
    let used = cluster.use_key("2", &[]);
    used.prints(0, "key 2 is used\n");
    used.says(0, &["what is sealed under key 1 is still taken", "`quorate-kv keyring remove 1`"]);
    cluster.all_hear("seals under key 2 from now on, as the members have said");
    assert_eq!(cluster.status()["key"], 2);
    assert_eq!(cluster.status()["nodes"][0]["keys"], serde_json::json!({ "held": [1, 2], "used": 2 }));
    cluster.use_key("2", &[]).prints(0, "key 2 is used already\n");
    cluster.ask_by(&before, &["put", "k", "before"]).prints(0, "OK\n");
    let term = cluster.status()["nodes"][0]["term"].clone();
    let line = cluster.ask(&["status"]).out;
    assert!(line.contains("\nkey 2 is used\n"), "{line}");
    cluster.ask(&["keyring", "remove", "1"]).prints(0, "key 1 is removed\n");
    cluster.all_hear("ring: takes no longer key 1");
    let removed = ["not done", "has no key 1", "Give the client a key that the nodes have now"];
    cluster.ask_by(&before, &["put", "k", "removed", "--timeout-ms", "500"]).says(1, &removed);
    cluster.ask_by(&after, &["get", "k"]).prints(0, "before");
    let written = writer.stop();
    assert!(written.failed.is_empty() && written.acknowledged.len() > 20, "{written:?}");
    cluster.agree();
    assert_eq!(cluster.status()["nodes"][0]["term"], term, "nobody was cut off for long");
}

#[test]
fn what_is_no_keyring_any_more_is_told_and_changes_nothing() {
    let cluster = Cluster::keyed();
    let (ring, alice) = (cluster.file("ring"), cluster.client("alice", "read-write"));
    let good = fs::read_to_string(&ring).expect("it can be read");
    let works = |value: &str| cluster.ask_by(&alice, &["put", "k", value]).prints(0, "OK\n");
    let goes_on = "This node goes on with the keys that it has";

    fs::write(&ring, "garbage\n").expect("it can be written");
    cluster.all_hear(&format!("{ring}, line 1: "));
    cluster.all_hear(goes_on);
    works("garbage");
    fs::write(&ring, &good).expect("it can be written");
    set_mode(Path::new(&ring), 0o644);
    fs::write(&ring, &good).expect("it can be written");
    cluster.all_hear(&format!("{ring} has mode 0644"));
    works("mode");
    set_mode(Path::new(&ring), 0o600);

    let other = cluster.file("other");
    run(&["keyring", "init", "--keys", &other]).says(0, &[]);
    fs::rename(&other, &ring).expect("it can be moved");
    cluster.all_hear(&format!("key 1 of {ring} is another one than before: give a new key a number of its own"));
    works("other");
    fs::remove_file(&ring).expect("it can go");
    cluster.all_hear(&format!("there is no file {ring}"));
    works("gone");

    fs::write(&ring, &good).expect("it can be written");
    set_mode(Path::new(&ring), 0o600);
    cluster.keyring(&["add"]).prints(0, "2\n");
    cluster.all_hear("ring: takes key 2");
    works("good");
}

#[test]
fn a_key_that_a_member_lacks_is_not_used_before_it_has_it() {
    let mut cluster = Cluster::keyed_apart();
    cluster.keyring(&["add"]).prints(0, "2\n");
    [1, 2].into_iter().for_each(|id| cluster.bring_ring(id));
    [1, 2].into_iter().for_each(|id| cluster.node(id).hears("takes key 2"));
    cluster.use_key("3", &[]).says(1, &["key 3 of ", "no key of this number"]);
    let lacks = ["nothing was changed: n3 has no key 2: bring the keyring", "--without 3"];
    cluster.use_key("2", &[]).says(1, &lacks);
    cluster.stop(2).says(0, &[]);
    cluster.wait_for_leader();
    let both = ["n2 did not answer: start it", "n3 has no key 2", "--without 2,3"];
    cluster.use_key("2", &["--timeout-ms", "1000"]).says(1, &both);
    cluster.use_key("2", &["--without", "2", "--timeout-ms", "1000"]).says(1, &["n3 has no key 2", "--without 2,3"]);
    assert_eq!(cluster.status()["key"], serde_json::Value::Null);
    cluster.start_apart(2);
    cluster.agree();
    cluster.use_key("2", &["--without", "4"]).says(2, &["n4 is no member", "n1, n2, n3"]);
    // Who says so takes it upon itself.
    let forced = cluster.use_key("2", &["--without", "3"]);
    forced.prints(0, "key 2 is used\n");
    forced.says(0, &["left out: n3 has no key 2"]);
    let ring = cluster.file("ring3");
    cluster
        .node(3)
        .hears(&format!("Bring the keyring of a node that has key 2 to {ring}: it is taken over within a second"));
    let status = cluster.ask(&["status"]);
    let told = ["n3 lacks key 2", "key 1 is used by n3; key 2 is used by n1, n2", "degraded: "];
    assert!(status.code == Some(6) && told.iter().all(|part| status.out.contains(part)), "{status:?}");
    cluster.ask(&["put", "k", "goes on"]).prints(0, "OK\n");
    cluster.bring_ring(3);
    cluster.node(3).hears("seals under key 2 from now on, as the members have said");
    cluster.agree();
    assert_eq!(cluster.ask(&["status"]).code, Some(0));
}

#[test]
fn a_key_that_members_seal_under_is_not_removed_whatever_the_file_says() {
    let cluster = Cluster::keyed();
    cluster.keyring(&["add"]).prints(0, "2\n");
    cluster.all_hear("ring: takes key 2");
    let admin = cluster.client("admin", "admin");
    cluster.ask_by(&admin, &["keyring", "use", "2"]).prints(0, "key 2 is used\n");
    let still =
        ["nothing was changed", "n1, n2, n3 would be cut off", "seals under key 2", "`quorate-kv keyring use N`"];
    cluster.ask(&["keyring", "remove", "2"]).says(1, &still);
    cluster.use_key("2", &[]).prints(0, "key 2 is used already\n");
    cluster.ask(&["keyring", "remove", "1"]).prints(0, "key 1 is removed\n");
    cluster.all_hear("ring: takes no longer key 1");
    cluster.ask(&["put", "k", "v"]).prints(0, "OK\n");
}

#[test]
fn a_key_is_removed_without_the_members_only_if_that_is_said() {
    let mut cluster = Cluster::keyed();
    cluster.keyring(&["add"]).prints(0, "2\n");
    (1..=3).for_each(|id| drop(cluster.stop(id)));
    let alone = ["did not answer", "`quorate-kv keyring remove 2 --offline`"];
    cluster.ask(&["keyring", "remove", "2", "--timeout-ms", "300"]).says(3, &alone);
    cluster.keyring(&["remove", "2", "--offline"]).prints(0, "key 2 is removed\n");
}

#[test]
fn a_node_that_was_away_during_a_whole_change_says_which_key_it_lacks_and_where_to_put_it() {
    let mut cluster = Cluster::keyed_apart();
    // The word was said before, so that the data of the node hold to the key that is gone.
    cluster.use_key("1", &[]).prints(0, "key 1 is used already\n");
    cluster.stop(3).says(0, &[]);
    cluster.wait_for_leader();
    cluster.keyring(&["add"]).prints(0, "2\n");
    [1, 2].into_iter().for_each(|id| cluster.bring_ring(id));
    [1, 2].into_iter().for_each(|id| cluster.node(id).hears("takes key 2"));
    cluster.use_key("2", &["--without", "3", "--timeout-ms", "1000"]).prints(0, "key 2 is used\n");
    cluster.ask(&["keyring", "remove", "1"]).prints(0, "key 1 is removed\n");
    [1, 2].into_iter().for_each(|id| cluster.bring_ring(id));
    [1, 2].into_iter().for_each(|id| cluster.node(id).hears("takes no longer key 1"));
    cluster.start_apart(3);
    let ring = cluster.file("ring3");
    cluster.node(3).hears("lacks key 2, under which ");
    cluster
        .node(3)
        .hears(&format!("Bring the keyring of a node that has key 2 to {ring}: it is taken over within a second"));
    let one = cluster.file("ring1");
    eventually("the others say who it is", || {
        let leader = cluster.wait_for_leader();
        let own = cluster.file(&format!("ring{leader}"));
        assert_ne!(leader, 3, "{one}");
        cluster
            .node(leader)
            .hears(&format!("which seals under key 1: that is not in {own}, or no longer. Bring {own} to that node"));
        Some(())
    });
    let status = cluster.ask(&["status"]);
    assert!(status.code == Some(6) && status.out.contains("no key"), "{status:?}");
    cluster.bring_ring(3);
    cluster.node(3).hears("takes key 2; seals under key 2; takes no longer key 1");
    cluster.agree();
    cluster.ask(&["put", "k", "all"]).prints(0, "OK\n");
    assert_eq!(cluster.status()["nodes"][2]["keys"], serde_json::json!({ "held": [2], "used": 2 }));
}

#[test]
fn where_no_node_answers_a_key_is_chosen_in_the_file_if_that_is_meant() {
    let cluster = Cluster::of(3);
    cluster.keyring(&["init"]).says(0, &[]);
    cluster.keyring(&["add"]).prints(0, "2\n");
    let ring = cluster.file("ring");
    let before = fs::read_to_string(&ring).expect("it can be read");
    let mut cluster = cluster.asked_with(&["--keys", &ring]);
    let next = "`quorate-kv keyring use 2 --offline`";
    cluster.use_key("2", &["--timeout-ms", "300"]).says(3, &["no node reachable", next]);
    cluster.start_node_with(1, &["--keys", &ring]);
    eventually("it waits for the others", || {
        let ended = cluster.use_key("2", &["--timeout-ms", "300"]);
        (ended.code != Some(3)).then(|| assert!(ended.code != Some(0) && ended.err.contains(next), "{ended:?}"))
    });
    assert_eq!(fs::read_to_string(&ring).expect("it can be read"), before);
    cluster.keyring(&["use", "2", "--offline"]).prints(0, "key 2 is used\n");
    cluster.keyring(&["use", "2", "--offline"]).prints(0, "key 2 is used already\n");
    cluster.node(1).hears("ring: seals under key 2");
}
