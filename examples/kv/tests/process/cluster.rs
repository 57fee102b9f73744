use std::net::SocketAddr;
use std::ops::Range;
use std::path::PathBuf;
use std::thread;

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::program::{Ended, Running, eventually, free_addresses, program, run, run_with};

/// Nodes that run as processes of their own.
pub(crate) struct Cluster {
    pub(crate) directory: TempDir,
    addresses: Vec<SocketAddr>,
    nodes: Vec<Option<Running>>,
    /// What every node is started with.
    options: Vec<String>,
    /// The same of every client.
    asking: Vec<String>,
}

impl Cluster {
    /// Three nodes, all of them members, with a leader.
    pub(crate) fn start() -> Cluster {
        let mut cluster = Cluster::of(3);
        cluster.start_nodes(1..4);
        cluster.agree();
        cluster
    }

    /// These nodes, and a leader among them.
    pub(crate) fn start_nodes(&mut self, ids: Range<usize>) {
        ids.for_each(|id| self.start_node(id));
        self.wait_for_leader();
    }

    /// So many nodes, none of which runs.
    pub(crate) fn of(count: usize) -> Cluster {
        Cluster {
            directory: tempfile::tempdir().expect("there is room for a directory"),
            addresses: free_addresses(count),
            nodes: (0..count).map(|_| None).collect(),
            options: Vec::new(),
            asking: Vec::new(),
        }
    }

    /// The same, as the cluster of this number.
    pub(crate) fn numbered(mut self, number: &str) -> Cluster {
        self.asking = vec!["--cluster".to_owned(), number.to_owned()];
        self.options.extend(self.asking.iter().cloned());
        self
    }

    /// The same, to be started with these options.
    pub(crate) fn with(mut self, options: &[&str]) -> Cluster {
        self.options = options.iter().map(|option| (*option).to_owned()).collect();
        self
    }

    /// The same, whose clients are started with these.
    pub(crate) fn asked_with(mut self, options: &[&str]) -> Cluster {
        self.asking = options.iter().map(|option| (*option).to_owned()).collect();
        self
    }

    pub(crate) fn data_dir(&self, id: usize) -> PathBuf {
        self.directory.path().join(format!("n{id}"))
    }

    pub(crate) fn peers(&self) -> Vec<String> {
        (1..=self.addresses.len()).flat_map(|id| ["--peer".to_owned(), self.peer(id)]).collect()
    }

    /// A node and its address, as a list names it.
    pub(crate) fn peer(&self, id: usize) -> String {
        format!("{id}={}", self.addresses[id - 1])
    }

    /// What starts this node.
    pub(crate) fn serve(&self, id: usize) -> Vec<String> {
        let data_dir = self.data_dir(id).display().to_string();
        let mut arguments = vec!["serve".to_owned(), id.to_string(), "--data-dir".to_owned(), data_dir];
        arguments.extend(self.peers());
        arguments.extend(self.options.iter().cloned());
        arguments
    }

    pub(crate) fn start_node(&mut self, id: usize) {
        self.start_node_with(id, &[]);
    }

    /// Starts a node with more options than all have.
    pub(crate) fn start_node_with(&mut self, id: usize, options: &[&str]) {
        let arguments = self.serve(id);
        self.keep(id, Running::start(program().args(arguments).args(options)));
    }

    pub(crate) fn keep(&mut self, id: usize, node: Running) {
        self.nodes[id - 1] = Some(node);
    }

    pub(crate) fn node(&self, id: usize) -> &Running {
        self.nodes[id - 1].as_ref().expect("the node runs")
    }

    pub(crate) fn take(&mut self, id: usize) -> Running {
        self.nodes[id - 1].take().expect("the node runs")
    }

    /// As `kill -9` does.
    pub(crate) fn kill(&mut self, id: usize) {
        drop(self.take(id));
    }

    /// As Ctrl-C does.
    pub(crate) fn stop(&mut self, id: usize) -> Ended {
        let node = self.take(id);
        node.signal(Signal::INT);
        node.end()
    }

    /// Runs a client of this cluster.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Ended {
        run(&self.with_peers(arguments))
    }

    pub(crate) fn ask_with(&self, arguments: &[&str], input: &[u8]) -> Ended {
        run_with(&self.with_peers(arguments), input)
    }

    pub(crate) fn with_peers(&self, arguments: &[&str]) -> Vec<String> {
        let own = arguments.iter().map(|argument| (*argument).to_owned());
        own.chain(self.peers()).chain(self.asking.iter().cloned()).collect()
    }

    /// Does the first command, which needs all nodes; then one of them is stopped.
    pub(crate) fn go_on_without(&mut self, id: usize) {
        self.start_nodes(1..4);
        self.ask(&["put", "first", "command"]).prints(0, "OK\n");
        self.agree();
        self.stop(id).says(0, &[]);
    }

    /// Puts a value of 1,000 bytes under each of these keys, by several clients at a time.
    #[track_caller]
    pub(crate) fn fill(&self, keys: Range<usize>) {
        let put = |key| format!("{{\"id\":{key},\"op\":\"put\",\"key\":\"{key}\",\"value\":\"{}\"}}\n", value(key));
        self.pipe_all(keys, put);
    }

    /// Finds all that [`fill`](Cluster::fill) has put under these keys.
    #[track_caller]
    pub(crate) fn find(&self, keys: Range<usize>) {
        let get = |key| format!("{{\"id\":{key},\"op\":\"get\",\"key\":\"{key}\"}}\n");
        for answer in self.pipe_all(keys, get) {
            let key = answer["id"].as_u64().expect("an answer says what it is for");
            assert_eq!(answer["value"], value(key as usize), "{key}");
        }
    }

    #[track_caller]
    fn pipe_all(&self, keys: Range<usize>, request: impl Fn(usize) -> String + Sync) -> Vec<Value> {
        let pipe = |keys: Range<usize>| {
            let requests: String = keys.map(&request).collect();
            let ended = self.ask_with(&["pipe", "--timeout-ms", "15000"], requests.as_bytes());
            ended.out.lines().map(|line| serde_json::from_str(line).expect("an answer is JSON")).collect::<Vec<Value>>()
        };
        let parts = keys.clone().step_by(AT_A_TIME).map(|start| start..keys.end.min(start + AT_A_TIME));
        let answers: Vec<Value> = thread::scope(|scope| {
            let pipes: Vec<_> = parts.map(|part| scope.spawn(|| pipe(part))).collect();
            pipes.into_iter().flat_map(|pipe| pipe.join().expect("a client ends in peace")).collect()
        });
        let done = answers.iter().filter(|answer| answer["status"] == "ok").count();
        assert_eq!(done, keys.len(), "{:?}", answers.iter().find(|answer| answer["status"] != "ok"));
        answers
    }

    /// Waits until these nodes have applied the same, and all of it.
    #[track_caller]
    pub(crate) fn agree(&self) {
        self.agree_when("all nodes agree", |verdict| verdict.starts_with("ok"));
    }

    /// The same, until this holds of the verdict; `awaited` says what that is.
    #[track_caller]
    pub(crate) fn agree_when(&self, awaited: &str, holds: impl Fn(&str) -> bool) {
        eventually(awaited, || {
            let status = self.status();
            let nodes = status["nodes"].as_array()?;
            let agree = nodes.iter().all(|node| node["lag"] == 0 && node["hash"] == nodes[0]["hash"]);
            (agree && holds(status["verdict"].as_str()?)).then_some(())
        });
    }

    /// The files of a node with this extension, by name.
    pub(crate) fn files(&self, id: usize, extension: &str) -> Vec<PathBuf> {
        let Ok(files) = self.data_dir(id).read_dir() else { return Vec::new() };
        let paths = files.map(|file| file.expect("a directory can be read").path());
        let mut found: Vec<_> = paths.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
        found.sort();
        found
    }

    pub(crate) fn status(&self) -> Value {
        let ended = self.ask(&["status", "--json"]);
        serde_json::from_str(&ended.out).expect("a status is JSON")
    }

    /// The id of the node that leads.
    pub(crate) fn wait_for_leader(&self) -> usize {
        eventually("a node leads", || {
            let status = self.status();
            let nodes = status["nodes"].as_array()?;
            let leads = nodes.iter().position(|node| node["role"] == "leader")?;
            (status["exit"] == 0 || status["exit"] == 6).then_some(leads + 1)
        })
    }
}

/// How many requests go through one client: what it reads and prints meanwhile has to fit into its pipes.
const AT_A_TIME: usize = 400;

fn value(key: usize) -> String {
    format!("{key:05}").repeat(200)
}

#[test]
fn three_processes_keep_what_they_are_told() {
    let cluster = Cluster::start();
    cluster.ask(&["put", "greeting", "hello"]).prints(0, "OK\n");
    cluster.ask(&["get", "greeting"]).prints(0, "hello");
    cluster.ask(&["append", "greeting", " world"]).prints(0, "11\n");
    cluster.ask(&["cas", "greeting", "hello world", "-1"]).prints(0, "OK\n");
    cluster.ask(&["cas", "greeting", "hello world", "x"]).prints(4, "CONFLICT\n");
    cluster.ask(&["get", "--stale", "greeting"]);
    cluster.ask(&["get", "greeting"]).prints(0, "-1");
    cluster.ask(&["del", "greeting"]).prints(0, "1\n");
    cluster.ask(&["del", "greeting"]).prints(0, "0\n");
    cluster.ask(&["get", "greeting"]).prints(1, "");
    cluster.ask_with(&["put", "", "-"], b"from\nstdin").prints(0, "OK\n");
    cluster.ask(&["get", ""]).prints(0, "from\nstdin");
}

#[test]
fn a_killed_leader_is_replaced_and_catches_up() {
    let mut cluster = Cluster::start();
    cluster.ask(&["put", "before", "1"]).prints(0, "OK\n");
    let leader = cluster.wait_for_leader();
    cluster.kill(leader);
    cluster.ask(&["put", "after", "2"]).prints(0, "OK\n");
    cluster.ask(&["get", "before"]).prints(0, "1");

    let table = cluster.ask(&["status"]);
    assert_eq!(table.code, Some(6));
    assert!(table.out.contains("unreachable") && table.out.contains("degraded"), "{}", table.out);
    cluster.start_node(leader);
    cluster.agree();
}

#[test]
fn a_follower_that_stands_still_is_told() {
    let cluster = Cluster::start();
    cluster.agree();
    let leader = cluster.wait_for_leader();
    let (still, name) = (leader % 3 + 1, format!("n{}", leader % 3 + 1));
    cluster.node(still).signal(Signal::STOP);
    eventually("the leader misses it", || {
        let status = cluster.ask(&["status", "--timeout-ms", "300"]);
        let told = format!("  {name} did not answer within 0.3 s, nor n{leader} for about ");
        (status.code == Some(6) && status.out.contains(&told)).then_some(())
    });
    let report = cluster.status();
    let known = &report["nodes"][leader - 1]["followers"];
    let silent = known.as_array().and_then(|known| known.iter().find(|other| other["node"] == name.as_str()));
    assert_eq!(silent.map(|other| &other["standing"]), Some(&"silent".into()), "{report}");
    cluster.node(still).signal(Signal::CONT);
    cluster.agree();
}

#[test]
fn without_a_majority_the_client_says_so() {
    let mut cluster = Cluster::start();
    cluster.ask(&["put", "first", "command"]).prints(0, "OK\n");
    cluster.kill(2);
    cluster.kill(3);
    eventually("the majority is missed", || (cluster.ask(&["status"]).code == Some(5)).then_some(()));
    let missing = ["no leader: 1 of 3 nodes reachable", "n2, n3 did not answer within 1 s"];
    cluster.ask(&["put", "k", "v", "--timeout-ms", "1000"]).says(5, &missing);
    cluster.ask(&["get", "k", "--timeout-ms", "1000"]).says(5, &missing);
    cluster.ask(&["get", "--stale", "k"]).prints(1, "");
    let status = cluster.ask(&["status"]).out;
    assert!(missing.iter().all(|part| status.contains(part)), "{status}");

    cluster.kill(1);
    cluster.ask(&["put", "k", "v", "--timeout-ms", "300"]).says(3, &["no node reachable", "n1, n2, n3"]);
    assert_eq!(cluster.ask(&["status", "--timeout-ms", "300"]).code, Some(3));
}

#[test]
fn right_after_the_majority_is_lost_a_write_was_certainly_not_done() {
    let mut cluster = Cluster::start();
    cluster.ask(&["put", "k", "first"]).prints(0, "OK\n");
    let leader = cluster.wait_for_leader();
    for id in (1..=3).filter(|id| *id != leader) {
        cluster.kill(id);
    }
    // The leader does not know it yet.
    let put = cluster.ask(&["put", "k", "v", "--timeout-ms", "150"]);
    assert_eq!(put.code, Some(5), "{put:?}");
    assert!(
        !put.err.contains("unknown") && (put.err.contains("nothing was done") || put.err.contains("no leader")),
        "{put:?}"
    );
}

#[test]
fn a_node_tells_its_roles_and_stops_when_asked() {
    let mut cluster = Cluster::start();
    let leader = cluster.wait_for_leader();
    let ended = cluster.stop(leader);
    ended.says(0, &["listening on", "stopping"]);
    assert!(ended.out.contains(&format!("n{leader}: leader of term")), "{}", ended.out);
}

#[test]
fn a_measurement_says_what_was_measured() {
    let cluster = Cluster::start();
    let directory = cluster.directory.path().display().to_string();
    let load = ["bench", "--clients", "4", "--seconds", "1", "--output", "json", "--data-dir", &directory];
    let report: Value = serde_json::from_str(&cluster.ask(&load).out).expect("the report is JSON");
    assert!(report["puts"].as_u64() > Some(0) && report["errors"] == 0, "{report}");
    assert_eq!(report["baselines"].as_array().map(Vec::len), Some(2));
    assert_eq!(report["nodes"].as_array().map(Vec::len), Some(3));
}
