use core::marker::PhantomData;

use crate::election::OwedVote;
use crate::log::Log;
use crate::peer::Peer;
use crate::state::State;
use crate::{Apply, Effect, Entries, Message, Outcome, Role, Round, Seat, Stored};

/// What a node answers to what it was told, and what it has to do now, in the order in which to do it.
///
/// Each effect is made when it is drawn, from the node's own state: there is no queue that could overflow. What is not
/// drawn is offered again by the next step, except an [`Effect::Store`], which is the first effect of its step. Who draws
/// all of them does so fastest by `for_each`.
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
    /// What else can be applied, one by one, without another look at anything.
    pub(crate) applicable: Entries<'a>,
    /// Whether there may be a write to ask for.
    pub(crate) asks_write: bool,
    /// What is looked at next.
    pub(crate) stage: Stage,
}

/// What there may be to draw, in this order. What has nothing more to say is not looked at again in the same step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    News,
    Sends,
    App,
    Endings,
    Pieces,
    Reads,
    Nothing,
}

impl<'a, V, A> Iterator for Effects<'a, V, A> {
    type Item = Effect<'a, V>;

    fn next(&mut self) -> Option<Effect<'a, V>> {
        let draw = &mut self.draw;
        if draw.asks_write && draw.stores.is_none() && !draw.state.configuration.is_news {
            draw.asks_write = false;
            if let Some(persist) = draw.persist() {
                return Some(Effect::Persist(persist));
            }
        }
        self.next_but_write()
    }

    /// All effects, without coming back for each: this is what `for_each` does, and faster than a loop.
    fn fold<B, F: FnMut(B, Effect<'a, V>) -> B>(self, init: B, mut act: F) -> B {
        let (mut draw, mut result) = (self.draw, init);
        while let Some(news) = draw.news() {
            result = act(result, news);
        }
        if draw.asks_write
            && let Some(persist) = draw.persist()
        {
            result = act(result, Effect::Persist(persist));
        }
        loop {
            while let Some((to, message)) = draw.send() {
                result = act(result, Effect::Send { to, message });
            }
            while let Some(effect) = draw.for_app() {
                result = act(result, effect);
            }
            while let Some(ending) = draw.ending() {
                result = act(result, ending);
            }
            while let Some((to, piece)) = draw.piece() {
                result = act(result, Effect::SendPiece { to, piece });
            }
            let Some(read) = draw.read() else { return result };
            result = act(result, read);
        }
    }
}

impl<'a, V, A> Effects<'a, V, A> {
    /// The next effect that is no [`Effect::Persist`]: for a driver that can send nothing while it writes, so that what
    /// need not wait for the write goes first. The write stays due.
    pub fn next_but_write(&mut self) -> Option<Effect<'a, V>> {
        let draw = &mut self.draw;
        if draw.stage == Stage::News {
            if let Some(news) = draw.news() {
                return Some(news);
            }
            draw.stage = Stage::Sends;
        }
        if draw.stage == Stage::Sends {
            if let Some((to, message)) = draw.send() {
                return Some(Effect::Send { to, message });
            }
            draw.stage = Stage::App;
        }
        if draw.stage == Stage::App {
            if let Some(effect) = draw.for_app() {
                return Some(effect);
            }
            draw.stage = Stage::Endings;
        }
        if draw.stage == Stage::Endings {
            if let Some(ending) = draw.ending() {
                return Some(ending);
            }
            draw.stage = Stage::Pieces;
        }
        if draw.stage == Stage::Pieces {
            if let Some((to, piece)) = draw.piece() {
                return Some(Effect::SendPiece { to, piece });
            }
            draw.stage = Stage::Reads;
        }
        if draw.stage == Stage::Reads {
            if let Some(read) = draw.read() {
                return Some(read);
            }
            draw.stage = Stage::Nothing;
        }
        None
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
    pub(crate) fn new(
        state: &'a mut State,
        peers: &'a mut [Peer],
        log: Log<'a>,
        memory: &'a [u8],
        stores: Stores<'a>,
    ) -> Draw<'a> {
        let applicable = Entries::default();
        Draw { state, peers, log, memory, stores, without_app: false, applicable, asks_write: true, stage: Stage::News }
    }

    /// What came with the step's message to be stored, and who takes part, once after each change.
    fn news<V>(&mut self) -> Option<Effect<'a, V>> {
        if let Some((offset, bytes)) = self.stores.take()
            && let Some(fetch) = &self.state.fetch
        {
            let Stored { snapshot, .. } = fetch.here;
            self.state.store(offset, bytes);
            return Some(Effect::Store { snapshot, offset, bytes });
        }
        let configuration = &mut self.state.configuration;
        if !core::mem::take(&mut configuration.is_news) {
            return None;
        }
        let since = configuration.since;
        Some(Effect::Members { since, roster: configuration.roster(self.log, self.memory) })
    }

    /// The next message. What is said in a term says that the term is durable: so is a vote, and so is whom it is for.
    fn send(&mut self) -> Option<(Seat, Message<'a>)> {
        if self.state.sends.attention.is_empty() || !self.state.is_hard_durable() {
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

    fn for_app<V>(&mut self) -> Option<Effect<'a, V>> {
        let has_app = !self.without_app;
        if has_app && let Some(entry) = self.applicable.next() {
            self.state.applied = self.state.applied.next();
            return Some(Effect::Apply(Apply::new(entry)));
        }
        if has_app && let Some(position) = self.take_snapshot() {
            return Some(Effect::TakeSnapshot { position, members: self.state.configuration.members });
        }
        if !self.state.may_apply(self.log) && core::mem::take(&mut self.state.endings.reign) {
            return Some(Effect::LeadershipEnded);
        }
        if !has_app {
            return None;
        }
        if let Some(snapshot) = self.restore() {
            return Some(Effect::Restore { snapshot });
        }
        let index = self.state.apply(self.log)?;
        // As long as no snapshot has to be taken in between, the rest follows at once.
        if !self.state.may_need_snapshot(self.log) {
            self.applicable = self.log.between(index, self.state.applicable());
        }
        self.log.entry(index).map(|entry| Effect::Apply(Apply::new(entry)))
    }

    fn ending<V>(&mut self) -> Option<Effect<'a, V>> {
        let endings = &mut self.state.endings;
        if let Some(to) = endings.transfer.take() {
            return Some(Effect::TransferFailed { to });
        }
        if let Some((seat, reason)) = endings.plan.take() {
            return Some(Effect::ChangeFailed { seat, reason });
        }
        endings.dismissal.take().map(Effect::Dismissed)
    }

    /// What has become of reads. Those that can be answered once the app is back come first.
    fn read<V>(&mut self) -> Option<Effect<'a, V>> {
        let has_app = !self.without_app;
        if has_app && let Some(through) = self.ready() {
            // The next round may have begun, and asks others.
            self.stage = Stage::Sends;
            return Some(Effect::ReadReady { through });
        }
        let reads = &mut self.state.reads;
        let failed = if has_app || reads.confirmed.is_none() { reads.failed.take() } else { None };
        failed.map(|through| Effect::ReadFailed { through: Round(through.get()) })
    }

    pub(crate) fn message_to(&mut self, seat: Seat) -> Option<Message<'a>> {
        let is_owed = self.peers[seat].owed.is_anything();
        if is_owed && let Some(message) = self.owed_to(seat) {
            return Some(message);
        }
        let State { role, ref configuration, ref follow, .. } = *self.state;
        match role {
            Role::Leader if configuration.others.contains(seat) => {
                self.further_entries(seat).or_else(|| self.word_of_commit(seat))
            }
            Role::Follower if follow.leader == Some(seat) => self.message_to_leader(),
            Role::Follower | Role::PreCandidate | Role::Candidate | Role::Leader => None,
        }
    }

    /// A message that this seat is owed, if this node may still say it.
    #[cfg_attr(not(target_os = "none"), inline(never))]
    fn owed_to(&mut self, seat: Seat) -> Option<Message<'a>> {
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
            Role::Leader => self.owed_to_follower(seat),
            Role::Follower if self.state.follow.leader == Some(seat) => None,
            Role::Follower | Role::PreCandidate | Role::Candidate => self.request_vote(seat),
        }
    }

    fn owed_to_follower(&mut self, seat: Seat) -> Option<Message<'a>> {
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
        let campaigns = core::mem::take(&mut self.peers[seat].owed.campaign);
        campaigns.then_some(Message::CampaignNow { term: self.state.hard.term })
    }

    #[inline(never)]
    fn message_to_leader(&mut self) -> Option<Message<'a>> {
        if let Some(ack) = self.ack() {
            return Some(ack);
        }
        if self.state.fetch.is_some()
            && let Some(question) = self.question()
        {
            return Some(question);
        }
        if self.state.reads.asks { self.read_index() } else { None }
    }
}
