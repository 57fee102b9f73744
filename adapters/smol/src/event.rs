use std::fmt;
use std::net::SocketAddr;

use quorate::{Index, Role, Seat, Term};

/// Something about a node that its operator may want to see. Printed, it is one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The node has its log back and listens.
    Started {
        /// Where it listens.
        address: SocketAddr,
        /// Whether there was no log, so that a new one was made.
        created: bool,
        /// How many writes were recovered.
        writes: u64,
        /// Bytes of a last write that did not arrive as a whole. It was never acknowledged.
        torn_bytes: u64,
        /// The term as of before.
        term: Term,
        /// The last entry as of before.
        last: Index,
    },
    /// The node's role, its term, or whom it takes for the leader has changed.
    Role {
        /// What it is now.
        role: Role,
        /// Its term.
        term: Term,
        /// Who leads, as far as it knows.
        leader: Option<Seat>,
    },
    /// The node was asked to stop. It takes no more commands, and hands leadership over if it leads.
    Stopping,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Started { address, created: true, .. } => write!(f, "listening on {address} with a new log"),
            Event::Started { address, writes, torn_bytes, term: Term(term), last: Index(last), .. } => {
                write!(f, "listening on {address}; {writes} writes recovered, up to index {last} of term {term}")?;
                match torn_bytes {
                    0 => Ok(()),
                    bytes => write!(f, "; {bytes} bytes of an unfinished write dropped"),
                }
            }
            Event::Role { role, term, leader } => role_line(f, *role, *term, *leader),
            Event::Stopping => f.write_str("stopping"),
        }
    }
}

fn role_line(f: &mut fmt::Formatter<'_>, role: Role, Term(term): Term, leader: Option<Seat>) -> fmt::Result {
    match (role, leader) {
        (Role::Leader, _) => write!(f, "leader of term {term}"),
        (Role::Candidate, _) => write!(f, "candidate in term {term}"),
        (Role::PreCandidate, _) => write!(f, "looking for votes after term {term}"),
        (Role::Follower, Some(Seat(leader))) => write!(f, "follower of node {leader} in term {term}"),
        (Role::Follower, None) => write!(f, "follower without a leader in term {term}"),
    }
}
