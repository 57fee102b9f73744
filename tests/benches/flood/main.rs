//! What a flood from somebody without a key costs a sealed cluster: three nodes of this process over loopback, on a disk, and
//! clients that have commands done, while somebody sends to the leader, or to a follower, as fast as he can, and, to compare, as fast
//! to a port at which nobody listens. Prints commands a second of each, how the leader fared, and what it has counted. At last
//! a member with the key floods them that starts again and again.
//!
//! `cargo bench -p quorate-tests --bench flood -- SECONDS KIND...` measures each kind of flood for so long, four times in turn; 2
//! seconds and all kinds unless told otherwise. With `links` in their place it compares sealed links with plain ones, without a flood.

mod app;
mod attack;
mod house;
mod links;
mod restarts;
mod tap;

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use quorate::Seat;
use quorate_smol::{Rights, Status};
use smol::block_on;

use crate::attack::{Flood, Kind};
use crate::house::{CLIENTS, House, Load, free, median, one};
use crate::restarts::Restarts;
use crate::tap::Tap;

const ROUNDS: usize = 4;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let is_named = |name: &str| arguments.iter().any(|argument| argument == name);
    let seconds = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(2);
    let time = Duration::from_secs(seconds);
    if is_named("links") {
        links::compare(time);
        return;
    }
    let mut kinds = Kind::ALL.to_vec();
    if Kind::ALL.iter().any(|kind| is_named(&kind.name())) || is_named("Restarts") {
        kinds.retain(|kind| is_named(&kind.name()));
    }
    let mut house = House::new(true);
    let tap = Tap::before(house.members[&Seat(1)]);
    let mut tapped = house.client_of([(Seat(1), tap.address())].into(), "tapped", Rights::Write);
    (0..50).for_each(|_| drop(block_on(tapped.command(&one()))));
    let (recorded, load) = (tap.recorded(), Load::begin(&house));
    println!(
        "{CLIENTS} clients, three nodes, {seconds} s each, four times in turn; commands a second: the median of four"
    );
    println!(
        "{:<14}{:>12}{:>12}{:>6}{:>12}{:>6}{:>14}  terms  memory grew",
        "flood", "closed port", "leader", "", "follower", "", "frames a second"
    );
    for kind in &kinds {
        measure(&house, &load, time, &kind.name(), |to| Flood::begin(*kind, to, recorded.clone()));
    }
    if kinds.len() == Kind::ALL.len() || is_named("Restarts") {
        house.stop(Seat(3));
        let (founding, own) = (house.founding(), house.members[&Seat(3)]);
        measure(&house, &load, time, "Restarts", |to| {
            let seat = house.members.iter().find_map(|(seat, address)| (*address == to).then_some(*seat));
            Flood::restarting(Restarts::new(founding, Seat(3), seat.unwrap_or(Seat(1))), own, to)
        });
    }
    println!("the leader has refused: {}", counts(&house.status()));
    drop(load);
}

/// Commands are done while each of three is flooded in turn.
fn measure(house: &House, load: &Load, time: Duration, name: &str, flood: impl Fn(SocketAddr) -> Flood) {
    let (term, memory) = (house.status().term, resident());
    let (mut rates, mut frames) = ([const { Vec::new() }; 3], 0);
    for round in 0..3 * ROUNDS {
        let to = [free(), house.members[&Seat(1)], house.members[&Seat(2)]][round % 3];
        let flood = flood(to);
        let (before, began) = (load.done(), Instant::now());
        thread::sleep(time);
        let commands = load.done() - before;
        rates[round % 3].push(commands as f64 / began.elapsed().as_secs_f64());
        frames = flood.sent() / time.as_secs().max(1);
    }
    let [closed, leader, follower] = rates.map(median);
    println!(
        "{name:<14}{closed:>12.0}{leader:>12.0}{:>5.0}%{follower:>12.0}{:>5.0}%{frames:>14}  {}      {} KiB",
        100.0 * leader / closed,
        100.0 * follower / closed,
        house.status().term.0 - term.0,
        resident().saturating_sub(memory)
    );
}

fn counts(status: &Status) -> String {
    let counted = status.refused.iter().filter(|(_, count)| *count > 0);
    counted.map(|(reason, count)| format!("{reason} {count}")).collect::<Vec<_>>().join(", ")
}

/// KiB of memory that this process takes; 0 where the system does not say it so.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok()).unwrap_or(0)
}
