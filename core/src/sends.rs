use crate::peer::{Asked, Owed, Peer};
use crate::state::State;
use crate::step::Step;
use crate::{Seat, Seats};

/// To whom something may have to be sent, and in which order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub(crate) struct Sends {
    /// Whose turn it is when messages are drawn.
    pub(crate) turn: Seat,
    /// Whose turn it is when pieces are drawn.
    pub(crate) piece_turn: Seat,
    /// Whether something was committed since the last heartbeat: then those that are far behind give way.
    pub(crate) commits: bool,
    /// To whom a message may be owed: a hint that spares looking at everyone.
    pub(crate) attention: Seats,
}

impl Sends {
    pub(crate) const NONE: Sends = Sends { turn: Seat(0), piece_turn: Seat(0), commits: false, attention: Seats::NONE };
}

impl State {
    /// Whether followers that are far behind have to wait: while commands are being committed, only the first third of
    /// each heartbeat interval is theirs.
    pub(crate) fn gives_way(&self) -> bool {
        let left = self.timers.beat_due.micros_since(self.timers.now);
        self.sends.commits && left * 3 <= self.timers.heartbeat_micros() * 2
    }

    /// Something may be owed to the leader.
    pub(crate) fn attend_leader(&mut self) {
        if let Some(leader) = self.follow.leader {
            self.sends.attention = self.sends.attention.and(leader).without(self.seat());
        }
    }

    /// Something may be owed to everyone.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn attend_all(&mut self) {
        self.sends.attention = self.sends.attention.union(self.configuration.others);
    }
}

impl Step<'_> {
    pub(crate) fn forget_owed(&mut self) {
        for peer in self.everyone() {
            peer.owed = Owed::NONE;
            peer.asked = Asked::NONE;
        }
    }

    /// A member's peer: messages of others are refused before.
    pub(crate) fn peer(&mut self, seat: Seat) -> &mut Peer {
        self.state.sends.attention = self.state.sends.attention.and(seat);
        &mut self.peers[seat]
    }

    /// The peers of all seats. What is noted of this node itself, or of a seat that is nobody's, never counts.
    pub(crate) fn everyone(&mut self) -> &mut [Peer] {
        self.state.attend_all();
        self.peers
    }
}
