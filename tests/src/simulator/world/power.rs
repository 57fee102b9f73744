use std::ops::Range;

use super::World;
use crate::memory::Trouble;
use crate::simulator::Fault;
use crate::simulator::disk::{Change, Opening};
use crate::simulator::event::What;
use crate::simulator::machine::Underway;
use crate::simulator::oracle::Violation;

/// The changes that a write makes to its files, a sync included; the same with a new segment; and those of a recovery.
const CHANGES: u32 = 2;
const CHANGES_MAX: u32 = 10;
const CHANGES_AT_START: u32 = 6;

/// When a machine is started again, in microseconds after it stopped.
const AFTER_CRASH: Range<u64> = 1_000..2_000_000;
const AFTER_FAILURE: Range<u64> = 100_000..5_000_000;
const AWAY: Range<u64> = 2_000_000..20_000_000;

impl World {
    /// A new member starts, perhaps long after the others.
    pub(super) fn join(&mut self, machine: usize) {
        if self.faults.happens(&mut self.rng, Fault::Late) {
            self.tally.count(Fault::Late);
            return self.leave(machine);
        }
        self.push(0, What::Start { machine });
    }

    /// A member that does not run will not for a while.
    fn leave(&mut self, machine: usize) {
        let delay = self.rng.u64(AWAY);
        self.machines[machine].away_until = self.now + delay;
        self.push(delay, What::Start { machine });
    }

    pub(super) fn start(&mut self, machine: usize) -> Result<(), Violation> {
        let computer = &self.machines[machine];
        if computer.is_up() || !computer.is_there() || computer.away_until > self.now {
            return Ok(());
        }
        let trouble = self.trouble_at_start(machine);
        self.change_build(machine);
        let opening = self.machines[machine].start(self.now, &self.shape, self.rng.u64(..), trouble)?;
        match opening {
            Opening::Done { is_torn } => {
                self.tally.torn += u64::from(is_torn);
                self.note(|| format!("{machine}: starts{}", if is_torn { ", and drops a torn write" } else { "" }));
                self.launch(machine)
            }
            Opening::Stopped => {
                self.tally.again += 1;
                self.note(|| format!("{machine}: stops while it starts"));
                self.stop(machine, matches!(trouble, Some(Trouble::Cut(_))), AFTER_CRASH);
                Ok(())
            }
            Opening::Outdated(features) => self.upgrade(machine, features),
            Opening::Refused => {
                self.tally.rotten += 1;
                self.note(|| format!("{machine}: its disk has rotted, it cannot come back"));
                self.machines[machine].is_rotten = true;
                if self.faults.happens(&mut self.rng, Fault::LostDisk) {
                    self.lose_disk(machine);
                    let delay = self.rng.u64(AFTER_FAILURE);
                    self.push(delay, What::Start { machine });
                } else if !self.oracle.is_open {
                    // The first command of all needs every member: the operator replaces such a disk at once.
                    self.lose_disk(machine);
                    self.push(0, What::Start { machine });
                }
                Ok(())
            }
        }
    }

    /// The power goes, perhaps in the middle of the write under way.
    pub(super) fn crash(&mut self, machine: usize) -> Result<(), Violation> {
        self.tally.count(Fault::Crash);
        self.note(|| format!("{machine}: crashes"));
        let changes = if self.rng.bool() { CHANGES } else { CHANGES_MAX };
        let trouble = Trouble::Cut(self.rng.u32(..changes));
        let is_beside_the_log = self.rng.bool();
        if matches!(self.machines[machine].snapshot, Underway::Marking(_)) && is_beside_the_log {
            self.settle(machine)?;
        }
        let computer = &mut self.machines[machine];
        let write = computer.write.take();
        match (std::mem::take(&mut computer.snapshot), write) {
            (Underway::Taking(taking), _) if is_beside_the_log => {
                computer.disk.finish_snapshot(taking, Some(trouble));
            }
            (Underway::Marking(snapshot), _) if is_beside_the_log => {
                computer.disk.write(Change::Mark(snapshot), Some(trouble))?;
            }
            (underway, Some((_, change))) => {
                computer.snapshot = underway;
                computer.disk.write(change, Some(trouble))?;
            }
            (underway, None) => computer.snapshot = underway,
        }
        self.stop(machine, true, AFTER_CRASH);
        self.rot(machine);
        Ok(())
    }

    /// The power goes more often in a write than elsewhere, as most depends on it there.
    pub(super) fn crashes_in_a_write(&mut self) -> bool {
        (0..16).any(|_| self.faults.happens(&mut self.rng, Fault::Crash))
    }

    /// What goes wrong with a write that is not cut off.
    pub(super) fn trouble_of_write(&mut self) -> Option<(Fault, Trouble)> {
        if self.faults.happens(&mut self.rng, Fault::FailedSync) {
            return Some((Fault::FailedSync, Trouble::Failure(self.rng.u32(..CHANGES_MAX))));
        }
        self.faults.happens(&mut self.rng, Fault::FullDisk).then_some((Fault::FullDisk, Trouble::Full))
    }

    /// A failed write says nothing about what is durable: all of it may be, or nothing. It is final, and an operator
    /// starts the node from what the disk really kept; or from what the system takes for written, if it stayed up.
    pub(super) fn fail_write(&mut self, machine: usize, fault: Fault) {
        self.tally.count(fault);
        self.note(|| format!("{machine}: {}, the node stops", fault.name()));
        let power_goes = self.rng.bool();
        self.stop(machine, power_goes, AFTER_FAILURE);
    }

    fn stop(&mut self, machine: usize, power_goes: bool, pause: Range<u64>) {
        self.machines[machine].stop();
        if power_goes {
            self.machines[machine].disk.cut_power();
        }
        if self.faults.happens(&mut self.rng, Fault::Away) {
            self.tally.count(Fault::Away);
            return self.leave(machine);
        }
        let delay = self.rng.u64(pause);
        self.push(delay, What::Start { machine });
    }

    /// What goes wrong with a recovery: most often, if it has something to do.
    fn trouble_at_start(&mut self, machine: usize) -> Option<Trouble> {
        let chances = if self.machines[machine].disk.has_cut_off() { 4 } else { 16 };
        match self.rng.u8(..chances) {
            0 | 1 if self.faults.has(Fault::Crash) => Some(Trouble::Cut(self.rng.u32(..CHANGES_AT_START))),
            2 if self.faults.has(Fault::FailedSync) => Some(Trouble::Failure(self.rng.u32(..CHANGES_AT_START))),
            _ => None,
        }
    }

    /// The node will come back with an empty disk. Once the cluster is there, whoever starts it may know that it is to
    /// found nothing. Else it starts as it did at first.
    fn lose_disk(&mut self, machine: usize) {
        self.tally.count(Fault::LostDisk);
        let joins = machine >= self.setting.nodes || (self.is_founded() && self.rng.bool());
        self.note(|| format!("{machine}: its disk is lost, it will live again with an empty one"));
        self.begin_anew(machine, joins);
    }

    /// It has an empty disk.
    pub(super) fn begin_anew(&mut self, machine: usize, joins: bool) {
        self.machines[machine].lose_disk(&self.shape, self.rng.u64(..), joins);
        self.oracle.on_lost_disk(self.machines[machine].seat);
    }

    /// A bit of a disk that stands still flips. Recovery has to notice, unless nothing is lost by it. If it does, the
    /// member is as good as dead, for it must not come back as if nothing had happened.
    fn rot(&mut self, machine: usize) {
        if !self.can_spare(machine) {
            return;
        }
        if self.faults.happens(&mut self.rng, Fault::LostDisk) {
            return self.lose_disk(machine);
        }
        if !self.faults.happens(&mut self.rng, Fault::Rot) {
            return;
        }
        if let Some(place) = self.machines[machine].disk.rot() {
            self.tally.count(Fault::Rot);
            self.note(|| format!("{machine}: a bit of its disk flips: {place}"));
        }
    }
}
