//! A deterministic simulator: real nodes, a network that loses, repeats, reorders, delays and garbles frames, disks that
//! forget what was not synced, clients that retry. One thread, one seed, virtual time; the oracles look on after every event.

mod client;
pub(crate) mod disk;
mod faults;
mod machine;
mod network;
mod oracle;
mod world;

pub use faults::{Faults, Tally};
pub use oracle::Violation;
pub use world::{Report, Setting, World};

use serde::{Deserialize, Serialize};

/// What the simulated clients want done: a few registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Write {
    /// Which register.
    pub key: u8,
    /// What to put there. Each value is written once, so that a read tells whose it is.
    pub value: u32,
    /// Makes records differ in length.
    pub padding: Padding,
}

/// So many bytes of nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Padding(pub u8);

impl Serialize for Padding {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&[0; 255][..usize::from(self.0)])
    }
}

impl<'de> Deserialize<'de> for Padding {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&[u8]>::deserialize(deserializer).map(|bytes| Padding(bytes.len() as u8))
    }
}

/// The most members of a simulated cluster.
pub const SEATS: usize = 9;

/// A simulated node.
pub type Node = quorate::Node<Write, Box<[u8]>, SEATS>;
