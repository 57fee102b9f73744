use core::marker::PhantomData;

use crate::log::Log;
use crate::peer::{Asked, Flow, Peer};
use crate::read::Rounds;
use crate::state::{Answer, State, Write};
use crate::{Apply, Effect, Entries, HardState, Index, Message, Outcome, Persist, Position, Role, Round, Seat, Ticket};

/// What a node has to do now, in the order in which to do it.
///
/// Each effect is made when it is drawn, from the node's own state: there is no queue that could overflow. What is not
/// drawn is offered again by the next step, except the answer to a client's input, which is the first effect of its step.
#[must_use = "a node acts only through its effects"]
pub struct Effects<'a, V> {
    pub(crate) state: &'a mut State,
    pub(crate) peers: &'a mut [Peer],
    pub(crate) log: Log<'a>,
    pub(crate) reply: Option<Reply>,
    pub(crate) view: PhantomData<V>,
}

/// The answer to a client's input.
pub(crate) enum Reply {
    Accept(Position),
    Await(Round),
    Reject(crate::Rejection),
}

impl<'a, V> Iterator for Effects<'a, V> {
    type Item = Effect<'a, V>;

    fn next(&mut self) -> Option<Effect<'a, V>> {
        if let Some(reply) = self.reply.take() {
            return Some(match reply {
                Reply::Accept(position) => Effect::Accept { position },
                Reply::Await(round) => Effect::Await { round },
                Reply::Reject(rejection) => Effect::Reject(rejection),
            });
        }
        let mut draw = Draw { state: self.state, peers: self.peers, log: self.log };
        if let Some(persist) = draw.persist() {
            return Some(Effect::Persist(persist));
        }
        if let Some((to, message)) = draw.send() {
            return Some(Effect::Send { to, message });
        }
        if let Some(index) = draw.apply() {
            return self.log.entry(index).map(|entry| Effect::Apply(Apply::new(entry)));
        }
        draw.ready().map(|through| Effect::ReadReady { through }).or_else(|| {
            let failed = draw.state.reads.failed.take();
            failed.map(|through| Effect::ReadFailed { through })
        })
    }
}

/// A node while an effect is drawn.
struct Draw<'d, 'a> {
    state: &'d mut State,
    peers: &'d mut [Peer],
    log: Log<'a>,
}

impl<'a> Draw<'_, 'a> {
    /// All that is not durable yet, in one write, unless one is under way.
    fn persist(&mut self) -> Option<Persist<'a>> {
        let state = &mut *self.state;
        let last = self.log.span.last.index;
        let is_new = state.hard != state.hard_durable;
        if state.write.is_some() || !(is_new || last > state.written) {
            return None;
        }
        state.writes = state.writes.wrapping_add(1);
        state.write = Some(Write { number: state.writes, hard: state.hard, through: last, since: state.now });
        let (entries, _) = self.log.range(state.written.next(), usize::MAX);
        state.written = last;
        Some(Persist { ticket: Ticket { write: state.writes }, hard_state: is_new.then_some(state.hard), entries })
    }

    /// The next message. What is said in a term says that the term is durable: so is a vote, and so is whom it is for.
    fn send(&mut self) -> Option<(Seat, Message<'a>)> {
        if self.state.hard != self.state.hard_durable {
            return None;
        }
        while let Some(seat) = self.state.attention.next_from(self.state.turn) {
            self.state.turn = seat;
            if let Some(message) = self.message_to(seat) {
                return Some((seat, message));
            }
            self.state.attention = self.state.attention.without(seat);
        }
        None
    }

    fn message_to(&mut self, seat: Seat) -> Option<Message<'a>> {
        let term = self.state.hard.term;
        let peer = &mut self.peers[usize::from(seat.0)];
        if core::mem::take(&mut peer.owed.stale) {
            return Some(Message::Ack { term, stamp: 0, outcome: Outcome::Stale });
        }
        if let Some((term, ballot, granted)) = peer.owed.vote.take() {
            return Some(Message::Vote { term, ballot, granted });
        }
        match self.state.role {
            Role::Leader => self.message_to_follower(seat),
            Role::Follower if self.state.leader == Some(seat) => self.message_to_leader(),
            Role::Follower => None,
            Role::PreCandidate | Role::Candidate => self.request_vote(seat),
        }
    }

    fn request_vote(&mut self, seat: Seat) -> Option<Message<'a>> {
        let peer = &mut self.peers[usize::from(seat.0)];
        let HardState { term, .. } = self.state.hard;
        let ballot = self.state.ballot;
        let term = if ballot == crate::Ballot::Pre { term.next() } else { term };
        core::mem::take(&mut peer.owed.ballot).then_some(Message::RequestVote {
            term,
            last: self.log.span.last,
            ballot,
        })
    }

    fn message_to_follower(&mut self, seat: Seat) -> Option<Message<'a>> {
        let term = self.state.hard.term;
        let peer = &mut self.peers[usize::from(seat.0)];
        if core::mem::take(&mut peer.owed.heartbeat) {
            return Some(self.append_entries(seat, Entries::default(), None));
        }
        if let Some(Asked { boot, round, index: Some(index), .. }) = peer.asked
            && core::mem::take(&mut peer.owed.read_answer)
        {
            return Some(Message::ReadAnswer { term, boot, round, index });
        }
        if core::mem::take(&mut peer.owed.campaign) {
            return Some(Message::CampaignNow { term });
        }
        let (next, room) = (self.peers[usize::from(seat.0)].next, self.window(seat));
        let (entries, behind) = self.log.range(next, self.state.config.entry_bytes_max.min(room));
        (!entries.is_empty()).then(|| self.append_entries(seat, entries, Some(behind)))
    }

    /// How many bytes of entries may be sent to this follower now. Those on the way are what lies between what has matched
    /// and what is next, so that none can leak.
    fn window(&self, seat: Seat) -> usize {
        let peer = &self.peers[usize::from(seat.0)];
        let config = &self.state.config;
        let is_open = peer.flow == Flow::Pipeline && peer.sent - peer.echoed < u64::from(config.inflight_messages_max);
        let under_way = self.log.bytes_between(peer.matched.next(), peer.next);
        if is_open { config.inflight_bytes_max.saturating_sub(under_way) } else { 0 }
    }

    fn append_entries(&mut self, seat: Seat, entries: Entries<'a>, behind: Option<Index>) -> Message<'a> {
        let peer = &mut self.peers[usize::from(seat.0)];
        let index = peer.next.previous();
        let previous = Position { term: self.log.term_at(index).unwrap_or_default(), index };
        peer.sent += 1;
        peer.next = behind.unwrap_or(peer.next);
        let term = self.state.hard.term;
        Message::AppendEntries { term, stamp: peer.sent, previous, commit: self.state.commit, entries }
    }

    fn message_to_leader(&mut self) -> Option<Message<'a>> {
        let term = self.state.hard.term;
        let index = self.state.acknowledgeable();
        let is_news = index > self.state.acked;
        if let Some(answer) = self.state.answer.take().or(is_news.then_some(Answer::Matched)) {
            let (stamp, outcome) = match answer {
                Answer::Matched => (self.state.stamp, Outcome::Matched(index)),
                Answer::Full => (self.state.stamp, Outcome::Full(index)),
                Answer::Conflict { stamp, hint } => (stamp, Outcome::Conflict(hint)),
            };
            if !matches!(outcome, Outcome::Conflict(_)) {
                self.state.acked = self.state.acked.max(index);
            }
            return Some(Message::Ack { term, stamp, outcome });
        }
        let reads = &mut self.state.reads;
        let (boot, round) = (reads.boot, reads.latest);
        core::mem::take(&mut reads.asks).then_some(Message::ReadIndex { term, boot, round })
    }

    fn apply(&mut self) -> Option<Index> {
        if self.state.applied >= self.state.applicable() {
            return None;
        }
        self.state.applied = self.state.applied.next();
        Some(self.state.applied)
    }

    fn ready(&mut self) -> Option<Round> {
        let applied = self.state.applied;
        let (round, _) = self.state.reads.confirmed.take_if(|(_, index)| *index <= applied)?;
        // The reads that were held up by this round need not wait for another input.
        Rounds { state: self.state, peers: self.peers, log: self.log }.start();
        Some(round)
    }
}
