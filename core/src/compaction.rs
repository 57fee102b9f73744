use crate::Index;
use crate::log::{Log, SLOT};
use crate::pieces::Wanted;
use crate::snapshots::Snapshots;
use crate::state::State;
use crate::step::Step;

impl Step<'_> {
    /// Forgets entries that a snapshot covers, once they fill the log too far. A part of them stays for followers that
    /// are a little behind, unless that is in the way.
    #[cfg_attr(not(target_os = "none"), inline(never))]
    pub(crate) fn make_room(&mut self) {
        let log = self.log.view();
        let covered = self.state.snapshots.latest.index();
        if covered <= log.span.base.index || !(self.state.snapshots.urgent || self.state.is_crowded(log)) {
            return;
        }
        let spare = self.state.spare(log);
        let kept = if self.state.snapshots.urgent { 0 } else { spare.max(log.capacity() / KEPT_SHARE) };
        let through = log.first_within(covered.next(), kept).previous();
        let is_enough = log.used_behind(through) <= self.state.snapshots.crowded_at + spare;
        let mut through = if is_enough { through } else { covered };
        if self.may_wait() {
            through = through.min(self.needed());
            // What stays is moved: a little is not worth it.
            if log.bytes_between(log.span.base.index, through) < log.capacity() / KEPT_SHARE {
                return;
            }
        }
        self.log.forget(through);
        // What was sent of that to whoever has acknowledged nothing yet fills its window no longer.
        self.state.attend_all();
        self.state.snapshots.urgent = false;
        self.state.follow.full = false;
    }

    /// Whether entries that a snapshot covers may stay a little longer: no command is refused for want of their room.
    fn may_wait(&self) -> bool {
        let log = self.log.view();
        let spare = self.state.spare(log);
        self.state.is_leader()
            && !self.state.snapshots.urgent
            && log.used() < self.state.snapshots.crowded_at / 4 * 7 + spare
            && log.room() > self.state.settings.entry_bytes_max.saturating_mul(2)
    }

    /// Followers that answer still need what stands behind this index: to send it costs less than a snapshot.
    fn needed(&self) -> Index {
        let State { timers, snapshots: Snapshots { latest, before, .. }, configuration, .. } = &self.state;
        let mut needed = latest.index();
        for seat in configuration.others.iter() {
            let peer = &self.peers[seat];
            let fetched = if peer.pieces.of == Wanted::Nothing { Index(0) } else { before.index() };
            let has = peer.matched.max(fetched);
            let is_there = peer.echoed > 0 && timers.is_recent(peer.heard);
            if is_there && has >= self.log.span.base.index {
                needed.lower(has);
            }
        }
        needed
    }

    /// Bytes that entries and their slots may still take. No store holds more above its own snapshot than the smallest
    /// log of all members has room for: what a leader inherited then fits into every log.
    pub(crate) fn room(&self) -> usize {
        let log = self.log.view();
        let above = log.used_behind(self.state.snapshots.latest.index());
        log.room().min(self.state.configuration.log_bytes.saturating_sub(above))
    }

    /// The longest record that an empty log could take, without its slot.
    pub(crate) fn longest_record(&self) -> usize {
        self.state.configuration.log_bytes.saturating_sub(SLOT)
    }
}

impl State {
    /// Whether the log is so full that entries should go. What it has room for beyond the smallest log of all members
    /// is for entries that a snapshot covers.
    pub(crate) fn is_crowded(&self, log: Log<'_>) -> bool {
        log.used() > self.snapshots.crowded_at + self.spare(log)
    }

    /// What the log has room for beyond the smallest log of all members.
    fn spare(&self, log: Log<'_>) -> usize {
        log.capacity() - self.configuration.log_bytes
    }

    /// Whether the log holds so much that a snapshot should take the place of a part. What stays for followers that are
    /// far behind does not count: another snapshot would be in their way.
    pub(crate) fn is_due(&self, log: Log<'_>) -> bool {
        if log.used() <= self.snapshots.crowded_at {
            return false;
        }
        let behind = log.used_behind(self.snapshots.latest.index());
        let covered = (log.used() - behind).min(log.capacity() / KEPT_SHARE);
        behind + covered.saturating_sub(self.spare(log)) > self.snapshots.crowded_at
    }
}

/// Of the log's memory, this part may hold entries that a snapshot covers.
pub(crate) const KEPT_SHARE: usize = 8;
