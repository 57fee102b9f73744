use std::fmt;

use quorate_smol::ClientError;
use quorate_wire::client::Reason;

use crate::command::VALUE_BYTES_MAX;
use crate::exit::{Exit, Failure};

/// Why a request has no answer that its sender wanted.
#[derive(Debug)]
pub(crate) enum RequestError {
    Client(ClientError),
    /// Of a write, certainly nothing was done: there is no session for it, or nobody who leads.
    Undone(ClientError),
    /// The node's answer is of another version.
    Unreadable,
    /// A value is too long, or a command: nothing was sent.
    TooLarge(String),
    /// The value would have grown too long: nothing was done.
    TooLong,
}

impl RequestError {
    /// Whether a write that ended so may have been done, or be done yet. What nodes say of the last attempt says
    /// nothing of one before.
    pub(crate) fn leaves_unknown(&self, is_retry: bool) -> bool {
        match self {
            RequestError::Client(
                ClientError::NoLeader { .. }
                | ClientError::Unreachable { .. }
                | ClientError::Refused(_)
                | ClientError::OtherCluster { .. }
                | ClientError::TurnedAway { .. }
                | ClientError::Superseded,
            ) => is_retry,
            RequestError::Client(ClientError::Mismatch)
            | RequestError::Undone(_)
            | RequestError::TooLarge(_)
            | RequestError::TooLong => false,
            RequestError::Client(_) | RequestError::Unreadable => true,
        }
    }

    /// Whether the whole time passed without an answer of a leader.
    pub(crate) fn is_silence(&self) -> bool {
        matches!(
            self,
            RequestError::Client(
                ClientError::NoLeader { .. } | ClientError::Unreachable { .. } | ClientError::Unknown { .. }
            ) | RequestError::Undone(_)
        )
    }

    /// Whether repeating the write in its session can still tell what became of it.
    pub(crate) fn can_be_repeated(&self) -> bool {
        !matches!(self, RequestError::Client(ClientError::Expired | ClientError::Outdated { .. }))
    }

    fn exit(&self) -> Exit {
        match self {
            RequestError::Client(ClientError::NoLeader { .. })
            | RequestError::Undone(ClientError::NoLeader { .. } | ClientError::Unopened { .. }) => Exit::NoQuorum,
            RequestError::Client(ClientError::Refused(Reason::Founding { .. } | Reason::NoMember))
            | RequestError::Undone(ClientError::Refused(Reason::Founding { .. } | Reason::NoMember)) => Exit::NoQuorum,
            RequestError::Client(ClientError::OtherCluster { .. })
            | RequestError::Undone(ClientError::OtherCluster { .. }) => Exit::ForeignDirectory,
            RequestError::Client(ClientError::Mismatch) => Exit::Mismatch,
            RequestError::Client(
                ClientError::Refused(_) | ClientError::TurnedAway { .. } | ClientError::Superseded,
            )
            | RequestError::Undone(
                ClientError::Refused(_) | ClientError::TurnedAway { .. } | ClientError::Superseded,
            )
            | RequestError::TooLarge(_)
            | RequestError::TooLong => Exit::Failed,
            RequestError::Client(_) | RequestError::Undone(_) | RequestError::Unreadable => Exit::Unreachable,
        }
    }
}

impl From<ClientError> for RequestError {
    fn from(error: ClientError) -> Self {
        RequestError::Client(error)
    }
}

impl From<RequestError> for Failure {
    fn from(error: RequestError) -> Failure {
        Failure::new(error.exit(), error)
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RequestError::Client(ClientError::Refused(Reason::Full))
            | RequestError::Undone(ClientError::Refused(Reason::Full)) => f.write_str(
                "refused: the leader's log is full, and no snapshot has made room. Nothing was done; try again later, or start \
                 the nodes with a larger --log-size",
            ),
            RequestError::Undone(ClientError::Unopened { waited }) => write!(
                f,
                "nothing was done: a leader was asked to open a session, and did not within {:.1} s. One that has just lost \
                 its majority does not: see `quorate-kv status`",
                waited.as_secs_f64()
            ),
            RequestError::Undone(
                error @ (ClientError::OtherCluster { .. }
                | ClientError::TurnedAway { .. }
                | ClientError::UnknownChange { .. }
                | ClientError::Refused(_)),
            ) => error.fmt(f),
            RequestError::Undone(error) => write!(f, "nothing was done: {error}"),
            RequestError::Client(error) => error.fmt(f),
            RequestError::Unreadable => {
                f.write_str("the node's answer cannot be read. Do client and node run the same version?")
            }
            RequestError::TooLarge(what) => f.write_str(what),
            RequestError::TooLong => write!(
                f,
                "refused: the value would be longer than {VALUE_BYTES_MAX} bytes. Nothing was done; start a new key"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_may_have_been_done_is_never_called_undone() {
        let waited = Duration::ZERO;
        assert!(RequestError::from(ClientError::Unknown { waited }).leaves_unknown(false));
        assert!(RequestError::from(ClientError::Expired).leaves_unknown(false));
        assert!(RequestError::from(ClientError::Outdated { last: 3 }).leaves_unknown(false));
        assert!(!RequestError::from(ClientError::Superseded).leaves_unknown(false));
        assert!(RequestError::from(ClientError::Superseded).leaves_unknown(true));
        assert!(!RequestError::TooLong.leaves_unknown(true));
        assert!(!RequestError::Undone(ClientError::Unopened { waited }).leaves_unknown(false));
        assert!(!RequestError::from(ClientError::Mismatch).leaves_unknown(true));
    }
}
