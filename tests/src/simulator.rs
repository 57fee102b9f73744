//! A deterministic simulator: real nodes, a network that loses, repeats, reorders, delays and garbles frames, disks that
//! forget what was not synced, clients that retry. One thread, one seed, virtual time; the oracles look on after every event.
//!
//! Disks are modelled in records: of a write that was not synced, any part from the front is there after a crash, as the
//! core's contract with its driver has it. `quorate-disk` reads real files and is tried byte by byte in its own suite.

mod client;
mod clock;
pub(crate) mod disk;
mod event;
mod fault;
mod machine;
mod network;
mod oracle;
mod setting;
mod shape;
mod shrink;
mod tally;
mod world;
mod write;

pub use fault::{Fault, Faults};
pub use oracle::Violation;
pub use setting::{Report, Schedule, Setting};
pub use shrink::Shrinker;
pub use tally::Tally;
pub use world::World;
pub use write::Write;

/// The most members of a simulated cluster.
pub const SEATS: usize = 9;

/// A simulated node.
pub type Node = quorate::Node<Write, Box<[u8]>, SEATS>;
