mod asking;
mod step;
mod weather;

use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};

use fastrand::Rng;
use quorate::{Input, Role, Seat, Session};
use quorate_wire::Cluster;

use super::Write;
use super::client::{Answer, Client, Wish};
use super::disk::Batch;
use super::faults::{Faults, Tally};
use super::machine::{Machine, Waiting};
use super::network::Network;
use super::oracle::{Oracle, Violation};
use crate::history::History;

const CLUSTER: Cluster = Cluster(0x51);
/// What a calm cluster is given to come together.
const CALM_MICROS: u64 = 20_000_000;

/// What is simulated.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Chooses everything else.
    pub seed: u64,
    /// How many members, at most [`SEATS`](super::SEATS).
    pub nodes: usize,
    /// How many clients.
    pub clients: usize,
    /// For how many events things go wrong, before calm returns.
    pub events: u64,
    /// What goes wrong; `None` lets the seed choose.
    pub faults: Option<Faults>,
    /// Whether to keep what clients did and were told.
    pub history: bool,
    /// How many events before its end a run keeps for its report.
    pub tail: usize,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// How many events were simulated.
    pub events: u64,
    /// How many entries were committed.
    pub committed: usize,
    /// How many wishes of clients were answered.
    pub answered: u64,
    /// What went wrong on purpose.
    pub tally: Tally,
    /// What went wrong by our fault.
    pub violation: Option<Violation>,
    /// What clients did and were told, if it was to be kept. Each register is a key.
    pub history: History,
    /// The last events.
    pub tail: Vec<String>,
}

struct Event {
    time: u64,
    order: u64,
    what: What,
}

enum What {
    Frame { to: Seat, bytes: Vec<u8> },
    Alarm { machine: usize, life: u64 },
    Synced { machine: usize, life: u64 },
    Request { machine: usize, waiting: Waiting, session: Session, wish: Wish },
    Answer { waiting: Waiting, answer: Answer },
    Retry { waiting: Waiting },
    Start { machine: usize },
    Weather,
}

/// A cluster, its network, its disks and its clients.
pub struct World {
    setting: Setting,
    faults: Faults,
    rng: Rng,
    now: u64,
    order: u64,
    events: u64,
    queue: BinaryHeap<Event>,
    network: Network,
    machines: Vec<Machine>,
    clients: Vec<Client>,
    oracle: Oracle,
    tally: Tally,
    answered: u64,
    history: History,
    tail: VecDeque<String>,
}

/// What was drawn of a step, to be carried out.
enum Order {
    Write(quorate::Ticket, Batch),
    Send(Seat, Vec<u8>),
    Answer(Waiting, Answer),
}

impl World {
    /// A cluster that has never run.
    pub fn new(setting: Setting) -> World {
        let mut rng = Rng::with_seed(setting.seed);
        let faults = setting.faults.clone().unwrap_or_else(|| Faults::random(&mut rng));
        let drift = i64::from(faults.drift);
        let machines = (0..setting.nodes).map(|seat| Machine::new(Seat(seat as u8), rng.i64(-drift..=drift))).collect();
        let clients = (0..setting.clients).map(|number| Client::new(number as u64)).collect();
        let mut world = World {
            faults,
            rng,
            now: 0,
            order: 0,
            events: 0,
            queue: BinaryHeap::new(),
            network: Network::new(),
            machines,
            clients,
            oracle: Oracle::default(),
            tally: Tally::default(),
            answered: 0,
            history: History::new(),
            tail: VecDeque::new(),
            setting,
        };
        (0..world.machines.len()).for_each(|machine| world.push(0, What::Start { machine }));
        (0..world.clients.len()).for_each(|client| world.ask(client));
        world.push(1, What::Weather);
        world
    }

    /// Runs to the end, and tells what came of it.
    pub fn run(mut self) -> Report {
        let violation = self.storm().and_then(|()| self.calm()).err();
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

    /// Nothing goes wrong any longer: a leader must come, and all must get in line.
    fn calm(&mut self) -> Result<(), Violation> {
        self.faults = Faults::NONE;
        self.network.heal();
        for machine in 0..self.machines.len() {
            self.machines[machine].paused_until = 0;
            self.push(0, What::Start { machine });
        }
        let end = self.now + CALM_MICROS;
        while self.now < end {
            self.turn()?;
            if self.events.is_multiple_of(64) && self.is_in_line() {
                return Ok(());
            }
        }
        let story = self.machines.iter().map(|machine| match &machine.node {
            Some(node) => {
                format!("{} {:?} {:?} {:?}/{:?}", machine.seat.0, node.role(), node.term(), node.commit(), node.last())
            }
            None => format!("{} down", machine.seat.0),
        });
        Err(Violation {
            law: "once faults stop, a leader comes and all get in line",
            story: story.collect::<Vec<_>>().join(", "),
        })
    }

    fn is_in_line(&self) -> bool {
        let nodes: Vec<_> = self.machines.iter().filter_map(|machine| machine.node.as_ref()).collect();
        let Some(leader) = nodes.iter().find(|node| node.role() == Role::Leader) else {
            return false;
        };
        nodes.len() == self.machines.len()
            && nodes.iter().all(|node| node.term() == leader.term() && node.applied().0 + 2 >= leader.last().index.0)
            && self.oracle.applied() > 0
    }

    fn turn(&mut self) -> Result<(), Violation> {
        let Event { time, what, .. } = self.queue.pop().expect("there is always weather");
        self.now = self.now.max(time);
        self.events += 1;
        if let Some(machine) = self.machine_of(&what) {
            let until = self.machines[machine].paused_until;
            if until > self.now {
                self.push(until - self.now, what);
                return Ok(());
            }
        }
        self.dispatch(what)?;
        if self.events.is_multiple_of(256) {
            self.look_closely()?;
        }
        Ok(())
    }

    fn machine_of(&self, what: &What) -> Option<usize> {
        match what {
            What::Frame { to, .. } => Some(usize::from(to.0)),
            What::Alarm { machine, .. } | What::Synced { machine, .. } | What::Request { machine, .. } => {
                Some(*machine)
            }
            _ => None,
        }
    }

    fn dispatch(&mut self, what: What) -> Result<(), Violation> {
        match what {
            What::Frame { to, bytes } => match quorate_wire::decode(&bytes, CLUSTER, to) {
                Ok((from, message)) => self.act(usize::from(to.0), Input::Receive { from, message }, None),
                Err(_) => Ok(()),
            },
            What::Alarm { machine, life } => {
                if self.machines[machine].life != life {
                    return Ok(());
                }
                self.machines[machine].alarm = u64::MAX;
                self.act(machine, Input::Tick, None)
            }
            What::Synced { machine, life } => {
                let computer = &mut self.machines[machine];
                let Some((ticket, batch)) = computer.write.take_if(|_| computer.life == life) else {
                    return Ok(());
                };
                computer.disk.sync(batch);
                self.act(machine, Input::Persisted(ticket), None)
            }
            What::Request { machine, waiting, session, wish } => match wish {
                Wish::Open => self.act(machine, command(session, None), Some(waiting)),
                Wish::Write(write) => self.act(machine, command(session, Some(write)), Some(waiting)),
                Wish::Read(_) => self.act(machine, Input::Read, Some(waiting)),
            },
            What::Answer { waiting, answer } => {
                self.take_answer(waiting, answer);
                Ok(())
            }
            What::Retry { waiting } => {
                if self.clients[waiting.client].attempt == waiting.attempt {
                    self.clients[waiting.client].target = self.rng.usize(..self.machines.len());
                    self.ask(waiting.client);
                }
                Ok(())
            }
            What::Start { machine } => {
                if self.machines[machine].node.is_none() {
                    let seed = self.rng.u64(..);
                    self.machines[machine].start(self.now, self.setting.nodes, 256 << 10, seed);
                    self.note(|| format!("node {machine} starts"));
                    self.act(machine, Input::Tick, None)?;
                }
                Ok(())
            }
            What::Weather => self.change_weather(),
        }
    }

    fn look_closely(&self) -> Result<(), Violation> {
        for machine in &self.machines {
            if let Some(Err(broken)) = machine.node.as_ref().map(super::Node::check_invariants) {
                return Err(Violation { law: broken.0, story: format!("node {}", machine.seat.0) });
            }
        }
        let place = self.events as usize / 256;
        let nodes = self.machines.len();
        let (one, other) = (place % nodes, (place / nodes) % nodes);
        Oracle::check_matching(&self.machines[one], &self.machines[other])
    }

    fn push(&mut self, delay: u64, what: What) {
        self.order += 1;
        self.queue.push(Event { time: self.now + delay, order: self.order, what });
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        if self.setting.tail > 0 {
            let line = format!("{:>9} {}", self.now, line());
            note(&mut self.tail, self.setting.tail, line);
        }
    }
}

/// What a client's wish becomes at a node.
fn command(session: Session, command: Option<Write>) -> Input<'static, Write> {
    Input::ClientCommand { session: Some(session), command }
}

fn note(tail: &mut VecDeque<String>, most: usize, line: String) {
    if tail.len() == most {
        tail.pop_front();
    }
    tail.push_back(line);
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Event {}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The earliest event is the greatest, for the heap.
impl Ord for Event {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.time, other.order).cmp(&(self.time, self.order))
    }
}
