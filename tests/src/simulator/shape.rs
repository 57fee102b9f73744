use std::time::Duration;

use fastrand::Rng;
use quorate::{Config, Identity, Members, Seat, Seats};

use super::fault::{Fault, Faults};

/// Longer than any record that the simulated clients ask for.
pub(crate) const RECORD_MAX: usize = 130;
pub(crate) const ELECTION_MICROS: u64 = 250_000;

/// The sizes that all nodes of a run are given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) nodes: usize,
    pub(crate) entry_bytes_max: usize,
    pub(crate) inflight_messages_max: u32,
    pub(crate) inflight_bytes_max: usize,
    pub(crate) log_bytes: usize,
    /// The log of the first few seats may be smaller than that of the others.
    small: usize,
    small_log_bytes: usize,
    /// So small that a few writes fill a segment, or one takes more.
    pub(crate) segment_bytes: u64,
}

impl Shape {
    /// Small frames split what a leader sends, so that a follower may have any part of it.
    pub(crate) fn random(rng: &mut Rng, nodes: usize, faults: &Faults) -> Shape {
        let entry_bytes_max = rng.usize(RECORD_MAX..RECORD_MAX * 4);
        let is_small = faults.has(Fault::SmallLog) && rng.bool();
        Shape {
            nodes,
            entry_bytes_max,
            inflight_messages_max: rng.u32(1..=8),
            inflight_bytes_max: entry_bytes_max * rng.usize(1..=5),
            log_bytes: if is_small && rng.bool() { rng.usize(2 << 10..16 << 10) } else { 512 << 10 },
            small: if is_small { rng.usize(..=(nodes - 1) / 2) } else { 0 },
            small_log_bytes: rng.usize(1 << 10..8 << 10),
            segment_bytes: 1024 << rng.u32(..5),
        }
    }

    pub(crate) fn log_bytes(&self, seat: Seat) -> usize {
        if usize::from(seat.0) < self.small { self.small_log_bytes.min(self.log_bytes) } else { self.log_bytes }
    }

    /// How many disks may rot before the cluster could not go on: members that lag for want of memory count as well.
    pub(crate) fn rotten_max(&self) -> usize {
        (self.nodes - 1) / 2 - self.small
    }

    pub(crate) fn config(&self, seat: Seat, seed: u64) -> Config {
        let members = Members::of(Seats::first(self.nodes));
        Config {
            election_timeout: Duration::from_micros(ELECTION_MICROS),
            entry_bytes_max: self.entry_bytes_max,
            inflight_messages_max: self.inflight_messages_max,
            inflight_bytes_max: self.inflight_bytes_max,
            ..Config::new(Identity::from(seat), members, seed)
        }
    }
}
