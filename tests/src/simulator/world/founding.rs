use quorate::founding::{Effect, Input, Message, Obstacle};
use quorate::{Charter, Seat};
use quorate_wire::FoundingEnvelope;

use super::{Order, World};
use crate::simulator::disk::Change;
use crate::simulator::event::What;
use crate::simulator::machine::Machine;
use crate::simulator::network::kind_of_founding;
use crate::simulator::oracle::Violation;
use crate::simulator::{CLUSTER, FOUNDING, Fault, Faults};

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
    Complete(Charter),
}

impl World {
    /// All stores are empty, or have been complete for long.
    pub(super) fn prepare_stores(&mut self) {
        if self.shape.founds {
            return self.tally.count(Fault::Founding);
        }
        for machine in &mut self.machines {
            machine.disk.complete(self.shape.charter(FOUNDING)).expect("an empty disk can be written");
        }
    }

    /// Whether no store is left that may still have to be part of a founding.
    pub(super) fn is_founded(&self) -> bool {
        self.machines.iter().all(Machine::is_member)
    }

    /// A process has started.
    pub(super) fn launch(&mut self, machine: usize) -> Result<(), Violation> {
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
        let order = self.say(machine, from, &answer)?;
        self.carry_out(machine, vec![order])
    }

    /// Gives a store that is not complete an input, and does what it orders.
    pub(super) fn consult(&mut self, machine: usize, input: Input) -> Result<(), Violation> {
        // As a node, it is out of its place while its effects borrow it.
        let Some(mut prospect) = self.machines[machine].prospect.take() else { return Ok(()) };
        let clock = self.machines[machine].clock.read(self.now);
        let mut orders = Vec::new();
        let drawn = self.draw_founding(machine, &mut prospect.step(clock, input), &mut orders);
        let obstacle = prospect.obstacle();
        self.machines[machine].prospect = Some(prospect);
        let end = drawn?;
        self.carry_out(machine, orders)?;
        match end {
            End::Crash => return self.crash(machine),
            End::Complete(charter) => return self.found(machine, &charter),
            End::Left => {
                let life = self.machines[machine].life;
                self.push(SOON_MICROS, What::Alarm { machine, life });
            }
            End::Done => {}
        }
        if matches!(obstacle, Obstacle::Cluster { .. }) {
            return self.look_after(machine);
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
                Effect::Send { to, message } => orders.push(self.say(machine, to, &message)?),
                Effect::Persist { ticket, record } => orders.push(Order::Write(ticket, Change::Record(record))),
                Effect::Complete(charter) => return Ok(End::Complete(charter)),
            }
            if self.faults.happens(&mut self.rng, Fault::Crash) {
                return Ok(End::Crash);
            }
        }
    }

    fn say(&self, machine: usize, to: Seat, message: &Message) -> Result<Order, Violation> {
        let computer = &self.machines[machine];
        self.oracle.on_word(computer, message)?;
        let envelope = FoundingEnvelope { cluster: CLUSTER, from: computer.seat, to };
        let mut buffer = [0; 256];
        let frame = quorate_wire::encode_founding(&mut buffer, &envelope, message);
        Ok(Order::Send(to, kind_of_founding(message), frame.expect("every message fits into a frame").to_vec()))
    }

    /// A store is complete, and becomes a node.
    fn found(&mut self, machine: usize, charter: &Charter) -> Result<(), Violation> {
        if self.machines[machine].disk.charter() != Some(*charter) {
            let story = format!("node {machine}: {charter:?}");
            return Err(Violation { law: "a store is complete once its charter is durable", story });
        }
        self.tally.completed += 1;
        let seed = self.rng.u64(..);
        self.machines[machine].found(self.now, &self.shape, seed, charter)?;
        self.launch(machine)
    }

    /// An operator sees in the end that a store knows of a cluster and is no part of it: it was lost, and gets a new
    /// incarnation.
    fn look_after(&mut self, machine: usize) -> Result<(), Violation> {
        self.oracle.on_left_out(&self.machines[machine])?;
        if self.faults != Faults::NONE && self.rng.u8(..8) > 0 {
            self.set_alarm(machine);
            return Ok(());
        }
        self.tally.renewed += 1;
        self.note(|| format!("{machine}: gets a new incarnation"));
        self.machines[machine].stop();
        self.machines[machine].renew(&self.shape, self.rng.u64(..));
        self.push(SOON_MICROS, What::Start { machine });
        Ok(())
    }
}
