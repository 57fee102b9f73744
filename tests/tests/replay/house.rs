use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use quorate::{Index, Role, Seat};
use quorate_smol::{App, Client, Cluster, ServeError, ServerConfig, serve};
use quorate_tests::ports::free_addresses;
use smol::block_on;
use smol::channel::{Sender, bounded};
use smol::future::or;
use tempfile::TempDir;

const CLUSTER: Cluster = Cluster(0x7ace);
const NODES: u8 = 3;
const PATIENCE: Duration = Duration::from_secs(15);

/// A number under a name that clients set.
#[derive(Default)]
pub(crate) struct Named(Option<(String, u64)>);

impl App for Named {
    type Command = (String, u64);

    fn apply(&mut self, index: Index, command: (String, u64)) -> Vec<u8> {
        self.0 = Some(command);
        index.0.to_le_bytes().into()
    }

    fn query(&self, _: &[u8]) -> Vec<u8> {
        postcard::to_stdvec(&self.0).expect("it fits into memory")
    }

    fn snapshot(&self) -> impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static {
        let bytes = self.query(b"");
        move |out| out.write_all(&bytes)
    }

    fn restore(&self) -> impl FnOnce(&mut dyn Read) -> io::Result<Named> + Send + 'static {
        |snapshot| {
            let mut bytes = Vec::new();
            snapshot.read_to_end(&mut bytes)?;
            postcard::from_bytes(&bytes).map(Named).map_err(io::Error::other)
        }
    }

    fn digest(&self) -> u64 {
        u64::from(quorate::crc32c(&self.query(b"")))
    }
}

/// Three nodes on threads, each of which writes a trace.
pub(crate) struct House {
    members: BTreeMap<Seat, SocketAddr>,
    directory: TempDir,
    running: BTreeMap<u8, Running>,
}

struct Running {
    stop: Sender<()>,
    kill: Sender<()>,
    thread: JoinHandle<Result<(), ServeError>>,
}

impl House {
    pub(crate) fn new() -> House {
        let mut house = House {
            members: (1..=NODES).map(Seat).zip(free_addresses(usize::from(NODES))).collect(),
            directory: tempfile::tempdir().expect("room for a directory"),
            running: BTreeMap::new(),
        };
        (1..=NODES).for_each(|seat| house.start(seat));
        house
    }

    pub(crate) fn trace(&self, seat: u8) -> PathBuf {
        self.directory.path().join(format!("{seat}.jsonl"))
    }

    pub(crate) fn config(&self, seat: u8) -> ServerConfig {
        let directory = self.directory.path().join(seat.to_string());
        let config = ServerConfig::new(CLUSTER, Seat(seat), self.members.clone(), directory);
        ServerConfig { log_bytes: 1 << 20, trace: Some(self.trace(seat)), ..config }
    }

    pub(crate) fn start(&mut self, seat: u8) {
        let config = self.config(seat);
        let ((stop, stopped), (kill, killed)) = (bounded::<()>(1), bounded::<()>(1));
        let node = move || {
            let stop = async move {
                let _ = stopped.recv().await;
            };
            let death = async move {
                let _ = killed.recv().await;
                Ok(())
            };
            block_on(or(death, serve(config, Named::default(), stop, |_| {})))
        };
        self.running.insert(seat, Running { stop, kill, thread: thread::spawn(node) });
    }

    /// Asks a node to stop, and waits until it has.
    pub(crate) fn stop(&mut self, seat: u8) {
        self.end(seat, |running| &running.stop);
    }

    /// Ends a node in the middle of whatever it does.
    pub(crate) fn kill(&mut self, seat: u8) {
        self.end(seat, |running| &running.kill);
    }

    fn end(&mut self, seat: u8, how: fn(&Running) -> &Sender<()>) {
        let running = self.running.remove(&seat).expect("the node runs");
        let _ = how(&running).try_send(());
        running.thread.join().expect("the node does not panic").expect("the node does not fail");
    }

    pub(crate) fn client(&self) -> Client {
        block_on(Client::new(CLUSTER, self.members.clone(), PATIENCE)).expect("a socket")
    }

    /// Waits for a node that leads.
    pub(crate) fn leader(&self) -> u8 {
        let start = Instant::now();
        let mut client = self.client();
        loop {
            for seat in self.running.keys() {
                let status = block_on(client.status(Seat(*seat)));
                if status.is_ok_and(|status| status.role == Role::Leader) {
                    return *seat;
                }
            }
            assert!(start.elapsed() < PATIENCE, "nobody leads");
            thread::sleep(Duration::from_millis(10));
        }
    }
}
