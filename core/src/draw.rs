use core::marker::PhantomData;

use crate::follow::Follow;
use crate::log::Log;
use crate::peer::{Asked, Flow, OwedVote, Peer};
use crate::read::Rounds;
use crate::snapshots::Snapshots;
use crate::state::State;
use crate::{Apply, Effect, HardState, Index, Message, Outcome, Piece, Position, Role, Round, Seat, Stored};

/// What a node has to do now, in the order in which to do it.
///
/// Each effect is made when it is drawn, from the node's own state: there is no queue that could overflow. What is not
/// drawn is offered again by the next step, except the answer to a client's input, which is the first effect of its
/// step.
#[must_use = "a node acts only through its effects"]
pub struct Effects<'a, V> {
    pub(crate) state: &'a mut State,
    pub(crate) peers: &'a mut [Peer],
    pub(crate) log: Log<'a>,
    pub(crate) reply: Option<Reply<'a>>,
    /// Whether what is for the app has to wait.
    pub(crate) without_app: bool,
    pub(crate) view: PhantomData<V>,
}

/// The effect that belongs to this step alone: the answer to a client's input, or what came with a message.
pub(crate) enum Reply<'a> {
    Accept(Position),
    Await(Round),
    Reject(crate::Rejection),
    /// Bytes of the snapshot that is fetched, and where in it they belong.
    Store(u64, &'a [u8]),
}

impl<'a, V> Iterator for Effects<'a, V> {
    type Item = Effect<'a, V>;

    fn next(&mut self) -> Option<Effect<'a, V>> {
        if self.reply.is_none()
            && let Some(persist) = self.persist()
        {
            return Some(Effect::Persist(persist));
        }
        self.next_but_write()
    }
}

impl<'a, V> Effects<'a, V> {
    /// The next effect that is no [`Effect::Persist`]: for a driver that can send nothing while it writes, so that what
    /// need not wait for the write goes first. The write stays due.
    pub fn next_but_write(&mut self) -> Option<Effect<'a, V>> {
        if let Some(reply) = self.reply.take() {
            return match reply {
                Reply::Accept(position) => Some(Effect::Accept { position }),
                Reply::Await(round) => Some(Effect::Await { round }),
                Reply::Reject(rejection) => Some(Effect::Reject(rejection)),
                Reply::Store(offset, bytes) => {
                    let Stored { snapshot, .. } = self.state.fetch.as_ref()?.here;
                    self.state.store(offset, bytes);
                    Some(Effect::Store { snapshot, offset, bytes })
                }
            };
        }
        if let Some((to, message)) = self.send() {
            return Some(Effect::Send { to, message });
        }
        let has_app = !self.without_app;
        if has_app && let Some(position) = self.take_snapshot() {
            return Some(Effect::TakeSnapshot { position, members: self.state.configuration.members });
        }
        if !self.has_apply() && core::mem::take(&mut self.state.endings.reign) {
            return Some(Effect::LeadershipEnded);
        }
        if has_app && let Some(snapshot) = self.restore() {
            return Some(Effect::Restore { snapshot });
        }
        if has_app && let Some(index) = self.apply() {
            return self.log.entry(index).map(|entry| Effect::Apply(Apply::new(entry)));
        }
        if let Some(to) = self.state.endings.transfer.take() {
            return Some(Effect::TransferFailed { to });
        }
        if let Some((to, piece)) = self.piece() {
            return Some(Effect::SendPiece { to, piece });
        }
        if has_app && let Some(through) = self.ready() {
            return Some(Effect::ReadReady { through });
        }
        // Those that can be answered once the app is back come first.
        let reads = &mut self.state.reads;
        let failed = if has_app || reads.confirmed.is_none() { reads.failed.take() } else { None };
        failed.map(|through| Effect::ReadFailed { through: Round(through.get()) })
    }

    /// The effects but those for the app: [`Effect::Apply`], [`Effect::Restore`], [`Effect::TakeSnapshot`] and
    /// [`Effect::ReadReady`] stay due. For a driver whose app is busy, as one that is restored on another thread: the
    /// node goes on to acknowledge and to vote meanwhile. One that comes to lead so answers nobody until the app is back:
    /// let it hand over ([`Input::Transfer`](crate::Input::Transfer)) if that may take long.
    pub fn without_app(mut self) -> Self {
        self.without_app = true;
        self
    }

    /// Whether an [`Effect::Persist`] is due.
    pub fn has_write(&self) -> bool {
        self.state.has_write(self.log.span.last.index)
    }

    /// The next message. What is said in a term says that the term is durable: so is a vote, and so is whom it is for.
    fn send(&mut self) -> Option<(Seat, Message<'a>)> {
        if !self.state.is_hard_durable() {
            return None;
        }
        while let Some(seat) = self.state.sends.attention.next_from(self.state.sends.turn) {
            self.state.sends.turn = seat;
            if let Some(message) = self.message_to(seat) {
                return Some((seat, message));
            }
            self.state.sends.attention = self.state.sends.attention.without(seat);
        }
        None
    }

    pub(crate) fn message_to(&mut self, seat: Seat) -> Option<Message<'a>> {
        let term = self.state.hard.term;
        let peer = &mut self.peers[seat];
        if core::mem::take(&mut peer.owed.stale) {
            return Some(Message::Ack { term, stamp: 0, outcome: Outcome::Stale });
        }
        let vote = core::mem::replace(&mut peer.owed.vote, OwedVote::NONE);
        if vote.is_owed {
            let OwedVote { term, ballot, granted, .. } = vote;
            return Some(Message::Vote { term, ballot, granted });
        }
        match self.state.role {
            Role::Leader => self.message_to_follower(seat),
            Role::Follower if self.state.follow.leader == Some(seat) => self.message_to_leader(),
            Role::Follower | Role::PreCandidate | Role::Candidate => self.request_vote(seat),
        }
    }

    fn request_vote(&mut self, seat: Seat) -> Option<Message<'a>> {
        let peer = &mut self.peers[seat];
        let HardState { term, .. } = self.state.hard;
        let ballot = self.state.election.ballot;
        let term = if ballot == crate::Ballot::Pre { term.next() } else { term };
        core::mem::take(&mut peer.owed.ballot).then_some(Message::RequestVote {
            term,
            last: self.state.recency(self.log),
            ballot,
        })
    }

    fn message_to_follower(&mut self, seat: Seat) -> Option<Message<'a>> {
        let term = self.state.hard.term;
        let peer = &mut self.peers[seat];
        if core::mem::take(&mut peer.owed.heartbeat) {
            let next = peer.next;
            let is_behind = next <= self.log.span.base.index;
            return Some(if is_behind { self.offer(seat) } else { self.append_entries(seat, next) });
        }
        if core::mem::take(&mut peer.owed.offer) {
            return Some(self.offer(seat));
        }
        let Asked { boot, round, index, .. } = peer.asked;
        if let Some(index) = index
            && core::mem::take(&mut peer.owed.read_answer)
        {
            return Some(Message::ReadAnswer { term, boot, round, index });
        }
        if core::mem::take(&mut peer.owed.campaign) {
            return Some(Message::CampaignNow { term });
        }
        let (next, room) = (self.peers[seat].next, self.window(seat));
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
        let lacks = self.log.bytes_between(peer.next, self.state.commit.next());
        // In a log that is about to forget what the follower lacks, it waits no longer.
        let gives_way = self.state.gives_way() && !self.state.is_crowded(self.log);
        if !is_open || (gives_way && lacks > config.inflight_bytes_max) {
            return 0;
        }
        config.inflight_bytes_max.saturating_sub(self.log.bytes_between(peer.matched.next(), peer.next))
    }

    /// All that the follower is to get next up to and without the entry `behind`.
    fn append_entries(&mut self, seat: Seat, behind: Index) -> Message<'a> {
        let peer = &mut self.peers[seat];
        let entries = self.log.between(peer.next, behind);
        let index = peer.next.previous();
        let previous = Position { term: self.log.term_at(index), index };
        peer.sent += 1;
        peer.next = behind;
        let term = self.state.hard.term;
        let State { commit, follow: Follow { inherited, .. }, .. } = *self.state;
        Message::AppendEntries { term, stamp: peer.sent, previous, commit, inherited, entries }
    }

    fn offer(&mut self, seat: Seat) -> Message<'a> {
        let peer = &mut self.peers[seat];
        peer.sent += 1;
        let HardState { term, .. } = self.state.hard;
        let Snapshots { latest, before, .. } = self.state.snapshots;
        let Follow { inherited, .. } = self.state.follow;
        Message::Offer { term, stamp: peer.sent, latest, before, inherited, members: self.state.configuration.members }
    }

    #[inline(never)]
    fn message_to_leader(&mut self) -> Option<Message<'a>> {
        let term = self.state.hard.term;
        if let Some((stamp, outcome)) = self.answer() {
            return Some(Message::Ack { term, stamp, outcome });
        }
        let window = self.state.settings.inflight_bytes_max;
        if let Some(outcome) = self.state.fetch.as_mut().and_then(|fetch| fetch.question(window)) {
            return Some(Message::Ack { term, stamp: self.state.follow.stamp, outcome });
        }
        let reads = &mut self.state.reads;
        let (boot, round) = (reads.boot, reads.latest);
        core::mem::take(&mut reads.asks).then_some(Message::ReadIndex { term, boot, round })
    }

    /// The next piece of a snapshot, unless that would be faster than the configuration allows.
    fn piece(&mut self) -> Option<(Seat, Piece)> {
        let state = &mut *self.state;
        if !state.is_hard_durable() || state.lead.piece_allowance == 0 || state.gives_way() {
            return None;
        }
        while let Some(seat) = state.lead.fetchers.next_from(state.sends.piece_turn) {
            let pieces = &mut self.peers[seat].pieces;
            let frame = u32::try_from(state.settings.entry_bytes_max).unwrap_or(u32::MAX);
            if let Some(snapshot) = state.wanted(pieces.of)
                && let Some((offset, most)) = pieces.due(frame, snapshot.bytes)
            {
                let length = most.min(state.lead.piece_allowance).min(frame);
                pieces.advance(length);
                state.lead.piece_allowance -= length;
                state.sends.piece_turn = Seat(seat.0 + 1);
                return Some((seat, Piece { snapshot, offset, length: length as usize, term: state.hard.term }));
            }
            state.lead.fetchers = state.lead.fetchers.without(seat);
        }
        None
    }

    fn has_apply(&self) -> bool {
        self.state.applied < self.state.applicable() && self.state.applied >= self.log.span.base.index
    }

    fn apply(&mut self) -> Option<Index> {
        if !self.has_apply() {
            return None;
        }
        self.state.applied = self.state.applied.next();
        Some(self.state.applied)
    }

    fn ready(&mut self) -> Option<Round> {
        let applied = self.state.applied;
        let (round, _) = self.state.reads.confirmed.take_if(|(_, index)| *index <= applied)?;
        // The reads that were held up by this round need not wait for another input.
        Rounds { state: self.state, peers: self.peers }.start();
        Some(Round(round.get()))
    }
}
