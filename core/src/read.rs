use crate::draw::Draw;
use core::num::NonZero;

use crate::peer::{Asked, Peer, Reply, seats_of};
use crate::snapshots::Image;
use crate::state::State;
use crate::step::Step;
use crate::{Index, Message, Rejection, Round, Seat, Seats};

/// The reads of this node (section 6.4 of the thesis).
///
/// A read joins the round that starts next. One round is under way at a time: the leader confirms it by acks to what it
/// sent after the round began; a follower asks the leader to do so. Many reads share a round.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Reads {
    /// Names this boot.
    pub(crate) boot: u64,
    /// The latest round that was started, or failed.
    pub(crate) latest: u64,
    /// Whether a read waits for the round after the latest.
    pub(crate) waiting: bool,
    /// Whether one of those needs a round of its own, whatever lease there is.
    pub(crate) is_strict: bool,
    /// The index of the round under way. A follower learns it with the confirmation.
    pub(crate) under_way: Option<Index>,
    /// A confirmed round, and the index to apply before it is ready.
    pub(crate) confirmed: Option<(NonZero<u64>, Index)>,
    pub(crate) failed: Option<NonZero<u64>>,
    /// Whether a follower owes its leader the question.
    pub(crate) asks: bool,
}

impl Reads {
    pub(crate) fn new(boot: u64) -> Reads {
        Reads {
            boot,
            latest: 0,
            waiting: false,
            is_strict: false,
            under_way: None,
            confirmed: None,
            failed: None,
            asks: false,
        }
    }

    fn join(&mut self, is_strict: bool) -> Round {
        self.waiting = true;
        self.is_strict |= is_strict;
        Round(self.latest + 1)
    }
}

impl Step<'_> {
    /// A client of this node wants to read.
    pub(crate) fn read(&mut self, by_lease: bool) -> Result<Round, Rejection> {
        match self.state.follow.leader {
            Some(_) if self.state.follow.full => Err(Rejection::Full),
            Some(_) if self.state.fetch.is_some() || self.state.snapshots.image != Image::Whole => {
                Err(Rejection::Behind)
            }
            Some(_) => Ok(self.state.reads.join(!by_lease)),
            None => Err(Rejection::NotLeader { leader: None }),
        }
    }

    /// A follower's clients want to read. Asked twice, the same round is confirmed once.
    pub(crate) fn on_read_index(&mut self, from: Seat, boot: u64, round: u64) {
        if !self.state.is_leader() {
            return;
        }
        let peer = self.peer(from);
        if peer.asked.reply != Reply::Nothing && (peer.asked.boot, peer.asked.round) == (boot, round) {
            peer.owed.read_answer = matches!(peer.asked.reply, Reply::Is(_));
            return;
        }
        let Round(own) = self.state.reads.join(true);
        self.peers[from].asked = Asked { boot, round, reply: Reply::Awaits(own) };
    }

    /// The leader has confirmed a round of this follower.
    pub(crate) fn on_read_answer(&mut self, boot: u64, round: u64, index: Index) {
        let is_leader = self.state.is_leader();
        let reads = &mut self.state.reads;
        if is_leader || boot != reads.boot || round != reads.latest || reads.under_way.is_none() {
            return;
        }
        reads.under_way = None;
        reads.asks = false;
        reads.confirmed = NonZero::new(round).map(|round| (round, index));
    }

    pub(crate) fn start_round(&mut self) {
        Rounds { state: self.state, peers: self.peers }.start();
    }

    pub(crate) fn confirm_round(&mut self) {
        Rounds { state: self.state, peers: self.peers }.confirm();
    }

    /// The question or its answer may be lost.
    pub(crate) fn ask_read_again(&mut self) {
        if self.state.reads.under_way.is_some() {
            self.state.timers.await_beat();
            self.state.reads.asks = true;
            self.state.attend_leader();
        }
    }

    /// Leadership has changed: every read that is not ready has to be asked anew.
    pub(crate) fn fail_reads(&mut self) {
        let applied = self.state.applied;
        let reads = &mut self.state.reads;
        reads.asks = false;
        reads.latest += u64::from(reads.waiting);
        let is_ready = reads.confirmed.is_some_and(|(_, index)| index <= applied);
        let is_open = reads.waiting || reads.under_way.is_some() || (reads.confirmed.is_some() && !is_ready);
        reads.waiting = false;
        reads.under_way = None;
        if !is_ready {
            reads.confirmed = None;
        }
        if is_open {
            reads.failed = NonZero::new(reads.latest);
        }
    }
}

/// The rounds of a node, as an input or a drawn effect moves them on.
pub(crate) struct Rounds<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) peers: &'a mut [Peer],
}

impl Rounds<'_> {
    /// Starts a round if reads wait and the one before is confirmed and ready: else a slow app would never catch up
    /// with them. A leader knows what is committed only once an entry of its own term is.
    pub(crate) fn start(&mut self) {
        let (reads, applied) = (&self.state.reads, self.state.applied);
        let is_held_up = reads.confirmed.is_some_and(|(_, index)| index > applied);
        if !reads.waiting || reads.under_way.is_some() || is_held_up || self.state.follow.leader.is_none() {
            return;
        }
        let is_leader = self.state.is_leader();
        if is_leader && !self.state.is_established() {
            return;
        }
        let (commit, is_leased) = (self.state.commit, is_leader && self.state.holds_lease());
        let reads = &mut self.state.reads;
        reads.latest += 1;
        reads.waiting = false;
        let is_strict = core::mem::take(&mut reads.is_strict);
        if is_leased && !is_strict {
            reads.confirmed = NonZero::new(reads.latest).map(|round| (round, commit));
            return;
        }
        reads.under_way = Some(commit);
        reads.asks = !is_leader;
        if is_leader {
            self.state.lead.lease.draw(self.state.timers.now);
            self.state.attend_all();
            for peer in &mut *self.peers {
                peer.round_from = peer.sent;
                peer.owed.heartbeat = true;
            }
            self.confirm();
        } else {
            self.state.attend_leader();
            self.state.timers.await_beat();
        }
    }

    /// Whether a majority has answered what was sent after the leader's round began.
    fn confirm(&mut self) {
        let Some(index) = self.state.reads.under_way else { return };
        let present = seats_of(self.peers, |peer| peer.echoed > peer.round_from);
        if !self.state.configuration.is_quorum(present.union(self.state.me())) {
            return;
        }
        // A voter that lacks the entry by which leases are on may be started again as a build that keeps no promise.
        let since = self.state.configuration.settled;
        let bound = seats_of(self.peers, |peer| peer.matched >= since);
        if self.state.configuration.is_quorum(Seats(present.0 & bound.0).union(self.state.me())) {
            self.state.extend_lease();
        }
        let latest = self.state.reads.latest;
        self.state.reads.under_way = None;
        self.state.reads.confirmed = NonZero::new(latest).map(|round| (round, index));
        self.state.attend_all();
        for peer in &mut *self.peers {
            if matches!(peer.asked.reply, Reply::Awaits(own) if own <= latest) {
                peer.asked.reply = Reply::Is(index);
                peer.owed.read_answer = true;
                // The follower applies up to the index before it answers: it needs the commit index now.
                peer.owed.heartbeat = true;
            }
        }
    }
}

impl<'a> Draw<'a> {
    /// The question for an index that the leader is owed.
    pub(crate) fn read_index(&mut self) -> Option<Message<'a>> {
        let term = self.state.hard.term;
        let reads = &mut self.state.reads;
        let (boot, round) = (reads.boot, reads.latest);
        core::mem::take(&mut reads.asks).then_some(Message::ReadIndex { term, boot, round })
    }

    /// The answer to such a question that this follower is owed.
    pub(crate) fn read_answer(&mut self, seat: Seat) -> Option<Message<'a>> {
        let term = self.state.hard.term;
        let peer = &mut self.peers[seat];
        let Asked { boot, round, reply: Reply::Is(index) } = peer.asked else { return None };
        core::mem::take(&mut peer.owed.read_answer).then_some(Message::ReadAnswer { term, boot, round, index })
    }

    /// The latest round that may be answered, once.
    pub(crate) fn ready(&mut self) -> Option<Round> {
        let applied = self.state.applied;
        let (round, _) = self.state.reads.confirmed.take_if(|(_, index)| *index <= applied)?;
        // The reads that were held up by this round need not wait for another input.
        Rounds { state: self.state, peers: self.peers }.start();
        Some(Round(round.get()))
    }
}
