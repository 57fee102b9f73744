use core::marker::PhantomData;

use crate::election::OwedVote;
use crate::log::Log;
use crate::peer::Peer;
use crate::state::State;
use crate::{Apply, Effect, Message, Outcome, Role, Round, Seat, Stored};

/// What a node answers to what it was told, and what it has to do now, in the order in which to do it.
///
/// Each effect is made when it is drawn, from the node's own state: there is no queue that could overflow. What is not
/// drawn is offered again by the next step, except an [`Effect::Store`], which is the first effect of its step.
#[must_use = "a node acts only through its effects"]
pub struct Effects<'a, V, A = ()> {
    /// What comes of the input at once.
    pub answer: A,
    pub(crate) draw: Draw<'a>,
    pub(crate) view: PhantomData<V>,
}

/// Bytes of the snapshot that is fetched, which came with a step's message, and where in it they belong.
pub(crate) type Stores<'a> = Option<(u64, &'a [u8])>;

/// A node while effects are drawn from it.
pub(crate) struct Draw<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) peers: &'a mut [Peer],
    pub(crate) log: Log<'a>,
    /// Where the last configuration that is committed stands.
    pub(crate) memory: &'a [u8],
    pub(crate) stores: Stores<'a>,
    /// Whether what is for the app has to wait.
    pub(crate) without_app: bool,
}

impl<'a, V, A> Iterator for Effects<'a, V, A> {
    type Item = Effect<'a, V>;

    fn next(&mut self) -> Option<Effect<'a, V>> {
        if self.draw.stores.is_none()
            && !self.draw.state.configuration.is_news
            && let Some(persist) = self.draw.persist()
        {
            return Some(Effect::Persist(persist));
        }
        self.next_but_write()
    }
}

impl<'a, V, A> Effects<'a, V, A> {
    /// The next effect that is no [`Effect::Persist`]: for a driver that can send nothing while it writes, so that what
    /// need not wait for the write goes first. The write stays due.
    pub fn next_but_write(&mut self) -> Option<Effect<'a, V>> {
        if let Some((offset, bytes)) = self.draw.stores.take() {
            let Stored { snapshot, .. } = self.draw.state.fetch.as_ref()?.here;
            self.draw.state.store(offset, bytes);
            return Some(Effect::Store { snapshot, offset, bytes });
        }
        if let Some(members) = self.draw.members() {
            return Some(members);
        }
        if let Some((to, message)) = self.draw.send() {
            return Some(Effect::Send { to, message });
        }
        let has_app = !self.draw.without_app;
        if has_app && let Some(position) = self.draw.take_snapshot() {
            return Some(Effect::TakeSnapshot { position, members: self.draw.state.configuration.members });
        }
        let Draw { ref mut state, log, .. } = self.draw;
        if !state.may_apply(log) && core::mem::take(&mut state.endings.reign) {
            return Some(Effect::LeadershipEnded);
        }
        if has_app && let Some(snapshot) = self.draw.restore() {
            return Some(Effect::Restore { snapshot });
        }
        let Draw { ref mut state, log, .. } = self.draw;
        if has_app && let Some(index) = state.apply(log) {
            return log.entry(index).map(|entry| Effect::Apply(Apply::new(entry)));
        }
        if let Some(to) = state.endings.transfer.take() {
            return Some(Effect::TransferFailed { to });
        }
        if let Some((seat, reason)) = state.endings.plan.take() {
            return Some(Effect::ChangeFailed { seat, reason });
        }
        if let Some(dismissal) = state.endings.dismissal.take() {
            return Some(Effect::Dismissed(dismissal));
        }
        if let Some((to, piece)) = self.draw.piece() {
            return Some(Effect::SendPiece { to, piece });
        }
        if has_app && let Some(through) = self.draw.ready() {
            return Some(Effect::ReadReady { through });
        }
        // Those that can be answered once the app is back come first.
        let reads = &mut self.draw.state.reads;
        let failed = if has_app || reads.confirmed.is_none() { reads.failed.take() } else { None };
        failed.map(|through| Effect::ReadFailed { through: Round(through.get()) })
    }

    /// The effects but those for the app: [`Effect::Apply`], [`Effect::Restore`], [`Effect::TakeSnapshot`] and
    /// [`Effect::ReadReady`] stay due. For a driver whose app is busy, as one that is restored on another thread: the
    /// node goes on to acknowledge and to vote meanwhile. One that comes to lead so answers nobody until the app is back:
    /// let it hand over ([`Transfer`](crate::Transfer)) if that may take long.
    pub fn without_app(mut self) -> Self {
        self.draw.without_app = true;
        self
    }

    /// Whether an [`Effect::Persist`] is due.
    pub fn has_write(&self) -> bool {
        self.draw.state.has_write(self.draw.log.span.last.index)
    }
}

impl<'a> Draw<'a> {
    /// Who takes part, once after each change.
    fn members<V>(&mut self) -> Option<Effect<'a, V>> {
        let configuration = &mut self.state.configuration;
        if !core::mem::take(&mut configuration.is_news) {
            return None;
        }
        let since = configuration.since;
        Some(Effect::Members { since, roster: configuration.roster(self.log, self.memory) })
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
        let peer = &mut self.peers[seat];
        if core::mem::take(&mut peer.owed.stale) {
            return Some(self.state.ack(0, Outcome::Stale));
        }
        if peer.owed.vote.is_owed {
            return Some(core::mem::replace(&mut peer.owed.vote, OwedVote::NONE).message(peer.incarnation));
        }
        if let Some(word) = self.word(seat) {
            return Some(word);
        }
        match self.state.role {
            Role::Leader if !self.state.configuration.others.contains(seat) => None,
            Role::Leader => self.message_to_follower(seat),
            Role::Follower if self.state.follow.leader == Some(seat) => self.message_to_leader(),
            Role::Follower | Role::PreCandidate | Role::Candidate => self.request_vote(seat),
        }
    }

    fn message_to_follower(&mut self, seat: Seat) -> Option<Message<'a>> {
        let peer = &mut self.peers[seat];
        if core::mem::take(&mut peer.owed.heartbeat) {
            let next = peer.next;
            return Some(self.heartbeat(seat, next));
        }
        if core::mem::take(&mut peer.owed.offer) {
            return Some(self.offer(seat));
        }
        if let Some(answer) = self.read_answer(seat) {
            return Some(answer);
        }
        if core::mem::take(&mut self.peers[seat].owed.campaign) {
            return Some(Message::CampaignNow { term: self.state.hard.term });
        }
        self.further_entries(seat)
    }

    #[inline(never)]
    fn message_to_leader(&mut self) -> Option<Message<'a>> {
        if let Some(ack) = self.ack() {
            return Some(ack);
        }
        if let Some(question) = self.question() {
            return Some(question);
        }
        self.read_index()
    }
}
