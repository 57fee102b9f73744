use quorate::founding::{Effect, Input, Message, Obstacle};
use quorate::{Charter, Incarnation, Prospect, Seat};

use super::{Order, World};
use crate::simulator::disk::Change;
use crate::simulator::event::What;
use crate::simulator::network::kind_of_founding;
use crate::simulator::oracle::Violation;
use crate::simulator::{FOUNDING, Fault};

/// What is left undrawn is drawn so much later.
const SOON_MICROS: u64 = 1_000;

/// Why no more effects are drawn.
enum End {
    /// There are no more.
    Done,
    /// The driver leaves off.
    Left,
    /// The power goes.
    Crash,
    /// The store is complete.
    Complete(Charter, Incarnation),
}

impl World {
    /// All stores are empty, or have been complete for long.
    pub(super) fn prepare_stores(&mut self) {
        let nodes = self.setting.nodes;
        self.machines[nodes..].iter_mut().for_each(|spare| spare.is_out = true);
        if self.shape.founds {
            return self.tally.count(Fault::Founding);
        }
        for machine in &mut self.machines[..nodes] {
            machine.disk.complete(self.shape.charter(FOUNDING)).expect("an empty disk can be written");
        }
    }

    /// Whether no store is left that may still have to be part of a founding.
    pub(super) fn is_founded(&self) -> bool {
        self.machines[..self.setting.nodes].iter().all(|machine| machine.is_member() || machine.is_out)
    }

    /// A process has started.
    pub(super) fn launch(&mut self, machine: usize) -> Result<(), Violation> {
        self.oracle.on_boot(&self.machines[machine]);
        if self.machines[machine].node().is_some() {
            self.oracle.on_member(&self.shape, &self.machines[machine], &self.machines)?;
            self.oracle.check_recovered(&self.machines[machine])?;
            self.note_snapshots(machine)?;
        }
        self.tick(machine)
    }

    /// It is woken.
    pub(super) fn tick(&mut self, machine: usize) -> Result<(), Violation> {
        match self.machines[machine].prospect {
            Some(_) => self.consult(machine, Input::Tick),
            None => self.wake_up(machine),
        }
    }

    /// What another store says of a founding. A member answers by its charter, whoever asks.
    pub(super) fn take_word(&mut self, machine: usize, from: Seat, message: Message) -> Result<(), Violation> {
        let computer = &self.machines[machine];
        if computer.prospect.is_some() {
            self.note(|| format!("{machine} <- {}: {message:?}", from.0));
            return self.consult(machine, Input::Receive { from, message });
        }
        let charter = computer.node().and(computer.disk.charter());
        let Some(answer) = charter.and_then(|charter| charter.answer(&message)) else { return Ok(()) };
        let order = self.tell(machine, from, &answer)?;
        self.carry_out(machine, vec![order])
    }

    /// Gives a store that is not complete an input, and does what it orders.
    pub(super) fn consult(&mut self, machine: usize, input: Input) -> Result<(), Violation> {
        // As a node, it is out of its place while its effects borrow it.
        let Some(mut prospect) = self.machines[machine].prospect.take() else { return Ok(()) };
        let clock = self.machines[machine].clock.read(self.now);
        let mut orders = Vec::new();
        let drawn = self.draw_founding(machine, &mut prospect.step(clock, input), &mut orders);
        self.machines[machine].prospect = Some(prospect);
        let end = drawn?;
        self.carry_out(machine, orders)?;
        match end {
            End::Crash => return self.crash(machine),
            End::Complete(charter, incarnation) => return self.found(machine, &charter, incarnation),
            End::Left => {
                let life = self.machines[machine].life;
                self.push(SOON_MICROS, What::Alarm { machine, life });
            }
            End::Done => {}
        }
        let obstacle = self.machines[machine].prospect.as_ref().map(Prospect::obstacle);
        if let Some(Obstacle::Outdated { features }) = obstacle {
            return self.upgrade(machine, features);
        }
        self.set_alarm(machine);
        Ok(())
    }

    fn draw_founding(
        &mut self,
        machine: usize,
        effects: &mut impl Iterator<Item = Effect>,
        orders: &mut Vec<Order>,
    ) -> Result<End, Violation> {
        loop {
            if self.faults.happens(&mut self.rng, Fault::Leave) {
                self.tally.count(Fault::Leave);
                return Ok(End::Left);
            }
            let Some(effect) = effects.next() else { return Ok(End::Done) };
            self.note(|| format!("{machine}: {effect:?}"));
            match effect {
                Effect::Send { to, message } => orders.push(self.tell(machine, to, &message)?),
                Effect::Persist { ticket, record } => orders.push(Order::Write(ticket, Change::Record(record))),
                Effect::Complete(charter, incarnation) => return Ok(End::Complete(charter, incarnation)),
            }
            if self.faults.happens(&mut self.rng, Fault::Crash) {
                return Ok(End::Crash);
            }
        }
    }

    fn tell(&mut self, machine: usize, to: Seat, message: &Message) -> Result<Order, Violation> {
        self.oracle.on_word(&self.machines[machine], message)?;
        let frame = self.frame_of_founding(machine, to, message)?;
        Ok(Order::Send(to, kind_of_founding(message), frame))
    }

    /// A store is complete, and becomes a node.
    fn found(&mut self, machine: usize, charter: &Charter, incarnation: Incarnation) -> Result<(), Violation> {
        let disk = &self.machines[machine].disk;
        if (disk.charter(), disk.incarnation()) != (Some(*charter), incarnation) {
            let story = format!("node {machine}: {charter:?}");
            return Err(Violation { law: "a store is complete once its charter is durable", story });
        }
        if incarnation == Incarnation::FOUNDER {
            self.tally.completed += 1;
        } else {
            self.tally.joined += 1;
            self.oracle.on_joined(&self.machines[machine])?;
        }
        let seed = self.rng.u64(..);
        self.machines[machine].found(self.now, &self.shape, seed, (charter, incarnation))?;
        self.launch(machine)
    }
}
