use quorate::{Index, Session};
use quorate_wire::client::RequestBody;

/// A client's own session: opened when it is needed, anew if it was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Own {
    /// The session with its latest command; or the one of which an Open takes the place, if any.
    latest: Session,
    is_open: bool,
}

impl Own {
    /// Of this number, which no other client has.
    pub const fn new(client: u64) -> Own {
        Own { latest: Session { client, epoch: Index(0), sequence: 0 }, is_open: false }
    }

    /// The session with its latest command or, with sequence 0, the one of which an Open takes the place.
    pub fn latest(&self) -> Session {
        self.latest
    }

    /// Whether it can be used.
    pub fn is_open(&self) -> bool {
        self.is_open
    }

    /// What opens it.
    pub fn opening(&self) -> RequestBody<'static> {
        RequestBody::Open { client: self.latest.client, epoch: self.latest.epoch }
    }

    /// Takes the answer to an Open.
    pub fn take(&mut self, opening: Opening) {
        let (epoch, is_open) = match opening {
            Opening::Opened(epoch) => (epoch, true),
            // The cluster's own word: it may be of an earlier session than this one, if a backup was restored.
            Opening::Held(epoch) => (epoch, false),
        };
        self.latest = Session { epoch, sequence: 0, ..self.latest };
        self.is_open = is_open;
    }

    /// A state that may be behind that of others has a session of this epoch for the client: an Open has to take its place,
    /// or that of a later one that is known.
    pub fn give_way(&mut self, epoch: Index) {
        self.latest = Session { epoch: self.latest.epoch.max(epoch), sequence: 0, ..self.latest };
        self.is_open = false;
    }

    /// The session of the next command: no other command gets the same.
    pub fn next_session(&mut self) -> Session {
        self.latest.sequence += 1;
        self.latest
    }

    /// The session of this command is lost, or another process uses it: the next command gets a new one.
    pub fn lose(&mut self, of: Session) {
        self.is_open &= (of.client, of.epoch) != (self.latest.client, self.latest.epoch);
    }
}

/// What an Open was answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// The session of this epoch is the client's.
    Opened(Index),
    /// Another Open has opened this one, maybe an earlier try whose answer was lost: it has to make way for the next.
    Held(Index),
}
