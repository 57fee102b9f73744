use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use quorate::founding::Obstacle;
use quorate::{
    Charter, Incarnation, Index, KeyId, Members, Position, Refusal, Role, Seat, Seats, Snapshot, Term, Unchanged,
};
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
    /// The store is of no cluster yet, and asks at the address that it was told of. Told once a minute, and when that
    /// changes.
    Joining {
        /// Where it asks.
        address: SocketAddr,
        /// Whether a store answers there: one that is of no cluster itself.
        is_heard: bool,
    },
    /// The store has become a founder's.
    Founded {
        /// Of which cluster.
        charter: Charter,
    },
    /// The store has become part of a cluster that was there already. It counts once the members name this life of it.
    Joined {
        /// The cluster.
        charter: Charter,
        /// The life that was drawn for the store.
        incarnation: Incarnation,
    },
    /// The members do not name this store: it is to be added, or its own seat is given to it once more. Told when it has
    /// lasted, and again each minute.
    Outside {
        /// Whether its seat is a member's.
        has_seat: bool,
        /// Where others reach it, if that is known here.
        address: Option<SocketAddr>,
        /// For how long.
        since: Duration,
    },
    /// A store that the members do not name asks to take part, at this leader. Told once a minute.
    Asks {
        /// Its seat.
        seat: Seat,
        /// Where it is.
        address: SocketAddr,
    },
    /// What comes from a seat comes from two places in turn: its data may have been copied, and both be in use. Told
    /// once a minute.
    TwoPlaces {
        /// The seat.
        seat: Seat,
        /// Both places.
        places: [SocketAddr; 2],
    },
    /// Other members take part from now on. It may be undone by a later one.
    Members {
        /// The index of the entry that says so.
        since: Index,
        /// Who took part before.
        before: Members,
        /// Who takes part now.
        after: Members,
        /// Members with another store than before, and the life of it.
        reborn: Vec<(Seat, Incarnation)>,
        /// Members that are reached elsewhere than the data said before.
        moved: Vec<(Seat, SocketAddr)>,
    },
    /// A learner does not become a voter, or a voter is not removed.
    ChangeFailed {
        /// Whose seat it is.
        seat: Seat,
        /// Whether it is a voter, which stays.
        is_voter: bool,
        /// Why.
        reason: Unchanged,
    },
    /// The list of members is another one than that of the data: only the addresses of members are taken from it.
    ListDiffers {
        /// Who is in the list, and no member.
        unknown: Seats,
        /// Who is a member, and not in the list.
        unnamed: Seats,
    },
    /// The list places a member elsewhere than the data. This node uses what the list says.
    AddressDiffers {
        /// The member.
        seat: Seat,
        /// Where the list has it.
        listed: SocketAddr,
        /// Where the members take it to be.
        known: SocketAddr,
    },
    /// Seats that are preferred, and no member's: they are left out until they are.
    PreferredUnknown {
        /// Whose they would be.
        seats: Seats,
    },
    /// This leader hands over to a member that is preferred.
    HandsOver {
        /// The member.
        to: Seat,
        /// For how long it has followed without a break.
        fit_for: Duration,
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
    /// The node seals under another key from now on: the members have said so, and it has it.
    SealsUnder {
        /// Which.
        key: KeyId,
    },
    /// The members have said to seal under a key that this node does not have. It goes on under another one, for as long as the others
    /// take what is sealed under that. Told again each minute.
    LacksKey {
        /// The one that it lacks.
        key: KeyId,
        /// The one that it uses.
        used: KeyId,
    },
    /// A frame was dropped that says to be a member's, and is sealed under a key that this node does not have: it is not said to be of
    /// anybody in truth. A node that was away while a key was changed hears nothing else. Told once a minute for each key.
    UnknownKey {
        /// Which.
        key: KeyId,
        /// Who sent it.
        from: SocketAddr,
        /// Whether this node knows no leader: then it may be the one that others do not hear either.
        is_cut_off: bool,
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
    /// The node has keys, and takes what is not sealed as well.
    TakesPlain {
        /// For so long yet.
        left: Duration,
    },
    /// From now on it takes only what is sealed.
    TakesSealedOnly {
        /// Members that have not sealed what they said of late: they are not heard any longer, unless they do.
        plain: Seats,
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
