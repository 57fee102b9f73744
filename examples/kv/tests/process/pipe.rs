use serde_json::{Value, json};

use crate::cluster::Cluster;

/// Sends lines through a pipe of its own, and returns the answers.
#[track_caller]
fn pipe(cluster: &Cluster, lines: &[String]) -> Vec<Value> {
    let ended = cluster.ask_with(&["pipe", "--timeout-ms", "3000"], lines.join("\n").as_bytes());
    ended.says(0, &[]);
    let answers = ended.out.lines().map(|line| serde_json::from_str(line).expect("an answer is JSON"));
    answers.collect()
}

#[track_caller]
fn one(cluster: &Cluster, request: &Value) -> Value {
    pipe(cluster, &[request.to_string()]).remove(0)
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
    let answers = pipe(&cluster, &requests.each_ref().map(Value::to_string));
    for (request, answer) in requests.iter().zip(&answers) {
        assert_eq!((&answer["id"], &answer["status"]), (&request["id"], &json!("ok")), "{answer}");
        assert_eq!(answer["session"].is_string(), request["op"] != "get", "{answer}");
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
    let answers = pipe(&cluster, &[lines[0].clone(), lines[1].clone(), last]);
    let statuses: Vec<_> = answers.iter().map(|answer| answer["status"].as_str()).collect();
    assert_eq!(statuses, [Some("fail"), Some("fail"), Some("ok")]);
    assert!(answers[0]["error"].as_str().is_some_and(|error| error.starts_with("line 1: not JSON")), "{answers:?}");
    assert!(answers[1]["error"].as_str().is_some_and(|error| error.contains("line 2: missing field `value`")));
    assert_eq!(answers[1]["id"], 2);
}

#[test]
fn a_write_that_is_repeated_in_its_session_is_not_done_twice() {
    let cluster = Cluster::start();
    let append = json!({ "id": 1, "op": "append", "key": "k", "value": "x" });
    let first = one(&cluster, &append);
    let mut again = append.clone();
    again["session"] = first["session"].clone();
    assert_eq!(one(&cluster, &again), first, "in another process");
    let session = first["session"].as_str().expect("a session is text");
    cluster.ask(&["append", "k", "x", "--session", session]).prints(0, "1\n");

    // In one session the second write makes the first one's answer be forgotten.
    let reserve = json!({ "id": 2, "op": "session" });
    let sessions = pipe(&cluster, &[reserve.to_string(), reserve.to_string()]);
    for (session, length) in sessions.iter().map(|answer| &answer["session"]).zip(2..) {
        let mut write = append.clone();
        write["session"] = session.clone();
        assert_eq!(one(&cluster, &write)["length"], length, "written down before it was sent");
    }
    again["session"] = sessions[0]["session"].clone();
    let late = one(&cluster, &again);
    assert_eq!(late["status"], "unknown", "{late}");
    cluster.ask(&["get", "k"]).prints(0, "xxx");
}

#[test]
fn another_write_in_the_session_of_one_is_not_done_and_told_so() {
    let cluster = Cluster::start();
    let put = json!({ "id": 1, "op": "put", "key": "k", "value": "mine" });
    let session = one(&cluster, &put)["session"].as_str().expect("a session is text").to_owned();
    let told = ["not done", "another command's", "give the command anew"];
    let other = cluster.ask(&["put", "other", "yours", "--session", &session]);
    other.says(7, &told);
    assert_eq!(other.out, "");
    let answer = one(&cluster, &json!({ "id": 1, "op": "put", "key": "k", "value": "yours", "session": session }));
    assert_eq!(answer["status"], "fail", "{answer}");
    assert!(answer["error"].as_str().is_some_and(|error| told.iter().all(|part| error.contains(part))), "{answer}");
    cluster.ask(&["get", "other"]).prints(1, "");
    cluster.ask(&["get", "k"]).prints(0, "mine");
    cluster.ask(&["put", "k", "mine", "--session", &session]).prints(0, "OK\n");
}

#[test]
fn a_session_that_is_not_known_leaves_the_outcome_open() {
    let cluster = Cluster::start();
    let never = "00000000000000ab:1:5";
    let ended = cluster.ask(&["append", "k", "x", "--session", never]);
    ended.says(3, &["session is not known"]);
    assert!(!ended.err.contains("--session"), "to repeat it tells nothing any more: {ended:?}");
    let retry = json!({ "id": 1, "op": "append", "key": "k", "value": "x", "session": never });
    let fresh = json!({ "id": 2, "op": "append", "key": "k", "value": "x" });
    let lines = [&retry, &fresh, &retry].map(Value::to_string);
    let answers = pipe(&cluster, &lines);
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
    assert_eq!(one(&cluster, &get)["status"], "fail");
    let put = json!({ "id": 2, "op": "put", "key": "k", "value": "v" });
    assert_eq!(one(&cluster, &put)["status"], "fail");
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
