use crate::peer::{Flow, Peer};
use crate::{Features, Index, Instant, Node, Refusal, Seat};

/// How far a follower is, as its leader knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Progress {
    /// The follower.
    pub seat: Seat,
    /// Its log equals the leader's, and is durable there, up to this index.
    pub matched: Index,
    /// The first entry that the leader sends it next.
    pub next: Index,
    /// Whether the leader looks for where the logs meet, and sends no entries meanwhile.
    pub probing: bool,
    /// When it last answered, or this node began to lead if that was later.
    pub heard: Instant,
    /// Whether it follows, and if it does not, why.
    pub standing: Standing,
    /// What its build knows, as it has said to this leader; nothing before it has.
    pub features: Features,
}

/// Whether a member follows its leader, as that leader knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Standing {
    /// It acknowledges what it is sent.
    Follows,
    /// It is there, and has not acknowledged yet where its log equals the leader's; or it has no room for more.
    Seeks,
    /// It lacks entries that the leader has forgotten, and needs the snapshot that covers them.
    Fetches,
    /// It needs a snapshot, and has no place for one as long as the leader's: see
    /// [`Config::snapshot_bytes_max`](crate::Config::snapshot_bytes_max).
    TooSmall,
    /// It has not answered for an election time-out.
    Silent,
    /// Its messages are refused, the latest for this reason.
    Refused(Refusal),
}

impl<C, B: AsRef<[u8]>, const SEATS: usize> Node<C, B, SEATS> {
    /// How far the others are: of use while this node leads.
    pub fn progress(&self) -> impl Iterator<Item = Progress> {
        let (me, members) = (self.seat(), self.members().all());
        let others = move |seat: &Seat| *seat != me && members.contains(*seat);
        let seats = (0..SEATS as u8).map(Seat).filter(others);
        seats.map(|seat| {
            let peer = &self.peers[seat];
            let probing = peer.flow == Flow::Probe;
            let standing = self.standing(peer);
            let heard = peer.heard.before(self.state.timers.behind);
            let Peer { matched, next, features, .. } = *peer;
            Progress { seat, matched, next, probing, heard, standing, features }
        })
    }

    fn standing(&self, peer: &Peer) -> Standing {
        let is_silent = !self.state.timers.is_recent(peer.heard);
        match peer.refused.reason() {
            Some(Refusal::SnapshotTooLarge) if self.state.is_leader() => {
                if is_silent {
                    Standing::Silent
                } else {
                    Standing::TooSmall
                }
            }
            Some(refusal) => Standing::Refused(refusal),
            None if is_silent => Standing::Silent,
            None if peer.next <= self.base().index => Standing::Fetches,
            None if peer.flow == Flow::Probe || !peer.is_known() => Standing::Seeks,
            None => Standing::Follows,
        }
    }
}
