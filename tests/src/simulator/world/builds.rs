use quorate::{Change, Features, Role};

use super::World;
use crate::simulator::Fault;
use crate::simulator::event::What;
use crate::simulator::oracle::Violation;

/// What the builds know that there are, the oldest first. The newest is the most common.
const BUILDS: [Features; 4] = [Features::NONE, Features::OWN, NEWEST, NEWEST];

const NEWEST: Features = Features::OWN.with(Features::of_app(0));

/// When a machine is started that gets a newer build, in microseconds.
const AFTER_UPGRADE: u64 = 100_000;

impl World {
    /// Every machine has a build. What all founders know is on from the beginning.
    pub(super) fn hand_out_builds(&mut self) {
        if self.faults.has(Fault::Builds) {
            (0..self.machines.len()).for_each(|machine| self.pick_build(machine));
        }
        let founders = &self.machines[..self.setting.nodes];
        self.shape.features = founders.iter().fold(Features(u32::MAX), |all, machine| all.common(machine.knows));
    }

    /// A machine that is to start may get an older or a newer build than ran there before.
    pub(super) fn change_build(&mut self, machine: usize) {
        if self.faults.has(Fault::Builds) && self.builds.u8(..4) == 0 {
            self.tally.count(Fault::Builds);
            self.pick_build(machine);
        }
    }

    fn pick_build(&mut self, machine: usize) {
        self.machines[machine].knows = BUILDS[self.builds.usize(..BUILDS.len())];
    }

    /// Its build does not know these, and has to be replaced by one that does.
    pub(super) fn upgrade(&mut self, machine: usize, features: Features) -> Result<(), Violation> {
        let computer = &mut self.machines[machine];
        if features.is_empty() || !features.common(computer.knows).is_empty() {
            let story = format!("node {machine} knows {}, and not {features}", computer.knows);
            return Err(Violation { law: "a build is outdated by what it does not know", story });
        }
        computer.knows = computer.knows.with(features);
        computer.stop();
        self.tally.outdated += 1;
        self.note(|| format!("{machine}: its build does not know {features}"));
        self.push(AFTER_UPGRADE, What::Start { machine });
        Ok(())
    }

    /// What an operator wants of this machine, which leads: one draw of 32 switches something on, and one has another key used.
    pub(super) fn draw_order(&mut self, machine: usize) -> Option<u8> {
        let leads = self.machines[machine].node().is_some_and(|node| node.role() == Role::Leader);
        (leads && self.faults.has(Fault::Builds)).then(|| self.builds.u8(..32))
    }

    /// What all know by now is switched on, or something else.
    pub(super) fn enable(&mut self, machine: usize) -> Result<(), Violation> {
        let known = self.machines.iter().fold(NEWEST, |all, machine| all.common(machine.knows));
        let features = if self.builds.bool() { known } else { BUILDS[self.builds.usize(1..BUILDS.len())] };
        self.drive(machine, |driver, world, now| {
            let is_on = driver.node().features().contains(features);
            let answer = driver.change(world, now, Change::Enable { features });
            world.note(|| format!("{machine}: is to switch {features} on: {answer:?}"));
            world.tally.enabled += u64::from(answer.is_ok() && !is_on);
            Ok(())
        })
    }
}
