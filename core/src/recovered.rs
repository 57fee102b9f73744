use serde::Serialize;

use crate::brief::{decimal, hexadecimal};
use crate::founding::Prepared;
use crate::{Brief, Charter, Entry, HardState, Incarnation, Mark, Position, Seat, Settled, Snapshot, Stored};

/// One thing that a log gives back when it is opened: the founding record first, if there is one, then snapshots, then
/// the rest in the order in which it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Recovered<'a> {
    /// The store is prepared for a founding, and no member of a cluster yet.
    Prepared(Prepared),
    /// The store is complete: a founder's, of this cluster.
    Charter(Charter),
    /// The store is complete, in a life that began when this cluster was there already.
    Joined(Charter, Incarnation),
    /// The last configuration that was known to be committed. A later one replaces an earlier one.
    Settled(Settled<'a>),
    /// A snapshot that is whole. If there are two, the later one comes last; entries that it covers may follow.
    Snapshot(Snapshot),
    /// The log stands on a snapshot of this position that is damaged or gone, and nothing here can take its place.
    LostSnapshot(Position),
    /// The log stood on a snapshot of this position that is damaged or gone. What takes its place is here: an earlier
    /// one, or none, and all entries behind that. What it covered is committed.
    DamagedSnapshot(Position),
    /// What was stored of a snapshot of the leader.
    Stored(Stored),
    /// Term and vote. A later one replaces an earlier one.
    HardState(HardState),
    /// An entry. It replaces what was recovered before at its index, and everything after that index.
    Entry(Entry<'a>),
    /// A mark. What was recovered before behind its last position is void.
    Mark(Mark),
}

/// Whom a log belongs to: one node of one cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Owner {
    /// The cluster, by the number that all its nodes are given.
    pub cluster: u64,
    /// The node's seat.
    pub seat: Seat,
}

impl core::fmt::Display for Owner {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("n")?;
        decimal(f, self.seat.0)?;
        f.write_str(" of cluster ")?;
        if Brief::IS_SHOWN {
            f.write_str("0x")?;
            return hexadecimal(f, self.cluster, 1);
        }
        self.cluster.fmt(f)
    }
}
