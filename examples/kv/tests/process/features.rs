//! Builds that know more take the place of older ones, node by node, and what all of them know is switched on.

use std::time::Duration;
use std::{array, fs};

use quorate::{Features, Seat};
use quorate_smol::{Change, Client, ClientKey, Key, KeyId, Keyring, Rights};
use quorate_wire::Cluster as Number;
use serde_json::Value;

use crate::cluster::Cluster;
use crate::program::{Running, eventually, keys, program};

/// A node that is told so says what an older build would.
const OLDER: &[&str] = &["--without-feature", "leases"];

const OUTDATED: &str = "this build does not know what is on in its cluster: leases";

/// Three older builds that have done something.
fn older() -> Cluster {
    let mut cluster = Cluster::of(3).with(OLDER);
    cluster.start_nodes(1..4);
    cluster.ask(&["put", "k", "v", "--timeout-ms", "10000"]).prints(0, "OK\n");
    cluster.agree();
    cluster.with(&[])
}

fn puts(keys: std::ops::Range<usize>) -> String {
    keys.map(|key| format!("{{\"id\":{key},\"op\":\"put\",\"key\":\"{key}\",\"value\":\"{key}\"}}\n")).collect()
}

#[test]
fn a_cluster_is_upgraded_node_by_node_under_load_and_no_node_goes_back() {
    let mut cluster = older();
    let lease = ["get", "--lease", "k"];
    cluster.ask(&lease).says(0, &["leases are off in this cluster", "quorate-kv features"]);
    let mut load = Running::start(program().args(cluster.with_peers(&["pipe", "--timeout-ms", "15000"])));
    let count = 100;
    for (step, id) in (0..).zip(1..=3) {
        load.write(puts(step * count..(step + 1) * count).as_bytes());
        cluster.stop(id).says(0, &[]);
        if id == 3 {
            let hold = ["leases is off: n3 did not answer"];
            cluster.ask(&["features", "enable", "--timeout-ms", "300"]).says(1, &hold);
        }
        cluster.start_node(id);
        cluster.agree();
        let (status, off) = (cluster.ask(&["status"]), cluster.ask(&["features"]));
        assert_eq!((status.code, off.code), (Some(0), Some(0)), "{status:?} {off:?}");
        let note = match id {
            1 => "leases is off: it is not known to n2, n3",
            2 => "leases is off: it is not known to n3",
            _ => "leases is off, and all members know it: `quorate-kv features enable`",
        };
        assert!(status.out.contains(note) && off.out.contains(note), "{status:?} {off:?}");
        if id < 3 {
            cluster.ask(&["features", "enable"]).says(1, &["nothing was changed: leases is off: "]);
        }
    }
    cluster.ask(&["features", "enable"]).prints(0, "leases is on\n");
    cluster.ask(&["features", "enable"]).prints(0, "all that the members know is on: leases\n");
    assert_eq!(cluster.ask(&lease).err, "");
    let listed = cluster.ask(&["features"]);
    assert!(listed.out.contains("leases   on  n1, n2, n3  -"), "{listed:?}");
    let report: Value = serde_json::from_str(&cluster.ask(&["features", "--json"]).out).expect("it is JSON");
    assert_eq!((&report["features"][0]["on"], &report["notes"]), (&true.into(), &Value::Array(vec![])), "{report}");
    let answers = load.end();
    let done = answers.out.lines().filter(|line| line.contains("\"ok\"")).count();
    assert_eq!(done, 3 * count, "{answers:?}");

    // Whoever goes back is told so, and comes forward again.
    cluster.agree();
    cluster.stop(3).says(0, &[]);
    cluster.start_node_with(3, OLDER);
    cluster.take(3).end().says(14, &[OUTDATED, "Start one that does: nothing is lost"]);
    cluster.start_node(3);
    cluster.agree();
}

#[test]
fn a_node_that_was_away_and_comes_back_as_an_older_build_ends_before_it_takes_part() {
    let mut cluster = older();
    for id in 1..=3 {
        cluster.stop(id).says(0, &[]);
        cluster.start_node(id);
        cluster.agree();
    }
    let leader = cluster.wait_for_leader();
    let away = leader % 3 + 1;
    cluster.kill(away);
    // It has said to this leader what it knows.
    enable(&cluster);
    cluster.start_node_with(away, OLDER);
    cluster.take(away).end().says(14, &[OUTDATED, "it goes on from where it is"]);
    cluster.start_node(away);
    cluster.agree();
    let report: Value = serde_json::from_str(&cluster.ask(&["features", "--json"]).out).expect("it is JSON");
    assert_eq!(report["features"][0]["known_by"].as_array().map(Vec::len), Some(3), "{report}");
}

/// As the command does, though it would wait for the one that does not answer.
fn enable(cluster: &Cluster) {
    let address = |id| cluster.address(id).parse().expect("it is an address");
    let members = (1..=3).map(|id| (Seat(id as u8), address(id))).collect();
    let client = Client::new(Number(1), members, Duration::from_secs(10));
    let mut client = smol::block_on(client).expect("there are sockets");
    client.seal(client_keys());
    eventually("it is on", || {
        let known = smol::block_on(client.members()).ok()?;
        if known.is_settled && known.features.contains(Features::LEASES) {
            return Some(());
        }
        let _ = smol::block_on(client.change(known.since, Change::Enable { features: Features::LEASES }));
        None
    });
}

/// Those of a client of the keyring that all nodes have.
fn client_keys() -> Vec<ClientKey> {
    let text = fs::read_to_string(keys()).expect("it can be read");
    let digits = text.split_ascii_whitespace().find(|word| word.len() == 2 * Key::BYTES).expect("it holds a key");
    let byte = |at: usize| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).expect("these are digits");
    let keyring = Keyring::new(KeyId::new(1).expect("it is below 16"), Key::new(array::from_fn(byte)));
    keyring.client_keys(Number(1), "tests".parse().expect("it is a name"), Rights::Admin)
}
