//! Real processes, real sockets, real disks: the leader is killed with SIGKILL under load, again and again. Logs are
//! small, so that nodes take snapshots all the time, start from them, and send them to those that come back.
//!
//! `QUORATE_ROUNDS=200 cargo test --release -p quorate-tests --test processes` kills for longer.

mod cluster;
mod many;
mod worker;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use quorate_tests::history::{Answer, History, Operation, Outcome};
use quorate_tests::linearizability::Checker;

use cluster::Cluster;
use worker::{Answered, Pipe, Recorder};

const WORKERS: u64 = 6;
const KEYS: u64 = 5;

#[test]
fn nothing_acknowledged_is_lost_while_leaders_are_killed() {
    let rounds = std::env::var("QUORATE_ROUNDS").map_or(8, |text| text.parse().expect("QUORATE_ROUNDS is a number"));
    let mut cluster = Cluster::start(3, &["--snapshot-every", "200"]);
    let recorder = Arc::new(Recorder::default());
    let appended = Arc::new(Mutex::new(Vec::new()));
    let stop = Arc::new(AtomicBool::new(false));
    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| {
            let pipe = Pipe::open(&cluster);
            let (recorder, appended, stop) = (recorder.clone(), appended.clone(), stop.clone());
            thread::spawn(move || work(worker, pipe, &recorder, &appended, &stop))
        })
        .collect();

    let mut outages = Vec::new();
    for round in 0..rounds {
        thread::sleep(Duration::from_millis(400));
        let leader = cluster.leader();
        let done = recorder.writes_done();
        let start = Instant::now();
        cluster.kill(leader);
        while recorder.writes_done() == done {
            assert!(start.elapsed() < Duration::from_secs(30), "nobody serves after the leader was killed");
            thread::sleep(Duration::from_millis(1));
        }
        outages.push(start.elapsed());
        if round % 4 == 0 {
            cluster.flood();
        }
        cluster.restart(leader);
    }
    stop.store(true, Ordering::Relaxed);
    workers.into_iter().for_each(|worker| worker.join().expect("a worker ends in peace"));

    outages.sort();
    println!("{rounds} leaders killed; a write was answered again after {:?} (median)", outages[outages.len() / 2]);
    println!("{} writes acknowledged", recorder.writes_done());
    let (taken, sent) = (cluster.count(" taken: "), cluster.count(" taken over, "));
    println!("{taken} snapshots taken, {sent} sent to a node that came back");
    assert!(taken > 0 && sent > 0, "logs are small");
    look_everywhere(&cluster, &appended.lock().expect("nobody panicked"));
    let history = recorder.history(&cluster);
    println!("{} operations, checked for linearizability", history.events().len());
    check(&history);
}

/// Reads and writes a few keys, and adds marks to one of its own, until it is told to stop.
fn work(worker: u64, mut pipe: Pipe, recorder: &Recorder, appended: &Mutex<Vec<(String, String)>>, stop: &AtomicBool) {
    let own = format!("marks-{worker}");
    let mut random = fastrand::Rng::with_seed(worker);
    for count in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let key = format!("k{}", random.u64(..KEYS));
        let value = format!("{worker}.{count}");
        match random.u8(..10) {
            0..3 => pipe.record(recorder, worker, &key, Operation::Put(value)),
            3..6 => pipe.record(recorder, worker, &key, Operation::Get),
            6 => pipe.record(recorder, worker, &key, Operation::Delete),
            7 => {
                let from = recorder.last_seen(&key);
                pipe.record(recorder, worker, &key, Operation::Cas { from, to: value });
            }
            _ => {
                let mark = format!("{count};");
                // Marks are bounded: a value has to fit into an answer.
                if count < 150 && pipe.append(&own, &mark) == Answered::Done {
                    appended.lock().expect("nobody panicked").push((own.clone(), mark));
                    recorder.count_write();
                }
            }
        }
    }
}

/// Every acknowledged mark is on every node, once.
fn look_everywhere(cluster: &Cluster, appended: &[(String, String)]) {
    cluster.await_agreement();
    assert!(!appended.is_empty(), "some marks were acknowledged");
    for node in cluster.nodes() {
        for worker in 0..WORKERS {
            let key = format!("marks-{worker}");
            let value = cluster.local_value(node, &key);
            let marks: Vec<&str> = value.split_terminator(';').collect();
            for (_, mark) in appended.iter().filter(|(owner, _)| *owner == key) {
                let times = marks.iter().filter(|found| **found == mark.trim_end_matches(';')).count();
                assert_eq!(times, 1, "mark {mark} of {key} stands {times} times on node {node}");
            }
            let mut once = marks.clone();
            once.sort_unstable();
            once.dedup();
            assert_eq!(once.len(), marks.len(), "no mark of {key} was made twice on node {node}");
        }
    }
}

#[track_caller]
fn check(history: &History) {
    let reads = history.events().iter().filter(|event| matches!(event.outcome, Outcome::Ok(Answer::Value(_))));
    assert!(reads.count() > 10, "some reads were answered");
    let verdict = Checker::default().check(history);
    if !matches!(verdict, quorate_tests::linearizability::Verdict::Linearizable) {
        let path = std::env::temp_dir().join("quorate-history.jsonl");
        std::fs::write(&path, history.to_string()).expect("the history can be kept");
        println!("the history is in {}", path.display());
    }
    verdict.expect_linearizable();
}
