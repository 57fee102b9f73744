//! Makes each mutant in a copy of the workspace, and looks whether a test notices.

use std::collections::{BTreeSet, HashSet};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, io, thread};

use clap::Parser;
use quorate_tests::mutants::{self, Killer, Mutant};

/// No suite takes that long, built and run; a mutant that does goes round in circles.
const PATIENCE: Duration = Duration::from_secs(600);
/// As much memory as a process may take.
const MEMORY_KIB: u32 = 8 << 20;

/// Runs wrong cores and logs against the tests that must notice them.
#[derive(Parser)]
#[command(version, about)]
struct Options {
    /// Only mutants with this in their name.
    #[arg(long, default_value = "")]
    only: String,
    /// List the mutants, and run none.
    #[arg(long)]
    list: bool,
}

/// What became of a mutant.
enum Fate {
    Killed(String),
    Survived,
    DoesNotBuild,
    TextNotFound,
}

fn main() -> io::Result<ExitCode> {
    let options = Options::parse();
    let chosen: Vec<_> = mutants::all().into_iter().filter(|mutant| mutant.name.contains(&options.only)).collect();
    if options.list {
        chosen
            .iter()
            .for_each(|mutant| println!("{}\n    {}; {}; {}", mutant.name, mutant.rule, mutant.file, mutant.by));
        return Ok(ExitCode::SUCCESS);
    }
    let copy = Copy::new()?;
    let mut wrong = Vec::new();
    for (mutant, number) in chosen.iter().zip(1..) {
        let start = Instant::now();
        let fate = copy.try_out(mutant)?;
        let told = match &fate {
            Fate::Killed(by) => format!("killed by {by}"),
            Fate::Survived => "SURVIVED".into(),
            Fate::DoesNotBuild => "DOES NOT BUILD".into(),
            Fate::TextNotFound => "TEXT NOT FOUND".into(),
        };
        println!("{number}/{} {}: {told} ({:.0} s)", chosen.len(), mutant.name, start.elapsed().as_secs_f64());
        if !matches!(fate, Fate::Killed(_)) {
            wrong.push(&mutant.name);
        }
    }
    println!("{} of {} killed", chosen.len() - wrong.len(), chosen.len());
    Ok(if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A copy of the workspace, in which things may be broken. It is kept for the next time, with what was built in it.
struct Copy {
    root: PathBuf,
}

impl Copy {
    fn new() -> io::Result<Copy> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in a workspace");
        let root = env::temp_dir().join("quorate-mutants");
        let listed = Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard"])
            .current_dir(source)
            .output()?;
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        let names: HashSet<PathBuf> = listed.lines().map(|name| root.join(name)).collect();
        remove_others(&root, &names)?;
        for name in listed.lines() {
            let (from, to) = (source.join(name), root.join(name));
            // A file that is listed and not there was removed since.
            let Ok(bytes) = fs::read(&from) else { continue };
            // What has not changed keeps its time, so that it is not built again.
            if fs::read(&to).ok().as_ref() != Some(&bytes) {
                fs::create_dir_all(to.parent().expect("a file lies in a directory"))?;
                fs::write(&to, bytes)?;
            }
        }
        Ok(Copy { root })
    }

    fn try_out(&self, mutant: &Mutant) -> io::Result<Fate> {
        let path = self.root.join(&mutant.file);
        let whole = fs::read_to_string(&path)?;
        let Some(broken) = mutant.apply(&whole) else {
            return Ok(Fate::TextNotFound);
        };
        fs::write(&path, broken)?;
        let fate = self.judge(mutant);
        fs::write(&path, whole)?;
        fate
    }

    fn judge(&self, mutant: &Mutant) -> io::Result<Fate> {
        let builds = [
            "build --package quorate-tests --package quorate-flash --package quorate-smol --lib",
            "build --package quorate-kv",
        ];
        for build in builds {
            if !self.cargo(build)?.is_fine {
                return Ok(Fate::DoesNotBuild);
            }
        }
        let suites = [
            ("docs", "test --package quorate-tests --doc"),
            ("traces", "test --package quorate-tests --test traces"),
            ("rules", "test --package quorate --test rules"),
            ("disk", "test --package quorate-disk --tests"),
            ("power", "test --package quorate-tests --test power"),
            ("flash", "test --package quorate-flash --tests"),
            ("boards", "test --package quorate-serial --lib --tests"),
            ("boards", "test --package quorate-tests --test boards"),
            ("smol", "test --package quorate-smol --lib --test client"),
            ("kv", "test --package quorate-wire --package quorate-smol --package quorate-kv --lib --bins --tests"),
            ("seeds", "run --release --package quorate-tests --bin simulate -- --seeds 0..300 --nodes 3"),
            ("seeds", "run --release --package quorate-tests --bin simulate -- --seeds 0..300 --nodes 5"),
        ];
        let expected = match mutant.by {
            Killer::Trace(_) => "traces",
            Killer::Rules => "rules",
            Killer::Docs => "docs",
            Killer::Disk => "disk",
            Killer::Power => "power",
            Killer::Flash => "flash",
            Killer::Seeds => "seeds",
            Killer::Boards => "boards",
            Killer::Smol => "smol",
            Killer::Kv => "kv",
        };
        let first = suites.iter().filter(|(name, _)| *name == expected);
        let rest = suites.iter().filter(|(name, _)| *name != expected && *name != "docs");
        for (name, command) in first.chain(rest) {
            let ran = self.cargo(command)?;
            if !ran.is_fine {
                return Ok(Fate::Killed(ran.name_killer(name, &mutant.by)));
            }
        }
        Ok(Fate::Survived)
    }

    /// Runs cargo in the copy, and neither waits for ever nor lets it take all memory: a wrong core may send without
    /// end.
    fn cargo(&self, arguments: &str) -> io::Result<Ran> {
        let told = self.root.join("told.txt");
        let (command, rest) = arguments.split_once(' ').unwrap_or((arguments, ""));
        let limited = format!("ulimit -v {MEMORY_KIB} 2>/dev/null; exec cargo \"$@\"");
        let mut child = Command::new("sh")
            .args(["-c", &limited, "cargo", command, "--offline", "--quiet"])
            .args(rest.split_whitespace())
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", self.root.join("target"))
            .env("RUST_BACKTRACE", "0")
            .env_remove("REWRITE")
            .stdout(fs::File::create(&told)?)
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let start = Instant::now();
        let is_fine = loop {
            if let Some(status) = child.try_wait()? {
                break status.success();
            }
            if start.elapsed() > PATIENCE {
                // Cargo's own group: it and the test that it runs.
                Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).status()?;
                child.wait()?;
                break false;
            }
            thread::sleep(Duration::from_millis(50));
        };
        Ok(Ran { is_fine, told: fs::read_to_string(&told)? })
    }
}

/// What came of a suite.
struct Ran {
    is_fine: bool,
    told: String,
}

impl Ran {
    /// Who noticed: the traces by their names, the one that was expected first.
    fn name_killer(&self, suite: &str, expected: &Killer) -> String {
        let traces: BTreeSet<_> =
            self.told.split("tests/traces/").skip(1).filter_map(|rest| rest.split_once(".txt")).collect();
        let mut names: Vec<_> = traces.into_iter().map(|(name, _)| name).collect();
        names.dedup();
        match expected {
            _ if names.is_empty() => suite.into(),
            Killer::Trace(name) if names.contains(&name.as_str()) => match names.len() {
                1 => name.clone(),
                more => format!("{name} and {} more", more - 1),
            },
            _ => format!("{}, NOT by {expected}", names.join(" ")),
        }
    }
}

/// Removes the files of an earlier copy that the workspace has no longer; what was built stays.
fn remove_others(folder: &Path, names: &HashSet<PathBuf>) -> io::Result<()> {
    let Ok(places) = fs::read_dir(folder) else { return Ok(()) };
    for place in places {
        let path = place?.path();
        match path.is_dir() {
            true if path.file_name().is_some_and(|name| name == "target") => {}
            true => remove_others(&path, names)?,
            false if names.contains(&path) => {}
            false => fs::remove_file(&path)?,
        }
    }
    Ok(())
}
