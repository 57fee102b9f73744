use crate::draw::Draw;
use crate::follow::Follow;
use crate::peer::{Flow, Refused, seats_of};
use crate::position::raise;
use crate::state::State;
use crate::step::Step;
use crate::{Features, Index, Message, Outcome, Position, Refusal, Seat, Seats};

/// How often in a row a follower's window may get lost, without progress, and be sent again at once. Then it is sent
/// once a heartbeat: a path that swallows a frame again and again is not flooded.
const LOSSES_MAX: u8 = 3;

impl Step<'_> {
    /// A follower has answered an `AppendEntries` of this term.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn on_ack(
        &mut self,
        from: Seat,
        stamp: u64,
        outcome: Outcome,
        features: Features,
    ) -> Result<(), Refusal> {
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
        let is_new = stamp > peer.echoed;
        raise(&mut peer.echoed, stamp);
        // What came before it started anew, as another build perhaps, may come late.
        if is_new {
            peer.features = features;
        }
        if is_new && let Some(plan) = &mut self.state.lead.plan {
            plan.answered = plan.answered.and(from);
        }
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
        // What it answers is the latest that it was sent: it is there now.
        if self.state.configuration.reborn.contains(from) && stamp == self.peers[from].sent {
            self.replace_life(from);
        }
        self.confirm_round();
        Ok(())
    }

    fn on_matched(&mut self, from: Seat, stamp: u64, index: Index) {
        let inherited = self.state.follow.inherited;
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
        self.advance_commit(index);
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

    /// Commits what a majority has durable, and nothing short of all that the leader inherited: an ack of that is one
    /// of a mark, and what stands behind it is of this term (section 5.4.2). The leader counts itself by its disk. One
    /// member, perhaps this one, has just come to have all up to `reached`.
    pub(crate) fn advance_commit(&mut self, reached: Index) {
        if reached <= self.state.commit || !self.state.is_leader() {
            return;
        }
        let is_quorum = self.is_on_quorum(reached);
        let mut best = if is_quorum { reached } else { self.state.commit };
        if best < self.log.span.last.index {
            for seat in self.state.configuration.members.all().iter() {
                let matched = self.matched(seat);
                if matched > best && matched != reached && self.is_on_quorum(matched) {
                    best = matched;
                }
            }
        }
        if best > self.state.commit && best >= self.state.follow.inherited {
            self.state.commit = best;
            self.state.sends.commits = true;
            if self.state.settings.commits_at_once {
                for peer in self.everyone() {
                    peer.owed.commit = peer.flow == Flow::Pipeline;
                }
            }
        }
    }

    fn is_on_quorum(&self, index: Index) -> bool {
        let others = seats_of(self.peers, |peer| peer.matched >= index).without(self.state.seat());
        let is_mine = self.state.is_marked() && self.state.disk.durable >= index;
        let me = if is_mine { self.state.me() } else { Seats::NONE };
        self.state.configuration.is_quorum(others.union(me))
    }

    pub(crate) fn matched(&self, seat: Seat) -> Index {
        if seat == self.state.seat() { self.state.disk.durable } else { self.peers[seat].matched }
    }
}

impl<'a> Draw<'a> {
    /// What says that the leader is there, and asks where the follower is.
    pub(crate) fn heartbeat(&mut self, seat: Seat, next: Index) -> Message<'a> {
        let is_behind = next <= self.log.span.base.index;
        if is_behind { self.offer(seat) } else { self.append_entries(seat, next) }
    }

    /// As many entries as one frame and the window hold, if there are any.
    pub(crate) fn further_entries(&mut self, seat: Seat) -> Option<Message<'a>> {
        let next = self.peers[seat].next;
        if next > self.log.span.last.index {
            return None;
        }
        let room = self.window(seat);
        let behind = self.log.behind_fitting(next, self.state.settings.entry_bytes_max.min(room));
        (next < behind).then(|| self.append_entries(seat, behind))
    }

    /// How many bytes of entries may be sent to this follower now. Those on the way are what lies between what has
    /// matched and what is next, so that none can leak. Of those that were forgotten meanwhile, the length is not
    /// known.
    #[cfg_attr(target_os = "none", inline(never))]
    fn window(&self, seat: Seat) -> usize {
        let peer = &self.peers[seat];
        let config = &self.state.settings;
        let is_known = peer.matched == Index(0) || peer.matched >= self.log.span.base.index;
        let is_open = is_known
            && peer.flow == Flow::Pipeline
            && peer.sent - peer.echoed < u64::from(config.inflight_messages_max);
        // In a log that is about to forget what the follower lacks, it waits no longer.
        let gives_way = || self.state.gives_way() && !self.state.is_crowded(self.log);
        let lacks = || self.log.bytes_between(peer.next.previous(), self.state.commit);
        if !is_open || (peer.next <= self.state.commit && lacks() > config.inflight_bytes_max && gives_way()) {
            return 0;
        }
        config.inflight_bytes_max.saturating_sub(self.log.bytes_between(peer.matched, peer.next.previous()))
    }

    /// All that the follower is to get next up to and without the entry `behind`.
    fn append_entries(&mut self, seat: Seat, behind: Index) -> Message<'a> {
        self.peers[seat].sent += 1;
        self.entries_before(seat, behind)
    }

    /// What is committed, if it is owed alone. The stamp is that of what went before: nothing is to be answered.
    pub(crate) fn word_of_commit(&mut self, seat: Seat) -> Option<Message<'a>> {
        let peer = &mut self.peers[seat];
        let is_owed = core::mem::take(&mut peer.owed.commit) && peer.next > self.log.span.base.index;
        let next = peer.next;
        is_owed.then(|| self.entries_before(seat, next))
    }

    fn entries_before(&mut self, seat: Seat, behind: Index) -> Message<'a> {
        let peer = &mut self.peers[seat];
        let index = peer.next.previous();
        let entries = self.log.between(index, behind.previous());
        let previous = Position { term: self.log.term_at(index), index };
        peer.next = behind;
        peer.owed.commit = false;
        let term = self.state.hard.term;
        let State { commit, follow: Follow { inherited, .. }, .. } = *self.state;
        Message::AppendEntries { term, stamp: peer.sent, previous, commit, inherited, entries }
    }
}
