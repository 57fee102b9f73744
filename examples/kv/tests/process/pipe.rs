use serde_json::{Value, json};

use crate::cluster::Cluster;

/// Sends lines through a pipe of this client, and returns the answers.
#[track_caller]
fn pipe(cluster: &Cluster, client: &str, lines: &[String]) -> Vec<Value> {
    let ended = cluster.ask_with(&["pipe", "--client", client, "--timeout-ms", "3000"], lines.join("\n").as_bytes());
    ended.says(0, &[]);
    let answers = ended.out.lines().map(|line| serde_json::from_str(line).expect("an answer is JSON"));
    answers.collect()
}

#[track_caller]
fn one(cluster: &Cluster, client: &str, request: &Value) -> Value {
    pipe(cluster, client, &[request.to_string()]).remove(0)
}

#[test]
fn each_line_has_its_answer() {
    let cluster = Cluster::start();
    let requests = [
        json!({ "id": 1, "op": "put", "key": "k", "value": "v" }),
        json!({ "id": "two", "op": "get", "key": "k" }),
        json!({ "id": 3, "op": "cas", "key": "k", "from": "v", "to": "w" }),
        json!({ "id": 4, "op": "cas", "key": "k", "from": null, "to": "x" }),
        json!({ "id": 5, "op": "cas", "key": "new", "to": "x" }),
        json!({ "id": 6, "op": "append", "key": "k", "value": "!" }),
        json!({ "id": 7, "op": "del", "key": "k" }),
        json!({ "id": 8, "op": "get", "key": "k" }),
    ];
    let answers = pipe(&cluster, "all", &requests.each_ref().map(Value::to_string));
    for (request, answer) in requests.iter().zip(&answers) {
        assert_eq!((&answer["id"], &answer["status"]), (&request["id"], &json!("ok")), "{answer}");
        assert_eq!(answer["sequence"].is_u64(), request["op"] != "get", "{answer}");
    }
    assert_eq!(answers[1]["value"], "v");
    let swapped: Vec<_> = answers[2..5].iter().map(|answer| answer["swapped"] == true).collect();
    assert_eq!(swapped, [true, false, true]);
    assert_eq!(answers[5]["length"], 2);
    assert_eq!(answers[6]["existed"], true);
    assert_eq!(answers[7].get("value"), Some(&Value::Null));
}

#[test]
fn a_malformed_line_is_answered_and_the_pipe_goes_on() {
    let cluster = Cluster::start();
    let lines = ["{".to_owned(), json!({ "id": 2, "op": "put", "key": "k" }).to_string()];
    let last = json!({ "id": 3, "op": "put", "key": "k", "value": "v" }).to_string();
    let answers = pipe(&cluster, "careless", &[lines[0].clone(), lines[1].clone(), last]);
    let statuses: Vec<_> = answers.iter().map(|answer| answer["status"].as_str()).collect();
    assert_eq!(statuses, [Some("fail"), Some("fail"), Some("ok")]);
    assert!(answers[0]["error"].as_str().is_some_and(|error| error.starts_with("line 1: not JSON")), "{answers:?}");
    assert!(answers[1]["error"].as_str().is_some_and(|error| error.contains("line 2: missing field `value`")));
    assert_eq!(answers[1]["id"], 2);
}

#[test]
fn a_repeated_sequence_is_not_done_twice_and_a_new_process_goes_on_above() {
    let cluster = Cluster::start();
    let append = json!({ "id": 1, "op": "append", "key": "k", "value": "x" });
    let first = one(&cluster, "steady", &append);
    let mut again = append.clone();
    again["sequence"] = first["sequence"].clone();
    assert_eq!(one(&cluster, "steady", &again), first);
    let sequence = first["sequence"].to_string();
    let retry = ["append", "k", "x", "--client", "steady", "--sequence", &sequence];
    cluster.ask(&retry).prints(0, "1\n");

    let second = one(&cluster, "steady", &append);
    assert_eq!(second["length"], 2);
    assert!(second["sequence"].as_u64() > first["sequence"].as_u64());
    let late = one(&cluster, "steady", &again);
    assert_eq!(late["status"], "unknown", "{late}");
    cluster.ask(&["get", "k"]).prints(0, "xx");
}

#[test]
fn a_session_that_is_not_known_leaves_the_outcome_open() {
    let cluster = Cluster::start();
    let retry = ["append", "k", "x", "--client", "never-seen", "--sequence", "5"];
    let ended = cluster.ask(&retry);
    ended.says(3, &["session is not known"]);
    assert!(!ended.err.contains("--client"), "to repeat it tells nothing any more: {ended:?}");
    let retry = json!({ "id": 1, "op": "append", "key": "k", "value": "x", "sequence": 5 });
    let fresh = json!({ "id": 2, "op": "append", "key": "k", "value": "x" });
    let lines = [&retry, &fresh, &retry].map(Value::to_string);
    let answers = pipe(&cluster, "never-seen", &lines);
    let statuses: Vec<_> = answers.iter().map(|answer| answer["status"].as_str()).collect();
    assert_eq!(statuses, [Some("unknown"), Some("ok"), Some("unknown")], "{answers:?}");
    cluster.ask(&["get", "k"]).prints(0, "x");
}

#[test]
fn without_a_majority_writes_and_reads_fail() {
    let mut cluster = Cluster::start();
    let leader = cluster.wait_for_leader();
    for id in (1..=3).filter(|id| *id != leader) {
        cluster.kill(id);
    }
    let get = json!({ "id": 1, "op": "get", "key": "k" });
    assert_eq!(one(&cluster, "alone", &get)["status"], "fail");
    let put = json!({ "id": 2, "op": "put", "key": "k", "value": "v" });
    assert_eq!(one(&cluster, "alone", &put)["status"], "fail");
}

#[test]
fn a_cluster_that_is_away_is_told_once_and_each_line_still_has_its_answer() {
    let cluster = Cluster::of(3);
    let get = json!({ "id": 1, "op": "get", "key": "k" }).to_string();
    let put = json!({ "id": 2, "op": "put", "key": "k", "value": "v" }).to_string();
    let ended = cluster.ask_with(&["pipe", "--timeout-ms", "300"], [get.clone(), put, get].join("\n").as_bytes());
    ended.says(0, &["no node reachable", "for up to 300 ms", "Ctrl-C"]);
    assert_eq!((ended.out.matches("\"fail\"").count(), ended.err.matches("Ctrl-C").count()), (3, 1), "{ended:?}");
}
