use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use quorate::Seat;
use quorate_smol::{Client, Cluster, Event, ServerConfig, serve};
use smol::block_on;
use tempfile::TempDir;

use crate::pairs::Pairs;

const CLUSTER: Cluster = Cluster(27);

/// Some nodes, each on a thread that ends with the process.
pub(crate) struct House {
    members: BTreeMap<Seat, SocketAddr>,
    directory: TempDir,
    /// What the node that was started last has told.
    events: Receiver<(Instant, Event)>,
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
        let sockets: Vec<_> = (0..count).map(|_| UdpSocket::bind("127.0.0.1:0").expect("a free port")).collect();
        let addresses = sockets.iter().map(|socket| socket.local_addr().expect("an address"));
        let members = (1..=count).map(Seat).zip(addresses).collect();
        House { members, directory: tempfile::tempdir().expect("a directory"), events: channel().1 }
    }

    /// Where the disks are.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Starts a node, on a thread that does `first` before.
    pub(crate) fn start(&mut self, seat: u8, first: impl FnOnce() + Send + 'static) {
        let directory = self.directory.path().join(seat.to_string());
        let config = ServerConfig::new(CLUSTER, Seat(seat), self.members.clone(), directory);
        let (tell, events) = channel();
        self.events = events;
        let on_event = move |event: &Event| {
            let _ = tell.send((Instant::now(), *event));
        };
        thread::spawn(move || {
            first();
            block_on(serve(config, Pairs::default(), std::future::pending(), on_event))
        });
    }

    pub(crate) fn client(&self) -> Client {
        let client = Client::new(CLUSTER, self.members.clone(), Duration::from_secs(10));
        block_on(client).expect("a socket")
    }

    /// Waits until a node has applied what the first had applied before it was asked.
    pub(crate) fn await_in_line(&self, seat: u8) -> InLine {
        let mut client = self.client();
        let index = loop {
            let mut applied = |seat| block_on(client.status(Seat(seat))).map_or(0, |status| status.applied.0);
            let (goal, reached) = (applied(1), applied(seat));
            if goal > 0 && reached >= goal {
                break reached;
            }
            thread::sleep(Duration::from_millis(1));
        };
        let events: Vec<_> = self.events.try_iter().collect();
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
