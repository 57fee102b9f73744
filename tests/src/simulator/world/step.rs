use std::collections::VecDeque;

use quorate::{Apply, Effect, Identity, Input, Message, Refusal, Rejection, Role, Round, Seat, Verdict};
use quorate_wire::Envelope;

use super::{Order, World};
use crate::simulator::client::{Answer, Wish};
use crate::simulator::disk::Change;
use crate::simulator::event::What;
use crate::simulator::machine::Waiting;
use crate::simulator::network::kind;
use crate::simulator::oracle::{Due, Violation};
use crate::simulator::records::Batch;
use crate::simulator::{Fault, Node, Write};
use crate::stage::show;

/// Why no more effects are drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// There are no more.
    Done,
    /// The driver leaves off.
    Left,
    /// The power goes.
    Crash,
}

/// A step has far fewer effects: what its windows let go, and what was committed.
const EFFECTS_MAX: usize = 100_000;

impl World {
    /// Gives a node an input, draws what it wants done, perhaps not to the end, and carries that out.
    pub(super) fn act(
        &mut self,
        machine: usize,
        input: Input<'_, Write>,
        waiting: Option<Waiting>,
    ) -> Result<(), Violation> {
        // The node is out of its place while its effects borrow it; whoever looks on sees the machine and its disk.
        let Some(mut node) = self.machines[machine].node.take() else {
            return Ok(());
        };
        let name = self.machines[machine].seat.0;
        // That a node wakes, its effects tell.
        if input != Input::Tick {
            self.note(|| said(name, &input));
        }
        let (clock, due, before) =
            (self.machines[machine].clock.read(self.now), Due::of(&input), show_if(self.setting.tail, &node));
        if matches!(input, Input::Transfer { .. }) {
            let computer = &mut self.machines[machine];
            computer.hands_over_since.get_or_insert(computer.clock.shown());
        }
        let damaged = node.refusals().count(Refusal::Snapshot);
        let mut orders = Vec::new();
        let is_app_busy = self.faults.happens(&mut self.rng, Fault::BusyApp);
        let mut effects = node.step(clock, input);
        if is_app_busy {
            self.tally.count(Fault::BusyApp);
            effects = effects.without_app();
        }
        let drawn = self
            .take_in(machine, effects.answer, due, waiting, &mut orders)
            .and_then(|()| self.draw(machine, &mut effects, &mut orders));
        let after = show_if(self.setting.tail, &node);
        if before != after {
            self.note(|| format!("{name}: {}", after.unwrap_or_default()));
        }
        self.tally.snapshots.damaged += u64::from(node.refusals().count(Refusal::Snapshot) - damaged);
        // What a power cut has left of one that was not synced may be anything.
        let may_be_damaged = self.tally.of(Fault::Rot) > 0 || self.tally.snapshots.resumed > 0;
        if self.tally.snapshots.damaged > 0 && !may_be_damaged {
            return Err(Violation { law: "a snapshot that was sent is sound", story: format!("node {name}") });
        }
        self.machines[machine].node = Some(node);
        let end = drawn?;
        self.carry_out(machine, orders)?;
        self.oracle.on_event(&self.machines[machine], &self.machines)?;
        if self.machines[machine].node.is_none() {
            return Ok(());
        }
        self.prune(machine);
        let leads = self.machines[machine].node.as_ref().is_some_and(|node| node.role() == Role::Leader);
        match end {
            End::Crash => return self.crash(machine),
            End::Done if !leads && !is_app_busy => self.oracle.check_nobody_waits(&self.machines[machine])?,
            End::Done if leads => self.oracle.check_transfer(&self.machines[machine])?,
            End::Done | End::Left => {}
        }
        self.set_alarm(machine);
        Ok(())
    }

    /// Takes in what a node answers at once.
    fn take_in(
        &mut self,
        machine: usize,
        answer: Option<quorate::Answer>,
        due: Due,
        waiting: Option<Waiting>,
        orders: &mut Vec<Order>,
    ) -> Result<(), Violation> {
        if !due.is_paid_by(answer) {
            let story = format!("node {machine} {answer:?}");
            return Err(Violation { law: "an input of a client has one answer", story });
        }
        let Some(answer) = answer else { return Ok(()) };
        let name = self.machines[machine].seat.0;
        self.note(|| show::answer(name, answer));
        match answer {
            quorate::Answer::Accept { position } => {
                self.oracle.on_accept(&self.machines[machine], position)?;
                self.machines[machine].accepted.extend(waiting.map(|waiting| (position, waiting)));
            }
            quorate::Answer::Await { round } => {
                self.oracle.on_await(&self.machines[machine], round)?;
                self.machines[machine].reads.extend(waiting.map(|waiting| (round, waiting)));
            }
            quorate::Answer::Reject(rejection) => {
                self.tally.full += u64::from(rejection == Rejection::Full);
                if waiting.is_none() && rejection != Rejection::BadSnapshot {
                    self.machines[machine].hands_over_since = None;
                }
                self.tally.snapshots.refused += u64::from(rejection == Rejection::BadSnapshot);
                orders.extend(waiting.map(|waiting| Order::Answer(waiting, refused(rejection))));
            }
        }
        Ok(())
    }

    /// Draws effects until there are none, or the driver leaves off, or the power goes.
    fn draw<'a>(
        &mut self,
        machine: usize,
        effects: &mut impl Iterator<Item = Effect<'a, Write>>,
        orders: &mut Vec<Order>,
    ) -> Result<End, Violation> {
        for _ in 0..EFFECTS_MAX {
            if self.faults.happens(&mut self.rng, Fault::Leave) {
                self.tally.count(Fault::Leave);
                return Ok(End::Left);
            }
            let Some(effect) = effects.next() else { return Ok(End::Done) };
            let name = self.machines[machine].seat.0;
            self.note(|| show::effect(name, &effect));
            self.judge(machine, effect, orders)?;
            if self.faults.happens(&mut self.rng, Fault::Crash) {
                return Ok(End::Crash);
            }
        }
        Err(Violation { law: "a step comes to an end", story: format!("node {machine}") })
    }

    /// Holds an effect against what was promised, and turns it into an order.
    fn judge(&mut self, machine: usize, effect: Effect<'_, Write>, orders: &mut Vec<Order>) -> Result<(), Violation> {
        match effect {
            Effect::Persist(write) => {
                let is_under_way = orders.iter().any(|order| matches!(order, Order::Write(..)));
                if is_under_way || self.machines[machine].write.is_some() {
                    let story = format!("node {machine} {write:?}");
                    return Err(Violation { law: "one write is under way at a time", story });
                }
                if let Some(snapshot) = write.snapshot {
                    self.oracle.on_install(&self.machines[machine], snapshot)?;
                }
                let change = Change::Write(Batch::of(&write));
                orders.push(Order::Write(write.ticket, change));
            }
            Effect::Send { to, message } => {
                self.oracle.on_send(&self.shape, &self.machines[machine], to, &message, &self.machines)?;
                orders.push(Order::Send(to, kind(&message), self.frame(machine, to, &message)));
            }
            Effect::Apply(apply) => self.apply(machine, &apply, orders)?,
            Effect::TakeSnapshot { position, .. } => self.take_snapshot(machine, position, orders)?,
            Effect::SendPiece { to, piece } => self.send_piece(machine, to, &piece, orders)?,
            Effect::Store { snapshot, offset, bytes } => orders.push(Order::Store(snapshot, offset, bytes.to_vec())),
            Effect::Restore { snapshot } => self.restore(machine, snapshot)?,
            Effect::LeadershipEnded => {
                let computer = &mut self.machines[machine];
                self.tally.ended += computer.accepted.len() as u64;
                computer.hands_over_since = None;
                orders.extend(computer.accepted.drain(..).map(|(_, waiting)| Order::Answer(waiting, Answer::Unknown)));
            }
            Effect::TransferFailed { .. } => self.machines[machine].hands_over_since = None,
            Effect::ReadReady { through } => self.answer_reads(machine, through, orders)?,
            Effect::ReadFailed { through } => {
                self.answer_through(machine, through)?;
                let failed = take_reads(&mut self.machines[machine].reads, through);
                orders.extend(failed.map(|waiting| Order::Answer(waiting, Answer::Elsewhere(None))));
            }
        }
        Ok(())
    }

    pub(super) fn frame(&self, machine: usize, to: Seat, message: &Message<'_>) -> Vec<u8> {
        let Identity { seat: from, incarnation } = self.machines[machine].identity();
        let charter = self.machines[machine].disk.charter().expect("a node runs on a store that is complete");
        let envelope = Envelope { founding: charter.founding, from, to, incarnation };
        let mut buffer = [0; 1200];
        quorate_wire::encode(&mut buffer, &envelope, message).expect("every message fits into a frame").to_vec()
    }

    fn apply(&mut self, machine: usize, apply: &Apply<'_, Write>, orders: &mut Vec<Order>) -> Result<(), Violation> {
        let position = apply.position();
        let is_first = self.oracle.on_apply(&self.machines[machine], apply, &self.machines)?;
        let computer = &mut self.machines[machine];
        computer.applied = position.index;
        let mut answer = Answer::Done { index: position.index, value: None };
        if let Some(verdict) = computer.state.apply(apply) {
            self.oracle.on_verdict(apply, verdict)?;
            if is_first {
                self.oracle.on_first_verdict(&self.shape, apply, verdict)?;
                self.tally.count_verdict(apply.session(), verdict);
            }
            answer = match verdict {
                Verdict::Opened { epoch } => Answer::Opened(epoch),
                Verdict::Held { epoch } => Answer::Held(epoch),
                Verdict::Fresh | Verdict::Repeated(_) => answer,
                Verdict::Mismatch => Answer::Mismatch,
                Verdict::Outdated { .. } | Verdict::Expired => Answer::Lost,
            };
        }
        let computer = &mut self.machines[machine];
        let (due, later): (Vec<_>, Vec<_>) =
            computer.accepted.drain(..).partition(|(accepted, _)| accepted.index <= position.index);
        computer.accepted = later.into();
        orders.extend(due.into_iter().map(|(accepted, waiting)| {
            Order::Answer(waiting, if accepted == position { answer } else { Answer::Elsewhere(None) })
        }));
        match self.shape.snapshot_every {
            Some(every) if position.index.0.is_multiple_of(every) => self.take_snapshot(machine, position, orders),
            _ => Ok(()),
        }
    }

    fn answer_reads(&mut self, machine: usize, through: Round, orders: &mut Vec<Order>) -> Result<(), Violation> {
        self.answer_through(machine, through)?;
        let computer = &mut self.machines[machine];
        let index = computer.applied;
        for waiting in take_reads(&mut computer.reads, through).collect::<Vec<_>>() {
            let client = &self.clients[waiting.client];
            // An answer to a wish of before is thrown away; this one was asked when it was asked.
            if waiting.attempt >= client.first_attempt {
                self.oracle.on_read(Seat(machine as u8), index, client.floor)?;
            }
            let value = match client.wish {
                Some(Wish::Read(key)) => self.machines[machine].state.values[usize::from(key)],
                _ => None,
            };
            orders.push(Order::Answer(waiting, Answer::Done { index, value }));
        }
        Ok(())
    }

    /// Rounds are answered in order, each once.
    fn answer_through(&mut self, machine: usize, through: Round) -> Result<(), Violation> {
        let computer = &mut self.machines[machine];
        if through <= computer.answered {
            let story = format!("node {machine}: {through:?} after {:?}", computer.answered);
            return Err(Violation { law: "a read is answered once", story });
        }
        computer.answered = through;
        Ok(())
    }

    pub(super) fn carry_out(&mut self, machine: usize, orders: Vec<Order>) -> Result<(), Violation> {
        let from = self.machines[machine].seat;
        for order in orders {
            match order {
                Order::Write(ticket, change) => {
                    let computer = &mut self.machines[machine];
                    computer.write = Some((ticket, change));
                    let life = computer.life;
                    let delay = self.rng.u64(30..=self.faults.sync_max());
                    self.push(delay, What::Synced { machine, life });
                }
                Order::Send(to, kind, frame) => {
                    let (rng, faults, tally) = (&mut self.rng, &self.faults, &mut self.tally);
                    let deliveries = self.network.send(rng, faults, tally, self.now, (from, to), (kind, &frame));
                    for (to, delay, bytes) in deliveries {
                        self.push(delay, What::Frame { to, bytes });
                    }
                }
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

/// What a node hears, as a line of a conversation.
fn said(name: u8, input: &Input<'_, Write>) -> String {
    match input {
        Input::ClientCommand { session, command } => {
            let (client, epoch, sequence) = session.map_or((0, 0, 0), |of| (of.client, of.epoch.0, of.sequence));
            let command = command.as_ref().map_or("open".into(), Write::to_string);
            format!("client {client}:{epoch}#{sequence} -> {name}: {command}")
        }
        Input::Receive { from, message } => format!("{name} <- {}: {}", from.seat.0, show::message(message)),
        Input::Tick => format!("{name}: wakes"),
        Input::Persisted(_) => format!("{name}: hears that it is durable"),
        Input::Read => format!("client -> {name}: read"),
        Input::Snapshotted(snapshot) => format!("{name}: has {snapshot:?}"),
        Input::Transfer { .. } => format!("operator -> {name}: hand over"),
    }
}

fn show_if(tail: usize, node: &Node) -> Option<String> {
    (tail > 0).then(|| show::node(node))
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
