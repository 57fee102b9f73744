use serde::{Deserialize, Serialize};

use crate::log::Log;
use crate::peer::Wanted;
use crate::state::State;
use crate::step::Step;
use crate::{Index, Message, Position, Rejection, Term};

/// A snapshot of the app's state, by what makes it recognizable (section 7).
///
/// Two nodes whose apps write the same bytes for the same state have the same snapshot of a position: what one node
/// began to send, another can go on with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Snapshot {
    /// The last entry that it covers.
    pub position: Position,
    /// How many bytes it has.
    pub bytes: u64,
    /// The CRC-32C of these bytes.
    pub check: u32,
}

impl Snapshot {
    pub(crate) fn index(&self) -> Index {
        self.position.index
    }
}

/// A part of a snapshot that a follower waits for: read it, and send it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Piece {
    /// Of which snapshot.
    pub snapshot: Snapshot,
    /// Where in it the piece starts.
    pub offset: u64,
    /// How many bytes it has: at most [`Config::entry_bytes_max`](crate::Config::entry_bytes_max).
    pub length: usize,
    pub(crate) term: Term,
}

impl Piece {
    /// The message that carries these bytes, which have to be the piece's own.
    pub fn message<'b>(&self, bytes: &'b [u8]) -> Message<'b> {
        let Snapshot { position, check, .. } = self.snapshot;
        Message::Piece { term: self.term, index: position.index, check, offset: self.offset, bytes }
    }
}

/// What is here of a snapshot that is being fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Stored {
    /// Of which snapshot.
    pub snapshot: Snapshot,
    /// How many bytes, from its start.
    pub received: u64,
    /// The CRC-32C of these bytes.
    pub check: u32,
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

impl Step<'_> {
    /// The app has a snapshot that is durable: the log before it is not needed any longer.
    #[cfg_attr(target_os = "none", inline(always))]
    pub(crate) fn snapshotted(&mut self, snapshot: Snapshot) -> Result<(), Rejection> {
        let [latest, before] = &mut self.state.snapshots;
        let index = snapshot.index();
        let is_applied = index <= self.state.applied && self.log.view().holds(&snapshot.position);
        let is_enough = index >= self.state.covered && snapshot.bytes > 0;
        if !is_applied || !is_enough || index <= latest.index() {
            return Err(Rejection::BadSnapshot);
        }
        *before = *latest;
        *latest = snapshot;
        self.peers.iter_mut().for_each(|peer| peer.pieces.age());
        self.state.snapshot_again = self.state.timers.now;
        Ok(())
    }

    /// Forgets entries that a snapshot covers, once they fill the log too far. A part of them stays for followers that
    /// are a little behind, unless that is in the way.
    pub(crate) fn make_room(&mut self) {
        let log = self.log.view();
        let covered = self.state.snapshots[0].index();
        if covered <= log.span.base.index || !(self.state.pressed || self.state.is_crowded(log)) {
            return;
        }
        let spare = self.state.spare(log);
        let kept = if self.state.pressed { 0 } else { spare.max(log.capacity() / KEPT_SHARE) };
        let through = log.first_within(covered.next(), kept).previous();
        let is_enough = log.used_behind(through) <= self.state.crowded_at + spare;
        let mut through = if is_enough { through } else { covered };
        if self.may_wait() {
            through = through.min(self.needed());
            // What stays is moved: a little is not worth it.
            if log.bytes_between(log.span.base.index.next(), through.next()) < log.capacity() / KEPT_SHARE {
                return;
            }
        }
        self.log.forget(through);
        // What was sent of that to whoever has acknowledged nothing yet fills its window no longer.
        self.state.attend_all();
        self.state.pressed = false;
        self.state.full = false;
    }

    /// Whether entries that a snapshot covers may stay a little longer: no command is refused for want of their room.
    fn may_wait(&self) -> bool {
        let log = self.log.view();
        let spare = self.state.spare(log);
        self.state.is_leader()
            && !self.state.pressed
            && log.used() < self.state.crowded_at / 4 * 7 + spare
            && log.room() > self.state.settings.entry_bytes_max.saturating_mul(2)
    }

    /// Followers that answer still need what stands behind this index: to send it costs less than a snapshot.
    fn needed(&self) -> Index {
        let State { timers, snapshots: [latest, before], configuration, .. } = &self.state;
        let mut needed = latest.index();
        for seat in configuration.others.iter() {
            let peer = &self.peers[seat];
            let fetched = if peer.pieces.of == Wanted::Nothing { Index(0) } else { before.index() };
            let has = peer.matched.max(fetched);
            let is_there = peer.echoed > 0 && timers.now.micros_since(peer.heard) < timers.election_micros();
            if is_there && has >= self.log.span.base.index {
                needed.lower(has);
            }
        }
        needed
    }
}

/// Of the log's memory, this part may hold entries that a snapshot covers.
const KEPT_SHARE: usize = 8;

impl State {
    /// Whether the log is so full that entries should go. What it has room for beyond the smallest log of all members
    /// is for entries that a snapshot covers.
    pub(crate) fn is_crowded(&self, log: Log<'_>) -> bool {
        log.used() > self.crowded_at + self.spare(log)
    }

    /// What the log has room for beyond the smallest log of all members.
    fn spare(&self, log: Log<'_>) -> usize {
        log.capacity() - self.configuration.log_bytes
    }

    /// Whether the log holds so much that a snapshot should take the place of a part. What stays for followers that are
    /// far behind does not count: another snapshot would be in their way.
    pub(crate) fn is_due(&self, log: Log<'_>) -> bool {
        let behind = log.used_behind(self.snapshots[0].index());
        let covered = (log.used() - behind).min(log.capacity() / KEPT_SHARE);
        behind + covered.saturating_sub(self.spare(log)) > self.crowded_at
    }

    /// Whether a snapshot of what is applied would free enough of the log to be worth it.
    pub(crate) fn needs_snapshot(&self, log: Log<'_>) -> bool {
        let covered = self.snapshots[0].index();
        let is_worth =
            || log.bytes_between(covered.next(), self.applied.next()) >= self.configuration.log_bytes / KEPT_SHARE;
        let is_wanted = self.pressed || (self.is_due(log) && is_worth());
        is_wanted && self.timers.now >= self.snapshot_again && self.applied >= self.covered
    }

    /// The snapshot that a follower wants.
    pub(crate) fn wanted(&self, of: Wanted) -> Option<Snapshot> {
        let [latest, before] = self.snapshots;
        match of {
            Wanted::Nothing => None,
            Wanted::Latest => Some(latest),
            Wanted::Before => Some(before),
        }
    }
}
