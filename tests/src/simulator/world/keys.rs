use fastrand::Rng;

use super::World;
use crate::simulator::attacker::Attacker;
use crate::simulator::event::What;
use crate::simulator::locksmith::{Locksmith, Stage};
use crate::simulator::oracle::Violation;
use crate::simulator::{Fault, Links};

/// Sets what is drawn of sealed links apart from all else.
const APART: u64 = 0x5ea1_ed11;

impl World {
    pub(super) const STAGES: [Stage; 3] = [Stage::Install, Stage::Use, Stage::Remove];

    /// All machines have the same key, if frames are sealed: as they are told to, or in each fourth world.
    pub(super) fn hand_out_keys(&mut self) {
        let mut rng = Rng::with_seed(self.setting.seed.rotate_left(32) ^ APART);
        let drawn = if rng.u8(..4) == 0 { Links::Sealed } else { Links::Plain };
        if self.setting.links.unwrap_or(drawn) == Links::Plain {
            return;
        }
        self.faults.add_those_of_seals(&mut rng, &self.setting.without);
        let mut locksmith = Locksmith::new(rng.fork());
        for machine in &mut self.machines {
            machine.sealing = Some(locksmith.equip());
        }
        if self.faults.has(Fault::Rekey) {
            self.push(locksmith.pause(), What::Keys);
        }
        self.locksmith = Some(locksmith);
        self.attacker = Some(Attacker::new(rng));
    }

    /// An operator comes to a machine that is not as far as all are to come, if one can be reached: the file of one that is
    /// down can be written or not. If there is none, all go on.
    pub(super) fn change_keys(&mut self) -> Result<(), Violation> {
        let Some(locksmith) = self.locksmith.as_mut().filter(|_| self.faults.has(Fault::Rekey)) else { return Ok(()) };
        let pause = locksmith.pause();
        let reaches_all = locksmith.rng.bool();
        let (mut left, mut reached) = (0, Vec::new());
        for (place, machine) in self.machines.iter().enumerate() {
            let Some(sealing) = &machine.sealing else { continue };
            if !locksmith.is_done(sealing) {
                left += 1;
                if reaches_all || machine.is_up() || !machine.is_there() {
                    reached.push(place);
                }
            }
        }
        let is_hasty = locksmith.is_hasty && locksmith.stage != Stage::Remove && locksmith.rng.u8(..8) == 0;
        if left == 0 || is_hasty {
            self.tally.links.keys += u64::from(locksmith.stage == Stage::Remove && locksmith.latest > 0);
            locksmith.go_on();
        } else if !reached.is_empty() {
            let machine = reached[locksmith.rng.usize(..reached.len())];
            self.rekey(machine);
        }
        self.push(pause, What::Keys);
        Ok(())
    }

    /// Brings a machine a step on, or one step back. Whether anything was left to do.
    fn rekey(&mut self, machine: usize) -> bool {
        let Some(locksmith) = &mut self.locksmith else { return false };
        let Some(sealing) = &mut self.machines[machine].sealing else { return false };
        let goes_back = self.faults.has(Fault::Rekey) && locksmith.rng.u8(..8) == 0 && locksmith.change_mind(sealing);
        let done = if goes_back { None } else { locksmith.visit(sealing) };
        let (latest, is_done) = (locksmith.latest, goes_back || done.is_some());
        if is_done {
            self.tally.count_all(Fault::Rekey, self.faults.has(Fault::Rekey).into());
            self.note(|| format!("operator -> {machine}: key {latest}, {done:?}"));
            if self.machines[machine].node().is_some() {
                self.greet(machine);
                self.set_alarm(machine);
            }
        }
        is_done
    }

    /// What was begun with the keys is brought to its end, at all machines at once; or only so far that all have them, and it
    /// may take long until all use the same.
    pub(super) fn finish_keys(&mut self) {
        let is_slow = self.locksmith.as_mut().is_some_and(|locksmith| locksmith.rng.bool());
        for stage in World::STAGES {
            (0..self.machines.len()).for_each(|machine| {
                self.bring_keys(machine, stage);
            });
            let Some(locksmith) = &self.locksmith else { return };
            if is_slow
                && self.machines.iter().flat_map(|machine| &machine.sealing).all(|sealing| locksmith.has_both(sealing))
            {
                return;
            }
        }
    }

    /// Another key is to take the place of the present one, if all are as far. Whether who changes them waits between two
    /// stages.
    pub(super) fn start_keys(&mut self) -> bool {
        let Some(locksmith) = &mut self.locksmith else { return false };
        if self.machines.iter().flat_map(|machine| &machine.sealing).all(|sealing| locksmith.is_through(sealing)) {
            locksmith.begin();
        }
        locksmith.rng.bool()
    }

    /// Brings a machine so far with its keys. How long the way to the next one takes.
    pub(super) fn bring_keys(&mut self, machine: usize, stage: Stage) -> u64 {
        let Some(locksmith) = &mut self.locksmith else { return 0 };
        locksmith.stage = stage;
        let pause = locksmith.rng.u64(1..20_000);
        while self.rekey(machine) {}
        pause
    }
}
