use crate::log::SLOT;
use crate::peer::{Flow, Pieces, Refused, Wanted, seats_of};
use crate::position::raise;
use crate::snapshots::{Image, Snapshots};
use crate::state::{Answer, Transfer};
use crate::step::Step;
use crate::{Entries, Entry, Index, Outcome, Position, Refusal, Rejection, Seat, Seats, Snapshot};

/// How often in a row a follower's window may get lost, without progress, and be sent again at once. Then it is sent
/// once a heartbeat: a path that swallows a frame again and again is not flooded.
const LOSSES_MAX: u8 = 3;

impl Step<'_> {
    /// What a leader does as time goes on.
    pub(crate) fn lead(&mut self) {
        if self.state.timers.now >= self.state.timers.timeout_due {
            self.check_quorum();
        }
        if !self.state.is_leader() {
            return;
        }
        if self.state.timers.now >= self.state.timers.beat_due {
            self.beat();
        }
        self.pursue_transfer();
    }

    fn beat(&mut self) {
        self.state.timers.await_beat();
        self.state.piece_allowance = self.state.settings.snapshot_bytes_per_heartbeat;
        self.state.commits = false;
        if let Some(transfer) = &mut self.state.transfer {
            transfer.told = false;
        }
        for peer in self.everyone() {
            peer.owed.heartbeat = true;
        }
    }

    /// A leader of this term has spoken: receiver's steps 2 to 5 of `AppendEntries` (figure 2).
    pub(crate) fn on_append_entries(
        &mut self,
        from: Seat,
        stamp: u64,
        previous: &Position,
        commit: Index,
        inherited: Index,
        entries: Entries<'_>,
    ) -> Result<(), Refusal> {
        self.check_order(previous, entries)?;
        self.hear_leader(from, stamp, inherited)?;
        if self.state.snapshots.image == Image::Lost {
            self.urge_fetch();
        }
        if !self.holds(previous) {
            let log = self.log.view();
            let index = log.behind_at_most(*previous).previous().max(log.span.base.index);
            let hint = Position { term: log.term_at(index), index };
            self.state.answer = Some(Answer::Conflict { stamp, hint });
            return Ok(());
        }
        self.take(previous.index, entries)?;
        self.state.commit.raise(commit.min(self.state.verified));
        Ok(())
    }

    /// A message that only the leader of this term can have sent.
    pub(crate) fn hear_leader(&mut self, from: Seat, stamp: u64, inherited: Index) -> Result<(), Refusal> {
        let is_other = self.state.leader.is_some_and(|leader| leader != from);
        if is_other || self.state.is_leader() {
            return Err(Refusal::SecondLeader);
        }
        self.step_down();
        self.state.leader = Some(from);
        self.state.inherited = inherited;
        self.state.attend_leader();
        self.state.leader_until = self.state.timers.after_timeout();
        self.state.timers.rest();
        raise(&mut self.state.stamp, stamp);
        Ok(())
    }

    fn check_order(&self, previous: &Position, entries: Entries<'_>) -> Result<(), Refusal> {
        let Some(first) = entries.first() else { return Ok(()) };
        let first = first.position();
        let follows = first.index == previous.index.next() && first.term >= previous.term;
        let is_past = entries.last().is_none_or(|last| last.position().term <= self.state.hard.term);
        if follows && is_past { Ok(()) } else { Err(Refusal::Order) }
    }

    /// Whether the log has this position. What a snapshot covers is committed, and so the same everywhere.
    pub(crate) fn holds(&self, position: &Position) -> bool {
        position.index < self.log.span.base.index || self.log.view().holds(position)
    }

    /// Takes the entries over: what is here already stays, a conflict replaces it and all behind it, the rest is
    /// appended.
    fn take(&mut self, previous: Index, entries: Entries<'_>) -> Result<(), Refusal> {
        let mut verified = previous;
        for entry in entries {
            if !self.has(entry) {
                self.make_way(entry.position().index)?;
                if self.room() < entry.record().len() + SLOT || self.log.push(entry).is_err() {
                    self.run_full();
                    break;
                }
                self.state.full = false;
            }
            verified = entry.position().index;
        }
        self.state.verified.raise(verified);
        let marks = self.mark_term()?;
        // What waits for a write is acknowledged when that is durable; what needs none, at once.
        let waits = marks || (verified > self.state.disk.durable && !entries.is_empty());
        if self.state.full || !waits {
            self.answer_verified();
        }
        Ok(())
    }

    pub(crate) fn answer_verified(&mut self) {
        self.state.answer = Some(if self.state.full { Answer::Full } else { Answer::Matched });
    }

    /// What is committed meanwhile cannot be applied here: no read that waits for it can be answered.
    fn run_full(&mut self) {
        self.state.snapshots.urgent = true;
        if !self.state.full {
            self.state.full = true;
            self.fail_reads();
        }
    }

    fn has(&self, entry: Entry<'_>) -> bool {
        self.holds(&entry.position()) || entry.position().index <= self.log.span.base.index
    }

    /// Removes what conflicts. Committed entries never do, unless somebody has forgotten what it promised.
    pub(crate) fn make_way(&mut self, index: Index) -> Result<(), Refusal> {
        if index > self.log.span.last.index {
            return Ok(());
        }
        if index <= self.state.commit.max(self.state.verified) {
            return Err(Refusal::Committed);
        }
        self.log.truncate(index);
        self.state.full = false;
        self.state.disk.lower(index.previous());
        Ok(())
    }

    /// A follower has answered an `AppendEntries` of this term.
    pub(crate) fn on_ack(&mut self, from: Seat, stamp: u64, outcome: Outcome) -> Result<(), Refusal> {
        if !self.state.is_leader() || outcome == Outcome::Stale {
            return Ok(());
        }
        let (now, last) = (self.state.timers.now, self.log.span.last.index);
        let peer = self.peer(from);
        let matched = match outcome {
            Outcome::Matched(index) | Outcome::Full(index) => index,
            _ => Index(0),
        };
        if stamp > peer.sent || matched > last {
            return Err(Refusal::Unsent);
        }
        // The logs meet behind what has matched, or at it: there the leader looks for it. What the follower made
        // durable after it had answered, and told by an earlier stamp, says nothing of that answer.
        let looks = peer.flow == Flow::Probe && stamp > peer.reset_at && !peer.overtaken;
        if looks && matches!(outcome, Outcome::Conflict(hint) if hint.index < peer.matched) {
            return Err(Refusal::Forgotten);
        }
        // An answer that came sooner is to this message or a later one, and all that was sent is acknowledged: what was
        // refused has come in some other way.
        let is_late = stamp <= peer.echoed && peer.next == peer.matched.next();
        peer.heard = now;
        peer.refused = Refused::NOTHING;
        raise(&mut peer.echoed, stamp);
        match outcome {
            Outcome::Matched(_) | Outcome::Full(_) => {
                self.on_matched(from, stamp, matched);
                if matches!(outcome, Outcome::Full(_)) {
                    let peer = self.peer(from);
                    peer.probe_from(peer.matched.next());
                }
            }
            Outcome::Conflict(hint) if !is_late => self.on_conflict(from, stamp, hint),
            Outcome::Wants { index, check, offset, again } => self.on_wants(from, index, check, offset, again),
            Outcome::TooSmall => self.peer(from).refused = Refusal::SnapshotTooLarge.into(),
            Outcome::Conflict(_) | Outcome::Stale => {}
        }
        self.confirm_round();
        Ok(())
    }

    fn on_matched(&mut self, from: Seat, stamp: u64, index: Index) {
        let inherited = self.state.inherited;
        let peer = self.peer(from);
        if stamp > peer.reset_at {
            peer.flow = Flow::Pipeline;
        }
        peer.marked |= index >= inherited;
        if index <= peer.matched {
            return;
        }
        peer.matched = index;
        peer.overtaken = peer.flow == Flow::Probe;
        peer.losses = 0;
        peer.next.raise(index.next());
        self.advance_commit();
    }

    /// The logs meet at the hint or before it (section 5.3): look there, but never below what has matched. If they meet
    /// before the base, the follower needs a snapshot. An answer to what was sent before `next` was last taken back
    /// says nothing new.
    fn on_conflict(&mut self, from: Seat, stamp: u64, hint: Position) {
        let meeting = self.log.view().behind_at_most(hint);
        let peer = self.peer(from);
        if stamp <= peer.reset_at {
            return;
        }
        let next = meeting.max(peer.matched.next()).min(peer.next);
        let was_in_line = peer.flow == Flow::Pipeline;
        peer.losses = peer.losses.saturating_add(was_in_line.into());
        peer.owed.heartbeat |= (was_in_line || next < peer.next) && peer.losses <= LOSSES_MAX;
        peer.probe_from(next);
    }

    /// A follower wants pieces of a snapshot. What it is still owed of one that it no longer wants, or has, is owed no
    /// more.
    fn on_wants(&mut self, from: Seat, index: Index, check: u32, offset: u64, again: u32) {
        let window = self.state.settings.inflight_bytes_max as u64;
        let Snapshots { latest, before, .. } = &self.state.snapshots;
        let is_meant = |snapshot: &Snapshot| snapshot.index() == index && snapshot.check == check && index > Index(0);
        let (of, bytes) = if is_meant(latest) {
            (Wanted::Latest, latest.bytes)
        } else if is_meant(before) {
            (Wanted::Before, before.bytes)
        } else {
            let latest = latest.index();
            self.state.snapshots.urgent |= index > latest;
            self.peer(from).owed.offer = latest > Index(0);
            return;
        };
        self.state.fetchers = self.state.fetchers.and(from);
        let end = offset.saturating_add(window).min(bytes);
        let pieces = &mut self.peer(from).pieces;
        // Whoever was sent all of it and begins anew could not use it: another one may be sound.
        let is_spoilt = again == u32::MAX && offset == 0 && pieces.of == of && pieces.next >= bytes;
        // A question from far beyond what is asked for now was not this follower's, or not in this fetch.
        let is_near = pieces.next.saturating_sub(offset) <= u64::from(u32::MAX);
        let goes_on = again < u32::MAX && pieces.of == of && is_near;
        let length = |from: u64, to: u64| u32::try_from(to.saturating_sub(from)).unwrap_or(u32::MAX);
        let next = if goes_on { pieces.next.max(offset) } else { offset };
        let lost = length(offset, offset.saturating_add(again.into()).min(end).min(next));
        let end = if goes_on { end.max(pieces.next + u64::from(pieces.left)) } else { end };
        *pieces = Pieces { of, next, left: length(next, end), lost, back: length(offset, next) };
        self.state.snapshots.urgent |= is_spoilt;
    }

    /// Commits what a majority has durable, and nothing short of all that the leader inherited: an ack of that is one
    /// of a mark, and what stands behind it is of this term (section 5.4.2). The leader counts itself by its disk.
    pub(crate) fn advance_commit(&mut self) {
        if !self.state.is_leader() {
            return;
        }
        let mut best = self.state.commit;
        if !self.is_on_quorum(best.next()) {
            return;
        }
        for seat in self.state.configuration.members.all().iter() {
            let matched = self.matched(seat);
            if matched > best && self.is_on_quorum(matched) {
                best = matched;
            }
        }
        if best >= self.state.inherited {
            self.state.commit = best;
            self.state.commits = true;
        }
    }

    fn is_on_quorum(&self, index: Index) -> bool {
        let others = seats_of(self.peers, |peer| peer.matched >= index).without(self.state.seat());
        let is_mine = self.state.is_marked() && self.state.disk.durable >= index;
        let me = if is_mine { self.state.me() } else { Seats::NONE };
        self.state.configuration.is_quorum(others.union(me))
    }

    fn matched(&self, seat: Seat) -> Index {
        if seat == self.state.seat() { self.state.disk.durable } else { self.peers[seat].matched }
    }

    /// Starts to hand leadership over (section 3.10 of the thesis).
    pub(crate) fn transfer(&mut self, to: Option<Seat>) -> Result<(), Rejection> {
        if !self.state.is_leader() {
            return Err(Rejection::NotLeader { leader: self.state.leader });
        }
        let to = match to {
            Some(seat) if self.may_succeed(seat) => seat,
            Some(_) => return Err(Rejection::NoTarget),
            None => self.most_recent().ok_or(Rejection::NoTarget)?,
        };
        // Asked once more, it takes no longer: no command is taken meanwhile.
        if self.state.transfer.is_some_and(|transfer| transfer.to == to) {
            return Ok(());
        }
        if self.state.transfer_failed.is_some() {
            return Err(Rejection::InTransfer);
        }
        self.give_up_transfer();
        let until = self.state.timers.after_timeout();
        self.state.transfer = Some(Transfer { to, until, told: false });
        Ok(())
    }

    fn may_succeed(&self, seat: Seat) -> bool {
        let Some(peer) = self.peers.get(usize::from(seat.0)) else {
            return false;
        };
        let is_heard = self.state.timers.now.micros_since(peer.heard) < self.state.timers.election_micros();
        is_heard && seat != self.state.seat() && self.state.configuration.counts(seat)
    }

    fn most_recent(&self) -> Option<Seat> {
        let mut best = None;
        for seat in self.state.configuration.members.all().iter() {
            let is_better = best.is_none_or(|other| self.matched(seat) >= self.matched(other));
            if is_better && self.may_succeed(seat) {
                best = Some(seat);
            }
        }
        best
    }

    pub(crate) fn give_up_transfer(&mut self) {
        let Some(Transfer { to, .. }) = self.state.transfer.take() else { return };
        self.state.transfer_failed = Some(to);
        self.peer(to).owed.campaign = false;
    }

    /// The successor campaigns once it has the whole log; if that takes too long, the leader stays.
    fn pursue_transfer(&mut self) {
        let Some(transfer) = self.state.transfer else { return };
        let has_all = self.matched(transfer.to) == self.log.span.last.index;
        if self.state.timers.now >= transfer.until {
            self.give_up_transfer();
        } else if has_all && !transfer.told {
            self.state.transfer = Some(Transfer { told: true, ..transfer });
            self.peer(transfer.to).owed.campaign = true;
        }
    }
}
