use quorate::Input;

use super::{What, World};
use crate::simulator::Node;
use crate::simulator::oracle::Violation;

impl World {
    /// The power goes: of the write under way, some parts from the front may be there.
    pub(super) fn crash(&mut self, machine: usize) {
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

    pub(super) fn set_alarm(&mut self, machine: usize) {
        if self.faults.happens(&mut self.rng, self.faults.pause) {
            self.tally.pauses += 1;
            self.machines[machine].paused_until = self.now + self.rng.u64(1_000..2_000_000);
        }
        // What was left undrawn is drawn soon after.
        let soon = self.faults.leave > 0 && self.rng.u8(..8) == 0;
        let computer = &mut self.machines[machine];
        let due = computer.node.as_ref().and_then(Node::deadline);
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

    pub(super) fn change_weather(&mut self) -> Result<(), Violation> {
        let every = u64::from(self.faults.network_every_ms) * 1_000;
        if every == 0 {
            self.push(1_000_000, What::Weather);
            return Ok(());
        }
        self.tally.network_changes += 1;
        // Short spells are as likely as long ones: in some, only a few messages pass.
        let next = (every << 4) >> self.rng.u32(0..=12);
        self.push(next.max(300), What::Weather);
        let nodes = self.machines.len();
        let side = self.rng.u16(..1 << nodes);
        match self.rng.u8(..8) {
            0 | 1 => self.network.heal(),
            2 | 3 => self.network.connect_only(side),
            4 => self.network.partition(side),
            5 => self.network.bridge(side, self.rng.usize(..nodes)),
            _ => self.network.cut_one_way(self.rng.usize(..nodes), self.rng.usize(..nodes)),
        }
        let machine = self.rng.usize(..nodes);
        if self.rng.u8(..4) > 0 || self.machines[machine].node.is_none() {
            return Ok(());
        }
        self.act(machine, Input::Transfer { to: None }, None)
    }
}
