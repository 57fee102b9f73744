use serde::{Deserialize, Serialize};

use crate::{Index, Message, Position, Term};

/// A snapshot of the app's state, by what makes it recognizable (section 7).
///
/// Two nodes whose apps write the same bytes for the same state have the same snapshot of a position: what one node
/// began to send, another can go on with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Snapshot {
    /// The last entry that it covers.
    pub position: Position,
    /// How many bytes it has.
    pub bytes: u64,
    /// The CRC-32C of these bytes.
    pub check: u32,
}

impl Snapshot {
    pub(crate) fn index(&self) -> Index {
        self.position.index
    }
}

/// A part of a snapshot that a follower waits for: read it, and send it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Piece {
    /// Of which snapshot.
    pub snapshot: Snapshot,
    /// Where in it the piece starts.
    pub offset: u64,
    /// How many bytes it has: at most [`Config::entry_bytes_max`](crate::Config::entry_bytes_max).
    pub length: usize,
    pub(crate) term: Term,
}

impl Piece {
    /// The message that carries these bytes, which have to be the piece's own.
    pub fn message<'b>(&self, bytes: &'b [u8]) -> Message<'b> {
        let Snapshot { position, check, .. } = self.snapshot;
        Message::Piece { term: self.term, index: position.index, check, offset: self.offset, bytes }
    }
}

/// What is here of a snapshot that is being fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Stored {
    /// Of which snapshot.
    pub snapshot: Snapshot,
    /// How many bytes, from its start.
    pub received: u64,
    /// The CRC-32C of these bytes.
    pub check: u32,
}
