use std::net::SocketAddr;
use std::time::Duration;
use std::{fmt, io};

use quorate::{Index, Position, Role, Seat, Snapshot, Term};

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
    /// The trace cannot be written any more, and ends. The node goes on as before.
    TraceEnded {
        /// What the system said.
        reason: io::ErrorKind,
    },
    /// A snapshot of the application's state is durable, and the log before it can be forgotten.
    SnapshotTaken {
        /// The snapshot.
        snapshot: Snapshot,
        /// For how long the node stood still for it.
        pause: Duration,
        /// How long it took to write.
        time: Duration,
    },
    /// A snapshot could not be written. The one before stays in force, and the node tries again.
    SnapshotFailed {
        /// What the system said.
        reason: io::ErrorKind,
    },
    /// The node has taken over its leader's snapshot: it was too far behind, or had lost its own.
    SnapshotRestored {
        /// The snapshot.
        snapshot: Snapshot,
    },
    /// The node's own snapshot is damaged or gone: it applies nothing until it has another one of its leader.
    SnapshotLost {
        /// What it covered.
        position: Position,
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
            Event::TraceEnded { reason } => write!(f, "warning: the trace ends here, and the node goes on: {reason}"),
            Event::SnapshotTaken { snapshot, pause, time } => {
                write!(f, "snapshot of index {} taken: ", snapshot.position.index.0)?;
                write!(f, "{} bytes in {time:.0?}, with a pause of {pause:.0?}", snapshot.bytes)
            }
            Event::SnapshotFailed { reason } => {
                write!(f, "warning: no snapshot can be written: {reason}. The one before stays in force")
            }
            Event::SnapshotRestored { snapshot } => {
                write!(f, "snapshot of index {} taken over, {} bytes", snapshot.position.index.0, snapshot.bytes)
            }
            Event::SnapshotLost { position } => {
                write!(f, "warning: the snapshot of index {} is damaged or gone; waiting for another", position.index.0)
            }
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
