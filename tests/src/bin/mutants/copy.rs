use std::collections::HashSet;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, io, thread};

use quorate_tests::mutants::Mutant;

/// No suite takes that long, built and run; a mutant that does goes round in circles.
const PATIENCE: Duration = Duration::from_secs(600);
/// As much memory as a process may take.
const MEMORY_KIB: u32 = 8 << 20;
/// The profile that finders are built with.
const FINDERS: &str = "finders";
/// What a shell tells of a program that is not there.
const NOT_RUN: i32 = 127;
/// What a shell tells of a process that was killed because its processor's time was up.
const OUT_OF_TIME: i32 = 128 + 24;

/// A copy of the workspace, in which things may be broken. It is kept for the next time, with what was built in it.
pub(crate) struct Copy {
    root: PathBuf,
}

impl Copy {
    /// In this folder of the system's folder for temporary files.
    pub(crate) fn new(folder: &str) -> io::Result<Copy> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in a workspace");
        let root = env::temp_dir().join(folder);
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

    /// Lets somebody look at the workspace with the mutation in it; `None` if its text is not found.
    pub(crate) fn with<T>(&self, mutant: &Mutant, look: impl FnOnce() -> io::Result<T>) -> io::Result<Option<T>> {
        let path = self.root.join(&mutant.file);
        let whole = fs::read_to_string(&path)?;
        let Some(broken) = mutant.apply(&whole) else {
            return Ok(None);
        };
        fs::write(&path, broken)?;
        let seen = look();
        fs::write(&path, whole)?;
        seen.map(Some)
    }

    /// Runs cargo in the copy.
    pub(crate) fn cargo(&self, arguments: &str) -> io::Result<Ran> {
        let (command, rest) = arguments.split_once(' ').unwrap_or((arguments, ""));
        let words = ["cargo", command, "--offline", "--quiet"];
        let ran = self.run("exec \"$@\"", words.into_iter().chain(rest.split_whitespace()))?;
        Ok(Ran { is_fine: ran.code == Some(0), told: ran.told })
    }

    /// Runs a finder that was built for so many seconds of its processor's time, and tells how many it took to find
    /// something; `None` if it found nothing.
    pub(crate) fn find(&self, finder: &str, seconds: u32) -> io::Result<Option<f64>> {
        let script = format!("ulimit -S -t {seconds}; \"$@\" >/dev/null; found=$?; times; exit $found");
        let path = self.root.join("target").join(FINDERS).join("");
        let finder = format!("{}{finder}", path.display());
        let ran = self.run(&script, finder.split_whitespace())?;
        // The last line is the time of what the shell has run: its own part, and the system's on its behalf.
        let line = ran.told.lines().next_back().unwrap_or_default();
        let taken = line.split_whitespace().filter_map(seconds_of).sum();
        Ok(ran.code.filter(|code| !matches!(*code, 0 | NOT_RUN | OUT_OF_TIME)).map(|_| taken))
    }

    /// Runs a script of the shell with these words in the copy, and neither waits for ever nor lets it take all memory:
    /// a wrong core may send without end.
    fn run<'a>(&self, script: &str, words: impl Iterator<Item = &'a str>) -> io::Result<Ended> {
        let told = self.root.join("told.txt");
        let limited = format!("ulimit -v {MEMORY_KIB} 2>/dev/null; {script}");
        let mut child = Command::new("sh")
            .args(["-c", &limited, "sh"])
            .args(words)
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", self.root.join("target"))
            .env("RUST_BACKTRACE", "0")
            .env_remove("REWRITE")
            .stdout(fs::File::create(&told)?)
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let start = Instant::now();
        let code = loop {
            if let Some(status) = child.try_wait()? {
                break status.code();
            }
            if start.elapsed() > PATIENCE {
                // The shell's own group: it and all that it runs.
                Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).status()?;
                child.wait()?;
                break None;
            }
            thread::sleep(Duration::from_millis(50));
        };
        Ok(Ended { code, told: fs::read_to_string(&told)? })
    }
}

/// How a script ended.
struct Ended {
    /// None if it was killed.
    code: Option<i32>,
    told: String,
}

/// The seconds of a time as the shell's `times` writes it: `1m2.345s`.
fn seconds_of(text: &str) -> Option<f64> {
    let (minutes, seconds) = text.strip_suffix('s')?.split_once('m')?;
    Some(minutes.parse::<f64>().ok()? * 60.0 + seconds.parse::<f64>().ok()?)
}

/// What came of a command.
pub(crate) struct Ran {
    pub(crate) is_fine: bool,
    /// What it wrote to its standard output.
    pub(crate) told: String,
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
