use std::net::SocketAddr;
use std::time::Duration;
use std::{fmt, io};

use quorate::{Founding, Seat, Seats};
use quorate_wire::client::Reason;
use quorate_wire::{DecodeError, EncodeError};

use super::refusal::refusal;

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
    /// A leader may have taken the change of members, or the transfer, and did not say so: ask who takes part.
    UnknownChange {
        /// For how long it was tried.
        waited: Duration,
    },
    /// Nodes answered, and are of another cluster than this client has spoken to, or was told to speak to. Certainly not
    /// done.
    OtherCluster {
        /// One of them.
        seat: Seat,
        /// Its cluster.
        found: Founding,
        /// This client's.
        kept: Founding,
    },
    /// A node says that it takes nothing of this client, and no node has answered until the time-out. Certainly not done. What
    /// it says is not sealed, and anybody could have said it: look at the keys first, and then at the network.
    TurnedAway {
        /// Where it is.
        address: SocketAddr,
        /// What it made of what this client said.
        reason: DecodeError,
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
            ClientError::UnknownChange { waited } => write!(
                f,
                "outcome unknown: no answer within {}, but the change may have been taken up. See who takes part",
                Seconds(*waited)
            ),
            ClientError::OtherCluster { seat, found, kept } => write!(
                f,
                "nothing was done: n{} is of the cluster {found}, and this client's is {kept}. If the data of all were lost and a new \
                 cluster was founded, what the old one had is not in it: start the nodes with the data of the one that is meant, \
                 or begin anew with the other",
                seat.0
            ),
            ClientError::TurnedAway { address, reason } => turned_away(f, *address, *reason),
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

/// What a node says why it takes nothing of a client, and what to do next.
fn turned_away(f: &mut fmt::Formatter<'_>, address: SocketAddr, reason: DecodeError) -> fmt::Result {
    write!(f, "not done: {address} answered, and ")?;
    match reason {
        DecodeError::Plain => f.write_str("takes only what is sealed. Give the client a key of the cluster"),
        DecodeError::Sealed(number) => write!(
            f,
            "has no key {number}, or has taken this client's back, or runs without keys. Give the client a key that the nodes \
             have now, or none if they have none"
        ),
        DecodeError::Tag => f.write_str(
            "has another key of the same number, or is of a cluster of another number. Give the client a key of this cluster, and the \
             cluster's number",
        ),
        DecodeError::Cluster => f.write_str(
            "is of a cluster of another number. Give the client this cluster's number, or the addresses of the one that is meant",
        ),
        reason => write!(f, "took nothing: {reason}"),
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
