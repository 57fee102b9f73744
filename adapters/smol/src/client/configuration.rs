use std::collections::BTreeMap;
use std::net::SocketAddr;

use quorate::{Change as Order, Features, Incarnation, Index, KeyId, Members, Roster, Seat};
use quorate_wire::client::ReplyBody;

use crate::address;

/// Who takes part in a cluster, as one of its nodes knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// The index of the entry that made it; zero for that of the founding.
    pub since: Index,
    /// Whether it is known to be committed.
    pub is_settled: bool,
    /// Who leads, as far as the node knows.
    pub leader: Option<Seat>,
    /// Which learner is to become a voter once it has caught up, or which voter is to go once the others have answered;
    /// only the leader knows.
    pub pending: Option<Seat>,
    /// Who takes part, and how.
    pub members: Members,
    /// What is on by it: for good, once it is committed.
    pub features: Features,
    /// Under which key the members are to seal by it, if somebody has said so.
    pub key: Option<KeyId>,
    /// Each member.
    pub occupants: BTreeMap<Seat, Occupant>,
}

/// Who holds a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occupant {
    /// Which life of the seat's store.
    pub incarnation: Incarnation,
    /// Where others reach it, if the members know.
    pub address: Option<SocketAddr>,
}

impl Configuration {
    pub(super) fn of(reply: &ReplyBody<'_>) -> Option<Configuration> {
        let ReplyBody::Members { since, is_settled, leader, pending, roster } = *reply else { return None };
        let (members, features, key) = (roster.members(), roster.least().features, roster.key());
        let occupants = occupants(roster);
        Some(Configuration { since, is_settled, leader, pending, members, features, key, occupants })
    }
}

fn occupants(roster: Roster<'_>) -> BTreeMap<Seat, Occupant> {
    let occupant = |(seat, found): (Seat, quorate::Occupant<'_>)| {
        (seat, Occupant { incarnation: found.incarnation, address: address::parse(found.address) })
    };
    roster.occupants().map(occupant).collect()
}

/// A change of members: see [`quorate::Change`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A store that is there, has this seat, and is none of the members becomes a learner.
    Add {
        /// Its seat.
        seat: Seat,
        /// Where others reach it.
        address: SocketAddr,
    },
    /// A learner becomes a voter, once it has caught up.
    Promote {
        /// Its seat.
        seat: Seat,
    },
    /// A member is none any longer.
    Remove {
        /// Its seat.
        seat: Seat,
    },
    /// A member is reached elsewhere from now on.
    Move {
        /// Its seat.
        seat: Seat,
        /// Where.
        address: SocketAddr,
    },
    /// These features are on from now on, for good.
    Enable {
        /// Which.
        features: Features,
    },
    /// The members seal under this key from now on: see [`Keyring`](crate::Keyring). Whether they have it is not looked at.
    UseKey {
        /// Which.
        key: KeyId,
    },
}

impl Change {
    /// Its address, as others read it.
    pub(super) fn address(self) -> Vec<u8> {
        match self {
            Change::Add { address, .. } | Change::Move { address, .. } => address::bytes(address),
            Change::Promote { .. } | Change::Remove { .. } | Change::Enable { .. } | Change::UseKey { .. } => {
                Vec::new()
            }
        }
    }

    /// The same, for the wire.
    pub(super) fn order(self, address: &[u8]) -> Order<'_> {
        match self {
            Change::Add { seat, .. } => Order::Add { seat, address },
            Change::Promote { seat } => Order::Promote { seat },
            Change::Remove { seat } => Order::Remove { seat },
            Change::Move { seat, .. } => Order::Move { seat, address },
            Change::Enable { features } => Order::Enable { features },
            Change::UseKey { key } => Order::UseKey { key },
        }
    }
}
