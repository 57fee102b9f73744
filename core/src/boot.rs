use core::marker::PhantomData;

use crate::config::Settings;
use crate::fetch::Fetch;
use crate::log::{Full, LogMut, Span};
use crate::node::{bounded, bounded_mut};
use crate::peer::Peer;
use crate::snapshot::Image;
use crate::state::State;
use crate::{
    Config, ConfigError, Entry, HardState, Index, Instant, Mark, Node, Position, Recovered, Snapshot, Stored, Term,
};

/// A node before it starts: takes back what was durable.
///
/// Give it what the disk holds in the order in which it was written; then [`start`](Boot::start) it. For a node that
/// has never run, start it at once.
pub struct Boot<C, B, const SEATS: usize> {
    node: Node<C, B, SEATS>,
    /// What comes behind a snapshot does not follow it: entries at the snapshot's index or before will replace it.
    is_void: bool,
}

impl<C, B: AsRef<[u8]> + AsMut<[u8]>, const SEATS: usize> Boot<C, B, SEATS> {
    /// A node that has nothing yet, with this memory for its log.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub fn new(config: Config, memory: B) -> Result<Self, ConfigError> {
        const { assert!(SEATS > 0 && SEATS <= crate::Seat::COUNT_MAX, "a node has 1 to 32 seats") };
        let settings = Settings::of(&config, SEATS)?;
        let bytes = bounded(memory.as_ref()).len();
        let least = config.log_bytes_least.map_or(bytes, |least| least as usize);
        if least > bytes {
            return Err(ConfigError::LogTooSmall { bytes, least });
        }
        let state = State::new(settings, config.seed, least, percent(least, config.snapshot_fill_percent));
        let node = Node { state, span: Span::default(), peers: [Peer::NEW; SEATS], memory, command: PhantomData };
        Ok(Boot { node, is_void: false })
    }

    /// Takes one thing that a log gives back.
    ///
    /// # Errors
    /// That of an [`entry`](Boot::entry).
    pub fn recover(&mut self, recovered: Recovered<'_>) -> Result<(), BootError> {
        match recovered {
            Recovered::Snapshot(snapshot) => self.snapshot(snapshot),
            Recovered::LostSnapshot(position) => self.lost_snapshot(position),
            Recovered::Stored(stored) => self.stored(stored),
            Recovered::HardState(hard_state) => self.hard_state(hard_state),
            Recovered::Entry(entry) => self.entry(entry)?,
            Recovered::Mark(mark) => self.mark(mark),
        }
        Ok(())
    }

    /// Takes a term and vote; a later one replaces it.
    pub fn hard_state(&mut self, hard_state: HardState) {
        self.node.state.hard = hard_state;
    }

    /// Takes a mark: what was taken before behind its last position is void. The term of a mark never goes down.
    pub fn mark(&mut self, mark: Mark) {
        let state = &mut self.node.state;
        state.mark = state.mark.max(mark.term);
        let behind = mark.last.index.max(self.node.span.base.index).next();
        self.log().truncate(behind);
    }

    /// Takes a snapshot that the app has; the latest of them is its state now. Entries that it covers are left out;
    /// those after it stay if they follow it.
    pub fn snapshot(&mut self, snapshot: Snapshot) {
        self.stand_on(snapshot.position);
        let state = &mut self.node.state;
        state.snapshots = [snapshot, state.snapshots[0]];
        state.image = Image::Whole;
    }

    /// The snapshot at this position is damaged or gone, and there is no earlier one whose entries are all here. The
    /// node votes and acknowledges as before, applies nothing, and gets a snapshot from its leader. The app's state
    /// must be empty.
    pub fn lost_snapshot(&mut self, position: Position) {
        self.stand_on(position);
        self.node.state.snapshots = Default::default();
        self.node.state.image = Image::Lost;
    }

    /// Takes what was stored of a snapshot of the leader. The rest is fetched, if there is a leader that still has it.
    pub fn stored(&mut self, stored: Stored) {
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
        LogMut { memory: bounded_mut(self.node.memory.as_mut()), span: &mut self.node.span }
    }

    /// Takes an entry: it replaces the one at its index and all after that, be they here or covered by a snapshot.
    ///
    /// # Errors
    /// It does not follow the entries before it, the memory is too small for it, or no frame could carry it.
    pub fn entry(&mut self, entry: Entry<'_>) -> Result<(), BootError> {
        let (position, base) = (entry.position(), self.node.span.base);
        let mut log = self.log();
        log.truncate(position.index.max(base.index.next()));
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

    /// The node, as a follower. Nothing is applied until a leader says what is committed. Unless it is alone, it
    /// asks at once who leads: its first deadline is now.
    pub fn start(mut self, now: Instant) -> Node<C, B, SEATS> {
        begin(&mut self.node.state, &self.node.span, now);
        self.node
    }
}

fn begin(state: &mut State, span: &Span, now: Instant) {
    state.now = now;
    state.hard_durable = state.hard;
    state.mark_durable = state.mark;
    // Log, mark and what is stored of a snapshot can only be of a later term than the hard state if that was lost; then
    // nobody was voted for either.
    let stored = state.fetch.map_or(Term(0), |fetch| fetch.here.snapshot.position.term);
    let term = span.last.term.max(state.mark).max(stored);
    if term > state.hard.term {
        state.hard = HardState { term, vote: None };
    }
    state.commit = span.base.index;
    state.applied = span.base.index;
    if state.image == Image::Lost {
        state.applied = Index(0);
        let wanted = Snapshot { position: span.base, bytes: u64::MAX, check: 0 };
        if state.fetch.is_none() {
            state.fetch_anew(&wanted);
        }
    }
    state.durable = span.last.index;
    state.written = span.last.index;
    state.greets = !state.settings.others.is_empty();
    state.rest();
}

/// So many hundredths of a length, without a product that overflows.
fn percent(length: usize, percent: u8) -> usize {
    let percent = usize::from(percent);
    length / 100 * percent + length % 100 * percent / 100
}

/// Why a log cannot be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum BootError {
    /// An entry does not follow the last one.
    Gap {
        /// The last position before.
        last: Position,
        /// The entry's position.
        found: Position,
    },
    /// An entry would not fit into one frame: make [`Config::entry_bytes_max`] at least as large as before.
    TooLarge {
        /// The entry's index.
        index: Index,
        /// How long its record is.
        bytes: usize,
        /// The most that the configuration allows.
        limit: usize,
    },
    /// The log's memory is too small: give it at least as much as before.
    Full {
        /// The first index that has no room.
        index: Index,
    },
}

impl core::fmt::Display for BootError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            BootError::Gap { last, found } => write!(
                f,
                "the entry at index {} of term {} does not follow the one at index {} of term {}",
                found.index.0, found.term.0, last.index.0, last.term.0
            ),
            BootError::TooLarge { index, bytes, limit } => write!(
                f,
                "the entry at index {} takes {bytes} bytes, and a frame holds {limit}: make frames at least as large as before",
                index.0
            ),
            BootError::Full { index } => {
                write!(f, "the log's memory has no room for the entry at index {}: give it more than before", index.0)
            }
        }
    }
}

impl core::error::Error for BootError {}
