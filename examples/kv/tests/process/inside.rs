use std::fs;

use crate::cluster::Cluster;
use crate::program::{Running, program, run, run_with};

const VOTE: &str = "010088776655443322110102000103010100caf2279d";

#[test]
fn a_frame_is_explained_field_by_field() {
    let lines = "frame member\nversion 1\nbytes 22\nfounding \"1122334455667788\"\nfrom 1\nto 2\nincarnation founder\n";
    let text = format!("{lines}message Vote (term 3, ballot Real, granted true, incarnation 0)\n");
    run(&["decode", VOTE]).prints(0, &text);
    run_with(&["decode", "-"], format!("{} {}\n", &VOTE[..8], &VOTE[8..]).as_bytes()).prints(0, &text);
    let json = run(&["decode", "--json", VOTE]);
    assert!(json.out.contains(r#""message":{"Vote":{"term":3,"#), "{}", json.out);
}

#[test]
fn a_bad_frame_is_told_by_its_layer_and_bad_digits_are_wrong_usage() {
    run(&["decode", &VOTE[..40]]).says(1, &["bad check", "cut off or changed"]);
    run(&["decode", &VOTE[..4]]).says(1, &["bad header", "too short"]);
    run(&["decode", &format!("09{}", &VOTE[2..])]).says(1, &["bad header", "version 9"]);
    run(&["decode", "0x01"]).says(2, &["not hexadecimal", "two digits"]);
}

#[test]
fn a_node_that_is_asked_to_trace_does_so_or_does_not_start() {
    let mut cluster = Cluster::of(1);
    let refused = [cluster.serve(1), vec!["--trace".into(), cluster.directory.path().display().to_string()]].concat();
    run(&refused).says(2, &["cannot write the trace", "Name another file"]);

    let trace = cluster.directory.path().join("n1.jsonl");
    let arguments = [cluster.serve(1), vec!["--trace".into(), trace.display().to_string()]].concat();
    cluster.keep(1, Running::start(program().args(arguments)));
    cluster.wait_for_leader();
    cluster.kill(1);
    let text = fs::read_to_string(trace).expect("there is a trace");
    assert!(text.starts_with("{\"trace\":4,") && text.contains("\"role\":\"leader\""), "{text}");
}
