//! Nodes that seal, beside nodes that do not, or that have other keys.

use crate::cluster::Cluster;
use crate::program::run;
use crate::writer::{Pipe, Writer};

#[test]
fn a_cluster_that_runs_plainly_is_sealed_node_by_node_under_a_writing_client() {
    let mut cluster = Cluster::of(3).with(&["--plain"]).asked_with(&["--plain"]);
    cluster.start_nodes(1..4);
    cluster.ask(&["put", "k", "v", "--timeout-ms", "10000"]).prints(0, "OK\n");
    let (line, words) = cluster.links(&["--plain"]);
    assert_eq!(line, "links plain: whoever reaches a node can read, write, and pose as another one");
    assert_eq!(words, ["plain"; 3]);
    let keys = cluster.file("ring");
    cluster.keyring(&["init"]).says(0, &[]);
    let plain = ["not done", "runs without keys", "or none if they have none"];
    cluster.ask_by(&keys, &["get", "k", "--timeout-ms", "500"]).says(1, &plain);

    cluster = cluster.with(&["--keys", &keys, "--accept-plain", "8"]);
    let mut writer = Writer::start(Pipe::start(&cluster, &[1, 2, 3], &["--plain"]));
    for id in 1..=3 {
        cluster.stop(id).says(0, &[]);
        cluster.start_node(id);
        cluster.node(id).hears("seals what it says, and takes what is not sealed as well for ");
        cluster.agree();
        if id == 1 {
            let (line, words) = cluster.links(&["--plain"]);
            let first = "links of n2, n3: plain: whoever reaches a node can read, write, and pose as another one; of n1: sealed";
            assert!(line.starts_with(first), "{line}");
            assert_eq!(words, ["both", "plain", "plain"]);
        }
        if id == 2 {
            let written = writer.stop();
            assert!(written.failed.is_empty() && written.acknowledged.len() > 20, "{written:?}");
            writer = Writer::start(Pipe::start(&cluster, &[1, 2], &["--keys", &keys]));
        }
    }
    cluster.all_hear("takes only what is sealed from now on");
    let written = writer.stop();
    assert!(written.failed.is_empty() && written.acknowledged.len() > 20, "{written:?}");
    assert_eq!(cluster.links(&["--keys", &keys]), ("links sealed".to_owned(), vec!["sealed".to_owned(); 3]));
    cluster.ask(&["put", "k", "plain", "--timeout-ms", "500"]).says(1, &["not done", "takes only what is sealed"]);
    cluster.ask_by(&keys, &["get", "k"]).prints(0, "v");
}

#[test]
fn a_node_without_the_keys_of_the_others_takes_no_part_and_says_what_to_do() {
    let mut cluster = Cluster::keyed();
    let (keys, other) = (cluster.file("ring"), cluster.file("other"));
    run(&["keyring", "init", "--keys", &other]).says(0, &[]);
    let tells = |cluster: &Cluster, one: &str, others: &str| {
        cluster.node(3).hears(one);
        cluster.node(1).hears(others);
        cluster.node(2).hears(others);
        cluster.ask(&["put", "k", one]).prints(0, "OK\n");
    };
    cluster.stop(3).says(0, &[]);
    cluster = cluster.with(&["--plain"]);
    cluster.start_node(3);
    let unsealed = "start that node, or run that client, with the keys of this one; or all nodes with --plain";
    tells(
        &cluster,
        "sealed under key 1, which this node does not have: if that is a node, compare the keyrings of both",
        unsealed,
    );

    cluster.stop(3).says(0, &[]);
    cluster = cluster.with(&["--keys", &other]);
    cluster.start_node(3);
    let differs = "both have a key of this number, and not the same: `quorate-kv keyring list` shows fingerprints";
    tells(
        &cluster,
        "if it goes on, the keyrings of both differ: `quorate-kv keyring list` shows fingerprints",
        differs,
    );

    cluster.stop(3).says(0, &[]);
    cluster = cluster.with(&["--keys", &keys]);
    cluster.start_node(3);
    cluster.agree();
}
