use std::time::Duration;

use fastrand::Rng;
use quorate::founding::{self, Intent};
use quorate::{Charter, Config, Features, Founding, Least, Members, RECORD_OVERHEAD, Roster, Seat, Seats, Snapshot};

use super::fault::{Fault, Faults};
use super::registers::CLIENTS_MAX;
use super::setting::Schedule;

/// Longer than any record that the simulated clients ask for.
pub(crate) const RECORD_MAX: usize = 130;
/// Longer than the registers and sessions of most runs.
const REGISTERS_MAX: usize = 300;
/// What a log takes for a record beside it.
pub(crate) const SLOT: usize = 4;
/// Room for all that most runs commit. Many have less, so that who stays behind is sent a snapshot.
const LOG_BYTES_MAX: usize = 512 << 10;
pub(crate) const ELECTION_MICROS: u64 = 250_000;
pub(crate) const HEARTBEAT_MICROS: u64 = 50_000;

/// The sizes that all nodes of a run are given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// The founders.
    pub(crate) nodes: usize,
    /// Further machines, which an operator may add.
    pub(crate) spares: usize,
    pub(crate) entry_bytes_max: usize,
    pub(crate) inflight_messages_max: u32,
    pub(crate) inflight_bytes_max: usize,
    pub(crate) log_bytes: usize,
    /// The log of the first few seats may be smaller than that of the others.
    small: usize,
    small_log_bytes: usize,
    /// So small that a few writes fill a segment, or one takes more.
    pub(crate) segment_bytes: u64,
    snapshot_fill_percent: u8,
    pub(crate) snapshot_every: Option<u64>,
    pub(crate) snapshot_bytes_per_heartbeat: u32,
    pub(crate) pieces_in_order: bool,
    /// The stores are empty at first.
    pub(crate) founds: bool,
    /// A host removes each snapshot that its node does not name, right after the step.
    pub(crate) prunes: bool,
    /// So many bytes make a snapshot longer than the registers are, so that it takes many pieces.
    pub(crate) padding: usize,
    /// The most clients that have a session.
    pub(crate) clients_max: usize,
    /// Leaders have leases: no clock jumps.
    pub(crate) leases: bool,
    pub(crate) commits_at_once: bool,
    /// What all founders' builds know at first.
    pub(crate) features: Features,
}

impl Shape {
    /// Small frames split what a leader sends, so that a follower may have any part of it.
    pub(crate) fn random(rng: &mut Rng, nodes: usize, faults: &Faults, schedule: Schedule) -> Shape {
        let roster = Roster::bytes_max(nodes, 0);
        let entry_bytes_max = rng.usize(RECORD_MAX.max(Roster::MARGIN + roster)..RECORD_MAX * 4);
        let is_small = faults.has(Fault::SmallLog) && rng.u8(..4) > 0;
        let padding = rng.usize(..8 << 10) >> rng.u32(..8);
        Shape {
            nodes,
            spares: if faults.has(Fault::Change) { rng.usize(..=2) } else { 0 },
            entry_bytes_max,
            inflight_messages_max: rng.u32(1..=8),
            inflight_bytes_max: entry_bytes_max * rng.usize(1..=5),
            log_bytes: if is_small && rng.u8(..4) > 0 {
                log_bytes(rng, roster)
            } else {
                LOG_BYTES_MAX >> rng.u32(..10)
            },
            small: if is_small { rng.usize(..nodes) } else { 0 },
            small_log_bytes: log_bytes(rng, roster),
            segment_bytes: 1024 << rng.u32(..5),
            snapshot_fill_percent: rng.u8(10..=90),
            snapshot_every: (rng.u8(..4) > 0).then(|| (rng.u64(1..=64) >> rng.u32(..6)).max(1)),
            // At the least, all others get one within two seconds.
            snapshot_bytes_per_heartbeat: bytes_per_heartbeat(
                (((padding + REGISTERS_MAX) * nodes) as u64 / 2) << rng.u32(..16),
            ),
            // No draw of its own: a seed means what it meant before.
            pieces_in_order: entry_bytes_max.is_multiple_of(4),
            founds: faults.has(Fault::Founding) && rng.u8(..3) > 0,
            prunes: faults.has(Fault::Prune),
            padding,
            clients_max: if faults.has(Fault::FewSessions) && rng.bool() { rng.usize(1..=4) } else { CLIENTS_MAX },
            // A phase begins with clocks that jump.
            commits_at_once: entry_bytes_max.is_multiple_of(5),
            leases: schedule == Schedule::Weather && entry_bytes_max.is_multiple_of(3),
            features: Features::OWN,
        }
    }

    pub(crate) fn log_bytes(&self, seat: Seat) -> usize {
        if usize::from(seat.0) < self.small { self.small_log_bytes.min(self.log_bytes) } else { self.log_bytes }
    }

    /// How many disks may rot before the cluster could not go on.
    pub(crate) fn rotten_max(&self) -> usize {
        (self.nodes - 1) / 2
    }

    /// The smallest log of all.
    pub(crate) fn log_bytes_least(&self) -> u32 {
        let least = if self.small > 0 { self.small_log_bytes.min(self.log_bytes) } else { self.log_bytes };
        u32::try_from(least).expect("a simulated log is small")
    }

    /// How long it takes to send a snapshot to all others.
    pub(crate) fn snapshot_micros(&self) -> u64 {
        ((self.padding + REGISTERS_MAX) * self.nodes) as u64 * HEARTBEAT_MICROS
            / u64::from(self.snapshot_bytes_per_heartbeat)
    }

    /// How long a member of little memory takes over so many entries of one that has forgotten none: as many a
    /// heartbeat as fit, and then it needs a snapshot.
    pub(crate) fn catch_up_micros(&self, entries: usize) -> u64 {
        let fit = (self.small_log_bytes / (RECORD_MAX * 2)).max(1) as u64;
        if self.small > 0 { entries as u64 / fit * 2 * HEARTBEAT_MICROS } else { 0 }
    }

    pub(crate) fn members(&self) -> Members {
        Members::of(Seats::first(self.nodes))
    }

    /// The charter of a cluster that was founded so.
    pub(crate) fn charter(&self, founding: Founding) -> Charter {
        let least = Least {
            log_bytes: self.log_bytes_least(),
            election_micros: ELECTION_MICROS as u32,
            features: self.features,
        };
        Charter { founding, members: self.members(), least }
    }

    /// What a store that is not complete starts with.
    pub(crate) fn prospect(&self, seat: Seat, features: Features, intent: Intent, seed: u64) -> founding::Config {
        let log_bytes = u32::try_from(self.log_bytes(seat)).expect("a simulated log is small");
        // Whoever founds nothing asks all that there may be.
        let listed = if intent == Intent::Join { self.nodes + self.spares } else { self.nodes };
        founding::Config {
            seat,
            members: Members::of(Seats::first(listed)),
            snapshot: Snapshot::default(),
            log_bytes,
            entry_bytes_max: self.entry_bytes_max,
            election_timeout: Duration::from_micros(ELECTION_MICROS),
            features,
            intent,
            ask_interval: Duration::from_micros(HEARTBEAT_MICROS),
            seed,
        }
    }

    pub(crate) fn config(&self, seat: Seat, features: Features, seed: u64) -> Config {
        Config {
            election_timeout: Duration::from_micros(ELECTION_MICROS),
            heartbeat_interval: Duration::from_micros(HEARTBEAT_MICROS),
            entry_bytes_max: self.entry_bytes_max,
            inflight_messages_max: self.inflight_messages_max,
            inflight_bytes_max: self.inflight_bytes_max,
            snapshot_fill_percent: self.snapshot_fill_percent,
            snapshot_bytes_per_heartbeat: self.snapshot_bytes_per_heartbeat,
            pieces_in_order: self.pieces_in_order,
            leases: self.leases,
            commits_at_once: self.commits_at_once,
            features,
            ..Config::new(seat, seed)
        }
    }
}

fn bytes_per_heartbeat(bytes_per_second: u64) -> u32 {
    u32::try_from(bytes_per_second * HEARTBEAT_MICROS / 1_000_000).unwrap_or(u32::MAX).max(1)
}

/// A little memory, or somewhat more: what a command takes, or what the change of members that replaces a lost store and
/// the one that ends it take, is the least that a cluster is founded with.
fn log_bytes(rng: &mut Rng, roster: usize) -> usize {
    let least = (RECORD_MAX + SLOT).max(2 * (roster + RECORD_OVERHEAD + SLOT));
    least.max(rng.usize(least..16 << 10) >> rng.u32(..8))
}
