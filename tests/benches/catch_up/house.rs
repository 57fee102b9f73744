use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use quorate::Seat;
use quorate_smol::{Client, Cluster, Event, ServerConfig, serve};
use quorate_tests::ports::free_addresses;
use smol::block_on;
use tempfile::TempDir;

use crate::pairs::Pairs;

const CLUSTER: Cluster = Cluster(27);

/// Some nodes, each on a thread that ends with the process, if it isn't told to end before.
pub(crate) struct House {
    members: BTreeMap<Seat, SocketAddr>,
    directory: TempDir,
}

/// A node that runs.
pub(crate) struct Running {
    seat: Seat,
    directory: PathBuf,
    events: Receiver<(Instant, Event)>,
    stop: smol::channel::Sender<()>,
    thread: JoinHandle<()>,
}

/// How a node came in line.
pub(crate) struct InLine {
    pub(crate) started: Instant,
    pub(crate) restored: Instant,
    pub(crate) bytes: u64,
    pub(crate) index: u64,
}

impl House {
    pub(crate) fn of(count: u8) -> House {
        let members = (1..=count).map(Seat).zip(free_addresses(usize::from(count))).collect();
        House { members, directory: tempfile::tempdir().expect("a directory") }
    }

    /// Where the disks are.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Starts a node, on a thread that does `first` before.
    pub(crate) fn start(&self, seat: u8, first: impl FnOnce() + Send + 'static) -> Running {
        let (seat, directory) = (Seat(seat), self.directory.path().join(seat.to_string()));
        let config = ServerConfig::new(CLUSTER, seat, self.members.clone(), directory.clone());
        let ((tell, events), (stop, stopped)) = (channel(), smol::channel::bounded::<()>(1));
        let on_event = move |event: &Event| {
            let _ = tell.send((Instant::now(), event.clone()));
        };
        let thread = thread::spawn(move || {
            first();
            let shutdown = async move {
                let _ = stopped.recv().await;
            };
            block_on(serve(config, Pairs::default(), shutdown, on_event)).expect("the node ends in peace");
        });
        Running { seat, directory, events, stop, thread }
    }

    pub(crate) fn client(&self) -> Client {
        let client = Client::new(CLUSTER, self.members.clone(), Duration::from_secs(10));
        block_on(client).expect("a socket")
    }

    /// Waits until a node has applied what the first had applied before it was asked.
    pub(crate) fn await_in_line(&self, node: &Running) -> InLine {
        let mut client = self.client();
        let index = loop {
            let mut applied = |seat| block_on(client.status(seat)).map_or(0, |status| status.applied.0);
            let (goal, reached) = (applied(Seat(1)), applied(node.seat));
            if goal > 0 && reached >= goal {
                break reached;
            }
            thread::sleep(Duration::from_millis(1));
        };
        let events: Vec<_> = node.events.try_iter().collect();
        let started = events.iter().find(|(_, event)| matches!(event, Event::Started { .. }));
        let (started, _) = started.expect("it has started");
        let restored = events.iter().find_map(|(at, event)| match event {
            Event::SnapshotRestored { snapshot } => Some((*at, snapshot.bytes)),
            _ => None,
        });
        let (restored, bytes) = restored.expect("it was too far behind for entries");
        InLine { started: *started, restored, bytes, index }
    }
}

impl Running {
    /// Ends the node, and takes its disk away.
    pub(crate) fn remove(self) {
        self.stop.send_blocking(()).expect("the node runs");
        self.thread.join().expect("the node ends in peace");
        fs::remove_dir_all(self.directory).expect("its disk was there");
    }
}
