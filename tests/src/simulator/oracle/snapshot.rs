use std::collections::{HashMap, HashSet};

use quorate::{Index, Piece, Position, Seat, Seats, Snapshot, Stored};

use super::{Oracle, Verdict, broken, quorum};
use crate::simulator::disk::Change;
use crate::simulator::machine::Machine;
use crate::simulator::registers::{Replica, digest as digest_of};
use crate::simulator::shape::{HEARTBEAT_MICROS, Shape};

/// How many bytes of snapshots each node has sent in its present life.
pub(super) type Paces = HashMap<Seat, Pace>;

/// What a node has sent by its own clock.
#[derive(Default)]
pub(super) struct Pace {
    life: u64,
    since: u64,
    bytes: u64,
}

/// Which snapshots a node was asked for in its present life: by whom, and by index and check.
pub(super) type Wishes = HashMap<Seat, (u64, HashSet<(Seat, Index, u32)>)>;

impl Oracle {
    /// A node hears that another wants pieces of a snapshot.
    pub(super) fn on_wish(&mut self, to: &Machine, from: Seat, index: Index, check: u32) {
        let (life, wishes) = self.wishes.entry(to.seat).or_default();
        if *life != to.life {
            (*life, *wishes) = (to.life, HashSet::new());
        }
        wishes.insert((from, index, check));
    }

    /// A snapshot is asked for of what was applied last.
    pub(crate) fn on_take(&self, by: &Machine, replica: &Replica, position: Position) -> Verdict {
        let story = || format!("node {} is asked for {position:?}, and has applied {}", by.seat.0, by.applied.0);
        if position.index != by.applied || by.disk.covered() >= position.index || !self.knows(position) {
            return broken("a snapshot is asked for of what was applied last", story);
        }
        self.check_state(by.seat, replica)
    }

    /// A node means to stand on a snapshot of its leader.
    pub(crate) fn on_install(&mut self, by: &Machine, snapshot: Snapshot) -> Verdict {
        let Snapshot { position, .. } = snapshot;
        if let Some(seen) = self.seen.get_mut(&by.seat).filter(|seen| seen.life == by.life) {
            seen.installed = position.index;
        }
        let story = || format!("node {} installs {snapshot:?}, and has applied {}", by.seat.0, by.applied.0);
        if !self.knows(position) {
            return broken("a snapshot covers what was committed", story);
        }
        if position.index <= by.applied || position.index < by.disk.durable.base.index {
            return broken("a snapshot never takes the place of a later state", story);
        }
        if by.disk.durable.has(position) && !by.disk.is_lost {
            return broken("a snapshot never takes the place of the log behind it", story);
        }
        Ok(())
    }

    /// What a node still fetches goes beyond what it has: else it could take the place of a later state one day.
    pub(super) fn check_fetch(&self, of: &Machine) -> Verdict {
        let Some(node) = of.node() else { return Ok(()) };
        let is_of_use = |fetched: Stored| fetched.snapshot.position.index > node.commit();
        if of.is_hurt() || node.fetching().is_none_or(is_of_use) {
            return Ok(());
        }
        broken("nobody fetches a snapshot of what it has", || {
            format!("node {} of commit {} fetches {:?}", of.seat.0, node.commit().0, node.fetching())
        })
    }

    /// A log that has given way to a snapshot: until that is durable, nothing else is being written.
    pub(super) fn check_write(&self, of: &Machine) -> Verdict {
        let (Some(node), Some((_, Change::Write(batch)))) = (of.node(), &of.write) else { return Ok(()) };
        if batch.snapshot.is_some() || node.base().index <= of.disk.covered() || of.is_hurt() {
            return Ok(());
        }
        broken("a log gives way to a snapshot while no write of it is under way", || {
            format!("node {} stands on {:?}, and writes {batch:?}", of.seat.0, node.base())
        })
    }

    /// A node is about to restore a snapshot.
    pub(crate) fn on_restore(&self, by: &Machine, snapshot: Snapshot) -> Verdict {
        let story = || format!("node {} restores {snapshot:?}, and has applied {}", by.seat.0, by.applied.0);
        if by.disk.latest != Some(snapshot) {
            return broken("what is restored is durable", story);
        }
        if snapshot.position.index <= by.applied {
            return broken("a snapshot never takes the place of a later state", story);
        }
        Ok(())
    }

    /// A node that starts has the log that its disk holds.
    pub(crate) fn check_recovered(&self, of: &Machine) -> Verdict {
        let Some(node) = of.node() else { return Ok(()) };
        let base = node.base().index;
        let durable = of.disk.durable.entries().filter(|entry| entry.position().index > base);
        if node.log().eq(durable) {
            return Ok(());
        }
        broken("a node starts with what its disk holds", || format!("node {}, behind {}", of.seat.0, base.0))
    }

    /// The state of a node is that of a model that has applied the same entries.
    pub(crate) fn check_state(&self, of: Seat, replica: &Replica) -> Verdict {
        let applied = replica.applied().index;
        let place = applied.0.checked_sub(1);
        let digest = place.and_then(|place| self.applied.get(place as usize)).map(|applied| applied.digest);
        if digest.is_none_or(|digest| digest == digest_of(replica)) && (place.is_none() || digest.is_some()) {
            return Ok(());
        }
        broken("a state is what comes of the entries before it", || {
            format!("node {} at {}: {:?}, {:?}", of.0, applied.0, replica.app(), replica.ledger())
        })
    }

    /// Pieces are of snapshots that were asked for, and sent no faster than is allowed.
    pub(crate) fn on_piece(&mut self, shape: &Shape, by: &Machine, to: Seat, piece: &Piece) -> Verdict {
        let wish = (to, piece.snapshot.position.index, piece.snapshot.check);
        let is_wanted = |(life, wishes): &(u64, HashSet<_>)| *life == by.life && wishes.contains(&wish);
        if !self.wishes.get(&by.seat).is_some_and(is_wanted) {
            let story = || format!("node {} sends {piece:?} to {}", by.seat.0, to.0);
            return broken("nobody is sent a snapshot that it did not ask for", story);
        }
        let now = by.clock.shown();
        let pace = self.paces.entry(by.seat).or_default();
        if pace.life != by.life {
            *pace = Pace { life: by.life, since: now, bytes: 0 };
        }
        // One allowance at the beginning of a reign, and one with each heartbeat.
        let allowances = (now - pace.since) / HEARTBEAT_MICROS + 2;
        pace.bytes += piece.length as u64;
        let is_due = pace.bytes <= allowances * u64::from(shape.snapshot_bytes_per_heartbeat);
        if is_due && piece.length <= shape.entry_bytes_max {
            return Ok(());
        }
        broken("snapshots are sent no faster than is allowed", || {
            format!("node {}: {} bytes in {} us, {piece:?}", by.seat.0, pace.bytes, now - pace.since)
        })
    }

    /// What was applied once stays on a majority of disks, those that rotted or were lost aside.
    pub(crate) fn check_held(&self, all: &[Machine], place: usize) -> Verdict {
        let Some(last) = self.applied.last() else { return Ok(()) };
        for applied in [last, &self.applied[place % self.applied.len()]] {
            if !quorum::of_any(Seats::first(self.founders), all, |records| records.holds(applied.position)) {
                return broken("what was applied stays on a majority of disks", || format!("{:?}", applied.position));
            }
        }
        Ok(())
    }

    /// Whether the entry at this position was applied by anyone.
    pub(super) fn knows(&self, position: Position) -> bool {
        let place = (position.index.0 as usize).checked_sub(1);
        place.and_then(|place| self.applied.get(place)).is_some_and(|applied| applied.position == position)
    }
}
