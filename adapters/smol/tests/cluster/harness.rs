use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use quorate::{Founding, Role, Seat};
use quorate_smol::{
    App, ClientKey, Cluster, Event, Key, KeyId, Keyring, Rights, ServeError, ServerConfig, Status, serve,
};
use smol::block_on;
use smol::channel::{Sender, bounded};
use smol::future::or;
use tempfile::TempDir;

use crate::caller::Caller;
use crate::tally::Tally;

pub(crate) const CLUSTER: Cluster = Cluster(0x7e57);

/// How long a test waits for what must come at last, on a machine that may be busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Some nodes, each on a thread of its own. What still runs at the end of a test is killed.
pub(crate) struct House {
    pub(crate) members: BTreeMap<Seat, SocketAddr>,
    directory: TempDir,
    running: BTreeMap<Seat, Running>,
    log_bytes: usize,
    /// What the nodes seal with that are told nothing else.
    pub(crate) keys: Option<Keyring>,
    /// What the keys of clients are made of.
    pub(crate) client_keys: Option<Keyring>,
}

struct Running {
    stop: Sender<()>,
    kill: Sender<()>,
    events: Arc<Mutex<Vec<Event>>>,
    thread: JoinHandle<Result<(), ServeError>>,
}

impl House {
    /// Nodes with seats from 1 on, all of them running.
    pub(crate) fn of(count: u8) -> House {
        let mut house = House::with_log(count, 1 << 20);
        for seat in 1..=count {
            house.start(seat);
        }
        house
    }

    /// The same, and nothing is sealed.
    pub(crate) fn plain(count: u8) -> House {
        let mut house = House::with_log(count, 1 << 20);
        (house.keys, house.client_keys) = (None, None);
        (1..=count).for_each(|seat| house.start(seat));
        house
    }

    /// Nodes with so much memory for their logs, none of them running.
    pub(crate) fn with_log(count: u8, log_bytes: usize) -> House {
        House {
            members: (1..=count).map(Seat).zip(free_addresses()).collect(),
            directory: tempfile::tempdir().expect("a directory for the logs"),
            running: BTreeMap::new(),
            log_bytes,
            keys: Some(keyring(1)),
            client_keys: Some(keyring(1)),
        }
    }

    pub(crate) fn config(&self, seat: u8) -> ServerConfig {
        let directory = self.directory.path().join(seat.to_string());
        let config = ServerConfig::new(CLUSTER, Seat(seat), self.members.clone(), directory);
        ServerConfig { log_bytes: self.log_bytes, keys: self.keys.clone(), ..config }
    }

    /// Where these are.
    pub(crate) fn list(&self, seats: &[u8]) -> BTreeMap<Seat, SocketAddr> {
        seats.iter().map(|seat| (Seat(*seat), self.members[&Seat(*seat)])).collect()
    }

    pub(crate) fn start(&mut self, seat: u8) {
        self.run(self.config(seat));
    }

    /// Takes the disk of a node that does not run away.
    pub(crate) fn erase(&self, seat: u8) {
        fs::remove_dir_all(self.directory.path().join(seat.to_string())).expect("the directory can go");
    }

    /// Starts a node as it is told.
    pub(crate) fn run(&mut self, config: ServerConfig) {
        let seat = config.seat;
        let (stop, stopped) = bounded::<()>(1);
        let (kill, killed) = bounded::<()>(1);
        let events = Arc::new(Mutex::new(Vec::new()));
        let heard = events.clone();
        let node = move || {
            let stop = async move {
                let _ = stopped.recv().await;
            };
            let on_event = |event: &Event| heard.lock().expect("no test panics here").push(event.clone());
            let death = async move {
                let _ = killed.recv().await;
                Ok(())
            };
            block_on(or(death, serve(config, Tally::default(), stop, on_event)))
        };
        let running = Running { stop, kill, events, thread: thread::spawn(node) };
        self.running.insert(seat, running);
    }

    /// Asks a node to stop, and waits until it has.
    #[track_caller]
    pub(crate) fn stop(&mut self, seat: u8) -> Result<(), ServeError> {
        let running = self.running.remove(&Seat(seat)).expect("the node runs");
        let _ = running.stop.try_send(());
        running.thread.join().expect("the node does not panic")
    }

    /// Waits until a node ends that nobody has asked to stop.
    #[track_caller]
    pub(crate) fn end(&mut self, seat: u8) -> Result<(), ServeError> {
        let running = self.running.remove(&Seat(seat)).expect("the node runs");
        running.thread.join().expect("the node does not panic")
    }

    /// Ends a node in the middle of whatever it does.
    #[track_caller]
    pub(crate) fn kill(&mut self, seat: u8) {
        let running = self.running.remove(&Seat(seat)).expect("the node runs");
        let _ = running.kill.try_send(());
        let ended = running.thread.join().expect("the node does not panic");
        ended.expect("the node ran until it was killed");
    }

    pub(crate) fn events(&self, seat: u8) -> Vec<Event> {
        let running = &self.running[&Seat(seat)];
        running.events.lock().expect("no test panics here").clone()
    }

    /// The cluster's identity.
    pub(crate) fn founding(&self) -> Founding {
        let founded = self.events(1).into_iter().find_map(|event| match event {
            Event::Founded { charter } => Some(charter.founding),
            _ => None,
        });
        founded.expect("the nodes are new")
    }

    pub(crate) fn client(&self) -> Caller {
        self.client_of(self.members.keys().map(|Seat(seat)| *seat))
    }

    /// A client that was told of these members only.
    pub(crate) fn client_of(&self, seats: impl IntoIterator<Item = u8>) -> Caller {
        let seats: Vec<_> = seats.into_iter().collect();
        self.client_at(self.list(&seats))
    }

    /// A client that gives up soon.
    pub(crate) fn hasty_client(&self) -> Caller {
        Caller::new(self.members.clone(), Duration::from_millis(400), self.admin_keys())
    }

    /// A client with the keys of this name and these rights, which gives up after four seconds.
    pub(crate) fn client_with(&self, name: &str, rights: Rights) -> Caller {
        Caller::new(self.members.clone(), Duration::from_secs(4), self.keys_of(name, rights))
    }

    /// A client that was told that the members are there.
    pub(crate) fn client_at(&self, members: BTreeMap<Seat, SocketAddr>) -> Caller {
        Caller::new(members, PATIENCE, self.admin_keys())
    }

    fn admin_keys(&self) -> Option<Vec<ClientKey>> {
        self.keys_of("test", Rights::Admin)
    }

    fn keys_of(&self, name: &str, rights: Rights) -> Option<Vec<ClientKey>> {
        let name = name.parse().expect("it is short");
        self.client_keys.as_ref().map(|keys| keys.client_keys(CLUSTER, name, rights))
    }

    /// Waits until all that run agree on a leader: its seat, and a follower's.
    #[track_caller]
    pub(crate) fn leader(&self) -> (u8, u8) {
        let running: Vec<_> = self.running.keys().map(|Seat(seat)| *seat).collect();
        self.leader_of(&running)
    }

    /// The same of these.
    #[track_caller]
    pub(crate) fn leader_of(&self, seats: &[u8]) -> (u8, u8) {
        eventually("a leader that all know", || {
            let reports = self.reports(seats)?;
            let Seat(leader) = reports.iter().find(|report| report.role == Role::Leader)?.seat;
            let all_agree = reports.iter().all(|report| report.leader == Some(Seat(leader)));
            let follower = reports.iter().map(|report| report.seat.0).find(|seat| *seat != leader);
            all_agree.then_some((leader, follower.unwrap_or(leader)))
        })
    }

    /// Waits until all that run have applied the same, at least up to `index`.
    #[track_caller]
    pub(crate) fn converge(&self, index: u64) {
        eventually("nodes that have applied the same", || {
            let running: Vec<_> = self.running.keys().map(|Seat(seat)| *seat).collect();
            let reports = self.reports(&running)?;
            let first = reports.first()?;
            let is_same = |report: &Status| (report.applied, report.digest) == (first.applied, first.digest);
            (first.applied.0 >= index && reports.iter().all(is_same)).then_some(())
        });
    }

    /// Waits until the members know where all of them are, and have applied the same: after that the log is at rest.
    #[track_caller]
    pub(crate) fn settle(&self) {
        let index = eventually("addresses that all know", || {
            let known = self.hasty_client().try_members().ok()?;
            let are_known = known.occupants.values().all(|occupant| occupant.address.is_some());
            (known.is_settled && are_known).then_some(known.since.0)
        });
        self.converge(index);
    }

    fn reports(&self, seats: &[u8]) -> Option<Vec<Status>> {
        let mut client = self.hasty_client();
        seats.iter().map(|seat| client.try_status(*seat).ok()).collect()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let killed = std::mem::take(&mut self.running).into_values().map(|running| {
            let _ = running.kill.try_send(());
            running.thread
        });
        let threads: Vec<_> = killed.collect();
        for thread in threads {
            let _ = thread.join();
        }
    }
}

/// A keyring of this key alone.
pub(crate) fn keyring(number: u8) -> Keyring {
    Keyring::new(key_id(number), key(number))
}

pub(crate) fn key_id(number: u8) -> KeyId {
    KeyId::new(number).expect("there are numbers below 16")
}

pub(crate) fn key(number: u8) -> Key {
    Key::new([number; Key::BYTES])
}

/// Runs a node on this thread until it fails.
#[track_caller]
pub(crate) fn serve_in_vain<A: App>(config: ServerConfig, app: A) -> ServeError {
    let late = async {
        smol::Timer::after(PATIENCE).await;
    };
    block_on(serve(config, app, late, |_| {})).expect_err("the node cannot go on")
}

/// Asks again and again until there is an answer.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut answer: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = answer() {
            return answer;
        }
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Addresses that no other test of this process gets, below the ports that the system gives out by itself.
fn free_addresses() -> impl Iterator<Item = SocketAddr> {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    let start = (std::process::id() % 10_000) as u16;
    let next = move || {
        let port = 20_000 + (start + TAKEN.fetch_add(1, Ordering::Relaxed)) % 10_000;
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    };
    std::iter::repeat_with(next).filter(|address| UdpSocket::bind(address).is_ok())
}
