use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use quorate_tests::history::{Answer, History, Operation, Outcome};
use serde_json::{Value, json};

use crate::cluster::Cluster;

/// A client process: a request a line, an answer a line.
pub(crate) struct Pipe {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    id: u64,
}

/// What a client was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    Done,
    NotDone,
    Unknown,
}

impl Pipe {
    pub(crate) fn open(cluster: &Cluster) -> Pipe {
        let mut command = cluster.program();
        command.arg("pipe").args(cluster.peers());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a client starts");
        let requests = child.stdin.take().expect("its input is a pipe");
        let answers = BufReader::new(child.stdout.take().expect("its output is a pipe"));
        Pipe { child, requests, answers, id: 0 }
    }

    fn ask(&mut self, mut request: Value) -> (Answered, Value) {
        self.id += 1;
        request["id"] = self.id.into();
        writeln!(self.requests, "{request}").expect("the client reads");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the client answers");
        let answer: Value = serde_json::from_str(&line).expect("an answer is JSON");
        assert_eq!(answer["id"], request["id"], "an answer says what it is for");
        let answered = match answer["status"].as_str() {
            Some("ok") => Answered::Done,
            Some("fail") => Answered::NotDone,
            Some("unknown") => Answered::Unknown,
            other => panic!("no such status: {other:?}"),
        };
        (answered, answer)
    }

    pub(crate) fn append(&mut self, key: &str, value: &str) -> Answered {
        self.ask(json!({ "op": "append", "key": key, "value": value })).0
    }

    /// Does an operation, and notes when it was asked for and answered, and what came of it.
    pub(crate) fn record(&mut self, recorder: &Recorder, worker: u64, key: &str, operation: Operation) {
        let request = match &operation {
            Operation::Get => json!({ "op": "get", "key": key }),
            Operation::Put(value) => json!({ "op": "put", "key": key, "value": value }),
            Operation::Delete => json!({ "op": "del", "key": key }),
            Operation::Append(value) => json!({ "op": "append", "key": key, "value": value }),
            Operation::Cas { from, to } => json!({ "op": "cas", "key": key, "from": from, "to": to }),
        };
        let event = recorder.begin(worker, key, operation.clone());
        let (answered, answer) = self.ask(request);
        let outcome = match answered {
            Answered::Done => Outcome::Ok(understand(&operation, &answer)),
            Answered::NotDone => Outcome::Fail,
            Answered::Unknown => Outcome::Unknown,
        };
        recorder.finish(event, key, outcome);
    }
}

fn understand(operation: &Operation, answer: &Value) -> Answer {
    match operation {
        Operation::Get => Answer::Value(answer["value"].as_str().map(str::to_owned)),
        Operation::Cas { .. } => Answer::Swapped(answer["swapped"].as_bool().expect("cas says whether it swapped")),
        Operation::Put(_) | Operation::Delete | Operation::Append(_) => Answer::Done,
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Notes what all workers do, in one order.
#[derive(Default)]
pub(crate) struct Recorder {
    clock: AtomicU64,
    writes: AtomicU64,
    history: Mutex<History>,
    seen: Mutex<HashMap<String, Option<String>>>,
}

impl Recorder {
    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    fn begin(&self, worker: u64, key: &str, operation: Operation) -> usize {
        let mut history = self.history.lock().expect("nobody panicked");
        history.begin(worker, self.tick(), key, operation)
    }

    fn finish(&self, event: usize, key: &str, outcome: Outcome) {
        let mut history = self.history.lock().expect("nobody panicked");
        match &outcome {
            Outcome::Ok(Answer::Value(value)) => {
                self.seen.lock().expect("nobody panicked").insert(key.to_owned(), value.clone());
            }
            Outcome::Ok(_) => self.count_write(),
            Outcome::Fail | Outcome::Unknown => {}
        }
        history.finish(event, self.tick(), outcome);
    }

    pub(crate) fn count_write(&self) {
        self.writes.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn writes_done(&self) -> u64 {
        self.writes.load(Ordering::SeqCst)
    }

    /// What a read last found, to be exchanged for something else.
    pub(crate) fn last_seen(&self, key: &str) -> Option<String> {
        self.seen.lock().expect("nobody panicked").get(key).cloned().flatten()
    }

    /// All that was done, and what every key holds in the end.
    pub(crate) fn history(&self, cluster: &Cluster) -> History {
        let mut pipe = Pipe::open(cluster);
        (0..crate::KEYS).for_each(|key| pipe.record(self, u64::MAX, &format!("k{key}"), Operation::Get));
        self.history.lock().expect("nobody panicked").clone()
    }
}
