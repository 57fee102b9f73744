mod membership;

use core::fmt;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;
use core::time::Duration;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::log::{Log, LogMut, Span};
use crate::peer::Peer;
use crate::snapshots::{Image, Snapshots};
use crate::state::State;
use crate::step::Step;
use crate::{
    Effects, Entries, HardState, Identity, Index, Instant, Position, Refusal, Refusals, Role, Roster, Seat, Seats,
    Snapshot, Stored, Term, Told,
};

/// What clients want done: any type that serde can take apart and put together again.
///
/// A command that borrows is given by a type that stands for it:
///
/// ```
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Put<'a> { key: &'a str, value: &'a [u8] }
///
/// struct Store;
/// impl quorate::Command for Store { type View<'a> = Put<'a>; }
/// ```
pub trait Command {
    /// The command as it is given to a node and got back from it.
    type View<'a>: Serialize + Deserialize<'a>;
}

impl<C: Serialize + DeserializeOwned> Command for C {
    type View<'a> = C;
}

/// One member of a cluster: a state machine that takes inputs and gives effects. It does no I/O, has no clock, and
/// takes no more memory than it is itself.
///
/// `C` is the command, `B` the memory of the log (`[u8; 2048]`, `&'static mut [u8]`, `Box<[u8]>`), `SEATS` the most
/// members. A log uses at most the first 4 GiB of its memory.
///
/// Two nodes are equal if no sequence of inputs can tell them apart.
#[repr(C)]
pub struct Node<C, B, const SEATS: usize> {
    pub(crate) state: State,
    pub(crate) span: Span,
    pub(crate) peers: [Peer; SEATS],
    /// The last configuration that is known to be committed.
    pub(crate) settled: [[u8; Roster::SEAT_BYTES]; SEATS],
    pub(crate) memory: B,
    pub(crate) command: PhantomData<fn(C)>,
}

impl<C: Command, B: AsRef<[u8]> + AsMut<[u8]>, const SEATS: usize> Node<C, B, SEATS> {
    /// Takes what it is told at a time, and returns what it answers and what is to be done about it. Does a bounded amount
    /// of work.
    ///
    /// A driver carries the effects out in their order. It may stop drawing at any time, for instance because a link is
    /// busy, and may tell several things before it draws on: the rest is offered again.
    pub fn step<'n, 'v, T>(&'n mut self, now: Instant, told: T) -> Effects<'n, C::View<'n>, T::Answer>
    where
        T: Told<'n, C::View<'v>>,
    {
        let mut step = self.begin_at(now);
        let (answer, stores) = told.tell(&mut step);
        Effects { answer, draw: step.end(stores), view: PhantomData }
    }
}

impl<C, B: AsMut<[u8]>, const SEATS: usize> Node<C, B, SEATS> {
    /// The node, as in a step at this time.
    #[cfg_attr(target_os = "none", inline(never))]
    fn begin_at(&mut self, now: Instant) -> Step<'_> {
        self.state.timers.go_on(now);
        self.begin()
    }

    /// The node, as in a step.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn begin(&mut self) -> Step<'_> {
        let log = LogMut { memory: bounded_mut(self.memory.as_mut()), span: &mut self.span };
        Step { state: &mut self.state, peers: &mut self.peers, log, memory: self.settled.as_flattened_mut() }
    }
}

impl<C, B: AsRef<[u8]>, const SEATS: usize> Node<C, B, SEATS> {
    /// When the next [`Input::Tick`](crate::Input::Tick) is due, if nothing else comes before. `None` if only another input can change
    /// anything.
    pub fn deadline(&self) -> Option<Instant> {
        let state = &self.state;
        let mut due = if state.is_leader() { state.timers.timeout_due } else { state.timeout_due() };
        if state.role != Role::Follower || state.reads.under_way.is_some() {
            due = due.min(state.timers.beat_due);
        }
        if let Some(transfer) = &state.lead.transfer {
            due = due.min(transfer.until);
        }
        if state.may_install() {
            due = due.min(state.timers.now);
        }
        (due < Instant::END).then(|| due.before(state.timers.behind))
    }

    /// The latest term that this node has seen.
    pub fn term(&self) -> Term {
        self.state.hard.term
    }

    /// Whom this node voted for in its term.
    pub fn vote(&self) -> Option<Identity> {
        self.state.hard.vote
    }

    /// What this node is at the moment.
    pub fn role(&self) -> Role {
        self.state.role
    }

    /// Who leads in this node's term, as far as it knows.
    pub fn leader(&self) -> Option<Seat> {
        self.state.follow.leader
    }

    /// This node's seat and incarnation.
    pub fn identity(&self) -> Identity {
        self.state.settings.identity
    }

    /// This node's seat.
    pub fn seat(&self) -> Seat {
        self.state.seat()
    }

    /// The last index that is known to be committed.
    pub fn commit(&self) -> Index {
        self.state.commit
    }

    /// The last index whose [`Apply`](crate::Effect::Apply) was drawn.
    pub fn applied(&self) -> Index {
        self.state.applied
    }

    /// The last index that is durable here.
    pub fn durable(&self) -> Index {
        self.state.disk.durable
    }

    /// The term and vote that are durable here.
    pub fn durable_hard_state(&self) -> HardState {
        self.state.disk.hard
    }

    /// The latest term whose leader's log, as it was at its election, this node held as a whole: see
    /// [`Mark`](crate::Mark).
    pub fn mark(&self) -> Term {
        self.state.mark
    }

    /// The mark that is durable here.
    pub fn durable_mark(&self) -> Term {
        self.state.disk.mark
    }

    /// The last index of the log of this term's leader at its election, as far as this node knows one.
    pub fn inherited(&self) -> Index {
        self.state.follow.inherited
    }

    /// How recent the log is, as elections compare it (section 5.4.1): the later of the mark and the last entry's term,
    /// then the last index.
    pub fn recency(&self) -> Position {
        self.state.recency(self.log_view())
    }

    /// Whom the first command of all waits for, at a leader: the members that are not known to be part of the cluster yet
    /// (see [`Rejection::Founding`](crate::Rejection::Founding)). Nobody once there was a command or a snapshot.
    pub fn waits_for(&self) -> Seats {
        if self.state.is_leader() { self.state.waits_for(&self.peers) } else { Seats::NONE }
    }

    /// Whether this node leads and has committed all that it inherited. Only then it knows all that was committed
    /// before its term.
    pub fn is_established(&self) -> bool {
        self.state.is_leader() && self.state.is_established()
    }

    /// The position right before the first entry of the log.
    pub fn base(&self) -> Position {
        self.span.base
    }

    /// The position of the last entry of the log.
    pub fn last(&self) -> Position {
        self.span.last
    }

    /// The snapshots to keep: the latest, and the one before, which may be on its way to a follower, or what the disk
    /// stands on while the write of a snapshot of the leader is under way.
    pub fn snapshots(&self) -> impl Iterator<Item = Snapshot> {
        let Snapshots { latest, before, .. } = self.state.snapshots;
        [latest, before].into_iter().filter(|snapshot| snapshot.index() > Index(0))
    }

    /// The snapshot that this node fetches from its leader, and what is whole of it from the start. If a part of that
    /// came out of order, its check is not settled before the end.
    pub fn fetching(&self) -> Option<Stored> {
        self.state.fetch.map(|fetch| fetch.here)
    }

    /// Whether this node leads and a follower that is there needs a snapshot, and has a place for it: it would have to
    /// begin anew if two later ones came.
    pub fn is_serving(&self) -> bool {
        let base = self.span.base.index;
        let is_served = |seat: Seat| {
            let peer = &self.peers[seat];
            let is_refused = peer.refused == Refusal::SnapshotTooLarge.into();
            peer.next <= base && !is_refused && self.state.timers.is_recent(peer.heard)
        };
        self.state.is_leader() && self.state.configuration.others.iter().any(is_served)
    }

    /// For how long this leader still serves reads [by a lease](crate::Read::by_lease) without a round; zero if it has none
    /// at this time, and the next of these reads makes one. `None` if it does not lead, or serves no reads so: because of
    /// [`Config::leases`](crate::Config::leases), or since leadership was to be handed over in this term.
    pub fn lease(&self, now: Instant) -> Option<Duration> {
        self.state.lease_left(now).map(Duration::from_micros)
    }

    /// Whether the snapshot that the log stands on is lost: then nothing is applied until another one is fetched.
    pub fn is_lost(&self) -> bool {
        self.state.snapshots.image == Image::Lost
    }

    /// The entries of the log, from the first to the last.
    pub fn log(&self) -> Entries<'_> {
        self.log_view().entries()
    }

    /// Bytes that are left for records; each takes four bytes more than its length.
    pub fn log_room(&self) -> usize {
        self.log_view().room()
    }

    /// Whether something found no room in the log, and no snapshot has made any since: a leader refuses commands, a
    /// follower takes no entries.
    pub fn is_full(&self) -> bool {
        self.state.follow.full || (self.state.snapshots.urgent && self.state.is_due(self.log_view()))
    }

    /// The latest time that this node was told.
    pub fn now(&self) -> Instant {
        self.state.timers.now.before(self.state.timers.behind)
    }

    /// How many messages were refused, by reason.
    pub fn refusals(&self) -> Refusals {
        self.state.refusals
    }

    /// The ticket of the write under way once more, for a checker that clones a node in the middle of a write.
    #[cfg(feature = "checker")]
    pub fn reissue_ticket(&self) -> Option<crate::Ticket> {
        self.state.disk.write.map(|_| crate::Ticket { write: self.state.disk.name })
    }

    pub(crate) fn log_view(&self) -> Log<'_> {
        Log::new(bounded(self.memory.as_ref()), &self.span)
    }
}

/// Offsets into the log are 32 bits wide.
pub(crate) const MEMORY_MAX: usize = u32::MAX as usize;

pub(crate) fn bounded(memory: &[u8]) -> &[u8] {
    memory.get(..MEMORY_MAX).unwrap_or(memory)
}

pub(crate) fn bounded_mut(memory: &mut [u8]) -> &mut [u8] {
    let length = memory.len().min(MEMORY_MAX);
    memory.get_mut(..length).unwrap_or_default()
}

impl<C, B: Clone, const SEATS: usize> Clone for Node<C, B, SEATS> {
    fn clone(&self) -> Self {
        Node {
            memory: self.memory.clone(),
            settled: self.settled,
            span: self.span,
            peers: self.peers.clone(),
            state: self.state.clone(),
            command: PhantomData,
        }
    }
}

impl<C, B: AsRef<[u8]>, const SEATS: usize> PartialEq for Node<C, B, SEATS> {
    fn eq(&self, other: &Self) -> bool {
        self.state == other.state
            && self.peers == other.peers
            && self.span == other.span
            && self.settled() == other.settled()
            && self.memory.as_ref().len() == other.memory.as_ref().len()
            && self.log() == other.log()
    }
}

impl<C, B: AsRef<[u8]>, const SEATS: usize> Eq for Node<C, B, SEATS> {}

impl<C, B: AsRef<[u8]>, const SEATS: usize> Hash for Node<C, B, SEATS> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.state.hash(hasher);
        self.peers.hash(hasher);
        self.span.hash(hasher);
        self.settled().hash(hasher);
        self.log().hash(hasher);
    }
}

impl<C, B: AsRef<[u8]>, const SEATS: usize> fmt::Debug for Node<C, B, SEATS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("state", &self.state)
            .field("peers", &self.peers)
            .field("base", &self.span.base)
            .field("log", &self.log())
            .finish()
    }
}
