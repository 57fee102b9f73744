use crate::program::{Ended, run};

fn refused(arguments: &[&str], parts: &[&str]) -> Ended {
    let ended = run(arguments);
    ended.says(2, parts);
    assert_eq!(ended.out, "", "errors do not belong on standard output");
    ended
}

#[test]
fn help_has_examples_and_exit_codes() {
    let help = run(&["--help"]);
    assert_eq!(help.code, Some(0));
    for part in ["Examples:", "quorate-kv serve 1", "Exit codes:", "8  done, but", "130  interrupted"] {
        assert!(help.out.contains(part), "no {part:?} in {}", help.out);
    }
    assert!(!help.out.contains('\u{1b}'), "no colour unless a terminal reads");
}

#[test]
fn what_is_not_known_is_named() {
    refused(&[], &["Usage:"]);
    refused(&["putt", "k", "v"], &["putt", "put"]);
    refused(&["put", "k"], &["<VALUE>"]);
    refused(&["get", "k", "--stael"], &["--stael", "--stale"]);
    refused(&["bench", "--clients", "0"], &["--clients", "1..=1000"]);
    refused(&["put", "k", "v", "--session", "7:1"], &["--session", "5f1c77a09be2d4e3:1842:3"]);
    refused(&["put", "k", "v", "--session", "7:1:0"], &["--session", "shown with it"]);
}

#[test]
fn a_peer_needs_an_id_and_an_address() {
    refused(&["get", "k", "--peer", "127.0.0.1:7101"], &["--peer", "ID=ADDRESS"]);
    refused(&["get", "k", "--peer", "0=127.0.0.1:7101"], &["--peer", "from 1 to"]);
    refused(&["get", "k", "--peer", "1=127.0.0.1"], &["127.0.0.1", "ADDRESS:PORT"]);
    refused(&["get", "k", "--peer", "1=127.0.0.1:1", "--peer", "1=127.0.0.1:2"], &["n1 is named twice"]);
    refused(&["get", "k", "--peer", "1=127.0.0.1:1", "--peer", "2=127.0.0.1:1"], &["same address"]);
}

#[test]
fn a_node_needs_a_place_among_the_others() {
    refused(&["serve"], &["<ID>"]);
    refused(&["serve", "1", "--id", "2"], &["--id"]);
    refused(&["serve", "zero"], &["zero", "from 1 to"]);
    refused(&["serve", "4"], &["n4 is not among the nodes (n1, n2, n3)", "--peer", "before the cluster is founded"]);
    refused(&["serve", "1", "--peer", "2=127.0.0.1:1"], &["n1 is not among", "--peer"]);
    refused(&["serve", "4", "--join", "10.0.0.1:7101"], &["where does this node listen", "--listen"]);
    refused(&["serve", "4", "--join", "127.0.0.1:7104"], &["127.0.0.1:7104 is where this node listens", "--join"]);
    refused(&["serve", "1", "--prefer", "x"], &["'x' for '--prefer", "from 1 to 31"]);
    refused(&["serve", "1", "--prefer", "1,0"], &["'0' for '--prefer", "from 1 to 31"]);
    refused(&["serve", "1", "--prefer"], &["--prefer <IDS>", "value is required"]);
    refused(&["serve", "1", "--perfer", "1"], &["--perfer", "--prefer"]);
    refused(&["serve", "1", "--incarnation", "1"], &["unexpected argument '--incarnation'"]);
    refused(&["serve", "1", "--election-ms", "60"], &["election", "two heartbeat"]);
}

#[test]
fn what_is_too_long_is_refused_before_it_is_sent() {
    let ended = run(&["put", "k", &"v".repeat(1001)]);
    ended.says(1, &["1001 bytes", "1000"]);
    run(&["put", &"k".repeat(200), &"v".repeat(1000)]).says(1, &["one frame"]);
}
