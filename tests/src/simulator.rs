//! A deterministic simulator: real nodes, a network that loses, repeats, reorders, delays and garbles frames, disks
//! that forget what was not synced, clients that retry. One thread, one seed, virtual time; the oracles look on after
//! every event.
//!
//! Disks are real as well: logs of `quorate-disk`, on a file system in memory. When the power goes, each sector of what
//! was not synced is there, or not, or in part; names too. Syncs and writes fail, devices fill up, bits flip. What a
//! log gives back must be all that was durable, and of the write that was cut off all or nothing.
//!
//! So are snapshots: each machine takes some of its registers and sessions, in files beside its log, sends them in
//! pieces as small as frames, and restores what it was sent. What a restored state has to be, a model knows that has
//! applied everything.
//!
//! In some worlds all that machines say to each other is sealed: they come to sessions by Hellos over the same network, forget
//! them when they stop, and an operator changes their keys. An attacker without a key says again whatever was said, to whomever.
//!
//! Some clusters are founded first, by stores that hold nothing yet. Members that lose their disk come back the same way.

mod attacker;
mod client;
mod clock;
mod disk;
mod event;
mod fault;
mod keyring;
mod locksmith;
mod machine;
mod network;
mod oracle;
pub(crate) mod records;
mod registers;
mod sealing;
mod setting;
mod shape;
mod shrink;
mod tally;
mod world;
mod write;

pub use fault::{Fault, Faults};
pub use oracle::Violation;
pub use setting::{Links, Report, Schedule, Setting};
pub use shrink::Shrinker;
pub use tally::Tally;
pub use world::World;
pub use write::Write;

const CLUSTER: quorate_wire::Cluster = quorate_wire::Cluster(0x51);
/// What keeps its frames from another cluster's.
const FOUNDING: quorate::Founding = quorate::Founding(CLUSTER.0);

/// The most members of a simulated cluster.
pub const SEATS: usize = 9;

/// A simulated node.
pub type Node = quorate::Node<Write, Box<[u8]>, SEATS>;
