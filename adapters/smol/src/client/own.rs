use quorate::{Index, Session};
use quorate_wire::client::RequestBody;

use crate::client::ClientError;
use crate::random;

/// A client's own session: under a number that nobody else has, opened when it is needed, anew if it was lost.
#[derive(Debug)]
pub(crate) struct Own {
    /// The session with its latest command; or the one of which an Open takes the place, if any.
    latest: Session,
    is_open: bool,
}

impl Own {
    /// Of a number from 2^62 on: those of stations on serial lines are small.
    pub(crate) fn new() -> Own {
        let client = random::number() >> 1 | 1 << 62;
        Own { latest: Session { client, epoch: Index(0), sequence: 0 }, is_open: false }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }

    /// What opens it.
    pub(crate) fn opening(&self) -> RequestBody<'static> {
        RequestBody::Open { client: self.latest.client, epoch: self.latest.epoch }
    }

    pub(crate) fn take(&mut self, opening: Opening) {
        match opening {
            Opening::Opened(epoch) => {
                self.latest = Session { epoch, sequence: 0, ..self.latest };
                self.is_open = true;
            }
            Opening::Held(epoch) => self.latest.epoch = epoch,
        }
    }

    /// The session of the next command: no other command gets the same.
    pub(crate) fn next(&mut self) -> Session {
        self.latest.sequence += 1;
        self.latest
    }

    /// A command of this session failed so. If the session is lost, or another process uses it, the next command gets a
    /// new one.
    pub(crate) fn note(&mut self, of: Session, error: &ClientError) {
        let is_mine = (of.client, of.epoch) == (self.latest.client, self.latest.epoch);
        let is_over = matches!(error, ClientError::Expired | ClientError::Outdated { .. } | ClientError::Mismatch);
        self.is_open &= !(is_mine && is_over);
    }
}

/// What an Open was answered with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Opening {
    /// The session is this client's.
    Opened(Index),
    /// Another Open has opened this one, maybe an earlier attempt whose answer was lost: it has to make way.
    Held(Index),
}
