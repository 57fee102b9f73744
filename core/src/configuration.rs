use crate::{Identity, Incarnation, Members, Seat, Seats};

/// The members in force, and what follows from who they are (section 6).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub(crate) struct Configuration {
    pub(crate) members: Members,
    /// Everyone who takes part but this node.
    pub(crate) others: Seats,
    /// Members that live a later incarnation than their first: they get the log, and neither vote nor count.
    pub(crate) reborn: Seats,
    /// The log of no member has less room than this, in bytes: see
    /// [`Charter::log_bytes_least`](crate::founding::Charter).
    pub(crate) log_bytes: usize,
}

impl Configuration {
    /// Of a store that is no member of a cluster yet.
    #[cfg_attr(target_os = "none", inline(always))]
    pub(crate) fn before_any(me: Identity) -> Configuration {
        let Identity { seat, incarnation } = me;
        let reborn = if incarnation == Incarnation(0) { Seats::NONE } else { Seats::NONE.and(seat) };
        Configuration { members: Members::default(), others: Seats::NONE, reborn, log_bytes: 0 }
    }

    /// These are the members from now on.
    pub(crate) fn enter(&mut self, members: Members, me: Seat, log_bytes: usize) {
        self.members = members;
        self.others = members.all().without(me);
        self.log_bytes = log_bytes;
    }

    /// Whether a member counts in elections and commits.
    #[cfg_attr(target_os = "none", inline(always))]
    pub(crate) fn counts(&self, seat: Seat) -> bool {
        self.members.is_voter(seat) && !self.reborn.contains(seat)
    }

    /// Whether those who count among these seats are a majority of all voters.
    pub(crate) fn is_quorum(&self, present: Seats) -> bool {
        self.members.is_quorum(Seats(present.0 & !self.reborn.0))
    }

    /// Everyone whose vote is asked for.
    pub(crate) fn voters(&self) -> Seats {
        self.members.voters.union(self.members.outgoing)
    }
}
