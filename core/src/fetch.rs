use crate::draw::{Draw, Stores};
use crate::early::Early;
use crate::follow::OwedAck;
use crate::log::Span;
use crate::snapshots::Image;
use crate::state::State;
use crate::step::Step;
use crate::{Index, Message, Outcome, Refusal, Seat, Settled, Snapshot, Stored};

/// A snapshot on its way from the leader, as the follower sees it (section 7).
///
/// The follower asks for a window of bytes at a time, from where it is. So it is the follower that knows how far it is:
/// losses, repetitions, restarts and new leaders need no rule of their own. If pieces have to come in order, what comes
/// out of order is asked for once more. Else it is noted, and only what is missing before it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Fetch {
    /// What is whole from the start. In its check, zeros stand for what came early.
    pub(crate) here: Stored,
    /// What is here beyond a gap.
    pub(crate) early: Early,
    /// How much has come since it last asked.
    pub(crate) unasked: u32,
    /// Whether a leader has offered it in this boot: who took part by then is known too.
    pub(crate) is_offered: bool,
    /// Nothing has come since the leader was last heard: then something was lost.
    pub(crate) is_stuck: bool,
    /// Nothing has come since it last asked to send something again: what is on its way need not be asked for twice.
    pub(crate) has_asked_again: bool,
    /// Whether the leader is owed the question.
    pub(crate) asks: bool,
    /// Whether what is not here has to be sent again.
    pub(crate) again: bool,
}

impl Fetch {
    /// A snapshot of which so much is here.
    pub(crate) fn new(here: Stored) -> Fetch {
        Fetch {
            here,
            early: Early::NONE,
            unasked: 0,
            is_offered: false,
            is_stuck: false,
            has_asked_again: false,
            asks: false,
            again: true,
        }
    }

    /// All of it is here.
    pub(crate) fn is_complete(&self) -> bool {
        self.here.received == self.here.snapshot.bytes
    }

    /// The leader is there: ask, and ask again if nothing has come since it was last heard, or something is missing.
    fn urge(&mut self) {
        self.asks = true;
        if self.is_stuck || self.early.first().is_some() {
            self.ask_again();
        }
        self.is_stuck = true;
    }

    /// Something was lost: the gap before what came early is to be sent again, or else all that is not here.
    fn ask_again(&mut self) {
        self.asks = true;
        self.again = true;
        self.has_asked_again = true;
    }

    /// How much of these bytes to take: all that is due, up to what came early, or a piece that may be early.
    fn takes(&self, offset: u64, bytes: &[u8], reach: u64) -> usize {
        let Stored { snapshot, received, .. } = self.here;
        let length = bytes.len() as u64;
        if offset < received || length > snapshot.bytes.saturating_sub(offset) {
            return 0;
        }
        if offset == received {
            return self.early.first().map_or(length, |first| length.min(first - received)) as usize;
        }
        // The first piece tells a driver that a fetch begins anew.
        let is_near = received > 0 && offset - received + length <= reach;
        if is_near && self.early.takes(offset, length, snapshot.bytes) { bytes.len() } else { 0 }
    }

    /// A piece that was taken is stored. Whether to ask for something by now.
    pub(crate) fn take(&mut self, offset: u64, bytes: &[u8], window: usize) -> bool {
        let Stored { snapshot, received, check } = self.here;
        self.is_stuck = false;
        if offset > received {
            if self.early.take(offset, bytes, snapshot.bytes) && !self.has_asked_again {
                self.ask_again();
            }
            return self.asks;
        }
        let end = received + bytes.len() as u64;
        let whole = self.early.close(end, snapshot.bytes);
        self.here.check = Early::check_behind(crate::crc32c_append(check, bytes), whole - end);
        self.here.received = whole;
        self.unasked = self.unasked.saturating_add((whole - received) as u32);
        self.has_asked_again = false;
        // What is missing from here on was not asked for again yet if a gap has just been closed.
        if whole > end && self.early.is_at_end() {
            self.ask_again();
        }
        self.asks |= !self.is_complete() && self.unasked as usize >= window / 2;
        self.asks
    }

    /// The question that the leader is owed.
    pub(crate) fn question(&mut self, window: usize) -> Option<Outcome> {
        if !core::mem::take(&mut self.asks) {
            return None;
        }
        self.unasked = 0;
        let Stored { snapshot, received: offset, .. } = self.here;
        self.early.ask(offset.saturating_add(window as u64).min(snapshot.bytes));
        let lacks = self.early.first().map_or(u64::MAX, |first| first - offset);
        let again = if core::mem::take(&mut self.again) { u32::try_from(lacks).unwrap_or(u32::MAX) } else { 0 };
        Some(Outcome::Wants { index: snapshot.index(), check: snapshot.check, offset, again })
    }
}

impl State {
    /// Begins to fetch a snapshot of which nothing is here.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn fetch_anew(&mut self, snapshot: &Snapshot) {
        self.fetch = Some(Fetch::new(Stored { snapshot: *snapshot, received: 0, check: 0 }));
    }

    /// A piece of the snapshot that is fetched is stored.
    pub(crate) fn store(&mut self, offset: u64, bytes: &[u8]) {
        let window = self.settings.inflight_bytes_max;
        if self.fetch.as_mut().is_some_and(|fetch| fetch.take(offset, bytes, window)) {
            self.attend_leader();
        }
    }

    /// Whether a snapshot is here that the log could stand on by now. Who took part by then is durable before: a write that
    /// a crash cut would leave the snapshot under members of the past, who may elect another leader.
    #[cfg_attr(target_os = "none", inline(always))]
    pub(crate) fn may_install(&self) -> bool {
        let is_ready = self.disk.write.is_none() && self.is_settled_durable();
        is_ready && self.fetch.as_ref().is_some_and(|fetch| fetch.is_complete() && fetch.is_offered)
    }

    /// What a leader's snapshot covers is committed, and the same everywhere.
    #[cfg_attr(target_os = "none", inline(always))]
    fn rely_on(&mut self, snapshot: &Snapshot) {
        self.commit.raise(snapshot.index());
        self.follow.verified.raise(snapshot.index());
    }
}

impl Step<'_> {
    /// The leader's log begins behind this follower's: it offers a snapshot instead. It may still have the one before,
    /// which this follower may have begun with.
    pub(crate) fn on_offer(
        &mut self,
        from: Seat,
        stamp: u64,
        latest: &Snapshot,
        before: &Snapshot,
        inherited: Index,
        settled: &Settled<'_>,
    ) -> Result<(), Refusal> {
        if latest.position.term > self.state.hard.term || latest.index() == Index(0) {
            return Err(Refusal::Order);
        }
        self.check_roster(&settled.roster)?;
        self.hear_leader(from, stamp, inherited)?;
        self.adopt(settled)?;
        let is_lost = self.state.snapshots.image == Image::Lost;
        if !is_lost && self.holds(&latest.position) {
            self.state.rely_on(latest);
            if !self.mark_term()? {
                self.answer_verified();
            }
            return Ok(());
        }
        let settings = &self.state.settings;
        let is_offered = |snapshot: &Snapshot| *snapshot == *latest || *snapshot == *before;
        // Of a later one than the leader's this offer does not say who took part by then.
        let is_useful = |fetch: &Fetch| {
            let Stored { snapshot, .. } = &fetch.here;
            let is_covered = fetch.is_offered || snapshot.index() <= latest.index();
            (fetch.is_complete() && is_covered) || (is_offered(snapshot) && settings.may_hold(snapshot.bytes))
        };
        let goes_on = self.state.fetch.as_ref().is_some_and(is_useful);
        if !goes_on && is_lost && latest.index() < self.log.span.base.index {
            self.answer_verified();
            return Ok(());
        }
        if !goes_on {
            self.fail_reads();
            if !self.state.settings.may_hold(latest.bytes) {
                self.state.fetch = None;
                self.state.follow.answer = Some(OwedAck::TooSmall { stamp });
                return Err(Refusal::SnapshotTooLarge);
            }
            self.state.fetch_anew(latest);
        }
        if let Some(fetch) = &mut self.state.fetch {
            fetch.is_offered = true;
        }
        self.urge_fetch();
        Ok(())
    }

    /// The leader was heard: a good moment to ask for what is missing.
    pub(crate) fn urge_fetch(&mut self) {
        if let Some(fetch) = &mut self.state.fetch {
            fetch.urge();
            self.state.attend_leader();
        }
    }

    /// A piece of a snapshot, whoever sent it and in which term: what it covers is committed.
    pub(crate) fn on_piece<'m>(&mut self, index: Index, check: u32, offset: u64, bytes: &'m [u8]) -> Stores<'m> {
        let fetch = self.state.fetch.as_mut()?;
        let Stored { snapshot, received, .. } = fetch.here;
        if (snapshot.index(), snapshot.check) != (index, check) {
            return None;
        }
        let settings = &self.state.settings;
        let reach = if settings.pieces_in_order { 0 } else { settings.inflight_bytes_max as u64 };
        let taken = fetch.takes(offset, bytes, reach);
        if settings.pieces_in_order && offset > received && !fetch.has_asked_again {
            fetch.ask_again();
            self.state.attend_leader();
        }
        bytes.get(..taken).filter(|bytes| !bytes.is_empty()).map(|bytes| (offset, bytes))
    }

    /// Stands on the snapshot that was fetched, once all of it is here and no write is under way. The next write makes
    /// it durable, and whatever follows it in the log: after a crash either all of this is there or nothing.
    #[cfg_attr(not(target_os = "none"), inline(never))]
    pub(crate) fn install(&mut self) {
        let Some(Fetch { here: Stored { snapshot, check, .. }, early, .. }) = self.state.fetch else { return };
        let is_lost = self.state.snapshots.image == Image::Lost;
        if !is_lost && (self.state.is_leader() || snapshot.index() <= self.state.commit) {
            self.state.fetch = None;
            return;
        }
        if !self.state.may_install() {
            return;
        }
        if early.check_of_all(check) != snapshot.check {
            // The leader offers what it has by now. A node that has lost its own has to ask for that.
            self.state.fetch = None;
            if is_lost {
                self.state.fetch_anew(&snapshot);
            }
            self.state.refusals.add(Refusal::Snapshot);
            return;
        }
        self.state.fetch = None;
        self.state.rely_on(&snapshot);
        let holds = self.log.view().holds(&snapshot.position);
        match (holds, is_lost) {
            // What the log holds of it can be acknowledged by now.
            (true, false) => return self.state.attend_leader(),
            (true, true) => self.log.forget(snapshot.index()),
            (false, _) => {
                *self.log.span = Span::behind(snapshot.position);
                self.state.follow.answer = None;
                self.state.follow.full = false;
                self.state.configuration.is_open = true;
                self.undo_members();
            }
        }
        // Until that write is durable, the disk stands on the one before.
        self.state.snapshots.advance(snapshot);
        self.state.snapshots.image = Image::Unwritten;
        self.state.disk.written = snapshot.index();
        self.state.disk.durable = self.state.applied;
        self.state.follow.acked = self.state.applied;
        // The leader's mark, if the snapshot reaches through all that it inherited, goes with the same write.
        if let Err(refusal) = self.mark_term() {
            self.state.refusals.add(refusal);
        }
    }
}

impl<'a> Draw<'a> {
    /// The question for pieces that the leader is owed.
    pub(crate) fn question(&mut self) -> Option<Message<'a>> {
        let window = self.state.settings.inflight_bytes_max;
        let outcome = self.state.fetch.as_mut()?.question(window)?;
        Some(self.state.ack(self.state.follow.stamp, outcome))
    }
}
