//! What a committed entry costs: three nodes in one thread, every message through the wire codec, disks that are always
//! done. Prints time and heap allocations for each entry, one at a time and 64 in flight.
//!
//! Instructions do not depend on the machine's load: `.ci/instructions` counts them. It runs two lengths under callgrind and
//! divides the difference: `TARGET --entries N --in-flight 1`, with at most 20,000 entries: the logs have room for as
//! many, whatever N is, so that what it takes to fill them with zeros cancels out. `--at-once` has followers told at once what
//! is committed, and `--beats N` lets so many heartbeats go round instead.

use std::time::Instant as Clock;

use quorate::{
    Boot, Charter, ClientCommand, Config, Effect, Entries, Features, Founding, Identity, Input, Instant, Least,
    Members, Node, Role, Seat, Seats, Ticket,
};
use quorate_wire::Envelope;

const FOUNDING: Founding = Founding(1);
const FRAME: usize = 1200;
const LETTERS: usize = 4096;
/// For how many entries there is room.
const ENTRIES_MAX: u64 = 20_000;
/// Makes a record of 128 bytes' payload: postcard puts the length before the bytes.
const COMMAND: [u8; 126] = [0x51; 126];

/// A command that is so many bytes, encoded as such: not one by one, as serde does with a slice of numbers.
#[derive(serde::Deserialize)]
struct Bytes<'a>(&'a [u8]);

impl serde::Serialize for Bytes<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

struct Store;

impl quorate::Command for Store {
    type View<'a> = Bytes<'a>;
}

/// Frames on their way, in memory that was set aside before.
struct Link {
    frames: Vec<[u8; FRAME]>,
    heads: Vec<(Seat, usize)>,
    first: usize,
    count: usize,
}

struct Bench<const SEATS: usize> {
    nodes: Vec<Node<Store, Box<[u8]>, SEATS>>,
    link: Link,
    now: Instant,
    /// How many commands each has applied.
    applied: Vec<u64>,
    /// Whether all are to have applied a command before the next ones come.
    is_at_once: bool,
}

impl<const SEATS: usize> Bench<SEATS> {
    fn new(log_bytes: usize, is_at_once: bool) -> Self {
        let members = Members::of(Seats::first(SEATS));
        let charter = Charter {
            founding: FOUNDING,
            members,
            least: Least { log_bytes: log_bytes as u32, election_micros: 250_000, features: Features::OWN },
        };
        let nodes = members.all().iter().map(|seat| {
            let entry_bytes_max = FRAME - quorate_wire::MEMBER_OVERHEAD_MAX;
            let config = Config { entry_bytes_max, commits_at_once: is_at_once, ..Config::new(seat, 7) };
            let boot = Boot::found(config, &charter, vec![0; log_bytes].into_boxed_slice());
            boot.expect("a sound configuration").start(Instant::START).expect("it has nothing")
        });
        let link = Link { frames: vec![[0; FRAME]; LETTERS], heads: vec![(Seat(0), 0); LETTERS], first: 0, count: 0 };
        let (nodes, applied) = (nodes.collect(), vec![0; SEATS]);
        let mut bench = Bench { nodes, link, now: Instant::START, applied, is_at_once };
        while bench.nodes[0].role() != Role::Leader {
            bench.now = bench.nodes[0].deadline().expect("a follower has a deadline");
            bench.act(0, Input::Tick);
            bench.deliver_all();
        }
        bench
    }

    /// Commits so many entries, with so many on their way at a time.
    fn commit(&mut self, entries: u64, in_flight: u64) {
        let mut left = entries;
        while left > 0 {
            let batch = left.min(in_flight);
            let goal = self.applied[0] + batch;
            for _ in 0..batch {
                let command = Some(Bytes(&COMMAND));
                let answer = self.nodes[0].step(self.now, ClientCommand { session: None, command }).answer;
                assert!(answer.is_ok(), "the log has room");
            }
            self.act(0, Input::Tick);
            self.deliver_all();
            let who = if self.is_at_once { SEATS } else { 1 };
            assert!(self.applied[..who].iter().all(|applied| *applied == goal), "every entry is committed and applied");
            left -= batch;
        }
    }

    fn deliver_all(&mut self) {
        while self.link.count > 0 {
            let place = self.link.first;
            self.link.first = (place + 1) % LETTERS;
            self.link.count -= 1;
            let (to, length) = self.link.heads[place];
            let frame = self.link.frames[place];
            let (from, message) = quorate_wire::decode(&frame[..length], FOUNDING, to).expect("the link is faithful");
            self.act(usize::from(to.0), Input::Receive { from, message });
        }
    }

    fn act(&mut self, member: usize, input: Input<'_, Bytes<'_>>) {
        let mut ticket = self.carry_out(member, input);
        while let Some(durable) = ticket {
            ticket = self.carry_out(member, Input::Persisted(durable));
        }
    }

    fn carry_out(&mut self, member: usize, input: Input<'_, Bytes<'_>>) -> Option<Ticket> {
        let from = Identity::from(Seat(member as u8));
        let (link, applied) = (&mut self.link, &mut self.applied[member]);
        let mut ticket = None;
        self.nodes[member].step(self.now, input).for_each(|effect| match effect {
            Effect::Persist(write) => {
                let _: Entries<'_> = write.entries;
                ticket = Some(write.ticket);
            }
            Effect::Send { to, message } => {
                let envelope = Envelope { founding: FOUNDING, from: from.seat, to, incarnation: from.incarnation };
                let place = (link.first + link.count) % LETTERS;
                let frame = quorate_wire::encode(&mut link.frames[place], &envelope, &message);
                link.heads[place] = (to, frame.expect("every message fits").len());
                link.count += 1;
            }
            Effect::Apply(apply) => {
                let command = apply.command().expect("a command of ours");
                *applied += u64::from(command.is_some_and(|Bytes(bytes)| bytes.len() == COMMAND.len()));
            }
            _ => {}
        });
        ticket
    }

    /// So many heartbeats go round.
    fn beat(&mut self, beats: u64) {
        for _ in 0..beats {
            self.now = self.nodes[0].deadline().expect("a leader has a deadline");
            self.act(0, Input::Tick);
            self.deliver_all();
        }
    }
}

fn measure<const SEATS: usize>(entries: u64, in_flight: u64, is_at_once: bool) {
    assert!(entries <= ENTRIES_MAX, "at most {ENTRIES_MAX} entries");
    let mut bench = Bench::<SEATS>::new((ENTRIES_MAX as usize + 1000) * 160, is_at_once);
    bench.commit(500, in_flight);
    let start = Clock::now();
    let heap = allocation_counter::measure(|| bench.commit(entries, in_flight));
    let nanos = start.elapsed().as_nanos() as f64 / entries as f64;
    println!(
        "{SEATS:>2} nodes, {in_flight:>2} in flight: {nanos:>8.0} ns and {:.3} heap allocations per entry of 128 bytes ({entries} entries)",
        heap.count_total as f64 / entries as f64
    );
    assert_eq!(heap.count_total, 0, "core and wire take nothing from the heap");
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let number = |name: &str| words.iter().position(|word| word == name).and_then(|at| words.get(at + 1)?.parse().ok());
    let is_at_once = words.iter().any(|word| word == "--at-once");
    if let Some(beats) = number("--beats") {
        return Bench::<3>::new(4096, false).beat(beats);
    }
    match (number("--entries"), number("--in-flight")) {
        (Some(entries), Some(in_flight)) => match number("--nodes") {
            Some(5) => measure::<5>(entries, in_flight, is_at_once),
            Some(7) => measure::<7>(entries, in_flight, is_at_once),
            Some(27) => measure::<27>(entries, in_flight, is_at_once),
            _ => measure::<3>(entries, in_flight, is_at_once),
        },
        _ => {
            for in_flight in [1, 64] {
                measure::<3>(ENTRIES_MAX, in_flight, false);
                measure::<27>(ENTRIES_MAX, in_flight, false);
            }
        }
    }
}
