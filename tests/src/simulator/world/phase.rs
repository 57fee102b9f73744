use quorate::Role;

use super::World;
use crate::simulator::event::What;
use crate::simulator::oracle::Violation;
use crate::simulator::setting::Schedule;

/// How long a phase lasts at most, if too little happens in it.
const PHASE_MICROS_MAX: u64 = 300_000;

impl World {
    /// One frame or sync of a phase is over.
    pub(super) fn end_of_message(&mut self) {
        if self.schedule != Schedule::Phases || self.faults.spell_micros == 0 {
            return;
        }
        self.phase_left = self.phase_left.saturating_sub(1);
        if self.phase_left == 0 {
            self.phase_left = u64::MAX;
            self.push(0, What::Weather { spell: self.spell });
        }
    }

    /// A random connected subset, one election, a few messages in order; then it is cut. Rules that only old leaders
    /// break need several short reigns in a row, each over another subset: uniform chance hardly ever deals them.
    pub(super) fn begin_phase(&mut self) -> Result<(), Violation> {
        let nodes = self.machines.len();
        if self.rng.bool() {
            self.lost_up_to = self.number;
        }
        for machine in 0..nodes {
            if self.rng.u8(..12) == 0 && self.machines[machine].is_up() {
                self.crash(machine)?;
            } else if self.rng.u8(..4) > 0 {
                self.push(0, What::Start { machine });
            }
        }
        // A founding needs all.
        let is_open = !self.is_founded() && self.rng.u8(..4) > 0;
        let connected = if is_open { (1 << nodes) - 1 } else { self.rng.u16(1..1 << nodes) };
        self.network.heal();
        self.network.connect_only(connected);
        self.phase_left = 1 + (self.rng.u64(..64) >> self.rng.u32(..6));
        self.push(PHASE_MICROS_MAX, What::Weather { spell: self.spell });
        self.note(|| format!("-- connected: {connected:0nodes$b}"));
        let members: Vec<_> = (0..nodes).filter(|machine| connected & (1 << machine) != 0).collect();
        let candidate = members[self.rng.usize(..members.len())];
        if self.rng.u8(..4) > 0 { self.let_campaign(candidate, &members) } else { Ok(()) }
    }

    /// The candidate's time comes. The others have not heard of a leader for long, and their time has not come.
    fn let_campaign(&mut self, candidate: usize, members: &[usize]) -> Result<(), Violation> {
        for machine in members {
            let ahead = if *machine == candidate { 0 } else { self.rng.u64(20_000..100_000) };
            let computer = &mut self.machines[*machine];
            let leads = computer.node().is_some_and(|node| node.role() == Role::Leader);
            let Some(due) = computer.deadline().filter(|_| !leads) else { continue };
            computer.clock.jump_to(self.now, quorate::Instant::from_micros(due.as_micros().saturating_sub(ahead)));
        }
        self.tick(candidate)
    }
}
