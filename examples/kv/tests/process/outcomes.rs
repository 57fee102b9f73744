//! What a client says of a write: done, not done, or unknown, and how it can be repeated.

use std::fs::{File, OpenOptions};
use std::sync::mpsc::channel;

use quorate::Index;
use quorate_wire::client::{ReplyBody, RequestBody};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::program::{Ended, PATIENCE, Running, program, run, run_with};
use crate::scripted::{leads, node};

/// A leader that has lost its majority takes the opening of a session, and answers no more.
fn opens_no_session(body: RequestBody<'_>) -> Option<ReplyBody<'static>> {
    matches!(body, RequestBody::Status).then(leads)
}

/// The same, a little later: the session is open.
fn does_no_command(body: RequestBody<'_>) -> Option<ReplyBody<'static>> {
    match body {
        RequestBody::Open { .. } => Some(ReplyBody::Opened { epoch: Index(1) }),
        body => opens_no_session(body),
    }
}

/// What of an error says how the write can be repeated.
fn retry(ended: &Ended) -> Vec<String> {
    let words = ended.err.split_once("--session ").expect("it names the session").1;
    let session = words.split(' ').next().expect("there is one");
    ["--session", session].map(str::to_owned).into()
}

#[test]
fn a_command_that_never_left_was_not_done() {
    let [plain, option, peer] = node(opens_no_session);
    let at = [plain.as_str(), &option, &peer, "--timeout-ms", "400"];
    for write in [&["put", "k", "v"][..], &["append", "k", "v"], &["del", "k"], &["cas", "k", "a", "b"]] {
        let ended = run(&[write, &at].concat());
        ended.says(5, &["nothing was done", "0.4 s", "quorate-kv status"]);
        assert!(!ended.err.contains("may have been"), "{ended:?}");
    }
    let put = json!({ "id": 1, "op": "put", "key": "k", "value": "v" }).to_string();
    let ended = run_with(&[&["pipe"], &at[..]].concat(), put.as_bytes());
    let answer: Value = serde_json::from_str(&ended.out).expect("an answer is JSON");
    assert_eq!(answer["status"], "fail");
    assert!(!ended.out.contains("may have been") && !ended.err.contains("may have been"), "{ended:?}");
}

#[test]
fn a_command_that_may_have_been_done_names_its_session() {
    let cluster = Cluster::start();
    let [plain, option, peer] = node(does_no_command);
    let ended = run(&["append", "k", "x", &plain, &option, &peer, "--timeout-ms", "400"]);
    ended.says(3, &["outcome unknown", "may have been done"]);
    // There was no such session at the cluster, but the names are good ones.
    let repeated = [vec!["append".to_owned(), "k".to_owned(), "x".to_owned()], retry(&ended)].concat();
    let repeated: Vec<_> = repeated.iter().map(String::as_str).collect();
    cluster.ask(&repeated).says(3, &["session is not known"]);

    let put = json!({ "id": 1, "op": "put", "key": "k", "value": "v" }).to_string();
    let ended = run_with(&["pipe", &plain, &option, &peer, "--timeout-ms", "400"], put.as_bytes());
    let answer: Value = serde_json::from_str(&ended.out).expect("an answer is JSON");
    assert_eq!(answer["status"], "unknown", "{answer}");
    assert!(answer["session"].is_string(), "without its session nobody can repeat it: {answer}");
}

#[test]
fn an_interruption_says_what_it_left_behind() {
    let interrupt = |arguments: &[&str], input: &str, at: fn(&RequestBody<'_>) -> bool| {
        let (asked, asks) = channel();
        let [plain, option, peer] = node(move |body| {
            if at(&body) {
                let _ = asked.send(());
            }
            does_no_command(body)
        });
        let ends = [plain.as_str(), &option, &peer, "--timeout-ms", "60000"];
        let mut running = Running::start(program().args(arguments).args(ends));
        running.write(input.as_bytes());
        asks.recv_timeout(PATIENCE).expect("the client asks");
        running.signal(Signal::INT);
        running.end()
    };
    let is_command = |body: &RequestBody<'_>| matches!(body, RequestBody::Command { .. });
    let ended = interrupt(&["put", "k", "v"], "", is_command);
    ended.says(130, &["interrupted", "may have been done"]);
    retry(&ended);
    let put = json!({ "id": 1, "op": "put", "key": "k", "value": "v" }).to_string() + "\n";
    let ended = interrupt(&["pipe"], &put, is_command);
    ended.says(130, &["interrupted", "may have been done"]);
    retry(&ended);
    let ended = interrupt(&["get", "k"], "", |body| matches!(body, RequestBody::Read { .. }));
    ended.says(130, &["interrupted"]);
    assert!(!ended.err.contains("done"), "a read does nothing: {ended:?}");
}

#[test]
fn an_interrupted_write_that_never_left_was_not_done() {
    let (asked, asks) = channel();
    let [plain, option, peer] = node(move |body| {
        if matches!(body, RequestBody::Open { .. }) {
            let _ = asked.send(());
        }
        opens_no_session(body)
    });
    let put = Running::start(program().args(["put", "k", "v", "--timeout-ms", "60000", &plain, &option, &peer]));
    asks.recv_timeout(PATIENCE).expect("the client opens a session");
    put.signal(Signal::INT);
    let ended = put.end();
    ended.says(130, &["interrupted: nothing was done"]);
}

/// Runs the program with a standard output that takes nothing.
fn run_full(cluster: &Cluster, arguments: &[&str], input: &[u8]) -> Ended {
    let full = OpenOptions::new().write(true).open("/dev/full").expect("the system has a full device");
    let mut running = Running::start(program().args(arguments).args(cluster.peers()).stdout(full));
    running.write(input);
    running.end()
}

#[test]
fn what_was_done_and_cannot_be_printed_is_called_done() {
    let mut cluster = Cluster::of(1);
    cluster.start_nodes(1..2);
    let part = ["cannot be written to standard output", "No space left"];
    let says = |arguments: &[&str], code: i32, answer: &str| {
        let ended = run_full(&cluster, arguments, b"");
        ended.says(code, &part);
        ended.says(code, &[answer]);
    };
    says(&["put", "k", "v"], 8, "done, but the answer OK");
    cluster.ask(&["get", "k"]).prints(0, "v");
    says(&["append", "k", "w"], 8, "done, but the answer 2");
    says(&["cas", "k", "vw", "x"], 8, "done, but the answer OK");
    says(&["cas", "k", "vw", "y"], 4, "nothing was changed, but the answer CONFLICT");
    says(&["get", "k"], 8, "done");
    says(&["status"], 8, "done");
    says(&["del", "k"], 8, "done, but the answer 1");
    let saved = cluster.directory.path().join("saved").display().to_string();
    says(&["snapshot", "save", &saved], 8, "done");
    assert!(File::open(&saved).is_ok());

    let put = json!({ "id": 1, "op": "put", "key": "k", "value": "v" }).to_string();
    let ended = run_full(&cluster, &["pipe"], format!("{put}\n{put}\n").as_bytes());
    ended.says(
        8,
        &["the answer to line 1", "cannot be written to standard output", "\"status\":\"ok\"", "\"session\":"],
    );
}

#[test]
fn a_value_is_printed_as_it_is() {
    let cluster = Cluster::start();
    let output = |arguments: &[&str]| {
        let mut get = program();
        let output = get.args(arguments).args(cluster.peers()).output().expect("the program runs");
        (output.status.code(), output.stdout)
    };
    for value in [&b"\x00\xff\n"[..], b"", b"\n", b"plain"] {
        cluster.ask_with(&["put", "k", "-"], value).prints(0, "OK\n");
        assert_eq!(output(&["get", "k"]), (Some(0), value.to_vec()));
        assert_eq!(output(&["get", "--stale", "missing"]), (Some(1), Vec::new()));
    }
}

#[test]
fn a_dash_is_standard_input_wherever_a_value_stands() {
    let mut cluster = Cluster::of(1);
    cluster.start_nodes(1..2);
    cluster.ask_with(&["put", "k", "-"], b"one").prints(0, "OK\n");
    cluster.ask_with(&["cas", "k", "one", "-"], b"two").prints(0, "OK\n");
    cluster.ask_with(&["cas", "k", "-", "three"], b"two").prints(0, "OK\n");
    cluster.ask_with(&["append", "k", "-"], b"!").prints(0, "6\n");
    cluster.ask(&["get", "k"]).prints(0, "three!");
    cluster.ask_with(&["cas", "k", "-", "-"], b"x").says(2, &["standard input", "one value"]);
    cluster.ask_with(&["cas", "--missing", "new", "-"], b"v").prints(0, "OK\n");
    cluster.ask(&["get", "new"]).prints(0, "v");
    cluster.ask(&["snapshot", "save", "-"]).says(2, &["'-'", "./-"]);
}

#[test]
fn a_missing_key_can_be_expected() {
    let mut cluster = Cluster::of(1);
    cluster.start_nodes(1..2);
    cluster.ask(&["cas", "k", "--missing", "v"]).prints(0, "OK\n");
    cluster.ask(&["get", "k"]).prints(0, "v");
    cluster.ask(&["cas", "--missing", "k", "w"]).prints(4, "CONFLICT\n");
    cluster.ask(&["cas", "k", "v", "--missing", "w"]).says(2, &["--missing"]);
    cluster.ask(&["cas", "k", "v"]).says(2, &["<NEW>"]);
    cluster.ask(&["cas", "k", "v", "-1"]).prints(0, "OK\n");
    cluster.ask(&["get", "k"]).prints(0, "-1");
}
