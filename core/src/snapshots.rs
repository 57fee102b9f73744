use crate::compaction::KEPT_SHARE;
use crate::draw::Draw;
use crate::log::Log;
use crate::state::State;
use crate::step::Step;
use crate::{Index, Instant, Position, Rejection, Snapshot, Term};

/// The snapshots that the app has, and when it is to take another (section 7).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub(crate) struct Snapshots {
    /// One is due if more bytes of the log than this are used.
    pub(crate) crowded_at: usize,
    pub(crate) image: Image,
    /// Whether a later one is needed, whatever it frees, and all that it covers is to go: an entry or a command found
    /// no room, or there is none that a follower can use.
    pub(crate) urgent: bool,
    /// When the app may be asked again.
    pub(crate) again: Instant,
    /// What a damaged one covered: one of less would not say so.
    pub(crate) covered: Index,
    pub(crate) latest: Snapshot,
    /// The one before the latest. It may be on its way to a follower.
    pub(crate) before: Snapshot,
}

/// What the node knows of the app's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Image {
    /// It is what was applied, or a snapshot to restore that is durable here.
    Whole,
    /// The snapshot that the log stands on is lost: nothing can be applied before another one is here.
    Lost,
    /// The log stands on a snapshot of the leader that the next write makes durable.
    Unwritten,
    /// That write is under way.
    Writing,
}

impl Snapshots {
    /// The app has none.
    pub(crate) const NONE: Snapshots = Snapshots {
        crowded_at: 0,
        image: Image::Whole,
        urgent: false,
        again: Instant::START,
        covered: Index(0),
        latest: Snapshots::NOTHING,
        before: Snapshots::NOTHING,
    };

    const NOTHING: Snapshot = Snapshot { position: Position { term: Term(0), index: Index(0) }, bytes: 0, check: 0 };

    /// There is a later one.
    pub(crate) fn advance(&mut self, later: Snapshot) {
        self.before = self.latest;
        self.latest = later;
    }

    /// All are lost.
    pub(crate) fn lose(&mut self) {
        self.image = Image::Lost;
        self.latest = Snapshots::NOTHING;
        self.before = Snapshots::NOTHING;
    }
}

impl Step<'_> {
    /// The app has a snapshot that is durable: the log before it is not needed any longer.
    #[cfg_attr(target_os = "none", inline(always))]
    pub(crate) fn snapshotted(&mut self, snapshot: Snapshot) -> Result<(), Rejection> {
        let index = snapshot.index();
        let is_applied = index <= self.state.applied && self.log.view().holds(&snapshot.position);
        let is_enough = index >= self.state.snapshots.covered && snapshot.bytes > 0;
        if !is_applied || !is_enough || index <= self.state.snapshots.latest.index() {
            return Err(Rejection::BadSnapshot);
        }
        self.state.snapshots.advance(snapshot);
        self.peers.iter_mut().for_each(|peer| peer.pieces.age());
        self.state.snapshots.again = self.state.timers.now;
        Ok(())
    }
}

impl Draw<'_> {
    pub(crate) fn take_snapshot(&mut self) -> Option<Position> {
        let state = &mut *self.state;
        let index = state.applied;
        if index <= state.snapshots.latest.index()
            || state.snapshots.image != Image::Whole
            || !state.needs_snapshot(self.log)
        {
            return None;
        }
        state.snapshots.again = state.timers.after_timeout();
        Some(Position { term: self.log.term_at(index), index })
    }

    /// The log stands on a snapshot that the app has not taken over.
    pub(crate) fn restore(&mut self) -> Option<Snapshot> {
        let base = self.log.span.base.index;
        if self.state.applied >= base || self.state.snapshots.image != Image::Whole {
            return None;
        }
        self.state.applied = base;
        // Copied as a whole it would bring a kilobyte and a half into a firmware: the compiler takes it to overlap itself.
        let Snapshot { position, bytes, check } = self.state.snapshots.latest;
        Some(Snapshot { position, bytes, check })
    }
}

impl State {
    /// Whether a snapshot may be needed, whatever is applied by now.
    pub(crate) fn may_need_snapshot(&self, log: Log<'_>) -> bool {
        self.snapshots.urgent || self.is_due(log)
    }

    /// Whether a snapshot of what is applied would free enough of the log to be worth it.
    pub(crate) fn needs_snapshot(&self, log: Log<'_>) -> bool {
        let covered = self.snapshots.latest.index();
        let is_worth = || log.bytes_between(covered, self.applied) >= self.configuration.log_bytes / KEPT_SHARE;
        let is_wanted = self.snapshots.urgent || (self.is_due(log) && is_worth());
        // A log may forget who takes part only when that is durable in another place.
        is_wanted
            && self.is_settled_durable()
            && self.timers.now >= self.snapshots.again
            && self.applied >= self.snapshots.covered
    }
}
