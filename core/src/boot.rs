mod error;

use core::marker::PhantomData;

pub use error::BootError;

use crate::config::{Settings, members_fault};
use crate::fetch::Fetch;
use crate::log::{Full, LogMut, Span};
use crate::node::bounded;
use crate::peer::Peer;
use crate::snapshots::Image;
use crate::state::State;
use crate::timers::Timers;
use crate::{
    Charter, Config, ConfigError, Entry, HardState, Incarnation, Index, Instant, Kind, Mark, Node, Position, Recovered,
    Refusal, Roster, Settled, Snapshot, Stored, Term,
};

/// A node before it starts.
///
/// Which of the three it is made by says what its user vouches for; nothing can check that afterwards.
pub struct Boot<C, B, const SEATS: usize> {
    node: Node<C, B, SEATS>,
    origin: Origin,
    snapshot_fill_percent: u8,
    /// What a snapshot that is damaged covered.
    covered: Position,
    /// What comes behind a snapshot does not follow it: entries at the snapshot's index or before will replace it.
    is_void: bool,
}

/// Where what a node knows comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// Its store has nothing yet.
    New,
    /// It is to be given back what its store holds.
    Store,
    /// It was given its charter back.
    Charter,
}

impl<C, B: AsRef<[u8]> + AsMut<[u8]>, const SEATS: usize> Boot<C, B, SEATS> {
    /// A founder's store that starts for the first time, with this memory for its log.
    ///
    /// Its user vouches that the store has just become complete, as a [`Prospect`](crate::founding::Prospect) tells;
    /// that the charter is durable in it; and that no other store ever had this seat under this charter. Whoever starts
    /// a store so that held something once makes the cluster forget what that store has promised.
    ///
    /// # Errors
    /// What is wrong with the configuration or the charter.
    pub fn found(config: Config, charter: &Charter, memory: B) -> Result<Self, ConfigError> {
        Self::of_member(config, charter, Incarnation::FOUNDER, memory)
    }

    /// A store that has run before, with this memory for its log: [give it](Boot::take) what the store holds, in the
    /// order in which it was written, then [`start`](Boot::start) it.
    ///
    /// Its user vouches that this is all that was durable when the store last ran, and that no other node runs on a copy
    /// of it.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub fn recover(config: Config, memory: B) -> Result<Self, ConfigError> {
        Self::new(config, Origin::Store, memory)
    }

    /// A store that starts for the first time in a cluster that is there, with this memory for its log: in the place of
    /// one that was lost, or in a seat that is to be added. It counts from the moment on at which the members name its
    /// life, which its leader sees to if it holds the seat of a lost one.
    ///
    /// Its user vouches that the charter is the cluster's; that charter and incarnation are durable in the store; and that
    /// the incarnation was [drawn](Incarnation::drawn) at random for it, and for no other store.
    ///
    /// # Errors
    /// What is wrong with the configuration or the charter; [`ConfigError::NotDrawn`] with a founder's incarnation.
    pub fn join(config: Config, charter: &Charter, incarnation: Incarnation, memory: B) -> Result<Self, ConfigError> {
        if incarnation == Incarnation::FOUNDER {
            return Err(ConfigError::NotDrawn);
        }
        Self::of_member(config, charter, incarnation, memory)
    }

    #[cfg_attr(target_os = "none", inline(never))]
    fn of_member(config: Config, charter: &Charter, incarnation: Incarnation, memory: B) -> Result<Self, ConfigError> {
        let mut boot = Self::new(config, Origin::New, memory);
        // In its place: a boot is as large as its node, and would be copied.
        if let Ok(boot) = &mut boot {
            boot.adopt(charter, incarnation)?;
        }
        boot
    }

    #[cfg_attr(target_os = "none", inline(never))]
    fn new(config: Config, origin: Origin, memory: B) -> Result<Self, ConfigError> {
        const { assert!(SEATS > 0 && SEATS <= crate::Seat::COUNT_MAX, "a node has 1 to 32 seats") };
        let state = State::new(Timers::of(&config)?, Settings::of(&config)?, config.seed);
        let settled = const { [[0; Roster::SEAT_BYTES]; SEATS] };
        let node = Node {
            state,
            span: Span::default(),
            peers: const { [Peer::NEW; SEATS] },
            settled,
            memory,
            command: PhantomData,
        };
        let snapshot_fill_percent = config.snapshot_fill_percent;
        Ok(Boot { node, origin, snapshot_fill_percent, covered: Position::default(), is_void: false })
    }

    /// Makes the node a member: no store holds more than fits into the smallest log of all, and none waits for less time
    /// than a leader's lease counts on.
    fn adopt(&mut self, charter: &Charter, incarnation: Incarnation) -> Result<(), ConfigError> {
        let (bytes, log_bytes) = (bounded(self.node.memory.as_ref()).len(), charter.least.log_bytes as usize);
        let state = &mut self.node.state;
        let seat = state.seat();
        if let Some(fault) = members_fault(charter.members, seat, SEATS) {
            return Err(fault);
        }
        if incarnation == Incarnation::FOUNDER && !charter.members.all().contains(seat) {
            return Err(ConfigError::NotAMember { seat });
        }
        if log_bytes > bytes {
            return Err(ConfigError::LogTooSmall { bytes, least: log_bytes });
        }
        let (micros, least) = (state.timers.election_micros(), u64::from(charter.least.election_micros));
        if least > micros {
            return Err(ConfigError::ElectionBelowLeast { micros, least });
        }
        state.settings.identity.incarnation = incarnation;
        state.configuration.log_bytes = log_bytes;
        state.configuration.election_micros = charter.least.election_micros;
        state.snapshots.crowded_at = percent(log_bytes, self.snapshot_fill_percent);
        self.node.begin().adopt_founders(charter.members, charter.least)
    }

    /// Takes the last configuration that was known to be committed.
    fn settled(&mut self, settled: &Settled<'_>) -> Result<(), BootError> {
        self.check_features(&settled.roster)?;
        self.node
            .begin()
            .adopt(settled)
            .map_err(|_: Refusal| BootError::Charter(ConfigError::TooManySeats { seats: SEATS }))
    }

    /// Whether this build knows all that is on by this roster.
    fn check_features(&self, roster: &Roster<'_>) -> Result<(), BootError> {
        let features = roster.least().features.without(self.node.known_features());
        if features.is_empty() { Ok(()) } else { Err(BootError::Outdated { features }) }
    }

    /// Gives the log's memory back: of a store that has turned out to be no member yet.
    pub fn into_memory(self) -> B {
        self.node.memory
    }

    /// Takes one thing that a store gives back, the charter first.
    ///
    /// # Errors
    /// It cannot be part of what this node had made durable.
    pub fn take(&mut self, recovered: Recovered<'_>) -> Result<(), BootError> {
        match (self.origin, recovered) {
            (Origin::Store | Origin::Charter, Recovered::Charter(charter)) => {
                self.origin = Origin::Charter;
                return self.adopt(&charter, Incarnation::FOUNDER).map_err(BootError::Charter);
            }
            (Origin::Store | Origin::Charter, Recovered::Joined(charter, incarnation)) => {
                self.origin = Origin::Charter;
                return self.adopt(&charter, incarnation).map_err(BootError::Charter);
            }
            (Origin::New | Origin::Store, _) | (_, Recovered::Prepared(_)) => return Err(BootError::NoMember),
            (Origin::Charter, Recovered::Snapshot(snapshot)) => self.snapshot(snapshot),
            (Origin::Charter, Recovered::LostSnapshot(position)) => self.lost_snapshot(position),
            (Origin::Charter, Recovered::DamagedSnapshot(position)) => self.covered = position,
            (Origin::Charter, Recovered::Stored(stored)) => self.stored(stored),
            (Origin::Charter, Recovered::HardState(hard_state)) => self.node.state.hard = hard_state,
            (Origin::Charter, Recovered::Entry(entry)) => self.entry(entry)?,
            (Origin::Charter, Recovered::Settled(settled)) => self.settled(&settled)?,
            (Origin::Charter, Recovered::Mark(mark)) => self.mark(mark),
        }
        Ok(())
    }

    /// Takes a mark: what was taken before behind its last position is void. The term of a mark never goes down.
    fn mark(&mut self, mark: Mark) {
        let state = &mut self.node.state;
        state.mark = state.mark.max(mark.term);
        let last = mark.last.index.max(self.node.span.base.index);
        self.log().truncate(last);
    }

    /// Takes a snapshot that the app has; the latest of them is its state now. Entries that it covers are left out;
    /// those after it stay if they follow it.
    fn snapshot(&mut self, snapshot: Snapshot) {
        self.stand_on(snapshot.position);
        let state = &mut self.node.state;
        state.snapshots.advance(snapshot);
        state.snapshots.image = Image::Whole;
    }

    /// The snapshot at this position is damaged or gone, and there is no earlier one whose entries are all here. The
    /// node votes and acknowledges as before, applies nothing, and gets a snapshot from its leader. The app's state
    /// must be empty.
    fn lost_snapshot(&mut self, position: Position) {
        self.stand_on(position);
        self.node.state.snapshots.lose();
    }

    /// Takes what was stored of a snapshot of the leader. The rest is fetched, if there is a leader that still has it.
    fn stored(&mut self, stored: Stored) {
        self.node.state.fetch = (stored.received <= stored.snapshot.bytes).then(|| Fetch::new(stored));
    }

    fn stand_on(&mut self, position: Position) {
        let mut log = self.log();
        if log.view().holds(&position) {
            log.forget(position.index);
        } else {
            *log.span = Span::behind(position);
        }
    }

    fn log(&mut self) -> LogMut<'_> {
        self.node.begin().log
    }

    /// Takes an entry: it replaces the one at its index and all after that, be they here or covered by a snapshot.
    fn entry(&mut self, entry: Entry<'_>) -> Result<(), BootError> {
        let (position, base) = (entry.position(), self.node.span.base);
        let mut log = self.log();
        log.truncate(position.index.previous().max(base.index));
        if position.index <= base.index {
            self.is_void = false;
            return Ok(());
        }
        let last = log.span.last;
        let follows = position.index == last.index.next() && position.term >= last.term;
        self.is_void = !follows && (self.is_void || (position.index == base.index.next() && position.term < base.term));
        if self.is_void {
            return Ok(());
        }
        if !follows {
            return Err(BootError::Gap { last, found: position });
        }
        let (bytes, limit) = (entry.record().len(), self.node.state.settings.entry_bytes_max);
        if bytes > limit {
            return Err(BootError::TooLarge { index: position.index, bytes, limit });
        }
        self.log().push(entry).map_err(|Full| BootError::Full { index: position.index })
    }

    /// The node, as a follower. Nothing is applied until a leader says what is committed, but what a damaged snapshot
    /// covered. A store that is none of the members says at once that it is there: its first deadline is now.
    ///
    /// # Errors
    /// A store that ran before gave no charter back, or a number that no honest node can have reached; or the store names
    /// features that this build does not know.
    #[inline]
    pub fn start(mut self, now: Instant) -> Result<Node<C, B, SEATS>, BootError> {
        self.wake(now)?;
        Ok(self.node)
    }

    /// In its place: so that whoever starts it where it stays moves it once.
    #[cfg_attr(target_os = "none", inline(never))]
    fn wake(&mut self, now: Instant) -> Result<(), BootError> {
        let Node { state, span, .. } = &mut self.node;
        if self.origin == Origin::Store {
            return Err(BootError::NoMember);
        }
        let stored = state.fetch.map_or(Term(0), |fetch| fetch.here.snapshot.position.term);
        let term = state.hard.term.max(state.mark).max(span.last.term).max(stored);
        if term > Term::MAX || span.last.index > Index::MAX {
            return Err(BootError::Bounds { term, index: span.last.index });
        }
        begin(state, span, term, now);
        self.check_features(&self.node.settled().roster)?;
        let named = self.node.log_view().last_roster(Index(0), self.node.span.last.index);
        named.and_then(|entry| entry.roster()).map_or(Ok(()), |roster| self.check_features(&roster))?;
        self.node.begin().look_up_members();
        let has_commands = self.log().view().entries().any(|entry| entry.kind() != Kind::Members);
        let state = &mut self.node.state;
        state.configuration.is_open = has_commands || self.node.span.base.index > Index(0);
        state.configuration.is_news = false;
        // Nobody may know of it yet.
        if !state.may_stand() {
            state.timers.timeout_due = now;
        }
        let covered = self.covered;
        if self.log().view().holds(&covered) {
            self.node.state.snapshots.covered = covered.index;
            self.node.state.commit.raise(covered.index);
        }
        Ok(())
    }
}

fn begin(state: &mut State, span: &Span, term: Term, now: Instant) {
    state.timers.now = now;
    // What it has confirmed to a leader before, it has forgotten.
    state.follow.fenced_until = state.timers.after_timeout();
    state.disk.hard = state.hard;
    state.disk.mark = state.mark;
    // Log, mark and what is stored of a snapshot can only be of a later term than the hard state if that was lost; then
    // nobody was voted for either.
    if term > state.hard.term {
        state.hard = HardState { term, vote: None };
    }
    state.commit = span.base.index;
    state.applied = span.base.index;
    if state.snapshots.image == Image::Lost {
        state.applied = Index(0);
        let wanted = Snapshot { position: span.base, bytes: u64::MAX, check: 0 };
        if state.fetch.is_none() {
            state.fetch_anew(&wanted);
        }
    }
    state.disk.durable = span.last.index;
    state.disk.written = span.last.index;
    state.disk.settled = state.configuration.settled;
    state.timers.rest();
}

/// So many hundredths of a length, without a product that overflows.
fn percent(length: usize, percent: u8) -> usize {
    let percent = usize::from(percent);
    length / 100 * percent + length % 100 * percent / 100
}
