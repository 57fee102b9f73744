use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use quorate_tests::ports::free_addresses;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// Nodes that were started here, and end with this value.
pub(crate) struct Cluster {
    addresses: Vec<SocketAddr>,
    directory: TempDir,
    running: Vec<Option<Child>>,
    /// What else each node is told.
    options: &'static [&'static str],
}

/// The program, built once if whoever runs the tests has not.
fn program() -> PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let built = || {
        // Beside the tests' own folder: target/PROFILE/deps/processes-HASH.
        let test = std::env::current_exe().expect("a test has a path");
        let profile = test.ancestors().nth(2).expect("tests lie in target/PROFILE/deps").to_owned();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--package", "quorate-kv"]);
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        let target = profile.parent().expect("a profile lies in the target folder");
        let status = cargo.arg("--target-dir").arg(target).status().expect("cargo runs");
        assert!(status.success(), "quorate-kv builds");
        profile.join("quorate-kv")
    };
    PROGRAM.get_or_init(built).clone()
}

impl Cluster {
    pub(crate) fn start(nodes: usize, options: &'static [&'static str]) -> Cluster {
        let addresses = free_addresses(nodes);
        let directory = tempfile::tempdir().expect("a folder for the nodes");
        let running = (0..nodes).map(|_| None).collect();
        let mut cluster = Cluster { addresses, directory, running, options };
        let made = cluster.program().args(["keyring", "init"]).output().expect("the program runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        cluster.nodes().for_each(|node| cluster.restart(node));
        cluster.leader();
        cluster
    }

    /// The program, as a node or a client of this cluster: all of them seal with its keys.
    pub(crate) fn program(&self) -> Command {
        let mut command = Command::new(program());
        command.env("QUORATE_KEYS", self.directory.path().join("keys"));
        command
    }

    /// Their numbers, from 1.
    pub(crate) fn nodes(&self) -> std::ops::RangeInclusive<usize> {
        1..=self.addresses.len()
    }

    /// `--peer` for each node.
    pub(crate) fn peers(&self) -> impl Iterator<Item = String> {
        let peers = self.nodes().zip(&self.addresses);
        peers.flat_map(|(node, address)| ["--peer".to_owned(), format!("{node}={address}")])
    }

    pub(crate) fn restart(&mut self, node: usize) {
        let log = std::fs::File::options().create(true).append(true).open(self.log(node)).expect("a log file");
        let mut command = self.program();
        command.args(["serve", "--id", &node.to_string()]).args(self.peers());
        command.arg("--data-dir").arg(self.directory.path().join(format!("n{node}")));
        command.args(["--log-size", "1"]).args(self.options);
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a log file")).stderr(log);
        self.running[node - 1] = Some(command.spawn().expect("a node starts"));
    }

    /// Where a node's output goes.
    fn log(&self, node: usize) -> PathBuf {
        self.directory.path().join(format!("log{node}"))
    }

    /// SIGKILL, as a power cut would do to the process.
    pub(crate) fn kill(&mut self, node: usize) {
        if let Some(mut child) = self.running[node - 1].take() {
            child.kill().expect("the node runs");
            child.wait().expect("the node ends");
        }
    }

    /// Stops a node without a word, or lets it go on: SIGSTOP and SIGCONT.
    pub(crate) fn signal(&self, node: usize, signal: Signal) {
        let child = self.running[node - 1].as_ref().expect("the node runs");
        let pid = Pid::from_child(child);
        kill_process(pid, signal).expect("it is a process of ours");
    }

    /// Who leads; waits until somebody does.
    pub(crate) fn leader(&self) -> usize {
        let is_leader = |row: &Value| row["role"] == "leader";
        self.wait_for("somebody leads", |rows| {
            let leader = rows.iter().find(|row| is_leader(row))?;
            leader["node"].as_str()?.strip_prefix('n')?.parse().ok()
        })
    }

    /// Waits until all nodes have applied the same.
    pub(crate) fn await_agreement(&self) {
        let nodes = self.addresses.len();
        self.wait_for("all agree", |rows| {
            let first = rows.first()?;
            let same = |row: &&Value| row["applied"] == first["applied"] && row["hash"] == first["hash"];
            (rows.iter().filter(same).count() == nodes).then_some(())
        });
    }

    fn wait_for<T>(&self, what: &str, found: impl Fn(&[Value]) -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            let rows = self.status();
            if let Some(found) = found(&rows) {
                return found;
            }
            assert!(start.elapsed() < Duration::from_secs(60), "waited in vain until {what}: {rows:?}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// What each reachable node says of itself.
    fn status(&self) -> Vec<Value> {
        let mut command = self.program();
        let output = command.args(["status", "--json"]).args(self.peers()).output().expect("the program runs");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        report["nodes"].as_array().cloned().unwrap_or_default()
    }

    /// Writes so much that a node which is away meanwhile can only be sent a snapshot.
    pub(crate) fn flood(&self) {
        let mut command = self.program();
        command.args(["bench", "--clients", "16", "--seconds", "1", "--value-bytes", "1000"]).args(self.peers());
        command.arg("--data-dir").arg(self.directory.path());
        let output = command.output().expect("the program runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// How often all nodes together have said this.
    pub(crate) fn count(&self, what: &str) -> usize {
        let logs = self.nodes().filter_map(|node| std::fs::read_to_string(self.log(node)).ok());
        logs.map(|log| log.matches(what).count()).sum()
    }

    /// What one node holds itself.
    pub(crate) fn local_value(&self, node: usize, key: &str) -> String {
        let address = self.addresses[node - 1];
        let mut command = self.program();
        command.args(["get", "--stale", key, "--peer", &format!("{node}={address}")]);
        let output = command.output().expect("the program runs");
        String::from_utf8(output.stdout).expect("values are text").trim_end().to_owned()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.nodes().for_each(|node| self.kill(node));
        if thread::panicking() {
            for node in self.nodes() {
                let log = std::fs::read_to_string(self.log(node));
                println!("--- node {node}\n{}", log.unwrap_or_default());
            }
        }
    }
}
