use std::net::SocketAddr;
use std::time::Duration;

use quorate::founding::{Message, Standing, Terms};
use quorate::{Charter, Instant, Seat, Snapshot};

/// The stores that a node was told of: they say where the cluster is, as long as the node knows no leader.
#[derive(Debug)]
pub(super) struct Contact {
    pub(super) addresses: Vec<SocketAddr>,
    token: u64,
    due: Instant,
    /// Whose seat the latest has that said so.
    seat: Option<Seat>,
}

/// They are asked again after so long.
const AGAIN: Duration = Duration::from_secs(1);

impl Contact {
    pub(super) fn new(addresses: Vec<SocketAddr>, token: u64) -> Contact {
        Contact { addresses, token, due: Instant::START, seat: None }
    }

    /// Whom to send what is for members that are not known: nobody, before one of them has said who it is.
    pub(super) fn seat(&self) -> Option<Seat> {
        self.seat
    }

    /// What to ask the stores now, if anything.
    pub(super) fn question(&mut self, now: Instant, charter: &Charter) -> Option<Message> {
        if now < self.due {
            return None;
        }
        self.due = now + AGAIN;
        let terms = Terms { members: charter.members, snapshot: Snapshot::default() };
        Some(Message::Where { token: self.token, terms })
    }

    /// Somebody answers. Whether it is one of them, and of this cluster.
    pub(super) fn take(&mut self, from: Seat, message: &Message, charter: &Charter) -> bool {
        let Message::Answer { echo, standing: Standing::Complete(found) } = *message else { return false };
        let is_meant = echo == self.token && found.founding == charter.founding;
        if is_meant {
            self.seat = Some(from);
        }
        is_meant
    }
}
