use quorate::{Piece, Position, Seat, Snapshot, Stored};

use super::super::Node;
use super::{Order, World};
use crate::memory::Trouble;
use crate::simulator::Fault;
use crate::simulator::disk::Change;
use crate::simulator::event::What;
use crate::simulator::machine::Underway;
use crate::simulator::oracle::Violation;
use crate::simulator::records::Batch;
use crate::simulator::registers::{self, Replica};

/// The changes that it takes to write a snapshot.
const CHANGES_MAX: u32 = 6;

impl World {
    /// A node asks for a snapshot. The state is taken hold of at once, and written later.
    pub(super) fn take_snapshot(
        &mut self,
        machine: usize,
        replica: &Replica,
        position: Position,
    ) -> Result<Option<Order>, Violation> {
        self.oracle.on_take(&self.machines[machine], replica, position)?;
        self.tally.snapshots.asked += 1;
        if self.faults.happens(&mut self.rng, Fault::NoSnapshot) {
            self.tally.count(Fault::NoSnapshot);
        } else if matches!(self.machines[machine].snapshot, Underway::Nothing) {
            return Ok(Some(Order::Take(position, registers::snapshot(replica, self.shape.padding))));
        }
        Ok(None)
    }

    /// An operator asks for a snapshot of what a node has applied, unless one is under way.
    pub(super) fn ask_for_snapshot(&mut self, machine: usize) -> Result<(), Violation> {
        let computer = &mut self.machines[machine];
        let is_idle = matches!(computer.snapshot, Underway::Nothing);
        if !is_idle || computer.disk.covered() >= computer.applied {
            return Ok(());
        }
        let Some(driver) = computer.driver.take() else { return Ok(()) };
        let order = self.take_snapshot(machine, driver.replica(), driver.replica().applied());
        self.machines[machine].driver = Some(driver);
        let orders = order?.into_iter().collect();
        self.carry_out(machine, orders)
    }

    pub(super) fn begin_snapshot(&mut self, machine: usize, position: Position, state: &[u8]) -> Result<(), Violation> {
        let trouble = self.trouble_of_snapshot();
        let computer = &mut self.machines[machine];
        match computer.disk.begin_snapshot(position, self.shape.members(), state, trouble) {
            Some(taking) => {
                computer.snapshot = Underway::Taking(taking);
                self.await_snapshot(machine);
                Ok(())
            }
            None => self.fail_snapshot(machine, trouble),
        }
    }

    fn await_snapshot(&mut self, machine: usize) {
        let life = self.machines[machine].life;
        let delay = self.rng.u64(50..=self.faults.snapshot_max());
        self.push(delay, What::Snapshot { machine, life });
    }

    /// The snapshot under way is written aside, or the log is told of it, and then the node.
    pub(super) fn go_on_with_snapshot(&mut self, machine: usize, life: u64) -> Result<(), Violation> {
        if self.machines[machine].life != life {
            return Ok(());
        }
        if self.crashes_in_a_write() {
            return self.crash(machine);
        }
        match std::mem::take(&mut self.machines[machine].snapshot) {
            Underway::Nothing => Ok(()),
            Underway::Taking(taking) => {
                let trouble = self.trouble_of_snapshot();
                let Some(snapshot) = self.machines[machine].disk.finish_snapshot(taking, trouble) else {
                    return self.fail_snapshot(machine, trouble);
                };
                self.machines[machine].snapshot = Underway::Marking(snapshot);
                self.await_snapshot(machine);
                Ok(())
            }
            Underway::Marking(snapshot) => {
                let trouble = self.trouble_of_write();
                self.settle(machine)?;
                let is_durable =
                    self.machines[machine].disk.write(Change::Mark(snapshot), trouble.map(|(_, trouble)| trouble))?;
                if is_durable {
                    let refused = self.tally.snapshots.refused;
                    self.drive(machine, |driver, world, now| {
                        // What is of no use is counted where the answer is seen.
                        let _ = driver.snapshotted(world, now, snapshot);
                        Ok(())
                    })?;
                    self.tally.snapshots.taken += u64::from(self.tally.snapshots.refused == refused);
                } else if let Some((fault, _)) = trouble {
                    self.fail_write(machine, fault);
                }
                Ok(())
            }
        }
    }

    /// Its log is about to forget who takes part: that is made durable in another place first.
    pub(super) fn settle(&mut self, machine: usize) -> Result<(), Violation> {
        let computer = &mut self.machines[machine];
        let settled = computer.node().and_then(Node::unsettled).map(Batch::of_settled);
        settled.map_or(Ok(true), |batch| computer.disk.write(Change::Write(batch), None)).map(|_| ())
    }

    fn trouble_of_snapshot(&mut self) -> Option<Trouble> {
        let fails = self.faults.happens(&mut self.rng, Fault::FailedSnapshot);
        fails.then(|| if self.rng.bool() { Trouble::Full } else { Trouble::Failure(self.rng.u32(..CHANGES_MAX)) })
    }

    /// The snapshot before stays in force.
    fn fail_snapshot(&mut self, machine: usize, trouble: Option<Trouble>) -> Result<(), Violation> {
        if trouble.is_none() {
            return Err(Violation { law: "a snapshot can be written", story: format!("node {machine}") });
        }
        self.tally.count(Fault::FailedSnapshot);
        self.note(|| format!("{machine}: its snapshot fails, {trouble:?}"));
        Ok(())
    }

    /// What cannot be read counts as lost.
    pub(super) fn read_piece(&mut self, machine: usize, to: Seat, piece: &Piece) -> Result<(), Violation> {
        self.oracle.on_piece(&self.shape, &self.machines[machine], to, piece)?;
        let read = self.machines[machine].disk.read_piece(piece.snapshot, piece.offset, piece.length);
        let Some(bytes) = read else { return Ok(()) };
        let message = piece.message(&bytes);
        self.oracle.on_send(&self.shape, &self.machines[machine], to, &message, &self.machines)?;
        self.tally.snapshots.sent += 1;
        self.say(machine, to, &message)
    }

    /// Whether the node goes on: a piece that it takes for stored has to be there.
    pub(super) fn store(
        &mut self,
        machine: usize,
        snapshot: Snapshot,
        offset: u64,
        bytes: &[u8],
    ) -> Result<bool, Violation> {
        let trouble = self.trouble_of_write();
        let computer = &mut self.machines[machine];
        let is_early = |stored: Stored| stored.snapshot == snapshot && stored.received < offset;
        let is_early = computer.node().and_then(Node::fetching).is_some_and(is_early);
        self.tally.snapshots.early += u64::from(is_early);
        if is_early && self.shape.pieces_in_order {
            let story = format!("node {machine} is to keep {} bytes at {offset}", bytes.len());
            return Err(Violation { law: "a host that keeps order is given pieces in order", story });
        }
        if computer.disk.store(snapshot, self.shape.members(), (offset, bytes), trouble.map(|(_, trouble)| trouble))? {
            self.tally.snapshots.stored += 1;
            return Ok(true);
        }
        if let Some((fault, _)) = trouble {
            self.fail_write(machine, fault);
        }
        Ok(false)
    }

    /// A host keeps the snapshots that its node names, the one that it fetches, and what the app has taken and the node
    /// does not know of yet.
    pub(super) fn prune(&mut self, machine: usize) {
        let computer = &mut self.machines[machine];
        let Some(node) = computer.driver.as_ref().map(|driver| driver.node()).filter(|_| self.shape.prunes) else {
            return;
        };
        let mut whole: Vec<_> = node.snapshots().collect();
        let fetched: Vec<_> = whole.iter().copied().chain(node.fetching().map(|stored| stored.snapshot)).collect();
        if let Underway::Marking(snapshot) = computer.snapshot {
            whole.push(snapshot);
        }
        let removed = computer.disk.prune(&whole, &fetched);
        self.tally.count_all(Fault::Prune, removed);
    }

    /// What a node that starts has of snapshots.
    pub(super) fn note_snapshots(&mut self, machine: usize) -> Result<(), Violation> {
        let computer = &self.machines[machine];
        let Some(driver) = &computer.driver else { return Ok(()) };
        self.oracle.check_state(computer.seat, driver.replica())?;
        let is_fetching = computer.node().and_then(super::super::Node::fetching);
        let counts = &mut self.tally.snapshots;
        counts.started += u64::from(computer.disk.latest.is_some());
        counts.lost += u64::from(computer.disk.is_lost);
        counts.resumed += u64::from(is_fetching.is_some_and(|stored| stored.received > 0));
        Ok(())
    }
}
