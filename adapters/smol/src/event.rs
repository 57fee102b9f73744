use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use quorate::founding::Obstacle;
use quorate::{Charter, Index, Position, Refusal, Role, Seat, Seats, Snapshot, Term};
use quorate_disk::Damage;

/// Something about a node that its operator may want to see: enough of them to say why nobody leads, and who does not
/// follow. What lasts is told again each minute.
#[derive(Clone, Debug)]
#[non_exhaustive]
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
    /// The store is no member of a cluster yet. Told once a minute, and when something else is in the way.
    Founding {
        /// What is in the way.
        obstacle: Obstacle,
    },
    /// The store has become a member.
    Founded {
        /// Of which cluster.
        charter: Charter,
    },
    /// The list of members is another one than that of the data: only the addresses of members are taken from it.
    ListDiffers {
        /// Who is in the list, and no member.
        unknown: Seats,
        /// Who is a member, and not in the list.
        unnamed: Seats,
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
    /// The node has known no leader for longer than elections take.
    Leaderless {
        /// For how long.
        since: Duration,
        /// Members of whom it hears.
        heard: Seats,
        /// Members of whom it hears nothing.
        silent: Seats,
    },
    /// How another member follows this leader has changed, or is still not as it should be.
    Follower {
        /// The member.
        seat: Seat,
        /// How it follows.
        following: Following,
        /// For how long it has been so; how long it was not, if it follows again.
        since: Duration,
    },
    /// The node made nothing of what another member says.
    MessageRefused {
        /// The member.
        seat: Seat,
        /// Why.
        reason: Refusal,
    },
    /// A frame was dropped. Told once a minute for each reason.
    FrameRefused {
        /// Who sent it.
        from: SocketAddr,
        /// Why.
        reason: quorate_wire::DecodeError,
    },
    /// The log is full, and no snapshot has made room: a leader refuses commands, a follower takes no entries.
    LogFull {
        /// For how long.
        since: Duration,
    },
    /// The log has room again.
    LogHasRoom,
    /// The trace cannot be written any more, and ends. The node goes on as before.
    TraceEnded {
        /// The trace's file.
        path: PathBuf,
        /// What the system said.
        error: Arc<io::Error>,
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
        /// What could not be done to which file, and what the system said.
        error: Arc<io::Error>,
    },
    /// The node has taken over its leader's snapshot: it was too far behind, or had lost its own.
    SnapshotRestored {
        /// The snapshot.
        snapshot: Snapshot,
    },
    /// One of the node's snapshots is damaged, and not used.
    SnapshotDamaged {
        /// Where, and how.
        damage: Damage,
        /// What the snapshot that is in force covers; if there is none, [`SnapshotLost`](Event::SnapshotLost) follows.
        instead: Option<Position>,
    },
    /// The node's own snapshot is damaged or gone: it applies nothing until it has another one of its leader.
    SnapshotLost {
        /// What it covered.
        position: Position,
    },
    /// The node was asked to stop. It takes no more commands, and hands leadership over if it leads.
    Stopping,
}

/// How a member follows its leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Following {
    /// As it should, again.
    Well,
    /// It is there, and far behind.
    Behind {
        /// How many of the committed entries it is not known to have.
        entries: u64,
    },
    /// It lacks entries that the leader has forgotten, and is sent a snapshot.
    BySnapshot {
        /// The leader's latest, if it has one yet.
        snapshot: Option<Snapshot>,
    },
    /// It needs a snapshot, and has no place for one that is so long.
    TooSmall {
        /// The leader's latest.
        snapshot: Option<Snapshot>,
    },
    /// Nothing is heard of it.
    NotAtAll,
}
