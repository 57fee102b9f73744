use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::program::program;

/// A client that puts one value after the other, each once the one before is answered.
pub(crate) struct Writer {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Written>,
}

/// What a writer has been answered.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) acknowledged: Vec<usize>,
    /// What became of the others.
    pub(crate) failed: Vec<Value>,
    /// The longest time from one acknowledgement to the next.
    pub(crate) gap: Duration,
}

/// A process that answers a line with a line. It is killed at the end.
pub(crate) struct Pipe {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Pipe {
    /// A client of these nodes, with these options.
    pub(crate) fn start(cluster: &Cluster, ids: &[usize], options: &[&str]) -> Pipe {
        let peers = ids.iter().flat_map(|id| ["--peer".to_owned(), cluster.peer(*id)]);
        let mut command = program();
        let mut child = command
            .args(["pipe", "--timeout-ms", "5000"])
            .args(peers)
            .args(options)
            .spawn()
            .expect("the program starts");
        let out = BufReader::new(child.stdout.take().expect("standard output is a pipe"));
        Pipe { child, out }
    }

    pub(crate) fn ask(&mut self, request: &Value) -> Value {
        let stdin = self.child.stdin.as_mut().expect("standard input is a pipe");
        writeln!(stdin, "{request}").expect("it reads");
        let mut line = String::new();
        self.out.read_line(&mut line).expect("it answers");
        serde_json::from_str(&line).expect("an answer is JSON")
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Writer {
    pub(crate) fn start(mut pipe: Pipe) -> Writer {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let write = move || {
            let mut written = Written { acknowledged: Vec::new(), failed: Vec::new(), gap: Duration::ZERO };
            let mut last = Instant::now();
            for number in 0.. {
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                let put =
                    json!({ "id": number, "op": "put", "key": format!("w{number}"), "value": number.to_string() });
                let answer = pipe.ask(&put);
                if answer["status"] != "ok" {
                    written.failed.push(answer);
                    continue;
                }
                written.acknowledged.push(number);
                written.gap = written.gap.max(last.elapsed());
                last = Instant::now();
            }
            written
        };
        Writer { stop, thread: thread::spawn(write) }
    }

    pub(crate) fn stop(self) -> Written {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the writer ends in peace")
    }
}
