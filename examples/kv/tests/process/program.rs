use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// The program, without what the environment of the tests may say to it.
pub(crate) fn program() -> Command {
    under(Command::new(PATH))
}

/// The program, started by a shell that first does `preparation`.
pub(crate) fn program_after(preparation: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{preparation}; exec \"$@\""), "sh", PATH]);
    under(shell)
}

/// The same, with no file of keys named in its environment.
pub(crate) fn unnamed(mut command: Command) -> Command {
    command.env_remove("QUORATE_KEYS");
    command
}

fn under(mut command: Command) -> Command {
    command.env_remove("QUORATE_PEERS").env_remove("QUORATE_CLUSTER").env("QUORATE_KEYS", keys());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The keyring of all nodes and clients that are told of no other.
pub(crate) fn keys() -> PathBuf {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    let make = || {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("process.keys");
        // Whoever runs the tests at the same time may be the first.
        let made =
            Command::new(PATH).args(["keyring", "init", "--keys"]).arg(&path).output().expect("the program starts");
        assert!(path.exists(), "{made:?}");
        path
    };
    MADE.get_or_init(make).clone()
}

const PATH: &str = env!("CARGO_BIN_EXE_quorate-kv");

/// How long anything may take before its test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Runs the program to its end.
pub(crate) fn run<S: AsRef<str>>(arguments: &[S]) -> Ended {
    run_with(arguments, b"")
}

/// Runs the program to its end, with this on its standard input.
pub(crate) fn run_with<S: AsRef<str>>(arguments: &[S], input: &[u8]) -> Ended {
    let mut running = Running::start(program().args(arguments.iter().map(AsRef::as_ref)));
    running.write(input);
    running.end()
}

/// A process, killed if its test ends before it.
pub(crate) struct Running {
    child: Child,
    /// What it has said on standard error.
    err: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Running {
        let mut child = command.spawn().expect("the program starts");
        let err = Arc::<Mutex<String>>::default();
        let (stderr, heard) = (child.stderr.take().expect("standard error is a pipe"), Arc::clone(&err));
        let listen = move || {
            for line in BufReader::new(stderr).lines() {
                let line = line.expect("it is text");
                heard.lock().expect("nobody panicked").extend([&line, "\n"]);
            }
        };
        Running { child, err, reader: thread::spawn(listen) }
    }

    /// Waits until it has said this on standard error.
    #[track_caller]
    pub(crate) fn hears(&self, part: &str) {
        let start = Instant::now();
        while !self.said().contains(part) {
            assert!(start.elapsed() < PATIENCE, "it never said {part:?}, but:\n{}", self.said());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// What it has said on standard error.
    pub(crate) fn said(&self) -> String {
        self.err.lock().expect("nobody panicked").clone()
    }

    /// Writes to its standard input; a process that wants none may have closed it.
    pub(crate) fn write(&mut self, input: &[u8]) {
        let stdin = self.child.stdin.as_mut().expect("standard input is a pipe");
        let _ = stdin.write_all(input);
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the process is there");
    }

    /// Closes its standard input and waits for its end.
    #[track_caller]
    pub(crate) fn end(mut self) -> Ended {
        drop(self.child.stdin.take());
        let out = read(self.child.stdout.take());
        let code = eventually("the program ends", || self.child.try_wait().expect("it can be waited for"));
        eventually("its errors end", || self.reader.is_finished().then_some(()));
        let err = self.err.lock().expect("nobody panicked").clone();
        Ended { code: code.code(), out: out.join().expect("its output is text"), err }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(stream: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        if let Some(mut stream) = stream {
            stream.read_to_string(&mut text).expect("it is text");
        }
        text
    })
}

/// What a run of the program came to.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// # Panics
    /// If it ended with another code, or printed something else.
    #[track_caller]
    pub(crate) fn prints(&self, code: i32, out: &str) {
        assert_eq!((self.code, self.out.as_str()), (Some(code), out), "{}", self.err);
    }

    /// # Panics
    /// If it ended with another code, or its errors do not say all of this.
    #[track_caller]
    pub(crate) fn says(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        for part in parts {
            assert!(self.err.contains(part), "no {part:?} in {self:?}");
        }
    }
}

/// Tries again until there is something.
///
/// # Panics
/// If that takes too long.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = attempt() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "not in time: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Addresses of this machine, in a row, that stay free while their node is down.
///
/// The system draws the ports of clients, from 32,768 upwards on Linux: these lie below, and no two calls give the same.
pub(crate) fn free_addresses(count: usize) -> Vec<SocketAddr> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = (std::process::id() % 20_000) as u16;
    eventually("there are free ports in a row", || {
        let width = u16::try_from(count).expect("a cluster is small");
        let first = 10_000 + start.wrapping_add(NEXT.fetch_add(width, Ordering::Relaxed)) % 20_000;
        let row = || (first..first + width).map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        row().all(|address| UdpSocket::bind(address).is_ok()).then(|| row().collect())
    })
}
