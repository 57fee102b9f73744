use std::time::Duration;
use std::{fmt, io};

use quorate::Seats;
use quorate_wire::EncodeError;
use quorate_wire::client::Reason;

/// Why a request has no answer.
#[derive(Debug)]
pub enum ClientError {
    /// Some nodes answered, but none of them leads. Certainly not done.
    NoLeader {
        /// How many members answered.
        reachable: usize,
        /// How many members there are, as far as this client knows.
        members: usize,
        /// Those that did not answer.
        silent: Seats,
        /// For how long it was tried.
        waited: Duration,
    },
    /// Nobody answered. Certainly not done.
    Unreachable {
        /// Who was asked.
        silent: Seats,
        /// For how long it was tried.
        waited: Duration,
    },
    /// A node may have taken the command, and did not say what became of it: it may have been done, or be done yet. Ask
    /// again under the same session and sequence: it is not done twice.
    Unknown {
        /// For how long it was tried.
        waited: Duration,
    },
    /// A leader was asked to open the client's session, and did not say what became of that: it may have lost its
    /// majority. The command was not sent. Certainly not done.
    Unopened {
        /// For how long it was tried.
        waited: Duration,
    },
    /// A node refused it. Certainly not done.
    Refused(Reason),
    /// Each time another leader's entry took the command's place. Certainly not done.
    Superseded,
    /// There is no such session: it was never opened, or lost its place to others. Whether the command was done under
    /// it earlier is not known any more.
    Expired,
    /// Another command had this session and sequence. This one was certainly not done, and never will be under them.
    Mismatch,
    /// The session has gone on to later commands. Whether this one was done is not known any more.
    Outdated {
        /// The sequence of the session's latest command.
        last: u64,
    },
    /// The client's own socket failed.
    Io(io::Error),
}

impl From<io::Error> for ClientError {
    fn from(error: io::Error) -> Self {
        ClientError::Io(error)
    }
}

impl From<EncodeError> for ClientError {
    fn from(EncodeError { room }: EncodeError) -> Self {
        ClientError::Refused(Reason::TooLarge { limit: room as u32 })
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientError::NoLeader {
                reachable,
                members,
                silent,
                waited,
            } => {
                write!(f, "no leader: {reachable} of {members} nodes reachable")?;
                if silent.is_empty() {
                    return write!(f, ", none led within {}. Try again", Seconds(*waited));
                }
                write!(
                    f,
                    " ({} did not answer within {}). Start another node or check --peer",
                    silent,
                    Seconds(*waited)
                )
            }
            ClientError::Unreachable { silent, waited } => write!(
                f,
                "no node reachable: {} did not answer within {}. Start a node or check --peer and --cluster",
                silent,
                Seconds(*waited)
            ),
            ClientError::Unknown { waited } => write!(
                f,
                "outcome unknown: no answer within {}, but the command may have been done. Retry it under the same \
                 session and sequence: it is not done twice",
                Seconds(*waited)
            ),
            ClientError::Unopened { waited } => write!(
                f,
                "not done: the leader opened no session within {}. Does it reach a majority of the nodes? Try again",
                Seconds(*waited)
            ),
            ClientError::Refused(reason) => refusal(f, *reason),
            ClientError::Superseded => f.write_str("not done: leadership changed each time. Try again"),
            ClientError::Expired => f.write_str(
                "the session is not known: it was never opened, or lost its place to others. Check whether the command was \
                 done, and if not, give it anew",
            ),
            ClientError::Mismatch => f.write_str(
                "not done: this session and sequence were another command's, which was done. Two processes use the same \
                 session: let each have its own, and give the command anew",
            ),
            ClientError::Outdated { last } => write!(
                f,
                "the session has gone on to sequence {last}: whether this command was done before is not known any more. \
                 Check that, and if not, give it anew"
            ),
            ClientError::Io(error) => write!(f, "cannot use the client's socket: {error}"),
        }
    }
}

impl std::error::Error for ClientError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ClientError::Io(error) => Some(error),
            _ => None,
        }
    }
}

fn refusal(f: &mut fmt::Formatter<'_>, reason: Reason) -> fmt::Result {
    match reason {
        Reason::Full => f.write_str("refused: the leader has no room for more commands. Try again later"),
        Reason::TooLarge { limit } => write!(f, "refused: too large, the limit is {limit} bytes. Make it smaller"),
        Reason::Unencodable => f.write_str("refused: the node cannot encode this command"),
        Reason::InTransfer => f.write_str("refused: leadership is being handed over. Try again"),
        Reason::Malformed => {
            f.write_str("refused: the node does not understand this. Do client and node run the same version?")
        }
        Reason::Busy => {
            f.write_str("refused: the node has as many requests waiting as it has room for. Try again in a moment")
        }
        Reason::NoSnapshot => {
            f.write_str("refused: the node has no such snapshot, or cannot write one. Try another one")
        }
        Reason::Unnumbered => f.write_str("refused: sequence 0 opens a session, and commands have 1 or more"),
        Reason::Founding { waits_for } if waits_for.is_empty() => {
            f.write_str("not done: the cluster is being founded. Try again in a moment")
        }
        Reason::Founding { waits_for } => write!(
            f,
            "not done: nothing was ever done in this cluster, and its first command waits for all members: start {waits_for}"
        ),
        Reason::NoMember => f.write_str(
            "not done: the node's data are of no cluster. Its log says why, and what to do: try another node",
        ),
        Reason::Stopping => f.write_str("refused: the node stops. Try another one"),
    }
}

/// A duration as in "2 s" or "0.2 s".
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = (self.0.as_millis() + 50) / 100;
        match tenths % 10 {
            0 => write!(f, "{} s", tenths / 10),
            tenth => write!(f, "{}.{tenth} s", tenths / 10),
        }
    }
}
