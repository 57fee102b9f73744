use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};

use fastrand::Rng;
use quorate::{Apply, Effect, Incarnation, Input, Message, Rejection, Role, Round, Seat, Session, Verdict};
use quorate_wire::{Cluster, Envelope};

use super::Write;
use super::client::{Answer, Client, Wish};
use super::disk::Batch;
use super::faults::{Faults, Tally};
use super::machine::{Machine, Waiting};
use super::network::Network;
use super::oracle::{Oracle, Violation};

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
                Wish::Read => self.act(machine, Input::Read, Some(waiting)),
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
            What::Weather => {
                self.change_weather();
                Ok(())
            }
        }
    }

    /// Gives a node an input, draws what it wants done, perhaps not to the end, and carries that out.
    fn act(&mut self, machine: usize, input: Input<'_, Write>, waiting: Option<Waiting>) -> Result<(), Violation> {
        // The node is out of its place while its effects borrow it; whoever looks on sees the machine and its disk.
        let Some(mut node) = self.machines[machine].node.take() else {
            return Ok(());
        };
        self.note(|| format!("node {machine} {input:?}"));
        let clock = self.machines[machine].clock(self.now);
        let mut orders = Vec::new();
        let mut effects = node.step(clock, input);
        let drawn = self.draw(machine, &mut effects, waiting, &mut orders);
        self.machines[machine].node = Some(node);
        let crashes = drawn?;
        self.carry_out(machine, orders);
        self.oracle.on_event(&self.machines[machine])?;
        if crashes {
            self.crash(machine);
        } else {
            self.set_alarm(machine);
        }
        Ok(())
    }

    /// Draws effects until there are none, or the driver leaves off, or the power goes: then it is true.
    fn draw<'a>(
        &mut self,
        machine: usize,
        effects: &mut impl Iterator<Item = Effect<'a, Write>>,
        waiting: Option<Waiting>,
        orders: &mut Vec<Order>,
    ) -> Result<bool, Violation> {
        let mut is_reply = waiting.is_some();
        loop {
            if !is_reply && self.faults.happens(&mut self.rng, self.faults.leave) {
                self.tally.left += 1;
                return Ok(false);
            }
            is_reply = false;
            let Some(effect) = effects.next() else { return Ok(false) };
            self.note(|| format!("  {effect:?}"));
            self.judge(machine, effect, waiting, orders)?;
            if self.faults.happens(&mut self.rng, self.faults.crash) {
                return Ok(true);
            }
        }
    }

    /// Holds an effect against what was promised, and turns it into an order.
    fn judge(
        &mut self,
        machine: usize,
        effect: Effect<'_, Write>,
        waiting: Option<Waiting>,
        orders: &mut Vec<Order>,
    ) -> Result<(), Violation> {
        match effect {
            Effect::Persist(write) => {
                orders.push(Order::Write(write.ticket, Batch::new(write.hard_state, write.entries)));
            }
            Effect::Send { to, message } => {
                self.oracle.on_send(&self.machines[machine], to, &message, &self.machines)?;
                orders.push(Order::Send(to, self.frame(machine, to, &message)));
            }
            Effect::Apply(apply) => self.apply(machine, &apply, orders)?,
            Effect::Accept { position } => {
                self.machines[machine].accepted.extend(waiting.map(|waiting| (position, waiting)));
            }
            Effect::Await { round } => self.machines[machine].reads.extend(waiting.map(|waiting| (round, waiting))),
            Effect::Reject(rejection) => {
                orders.extend(waiting.map(|waiting| Order::Answer(waiting, refused(rejection))));
            }
            Effect::ReadReady { through } => self.answer_reads(machine, through, orders)?,
            Effect::ReadFailed { through } => {
                let failed = take_reads(&mut self.machines[machine].reads, through);
                orders.extend(failed.map(|waiting| Order::Answer(waiting, Answer::Elsewhere(None))));
            }
        }
        Ok(())
    }

    fn frame(&self, machine: usize, to: Seat, message: &Message<'_>) -> Vec<u8> {
        let from = self.machines[machine].seat;
        let envelope = Envelope { cluster: CLUSTER, from, to, incarnation: Incarnation(0) };
        let mut buffer = [0; 1200];
        quorate_wire::encode(&mut buffer, &envelope, message).expect("every message fits into a frame").to_vec()
    }

    fn apply(&mut self, machine: usize, apply: &Apply<'_, Write>, orders: &mut Vec<Order>) -> Result<(), Violation> {
        let position = apply.position();
        let seat = self.machines[machine].seat;
        let is_first = self.oracle.on_apply(seat, apply, &self.machines)?;
        let computer = &mut self.machines[machine];
        computer.applied = position.index;
        let mut answer = Answer::Done { index: position.index };
        if let Some(session) = apply.session() {
            let write = apply.command().expect("the simulator reads its own commands");
            match computer.state.apply(position, session, write) {
                Verdict::Fresh if is_first => self.oracle.on_done(session)?,
                Verdict::Outdated { .. } => answer = Answer::Outdated,
                Verdict::Expired => {
                    let story = format!("{session:?} at {position:?}");
                    return Err(Violation { law: "an open session does not expire while there is room", story });
                }
                Verdict::Fresh | Verdict::Opened { .. } | Verdict::Repeated(_) => {}
            }
        }
        let (due, later): (Vec<_>, Vec<_>) =
            computer.accepted.drain(..).partition(|(accepted, _)| accepted.index <= position.index);
        computer.accepted = later.into();
        orders.extend(due.into_iter().map(|(accepted, waiting)| {
            Order::Answer(waiting, if accepted == position { answer } else { Answer::Elsewhere(None) })
        }));
        Ok(())
    }

    fn answer_reads(&mut self, machine: usize, through: Round, orders: &mut Vec<Order>) -> Result<(), Violation> {
        let computer = &mut self.machines[machine];
        let index = computer.applied;
        for waiting in take_reads(&mut computer.reads, through).collect::<Vec<_>>() {
            let client = &self.clients[waiting.client];
            // An answer to a wish of before is thrown away; this one was asked when it was asked.
            if waiting.attempt >= client.first_attempt {
                self.oracle.on_read(Seat(machine as u8), index, client.floor)?;
            }
            orders.push(Order::Answer(waiting, Answer::Done { index }));
        }
        Ok(())
    }

    fn carry_out(&mut self, machine: usize, orders: Vec<Order>) {
        let from = self.machines[machine].seat;
        for order in orders {
            match order {
                Order::Write(ticket, batch) => {
                    let computer = &mut self.machines[machine];
                    computer.write = Some((ticket, batch));
                    let life = computer.life;
                    let delay = self.rng.u64(30..=self.faults.sync_max.max(31));
                    self.push(delay, What::Synced { machine, life });
                }
                Order::Send(to, frame) => {
                    let (rng, faults, tally) = (&mut self.rng, &self.faults, &mut self.tally);
                    for (to, delay, bytes) in self.network.send(rng, faults, tally, from, to, &frame) {
                        self.push(delay, What::Frame { to, bytes });
                    }
                }
                Order::Answer(waiting, answer) => {
                    if !self.faults.happens(&mut self.rng, self.faults.lose) {
                        let delay = self.rng.u64(50..2_000);
                        self.push(delay, What::Answer { waiting, answer });
                    }
                }
            }
        }
    }

    /// The power goes: of the write under way, some parts from the front may be there.
    fn crash(&mut self, machine: usize) {
        self.tally.crashes += 1;
        self.note(|| format!("node {machine} crashes"));
        let computer = &mut self.machines[machine];
        if let Some((_, batch)) = computer.write.take() {
            let parts = self.rng.usize(..=batch.parts());
            self.tally.torn += u64::from(parts > 0);
            computer.disk.sync(batch.cut(parts));
        }
        computer.crash();
        let delay = self.rng.u64(1_000..2_000_000);
        self.push(delay, What::Start { machine });
    }

    fn set_alarm(&mut self, machine: usize) {
        if self.faults.happens(&mut self.rng, self.faults.pause) {
            self.tally.pauses += 1;
            self.machines[machine].paused_until = self.now + self.rng.u64(1_000..2_000_000);
        }
        // What was left undrawn is drawn soon after.
        let soon = self.faults.leave > 0 && self.rng.u8(..8) == 0;
        let computer = &mut self.machines[machine];
        let due = computer.node.as_ref().and_then(super::Node::deadline);
        let mut at = due.map_or(u64::MAX, |due| computer.time_of(due)).max(self.now);
        if soon {
            at = at.min(self.now + 1_000);
        }
        if at < computer.alarm {
            computer.alarm = at;
            let life = computer.life;
            self.push(at - self.now, What::Alarm { machine, life });
        }
    }

    fn change_weather(&mut self) {
        let every = u64::from(self.faults.network_every_ms) * 1_000;
        let next = if every == 0 { 1_000_000 } else { self.rng.u64(1_000..=every.max(1_001) * 2) };
        self.push(next, What::Weather);
        if every == 0 {
            return;
        }
        self.tally.network_changes += 1;
        let nodes = self.machines.len();
        let all = (1u16 << nodes) - 1;
        let side = self.rng.u16(..=all);
        match self.rng.u8(..8) {
            0 | 1 => self.network.heal(),
            2 | 3 => self.network.connect_only(side),
            4 => self.network.partition(side),
            5 => self.network.bridge(side, self.rng.usize(..nodes)),
            _ => self.network.cut_one_way(self.rng.usize(..nodes), self.rng.usize(..nodes)),
        }
        if self.rng.u8(..4) == 0 {
            let machine = self.rng.usize(..nodes);
            if self.machines[machine].node.is_some() {
                self.act(machine, Input::Transfer { to: None }, None).ok();
            }
        }
    }

    /// A client sends its wish to somebody, and asks again if no answer comes.
    fn ask(&mut self, client: usize) {
        let asker = &mut self.clients[client];
        asker.attempt += 1;
        let Some(wish) = asker.wish else { return };
        let (waiting, session) = (Waiting { client, attempt: asker.attempt }, asker.session());
        let machine = asker.target;
        if !self.faults.happens(&mut self.rng, self.faults.lose) {
            let delay = self.rng.u64(50..2_000);
            self.push(delay, What::Request { machine, waiting, session, wish });
        }
        let patience = self.rng.u64(100_000..600_000);
        self.push(patience, What::Retry { waiting });
    }

    fn take_answer(&mut self, waiting: Waiting, answer: Answer) {
        let client = &mut self.clients[waiting.client];
        if waiting.attempt < client.first_attempt {
            return;
        }
        match answer {
            Answer::Done { index } => {
                self.answered += 1;
                if client.wish != Some(Wish::Read) {
                    self.oracle.answered = self.oracle.answered.max(index);
                }
                client.choose(&mut self.rng, self.oracle.answered);
                self.ask(waiting.client);
            }
            Answer::Elsewhere(hint) if waiting.attempt == client.attempt => {
                client.target = hint.unwrap_or_else(|| self.rng.usize(..self.machines.len()));
                if hint.is_some() {
                    self.ask(waiting.client);
                }
            }
            Answer::Elsewhere(_) | Answer::Outdated => {}
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

fn refused(rejection: Rejection) -> Answer {
    match rejection {
        Rejection::NotLeader { leader } => Answer::Elsewhere(leader.map(|seat| usize::from(seat.0))),
        _ => Answer::Elsewhere(None),
    }
}

/// The reads that wait for this round or an earlier one.
fn take_reads(reads: &mut VecDeque<(Round, Waiting)>, through: Round) -> impl Iterator<Item = Waiting> {
    let (due, later): (Vec<_>, Vec<_>) = reads.drain(..).partition(|(round, _)| *round <= through);
    *reads = later.into();
    due.into_iter().map(|(_, waiting)| waiting)
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
