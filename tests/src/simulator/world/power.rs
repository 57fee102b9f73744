use quorate::Input;

use super::World;
use crate::simulator::Fault;
use crate::simulator::disk::Disk;
use crate::simulator::event::What;
use crate::simulator::oracle::Violation;

impl World {
    pub(super) fn start(&mut self, machine: usize) -> Result<(), Violation> {
        let computer = &mut self.machines[machine];
        if computer.node.is_some() || computer.is_rotten {
            return Ok(());
        }
        computer.start(self.now, &self.shape, self.rng.u64(..));
        self.note(|| format!("{machine}: starts"));
        self.act(machine, Input::Tick, None)
    }

    /// The power goes: of the write under way, some parts from the front may be there.
    pub(super) fn crash(&mut self, machine: usize) -> Result<(), Violation> {
        self.tally.count(Fault::Crash);
        self.note(|| format!("{machine}: crashes"));
        self.stop(machine);
        let delay = self.rng.u64(1_000..2_000_000);
        self.push(delay, What::Start { machine });
        self.rot(machine)
    }

    /// A failed sync, or a full disk, says nothing about what is durable: all of the write may be, or nothing. It is final,
    /// and an operator starts the node from what the disk really kept.
    pub(super) fn fail_sync(&mut self, machine: usize) {
        self.tally.count(Fault::FailedSync);
        self.note(|| format!("{machine}: a sync fails, the node stops"));
        self.stop(machine);
        let delay = self.rng.u64(100_000..5_000_000);
        self.push(delay, What::Start { machine });
    }

    fn stop(&mut self, machine: usize) {
        let computer = &mut self.machines[machine];
        if let Some((_, batch)) = computer.write.take() {
            let parts = self.rng.usize(..=batch.parts());
            self.tally.torn += u64::from(parts > 0);
            computer.disk.sync(batch.cut(parts));
        }
        computer.crash();
    }

    /// A bit of a disk that stands still flips. Recovery has to notice; then the member is as good as dead, for it must not
    /// come back as if nothing had happened.
    fn rot(&mut self, machine: usize) -> Result<(), Violation> {
        let rotten = self.machines.iter().filter(|machine| machine.is_rotten).count();
        if rotten >= self.shape.rotten_max() || !self.faults.happens(&mut self.rng, Fault::Rot) {
            return Ok(());
        }
        match Disk::notices_rot(&self.machines[machine].disk, &mut self.rng) {
            None => Ok(()),
            Some(true) => {
                self.tally.count(Fault::Rot);
                self.note(|| format!("{machine}: its disk rots, it cannot come back"));
                self.machines[machine].is_rotten = true;
                Ok(())
            }
            Some(false) => Err(Violation { law: "recovery refuses what has rotted", story: format!("node {machine}") }),
        }
    }
}
