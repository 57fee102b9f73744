use quorate::Seat;

use super::World;
use crate::simulator::Fault;
use crate::simulator::event::What;
use crate::simulator::network::{KINDS, PLAIN_KINDS};
use crate::simulator::oracle::Violation;
use crate::simulator::setting::Schedule;

/// A calm sky is looked at this often.
const CALM_SKY_MICROS: u64 = 1_000_000;
/// A clock jumps by so much at most, and now and then by so much.
const SECOND_MICROS: i64 = 1_000_000;
const HOUR_MICROS: i64 = 3600 * SECOND_MICROS;

impl World {
    /// When a machine is to be woken, now that it has done something. Its clock may be wrong, and it may be slow.
    pub(super) fn set_alarm(&mut self, machine: usize) {
        let (rng, faults, tally) = (&mut self.rng, &self.faults, &mut self.tally);
        let computer = &mut self.machines[machine];
        if faults.happens(rng, Fault::Pause) {
            tally.count(Fault::Pause);
            computer.paused_until = self.now + rng.u64(1_000..2_000_000);
        } else if computer.slow > 0 {
            computer.paused_until = computer.paused_until.max(self.now + rng.u64(..computer.slow));
        }
        if faults.happens(rng, Fault::Jump) {
            tally.count(Fault::Jump);
            let most = if rng.u8(..8) == 0 { HOUR_MICROS } else { SECOND_MICROS };
            computer.clock.jump(rng.i64(-most..most));
        }
        // What was left undrawn is drawn soon after.
        let soon = faults.has(Fault::Leave) && rng.u8(..8) == 0;
        let due = computer.deadline();
        let mut at = due.map_or(u64::MAX, |due| computer.clock.when(due)).max(self.now);
        if soon {
            at = at.min(self.now + 1_000);
        }
        if at < computer.alarm {
            computer.alarm = at;
            let life = computer.life;
            self.push(at - self.now, What::Alarm { machine, life });
        }
    }

    pub(super) fn change_weather(&mut self) -> Result<(), Violation> {
        self.spell += 1;
        if self.faults.spell_micros == 0 {
            self.push(CALM_SKY_MICROS, What::Weather { spell: self.spell });
            return Ok(());
        }
        let machine = self.rng.usize(..self.machines.len());
        if self.faults.happens(&mut self.rng, Fault::SlowNode) {
            self.tally.count(Fault::SlowNode);
            self.machines[machine].slow = self.rng.u64(100..20_000);
        } else {
            self.machines[machine].slow = 0;
        }
        if self.rng.u8(..4) == 0 {
            self.ask_for_snapshot(machine)?;
        }
        if self.faults.happens(&mut self.rng, Fault::Transfer) && self.machines[machine].node().is_some() {
            self.transfer(machine)?;
        }
        if self.faults.happens(&mut self.rng, Fault::Change) {
            self.change_members()?;
        }
        if self.schedule == Schedule::Phases {
            return self.begin_phase();
        }
        // Short spells are as likely as long ones: in some, only a few messages pass.
        let next = (self.faults.spell_micros << 4) >> self.rng.u32(0..=12);
        self.push(next.max(300), What::Weather { spell: self.spell });
        self.change_network();
        Ok(())
    }

    /// An operator asks for another leader, for a certain one, or for the same more than once.
    fn transfer(&mut self, machine: usize) -> Result<(), Violation> {
        let seat = Seat(self.rng.usize(..self.machines.len()) as u8);
        let to = self.rng.bool().then_some(seat);
        for _ in 0..self.rng.u8(1..=3) {
            self.tally.count(Fault::Transfer);
            self.hand_leadership_over(machine, to)?;
        }
        Ok(())
    }

    /// What is refused is seen by whoever looks on.
    pub(super) fn hand_leadership_over(&mut self, machine: usize, to: Option<Seat>) -> Result<(), Violation> {
        self.drive(machine, |driver, world, now| {
            let _ = driver.transfer(world, now, to);
            Ok(())
        })
    }

    fn change_network(&mut self) {
        const CUTS: [Fault; 6] =
            [Fault::Subset, Fault::Partition, Fault::Bridge, Fault::OneWay, Fault::Flap, Fault::Deaf];
        let nodes = self.machines.len();
        let kind = CUTS[self.rng.usize(..CUTS.len())];
        let is_open = !self.is_founded() && self.rng.bool();
        if is_open || self.rng.u8(..3) == 0 || !self.faults.has(kind) {
            return self.network.heal();
        }
        self.tally.count(kind);
        let side = self.rng.u16(..1 << nodes);
        let (one, other) = (self.rng.usize(..nodes), self.rng.usize(..nodes));
        let kinds = if self.locksmith.is_some() { KINDS } else { PLAIN_KINDS };
        self.note(|| format!("-- {}: {side:0nodes$b} {one} {other}", kind.name()));
        match kind {
            Fault::Subset => self.network.connect_only(side),
            Fault::Partition => self.network.partition(side),
            Fault::Bridge => self.network.bridge(side, one),
            Fault::Flap => self.network.flap(one, other, self.rng.u64(1_000..300_000)),
            Fault::Deaf => self.network.lose_all(self.rng.u8(..kinds)),
            _ => self.network.cut_one_way(one, other),
        }
    }
}
