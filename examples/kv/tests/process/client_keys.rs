//! Clients have keys of their own, and may do what these say.

use serde_json::Value;

use crate::cluster::Cluster;
use crate::program::{Ended, eventually, run};

impl Cluster {
    /// Three nodes that run with a keyring of their own, and agree.
    pub(crate) fn keyed() -> Cluster {
        let cluster = Cluster::of(3);
        let keys = cluster.file("ring");
        cluster.keyring(&["init"]).says(0, &[]);
        let mut cluster = cluster.with(&["--keys", &keys]).asked_with(&["--keys", &keys]);
        cluster.start_nodes(1..4);
        cluster.ask(&["put", "k", "v", "--timeout-ms", "10000"]).prints(0, "OK\n");
        cluster.agree();
        cluster
    }

    /// A file beside the nodes' directories.
    pub(crate) fn file(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    /// Does this with the keyring that all nodes follow.
    pub(crate) fn keyring(&self, arguments: &[&str]) -> Ended {
        run(&[&["keyring"], arguments, &["--keys", &self.file("ring")]].concat())
    }

    /// Makes a client's key of the keyring: its file.
    pub(crate) fn client(&self, name: &str, rights: &str) -> String {
        let file = self.file(&format!("{name}-{rights}"));
        self.keyring(&["client", name, "--rights", rights, "--out", &file]).says(0, &[]);
        file
    }

    /// Runs a client that has this file of keys.
    pub(crate) fn ask_by(&self, keys: &str, arguments: &[&str]) -> Ended {
        self.ask_as(&["--keys", keys], arguments)
    }

    /// Runs a client that is told so of what it seals with.
    pub(crate) fn ask_as(&self, options: &[&str], arguments: &[&str]) -> Ended {
        let peers = self.peers();
        let peers: Vec<_> = peers.iter().map(String::as_str).collect();
        run(&[arguments, &peers, options].concat())
    }

    /// Waits until all nodes have said this.
    #[track_caller]
    pub(crate) fn all_hear(&self, part: &str) {
        (1..=3).for_each(|id| self.node(id).hears(part));
    }

    /// What the nodes say that they take of others: in words, and each in a word.
    #[track_caller]
    pub(crate) fn links(&self, options: &[&str]) -> (String, Vec<String>) {
        let status = self.ask_as(options, &["status"]);
        let line = status.out.lines().find(|line| line.starts_with("links")).map(str::to_owned);
        let report: Value = serde_json::from_str(&self.ask_as(options, &["status", "--json"]).out).expect("it is JSON");
        let nodes = report["nodes"].as_array().expect("there are nodes");
        let words = nodes.iter().filter_map(|node| node["links"].as_str()).map(str::to_owned).collect();
        (line.unwrap_or_else(|| panic!("no links in {status:?}")), words)
    }
}

const FORBIDDEN: &[&str] = &["not done: this client's key has no rights to it", "whoever keeps the cluster's keys"];

#[test]
fn a_client_may_do_what_its_key_says() {
    let cluster = Cluster::keyed();
    let [reader, writer, admin] = ["read-only", "read-write", "admin"].map(|rights| cluster.client("alice", rights));
    for keys in [&reader, &writer, &admin] {
        cluster.ask_by(keys, &["get", "k"]).prints(0, "v");
        cluster.ask_by(keys, &["get", "--stale", "k"]).prints(0, "v");
        assert_eq!(cluster.ask_by(keys, &["status"]).code, Some(0));
        assert_eq!(cluster.ask_by(keys, &["members", "list"]).code, Some(0));
    }
    cluster.ask_by(&reader, &["put", "k", "w"]).says(1, FORBIDDEN);
    cluster.ask_by(&reader, &["del", "k"]).says(1, FORBIDDEN);
    cluster.ask(&["get", "k"]).prints(0, "v");
    cluster.ask_by(&writer, &["put", "k", "w"]).prints(0, "OK\n");
    for keys in [&reader, &writer] {
        cluster.ask_by(keys, &["members", "remove", "3"]).says(1, FORBIDDEN);
        cluster.ask_by(keys, &["transfer"]).says(1, FORBIDDEN);
        cluster.ask_by(keys, &["snapshot", "save", &cluster.file("saved")]).says(1, FORBIDDEN);
    }
    cluster.agree();
    cluster.ask_by(&admin, &["snapshot", "save", &cluster.file("saved")]).says(0, &[]);
    cluster.ask_by(&admin, &["transfer"]).says(0, &[]);
    cluster.agree();

    let other = cluster.file("other");
    cluster.keyring(&["client", "alice", "--rights", "admin", "--cluster", "5", "--out", &other]).says(0, &[]);
    let refused = [&*format!("{other} is the key of a client of cluster 5, not of cluster 1"), "--cluster"];
    cluster.ask_by(&other, &["get", "k"]).says(12, &refused);
    let elsewhere = cluster.ask_as(&["--keys", &other, "--cluster", "5"], &["get", "k", "--timeout-ms", "500"]);
    elsewhere.says(1, &["not done", "is of a cluster of another number"]);
    run(&["serve", "1", "--keys", &admin])
        .says(2, &[&format!("{admin} is a client's key, and nodes need the keyring")]);
}

#[test]
fn a_client_that_is_denied_is_heard_no_more_until_it_is_allowed() {
    let cluster = Cluster::keyed();
    let [alice, bob] = ["alice", "bob"].map(|name| cluster.client(name, "read-write"));
    cluster.ask_by(&bob, &["put", "k", "bob"]).prints(0, "OK\n");
    cluster.keyring(&["deny", "bob"]).prints(0, "bob is denied\n");
    cluster.all_hear("ring: denies bob");
    let denied = ["not done", "has taken this client's back", "Give the client a key that the nodes have now"];
    cluster.ask_by(&bob, &["put", "k", "denied", "--timeout-ms", "500"]).says(1, &denied);
    cluster.ask_by(&bob, &["get", "--stale", "k", "--timeout-ms", "500"]).says(1, &denied);
    cluster.ask_by(&alice, &["get", "k"]).prints(0, "bob");
    cluster.keyring(&["allow", "bob"]).prints(0, "bob is allowed\n");
    cluster.all_hear("ring: allows bob");
    cluster.ask_by(&bob, &["put", "k", "again"]).prints(0, "OK\n");
    eventually("alice reads it", || (cluster.ask_by(&alice, &["get", "k"]).out == "again").then_some(()));
}
