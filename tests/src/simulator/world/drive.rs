use quorate::{Dismissal, Input, Instant, Refusal, Rejection, Role};
use quorate_driver::Observer;
use serde::Serialize;

use super::{Order, World};
use crate::simulator::event::What;
use crate::simulator::machine::{Driver, Waiting};
use crate::simulator::oracle::{Due, Violation};
use crate::simulator::{Fault, Write};
use crate::stage::show;

/// What a driver is doing at present, and on which machine.
#[derive(Default)]
pub(super) struct Acting {
    pub(super) machine: usize,
    /// What is to be carried out.
    pub(super) orders: Vec<Order>,
    /// Who asks, if somebody does.
    pub(super) asker: Option<Waiting>,
    pub(super) is_app_busy: bool,
    /// Why the node was told that it takes part no longer.
    pub(super) dismissal: Option<Dismissal>,
    /// Why no more effects are drawn.
    pub(super) end: Option<End>,
    /// The first promise that was broken.
    pub(super) broken: Option<Violation>,
    /// The answer that the node owes to what it was told.
    due: Due,
    /// Whether it is asked for a read that a lease will do for.
    by_lease: bool,
    /// How the node looked before the step, and what it had refused for damage.
    before: Option<String>,
    damaged: u64,
}

/// Why no more effects are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The host leaves off.
    Left,
    /// The power goes.
    Crash,
}

impl Acting {
    /// Keeps what was broken first.
    pub(super) fn hold(&mut self, verdict: Result<(), Violation>) {
        if let Err(violation) = verdict {
            self.broken.get_or_insert(violation);
        }
    }
}

impl World {
    /// Tells a node something by its driver, and lets it do what follows, perhaps not to the end.
    pub(super) fn drive(
        &mut self,
        machine: usize,
        tell: impl FnOnce(&mut Driver, &mut World, Instant) -> Result<(), Violation>,
    ) -> Result<(), Violation> {
        // It is out of its place meanwhile; whoever looks on sees the machine and its disk.
        let Some(mut driver) = self.machines[machine].driver.take() else { return Ok(()) };
        let clock = self.machines[machine].clock.read(self.now);
        let is_app_busy = self.faults.happens(&mut self.rng, Fault::BusyApp);
        self.acting = Acting { machine, is_app_busy, ..Acting::default() };
        let mut told = tell(&mut driver, self, clock);
        if told.is_ok() && self.acting.end.is_none() {
            told = driver.act(self, clock);
        }
        self.machines[machine].driver = Some(driver);
        let Acting { orders, end, broken, dismissal, .. } = std::mem::take(&mut self.acting);
        if let Some(why) = dismissal {
            broken.map_or(Ok(()), Err)?;
            return match why {
                Dismissal::Outdated(features) => self.upgrade(machine, features),
                Dismissal::Removed | Dismissal::Replaced => self.dismiss_node(machine),
            };
        }
        broken.map_or(told, Err)?;
        self.carry_out(machine, orders)?;
        self.oracle.on_event(&self.machines[machine], &self.machines, self.now)?;
        let Some(node) = self.machines[machine].node() else { return Ok(()) };
        let leads = node.role() == Role::Leader;
        self.prune(machine);
        let computer = &self.machines[machine];
        self.oracle.check_who_waits(computer)?;
        match end {
            Some(End::Crash) => return self.crash(machine),
            None if leads => self.oracle.check_transfer(computer)?,
            None if !is_app_busy => self.oracle.check_reign_is_over(computer)?,
            None | Some(End::Left) => {}
        }
        self.greet(machine);
        self.set_alarm(machine);
        Ok(())
    }

    /// Time has passed, or somebody has woken it.
    pub(super) fn wake_up(&mut self, machine: usize) -> Result<(), Violation> {
        match self.draw_order(machine) {
            Some(0) => self.enable(machine),
            Some(1) => self.use_key(machine),
            _ => self.drive(machine, |_, _, _| Ok(())),
        }
    }

    pub(super) fn carry_out(&mut self, machine: usize, orders: Vec<Order>) -> Result<(), Violation> {
        for order in orders {
            match order {
                Order::Write(ticket, change) => {
                    let computer = &mut self.machines[machine];
                    computer.write = Some((ticket, change));
                    let life = computer.life;
                    let delay = self.rng.u64(30..=self.faults.sync_max());
                    self.push(delay, What::Synced { machine, life });
                }
                Order::Send(to, kind, frame) => self.put(machine, to, kind, &frame),
                Order::Answer(waiting, answer) => {
                    if !self.faults.happens(&mut self.rng, Fault::Loss) {
                        let delay = self.rng.u64(50..2_000);
                        self.push(delay, What::Answer { waiting, answer });
                    }
                }
                Order::Take(position, state) => self.begin_snapshot(machine, position, &state)?,
                Order::Store(snapshot, offset, bytes) => {
                    // What comes behind it is not done any more.
                    if !self.store(machine, snapshot, offset, &bytes)? {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }
}

/// Holds each step against what was promised.
impl Observer for World {
    fn begin<C, B: AsRef<[u8]>, const SEATS: usize, V: Serialize>(
        &mut self,
        node: &quorate::Node<C, B, SEATS>,
        _: Instant,
        input: &Input<'_, V>,
    ) {
        let name = node.seat().0;
        // That a node wakes, its effects tell.
        if !matches!(input, Input::Tick) {
            self.note(|| said(name, input));
        }
        if matches!(input, Input::Transfer { .. }) {
            let computer = &mut self.machines[self.acting.machine];
            computer.hands_over_since.get_or_insert(computer.clock.shown());
        }
        self.machines[self.acting.machine].see_members(node);
        self.acting.due = Due::of(input);
        self.acting.by_lease = matches!(input, Input::Read { by_lease: true });
        self.acting.before = (self.setting.tail > 0).then(|| show::node(node));
        self.acting.damaged = u64::from(node.refusals().count(Refusal::Snapshot));
    }

    fn leave_app(&mut self) {
        self.tally.count(Fault::BusyApp);
    }

    fn answer(&mut self, answer: quorate::Answer) {
        let machine = self.acting.machine;
        let name = self.machines[machine].seat.0;
        self.note(|| show::answer(name, answer));
        let due = std::mem::take(&mut self.acting.due);
        let verdict = match answer {
            _ if !due.is_paid_by(Some(answer)) => Err(unpaid(machine, Some(answer))),
            quorate::Answer::Accept { position } => {
                let verdict = self.oracle.on_accept(&self.machines[machine], position);
                self.machines[machine].accepted.push_back(position);
                verdict
            }
            quorate::Answer::Await { round } => {
                self.oracle.on_await(&self.machines[machine], round, self.acting.by_lease)
            }
            quorate::Answer::Reject(rejection) => {
                self.tally.full += u64::from(rejection == Rejection::Full);
                self.tally.snapshots.refused += u64::from(rejection == Rejection::BadSnapshot);
                if self.acting.asker.is_none() && rejection != Rejection::BadSnapshot {
                    self.machines[machine].hands_over_since = None;
                }
                Ok(())
            }
        };
        self.acting.hold(verdict);
    }

    fn draw<V>(&mut self, effect: &quorate::Effect<'_, V>) {
        let name = self.machines[self.acting.machine].seat.0;
        self.note(|| show::effect(name, effect));
        let verdict = self.judge(effect);
        self.acting.hold(verdict);
    }

    fn end<C, B: AsRef<[u8]>, const SEATS: usize>(&mut self, node: &quorate::Node<C, B, SEATS>, _: bool) {
        let name = node.seat().0;
        self.machines[self.acting.machine].see_members(node);
        let after = (self.setting.tail > 0).then(|| show::node(node));
        if self.acting.before != after {
            self.note(|| format!("{name}: {}", after.unwrap_or_default()));
        }
        if !self.acting.due.is_paid_by(None) {
            self.acting.hold(Err(unpaid(self.acting.machine, None)));
        }
        self.tally.snapshots.damaged += u64::from(node.refusals().count(Refusal::Snapshot)) - self.acting.damaged;
        // What a power cut has left of one that was not synced may be anything.
        let may_be_damaged = self.tally.of(Fault::Rot) > 0 || self.tally.snapshots.resumed > 0;
        if self.tally.snapshots.damaged > 0 && !may_be_damaged {
            let story = format!("node {name}");
            self.acting.hold(Err(Violation { law: "a snapshot that was sent is sound", story }));
        }
    }
}

fn unpaid(machine: usize, answer: Option<quorate::Answer>) -> Violation {
    Violation { law: "an input of a client has one answer", story: format!("node {machine} {answer:?}") }
}

/// What a node hears, as a line of a conversation.
fn said<V: Serialize>(name: u8, input: &Input<'_, V>) -> String {
    match input {
        Input::ClientCommand { session, command } => {
            let (client, epoch, sequence) = session.map_or((0, 0, 0), |of| (of.client, of.epoch.0, of.sequence));
            let command = command.as_ref().map_or("open".into(), |command| {
                let bytes = postcard::to_allocvec(command).expect("it was encoded before");
                postcard::from_bytes::<Write>(&bytes).expect("it is one of the simulator's").to_string()
            });
            format!("client {client}:{epoch}#{sequence} -> {name}: {command}")
        }
        Input::Receive { from, message } => format!("{name} <- {}: {}", from.seat.0, show::message(message)),
        Input::Tick => format!("{name}: wakes"),
        Input::Persisted(_) => format!("{name}: hears that it is durable"),
        Input::Read { by_lease } => format!("client -> {name}: read{}", if *by_lease { " by lease" } else { "" }),
        Input::Snapshotted(snapshot) => format!("{name}: has {snapshot:?}"),
        Input::Transfer { .. } => format!("operator -> {name}: hand over"),
        Input::Change(change) => format!("operator -> {name}: {change:?}"),
    }
}
