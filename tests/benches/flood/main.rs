//! What a flood from somebody without a key costs a sealed cluster: three nodes of this process over loopback, on a disk, and
//! clients that have commands done, while somebody sends to the leader, or to a follower, as fast as he can, and, to compare, as fast
//! to a port at which nobody listens. Prints commands a second of each, how the leader fared, and what it has counted.
//!
//! `cargo bench -p quorate-tests --bench flood -- SECONDS KIND...` measures each kind of flood for so long, four times in turn; 2
//! seconds and all kinds unless told otherwise.

mod app;
mod attack;

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use quorate::{Role, Seat};
use quorate_smol::{Client, Cluster, Key, KeyId, Keyring, Rights, ServerConfig, Status, serve};
use smol::block_on;

use crate::app::{Count, One};
use crate::attack::{Flood, Kind};

const CLUSTER: Cluster = Cluster(1);
const CLIENTS: u64 = 16;
const ROUNDS: usize = 4;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let seconds = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(2);
    let mut kinds = Kind::ALL.to_vec();
    if arguments.iter().any(|argument| Kind::ALL.iter().any(|kind| kind.name() == *argument)) {
        kinds.retain(|kind| arguments.contains(&kind.name()));
    }
    let time = Duration::from_secs(seconds);
    let keys = Keyring::new(KeyId::new(1).expect("it is below 16"), Key::new([7; Key::BYTES]));
    let directory = tempfile::tempdir().expect("a directory for the logs");
    let members: BTreeMap<Seat, SocketAddr> = (1..=3).map(|seat| (Seat(seat), free())).collect();
    for seat in members.keys() {
        let path = directory.path().join(seat.0.to_string());
        let config = ServerConfig {
            keys: Some(keys.clone()),
            preferred: [Seat(1)].into_iter().collect(),
            ..ServerConfig::new(CLUSTER, *seat, members.clone(), path)
        };
        thread::spawn(move || block_on(serve(config, Count::default(), smol::future::pending(), |_| ())));
    }
    let client = || {
        let mut client = block_on(Client::new(CLUSTER, members.clone(), Duration::from_secs(10))).expect("a socket");
        client.seal(keys.client_keys(CLUSTER, "bench".parse().expect("a name"), Rights::Admin));
        client
    };
    let mut operator = client();
    let mut try_status = || block_on(operator.status(Seat(1)));
    while !try_status().is_ok_and(|status| status.role == Role::Leader) {
        thread::sleep(Duration::from_millis(100));
    }
    let mut status = || try_status().expect("the leader answers");
    let (done, is_over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let tap = Tap::before(members[&Seat(1)]);
    for number in 0..CLIENTS {
        let (mut client, done, is_over) = (client(), done.clone(), is_over.clone());
        let mut tapped =
            block_on(Client::new(CLUSTER, [(Seat(1), tap.address)].into(), Duration::from_secs(10))).expect("a socket");
        tapped.seal(keys.client_keys(CLUSTER, "tapped".parse().expect("a name"), Rights::Write));
        thread::spawn(move || {
            if number == 0 {
                (0..50).for_each(|_| drop(block_on(tapped.command(&one()))));
            }
            while !is_over.load(Ordering::Relaxed) {
                block_on(client.command(&one())).expect("the command is done");
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    let recorded = tap.recorded();
    println!(
        "{CLIENTS} clients, three nodes, {seconds} s each, four times in turn; commands a second: the median of four"
    );
    println!(
        "{:<14}{:>12}{:>12}{:>6}{:>12}{:>6}{:>14}  terms  memory grew",
        "flood", "closed port", "leader", "", "follower", "", "frames a second"
    );
    for kind in kinds {
        let (term, memory) = (status().term, resident());
        let (mut rates, mut frames) = ([const { Vec::new() }; 3], 0);
        for round in 0..3 * ROUNDS {
            let to = [closed(), members[&Seat(1)], members[&Seat(2)]][round % 3];
            let flood = Flood::begin(kind, to, recorded.clone());
            let (before, began) = (done.load(Ordering::Relaxed), Instant::now());
            thread::sleep(time);
            let commands = done.load(Ordering::Relaxed) - before;
            rates[round % 3].push(commands as f64 / began.elapsed().as_secs_f64());
            frames = flood.sent() / seconds.max(1);
        }
        let [closed, leader, follower] = rates.map(median);
        println!(
            "{:<14}{closed:>12.0}{leader:>12.0}{:>5.0}%{follower:>12.0}{:>5.0}%{frames:>14}  {}      {} KiB",
            kind.name(),
            100.0 * leader / closed,
            100.0 * follower / closed,
            status().term.0 - term.0,
            resident().saturating_sub(memory)
        );
    }
    is_over.store(true, Ordering::Relaxed);
    println!("the leader has refused: {}", counts(&status()));
}

fn one() -> Vec<u8> {
    postcard::to_stdvec(&One).expect("it is short")
}

fn counts(status: &Status) -> String {
    let counted = status.refused.iter().filter(|(_, count)| *count > 0);
    counted.map(|(reason, count)| format!("{reason} {count}")).collect::<Vec<_>>().join(", ")
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    let middle = rates.len() / 2;
    (rates[middle - 1] + rates[middle]) / 2.0
}

/// KiB of memory that this process takes; 0 where the system does not say it so.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok()).unwrap_or(0)
}

fn free() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    socket.local_addr().expect("it is bound")
}

/// A port at which nobody listens.
fn closed() -> SocketAddr {
    free()
}

/// Somebody between a client and a node, who writes down what the client says.
struct Tap {
    address: SocketAddr,
    heard: Arc<std::sync::Mutex<Vec<Vec<u8>>>>,
}

impl Tap {
    fn before(node: SocketAddr) -> Tap {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let address = socket.local_addr().expect("it is bound");
        let heard = Arc::<std::sync::Mutex<Vec<_>>>::default();
        let written = heard.clone();
        thread::spawn(move || {
            let (mut buffer, mut client) = ([0; 1500], node);
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                let to = if from == node { client } else { node };
                if from != node {
                    client = from;
                    written.lock().expect("nobody panics").push(buffer[..length].to_vec());
                }
                let _ = socket.send_to(&buffer[..length], to);
            }
        });
        Tap { address, heard }
    }

    /// What it has written down, once that is something.
    fn recorded(&self) -> Vec<Vec<u8>> {
        loop {
            let heard = self.heard.lock().expect("nobody panics").clone();
            if heard.len() >= 50 {
                return heard;
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}
