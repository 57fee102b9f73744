//! A deterministic world of boards on serial lines: real stations, wires that carry a byte at a time at their baud
//! rate, flash that takes its time and loses power between two words. One thread, one seed, virtual time.
//!
//! Wires turn bits, lose bytes, are cut in one direction or both; boards are reset, their power is cut in the middle of a
//! write, their flash is erased, and an operator removes and adds them. An oracle looks on at every command that is
//! applied: all boards apply the same ones in the same order, none twice, and in the end every one that was answered is
//! there.

mod board;
mod chip;
mod keys;
mod presses;
mod setting;
mod wire;
mod world;

pub use chip::Chip;
pub use presses::{Press, Presses, Record};
pub use setting::{Setting, Trouble};
pub use world::{Report, World};

use quorate::{Charter, Features, Founding, Least, Members};
use quorate_serial::Station;
use quorate_wire::Cluster;

/// The cluster of all boards.
pub const CLUSTER: Cluster = Cluster(0x51);
/// The identity of a cluster that was founded before the test.
pub const FOUNDING: Founding = Founding(0xf0);

/// The founding record of such a cluster, whose logs have this length.
pub fn charter(members: Members, log_bytes: usize) -> Charter {
    Charter {
        founding: FOUNDING,
        members,
        least: Least { log_bytes: log_bytes as u32, election_micros: 250_000, features: Features::OWN },
    }
}

/// The most boards.
pub const SEATS: usize = 5;

/// Bytes of a frame on a line.
pub const FRAME: usize = 256;

/// Enough for a mesh of five.
const LINES: usize = 4;

/// How many clients have a session.
const CLIENTS: usize = 16;

/// A simulated board's station.
pub type Simulated = Station<Presses, Chip, Box<[u8]>, SEATS, LINES, FRAME, CLIENTS>;
