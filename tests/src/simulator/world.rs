mod asking;
mod builds;
mod calm;
mod dispatch;
mod drive;
mod founding;
mod host;
mod keys;
mod links;
mod members;
mod phase;
mod power;
mod probe;
mod snapshot;
mod weather;
mod word;

use std::any::Any;
use std::collections::{BTreeSet, BinaryHeap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};

use self::drive::Acting;
use super::attacker::Attacker;
use super::client::{Answer, Client};
use super::clock::Clock;
use super::disk::{Change, Disk};
use super::event::{Event, What};
use super::fault::{Fault, Faults};
use super::locksmith::Locksmith;
use super::machine::{Machine, Waiting};
use super::network::{Kind, Network};
use super::oracle::{Oracle, Violation};
use super::setting::{Report, Schedule, Setting};
use super::shape::Shape;
use super::tally::Tally;
use crate::history::History;
use crate::linearizability::{Checker, Verdict};
use fastrand::Rng;
use quorate::{Position, Seat, Seats, Snapshot};

/// A cluster, its network, its disks and its clients.
pub struct World {
    setting: Setting,
    schedule: Schedule,
    faults: Faults,
    shape: Shape,
    rng: Rng,
    now: u64,
    number: u64,
    events: u64,
    /// How many events have happened at this very moment.
    at_once: u64,
    queue: BinaryHeap<Event>,
    network: Network,
    machines: Vec<Machine>,
    clients: Vec<Client>,
    oracle: Oracle,
    /// Some requests of the past.
    requests: Vec<What>,
    tally: Tally,
    answered: u64,
    /// Counts the changes of the weather.
    spell: u64,
    /// So many frames and syncs are left of a phase.
    phase_left: u64,
    /// Frames up to this number were on their way when the last phase ended, and are lost.
    lost_up_to: u64,
    /// The configurations that any node was ever under: their entries may be on their way, though nobody holds them.
    entered: BTreeSet<members::Configured>,
    history: History,
    tail: VecDeque<String>,
    acting: Acting,
    /// Which builds there are: drawn apart, so that a seed means otherwise what it meant before.
    builds: Rng,
    /// Who changes the keys, and who has none, if frames are sealed.
    locksmith: Option<Locksmith>,
    attacker: Option<Attacker>,
    /// Between these no message is to be lost for want of a session, and how many were.
    watched: Seats,
    missed: u64,
}

/// What was drawn of a step, to be carried out.
enum Order {
    Write(quorate::Ticket, Change),
    Send(Seat, Kind, Vec<u8>),
    Answer(Waiting, Answer),
    /// Take a snapshot of this position: that is the state.
    Take(Position, Vec<u8>),
    /// Keep these bytes of a snapshot from an offset on.
    Store(Snapshot, u64, Vec<u8>),
}

impl World {
    /// A cluster that has never run.
    pub fn new(setting: Setting) -> World {
        let mut rng = Rng::with_seed(setting.seed);
        let drawn = if rng.bool() { Schedule::Phases } else { Schedule::Weather };
        let schedule = setting.schedule.unwrap_or(drawn);
        let mut faults = Faults::random(&mut rng, schedule, &setting.without);
        let shape = Shape::random(&mut rng, setting.nodes, &faults, schedule);
        let mut drift = i64::from(faults.rate(Fault::Drift));
        if shape.leases {
            faults.remove(&[Fault::Jump]);
            drift = i64::from(setting.lease_drift);
        }
        // Nothing is harder on a lease than a slow leader among fast voters.
        let slow = (shape.leases && rng.bool()).then(|| rng.usize(..setting.nodes));
        let machine = |seat| {
            let clock = Clock::new(match slow {
                Some(slow) if seat == slow => -drift,
                Some(_) => drift,
                None => rng.i64(-drift..=drift),
            });
            let seat = Seat(seat as u8);
            Machine::new(seat, clock, Disk::new(seat, shape.segment_bytes, rng.u64(..)))
        };
        let machines = (0..setting.nodes + shape.spares).map(machine).collect();
        let has_twins = faults.has(Fault::Twins) && rng.bool();
        let number = |place: usize| if has_twins { place / 2 } else { place };
        let clients = (0..setting.clients).map(|place| Client::new(place, number(place) as u64)).collect();
        let mut world = World {
            schedule,
            faults,
            shape,
            rng,
            now: 0,
            number: 0,
            events: 0,
            at_once: 0,
            queue: BinaryHeap::new(),
            network: Network::new(),
            machines,
            clients,
            oracle: Oracle::new(setting.nodes, shape.clients_max),
            requests: Vec::new(),
            tally: Tally::default(),
            answered: 0,
            spell: 0,
            phase_left: 0,
            lost_up_to: 0,
            entered: BTreeSet::new(),
            history: History::new(),
            tail: VecDeque::new(),
            acting: Acting::default(),
            builds: Rng::with_seed(!setting.seed),
            locksmith: None,
            attacker: None,
            watched: Seats::NONE,
            missed: 0,
            setting,
        };
        world.hand_out_builds();
        world.hand_out_keys();
        world.prepare_stores();
        (0..world.setting.nodes).for_each(|machine| world.join(machine));
        (0..world.clients.len()).for_each(|client| world.ask(client));
        world.push(1, What::Weather { spell: 0 });
        world
    }

    /// Runs to the end, and tells what came of it.
    pub fn run(mut self) -> Report {
        let outcome = catch_unwind(AssertUnwindSafe(|| self.storm().and_then(|()| self.calm())));
        let outcome = outcome.unwrap_or_else(|panic| Err(panicked(panic.as_ref())));
        let violation = outcome.and_then(|()| self.check_history()).err();
        Report {
            events: self.events,
            committed: self.oracle.applied(),
            answered: self.answered,
            tally: self.tally,
            violation,
            history: self.history,
            tail: self.tail.into(),
        }
    }

    fn storm(&mut self) -> Result<(), Violation> {
        while self.events < self.setting.events {
            self.turn()?;
        }
        Ok(())
    }

    fn check_history(&self) -> Result<(), Violation> {
        match Checker::default().check(&self.history) {
            Verdict::Linearizable => Ok(()),
            verdict => Err(Violation { law: "histories are linearizable", story: verdict.to_string() }),
        }
    }

    fn push(&mut self, delay: u64, what: What) {
        self.number += 1;
        self.queue.push(Event { time: self.now + delay, number: self.number, what });
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        if self.setting.tail == 0 {
            return;
        }
        if self.tail.len() == self.setting.tail {
            self.tail.pop_front();
        }
        let (seconds, micros) = (self.now / 1_000_000, self.now % 1_000_000);
        self.tail.push_back(format!("{seconds:>4}.{micros:06} {}", line()));
    }
}

/// A node asserts what must hold of itself.
fn panicked(panic: &(dyn Any + Send)) -> Violation {
    let words = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    Violation { law: "nothing panics", story: words.unwrap_or_default().to_owned() }
}
