use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use quorate::{Founding, Role, Seat};
use quorate_smol::{Client, Cluster, Event, Key, KeyId, Keyring, Rights, ServerConfig, Status, serve};
use smol::block_on;
use smol::channel::{Sender, bounded};
use tempfile::TempDir;

use crate::app::{Count, One};

pub(crate) const CLUSTER: Cluster = Cluster(1);

/// How many clients have commands done, each one after the other.
pub(crate) const CLIENTS: u64 = 16;

/// Three nodes on threads of this process, sealed or plain, with data of their own. Node 1 leads if it can.
pub(crate) struct House {
    pub(crate) members: BTreeMap<Seat, SocketAddr>,
    keys: Option<Keyring>,
    founding: Arc<Mutex<Option<Founding>>>,
    nodes: BTreeMap<Seat, (Sender<()>, JoinHandle<()>)>,
    _directory: TempDir,
}

impl House {
    pub(crate) fn new(is_sealed: bool) -> House {
        let keys = is_sealed.then(|| Keyring::new(key_id(), key()));
        let directory = tempfile::tempdir().expect("a directory for the logs");
        let members: BTreeMap<Seat, SocketAddr> = (1..=3).map(|seat| (Seat(seat), free())).collect();
        let (founding, mut nodes) = (Arc::<Mutex<_>>::default(), BTreeMap::new());
        for seat in members.keys() {
            let path = directory.path().join(seat.0.to_string());
            let config = ServerConfig {
                keys: keys.clone(),
                preferred: [Seat(1)].into_iter().collect(),
                ..ServerConfig::new(CLUSTER, *seat, members.clone(), path)
            };
            let (stop, stopped) = bounded::<()>(1);
            let founded = founding.clone();
            let on_event = move |event: &Event| {
                if let Event::Founded { charter } = event {
                    *founded.lock().expect("nobody panics") = Some(charter.founding);
                }
            };
            let stop_at = async move {
                let _ = stopped.recv().await;
            };
            let thread = thread::spawn(move || drop(block_on(serve(config, Count::default(), stop_at, on_event))));
            nodes.insert(*seat, (stop, thread));
        }
        let house = House { members, keys, founding, nodes, _directory: directory };
        let mut operator = house.client("operator", Rights::Admin);
        while !block_on(operator.status(Seat(1))).is_ok_and(|status| status.role == Role::Leader) {
            thread::sleep(Duration::from_millis(100));
        }
        house
    }

    pub(crate) fn client(&self, name: &str, rights: Rights) -> Client {
        self.client_of(self.members.clone(), name, rights)
    }

    /// One that is told these places.
    pub(crate) fn client_of(&self, places: BTreeMap<Seat, SocketAddr>, name: &str, rights: Rights) -> Client {
        let mut client = block_on(Client::new(CLUSTER, places, Duration::from_secs(10))).expect("a socket");
        if let Some(keys) = &self.keys {
            client.seal(keys.client_keys(CLUSTER, name.parse().expect("a name"), rights));
        }
        client
    }

    pub(crate) fn status(&self) -> Status {
        block_on(self.client("operator", Rights::Admin).status(Seat(1))).expect("the leader answers")
    }

    /// The cluster's identity.
    pub(crate) fn founding(&self) -> Founding {
        self.founding.lock().expect("nobody panics").expect("the nodes are new")
    }

    /// Ends a node in good order.
    pub(crate) fn stop(&mut self, seat: Seat) {
        let (stop, thread) = self.nodes.remove(&seat).expect("it runs");
        let _ = stop.try_send(());
        thread.join().expect("it does not panic");
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.nodes.keys().copied().collect::<Vec<_>>().into_iter().rev().for_each(|seat| self.stop(seat));
    }
}

/// Clients that have one command done after the other, until they are dropped.
pub(crate) struct Load {
    done: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Load {
    pub(crate) fn begin(house: &House) -> Load {
        let (done, is_over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let client = |_| {
            let (mut client, done, is_over) = (house.client("bench", Rights::Write), done.clone(), is_over.clone());
            thread::spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    block_on(client.command(&one())).expect("the command is done");
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        };
        let threads = (0..CLIENTS).map(client).collect();
        Load { done, is_over, threads }
    }

    /// How many commands were done so far.
    pub(crate) fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.threads.drain(..).for_each(|thread| thread.join().expect("its commands are done"));
    }
}

pub(crate) fn one() -> Vec<u8> {
    postcard::to_stdvec(&One).expect("it is short")
}

pub(crate) fn key_id() -> KeyId {
    KeyId::new(1).expect("it is below 16")
}

pub(crate) fn key() -> Key {
    Key::new([7; Key::BYTES])
}

/// A port at which nobody listens.
pub(crate) fn free() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    socket.local_addr().expect("it is bound")
}

pub(crate) fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    let middle = rates.len() / 2;
    (rates[middle - 1] + rates[middle]) / 2.0
}
