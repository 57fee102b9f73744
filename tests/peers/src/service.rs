use std::fmt::Write;
use std::fs;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::page::{grouped, machine};

/// Each of these in turn, so often: medians are stated.
const RUNS: usize = 3;
const SECONDS: u64 = 3;
const VALUE_BYTES: u64 = 128;
const CLIENTS: [u64; 4] = [1, 16, 64, 256];
const SYSTEMS: [System; 3] = [System::Floor, System::Quorate { seals: false }, System::Quorate { seals: true }];
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone, Copy)]
enum System {
    Floor,
    Quorate { seals: bool },
}

/// What was seen of one run: puts a second, the median time to an answer, processor time of all three for a put; both in
/// microseconds.
#[derive(Clone, Copy)]
struct Seen([f64; 3]);

/// Three processes, which end with this.
struct Nodes(Vec<Child>);

impl Drop for Nodes {
    fn drop(&mut self) {
        for node in &mut self.0 {
            _ = node.kill();
            _ = node.wait();
        }
    }
}

impl Nodes {
    /// Processor time that they have taken, in microseconds.
    fn processor_micros(&self) -> Result<f64, String> {
        let of = |node: &Child| {
            let path = format!("/proc/{}/stat", node.id());
            let stat = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
            let words = stat.rsplit_once(") ").map(|(_, rest)| rest.split(' ')).into_iter().flatten();
            // User and system time, in hundredths of a second.
            Ok::<f64, String>(words.skip(11).take(2).filter_map(|word| word.parse::<f64>().ok()).sum())
        };
        self.0.iter().map(of).sum::<Result<f64, String>>().map(|ticks| ticks * 10_000.0)
    }
}

/// The table of three processes with durable logs on this machine.
pub(crate) fn measure() -> Result<String, String> {
    let kv = build_kv()?;
    let mut table =
        format!("Measured {}; medians of {RUNS} runs of {SECONDS} s, values of {VALUE_BYTES} bytes.\n\n", machine());
    table.push_str(
        "| clients | puts a second: floor, plain, sealed | median to an answer, us | processor time for a put, us |\n",
    );
    table.push_str("| ---: | --- | --- | --- |\n");
    for clients in CLIENTS {
        let mut seen: [Vec<Seen>; SYSTEMS.len()] = Default::default();
        for _ in 0..RUNS {
            for (system, seen) in SYSTEMS.iter().zip(&mut seen) {
                eprintln!("{clients} clients");
                seen.push(run(*system, &kv, clients)?);
            }
        }
        _ = write!(table, "| {clients} |");
        for column in 0..3 {
            let medians = seen.iter().map(|runs| grouped(median(runs.iter().map(|Seen(seen)| seen[column]).collect())));
            _ = write!(table, " {} |", medians.collect::<Vec<_>>().join("; "));
        }
        table.push('\n');
    }
    Ok(table)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn run(system: System, kv: &Path, clients: u64) -> Result<Seen, String> {
    // On the disk that this was built on: what is made durable in memory costs nothing.
    let directory = tempfile::tempdir_in(here()?).map_err(|error| format!("a directory for data: {error}"))?;
    let ports = ports()?;
    match system {
        System::Floor => run_floor(directory.path(), ports[0], clients),
        System::Quorate { seals } => run_kv(kv, directory.path(), ports, clients, seals),
    }
}

/// Three ports in a row that nobody has, the next moment.
fn ports() -> Result<[u16; 3], String> {
    let is_free = |port: &u16| UdpSocket::bind(("127.0.0.1", *port)).is_ok();
    let first = (20_000..30_000)
        .step_by(3)
        .skip(std::process::id() as usize % 1000)
        .find(|first| [0, 1, 2].iter().all(|more| is_free(&(first + more))));
    let first = first.ok_or("no three ports of this machine are free")?;
    Ok([first, first + 1, first + 2])
}

fn run_floor(directory: &Path, port: u16, clients: u64) -> Result<Seen, String> {
    let program = here()?.join("service_floor");
    let start = |me: u16| {
        let mut command = Command::new(&program);
        command.args(["node", &me.to_string()]).arg(directory).arg(port.to_string());
        spawn(&mut command)
    };
    let nodes = Nodes((0..3).map(start).collect::<Result<_, _>>()?);
    std::thread::sleep(Duration::from_millis(200));
    let before = nodes.processor_micros()?;
    let numbers = [clients, SECONDS, VALUE_BYTES, port.into()].map(|number| number.to_string());
    let said = output(Command::new(&program).arg("load").args(numbers))?;
    let spent = nodes.processor_micros()? - before;
    let word = |name: &str| {
        let found = said.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok());
        found.ok_or_else(|| format!("the floor says no {name}"))
    };
    let puts = word("puts ")?;
    Ok(Seen([puts / word("seconds ")?, word("p50 ")?, spent / puts]))
}

fn run_kv(kv: &Path, directory: &Path, ports: [u16; 3], clients: u64, seals: bool) -> Result<Seen, String> {
    let peers =
        ports.iter().zip(1..).map(|(port, node)| format!("{node}=127.0.0.1:{port}")).collect::<Vec<_>>().join(",");
    let command = |words: &[&str]| {
        let mut command = Command::new(kv);
        command.args(words).env("QUORATE_PEERS", &peers).current_dir(directory);
        if !seals {
            command.arg("--plain");
        }
        command
    };
    let start = |node: u16| {
        spawn(command(&["serve", &node.to_string(), "--data-dir", &format!("n{node}")]).stderr(Stdio::null()))
    };
    let nodes = Nodes((1..=3).map(start).collect::<Result<_, _>>()?);
    let since = Instant::now();
    while let Err(error) = output(&mut command(&["put", "begun", "yes"])) {
        if since.elapsed() > PATIENCE {
            return Err(error);
        }
    }
    let before = nodes.processor_micros()?;
    let numbers = [clients, SECONDS, VALUE_BYTES].map(|number| number.to_string());
    let [clients, seconds, bytes] = &numbers;
    let words = ["bench", "--clients", clients, "--seconds", seconds, "--value-bytes", bytes, "--output", "json"];
    let said = output(&mut command(&words))?;
    let spent = nodes.processor_micros()? - before;
    let said: serde_json::Value = serde_json::from_str(&said).map_err(|error| format!("{said}: {error}"))?;
    let number = |at: &str| said.pointer(at).and_then(serde_json::Value::as_f64).ok_or(format!("{said} has no {at}"));
    Ok(Seen([number("/puts_per_second")?, number("/latency_us/p50")?, spent / number("/puts")?]))
}

fn spawn(command: &mut Command) -> Result<Child, String> {
    command.stdout(Stdio::null()).spawn().map_err(|error| format!("{command:?}: {error}"))
}

fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(said(&output.stdout)) } else { Err(said(&output.stderr)) }
}

/// Where the programs of this workspace are.
fn here() -> Result<PathBuf, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    program.parent().map(Path::to_path_buf).ok_or_else(|| "this program is nowhere".into())
}

/// Builds quorate-kv as a user does.
fn build_kv() -> Result<PathBuf, String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    let arguments =
        ["build", "--release", "--locked", "--quiet", "--package", "quorate-kv", "--manifest-path", manifest];
    let target = here()?.join("kv");
    let status = Command::new(&cargo).args(arguments).arg("--target-dir").arg(&target).status();
    match status.map_err(|error| format!("{cargo}: {error}"))? {
        status if status.success() => Ok(target.join("release/quorate-kv")),
        status => Err(format!("{cargo} {}: {status}", arguments.join(" "))),
    }
}
