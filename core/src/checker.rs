use crate::disk::Write;
use crate::peer::{Flow, Owed, Peer, Refused};
use crate::{
    Ballot, HardState, Identity, Incarnation, Index, Instant, Members, Message, Node, Outcome, Refusals, Role, Seat,
    Seats, Term,
};

/// What a model checker needs beside `Clone + Eq + Hash`, so that states that behave alike are equal.
impl<C, B, const SEATS: usize> Node<C, B, SEATS> {
    /// Leaves out the question that a node asks when it starts, as if it had been lost.
    pub fn forget_greeting(&mut self) {
        self.state.election.greets = false;
    }

    /// Draws anew when to campaign, and all that is random from now on, from this seed.
    pub fn reseed(&mut self, seed: u64) {
        self.state.timers.reseed(seed);
        self.state.timers.rest();
    }

    /// Lets time start anew, with every timer as if it had just been wound, and forgets numbers that only tell past
    /// from present.
    ///
    /// What is left of time is whether a leader is heard. The next heartbeat is due after a heartbeat interval, the end
    /// of a transfer after an election time-out, an election and a leader's count of its followers after two. A checker
    /// that lets each of them come at any moment sees all that a clock and a random seed could do, and more: a leader
    /// whose count comes then has heard nobody.
    pub fn forget_time(&mut self) {
        let state = &mut self.state;
        let hears = state.hears_leader();
        state.follow.leader_until =
            if hears { Instant::START.after(state.timers.election_micros()) } else { Instant::START };
        (state.timers.now, state.timers.behind) = (Instant::START, 0);
        state.timers.reseed(0);
        state.timers.timeout_due = Instant::START.after(2 * state.timers.election_micros());
        state.timers.await_beat();
        if let Some(transfer) = &mut state.lead.transfer {
            transfer.until = Instant::START.after(state.timers.election_micros());
        }
        state.disk.name = u64::from(state.disk.write.is_some());
        state.disk.write = state.disk.write.map(|write| Write { since: Instant::START, ..write });
        state.refusals = Refusals::default();
        state.sends.turn = Seat(0);
        state.snapshots.again = Instant::START;
        state.sends.piece_turn = Seat(0);
        state.lead.piece_allowance = state.settings.snapshot_bytes_per_heartbeat;
        for peer in &mut self.peers {
            (peer.heard, peer.refused) = (Instant::START, Refused::NOTHING);
        }
    }

    /// Forgets what no rule looks at in the node's present role: it is set anew before one does.
    pub fn forget_other_roles(&mut self) {
        self.set_other_roles(Seats::NONE, Ballot::Pre, Peer::NEW);
    }

    /// Puts junk where [`forget_other_roles`](Node::forget_other_roles) forgets, to show that no rule looks there.
    pub fn scramble_other_roles(&mut self) {
        let flow = Flow::Probe;
        let (matched, next, sent, echoed, reset_at, round_from) = (Index(2), Index(1), 3, 5, 4, 1);
        let owed = Owed { heartbeat: true, ballot: true, stale: true, ..Owed::NONE };
        let junk = Peer { matched, next, sent, echoed, reset_at, round_from, flow, owed, ..Peer::NEW };
        self.set_other_roles(Seats::first(SEATS), Ballot::Transfer, junk);
    }

    fn set_other_roles(&mut self, seats: Seats, ballot: Ballot, other: Peer) {
        let state = &mut self.state;
        if !matches!(state.role, Role::PreCandidate | Role::Candidate) {
            (state.election.votes, state.election.answered, state.election.ballot) = (seats, seats, ballot);
        }
        let others = state.configuration.others;
        for (seat, peer) in self.peers.iter_mut().enumerate() {
            let Peer { incarnation, heard, asked, owed, .. } = *peer;
            if !others.contains(Seat(seat as u8)) {
                *peer = Peer { incarnation, ..other.clone() };
            } else if !state.is_leader() {
                *peer = Peer { incarnation, heard, asked, owed, ..other.clone() };
            }
        }
    }

    /// Gives one stamp to all that was sent since `next` was last taken back, and takes it for echoed: without reads
    /// and before the window closes, a stamp is only held against the last time that this happened, and, where all that
    /// was sent is acknowledged, against that. A refusal is always late then, for no follower loses what it
    /// acknowledged. What was sent must then be [folded](Node::folded_stamp) as well.
    pub fn fold_stamps(&mut self) {
        for peer in &mut self.peers {
            peer.sent = peer.sent.min(peer.reset_at + 1);
            peer.echoed = peer.sent;
        }
    }

    /// The stamp of an `AppendEntries` that was just sent, as it is after [`fold_stamps`](Node::fold_stamps).
    pub fn folded_stamp(&self, to: Seat, stamp: u64) -> u64 {
        stamp.min(self.peers[to].reset_at + 1)
    }

    /// Undoes [`fold_stamps`](Node::fold_stamps) in some other way, to show that no rule looks there.
    pub fn spread_stamps(&mut self) {
        for peer in self.peers.iter_mut().filter(|peer| peer.sent > peer.reset_at) {
            peer.sent += 3;
            peer.echoed = peer.reset_at + 2;
        }
    }

    /// The latest incarnation in which a member was heard.
    ///
    /// # Panics
    /// The node has no such seat.
    pub fn heard_incarnation(&self, seat: Seat) -> Incarnation {
        self.peers[seat].incarnation
    }

    /// Whether nothing comes of a message, now or ever: in this life, or after a crash that leaves the disk in the term
    /// `durable` or a later one. The disk must not get lost. What a later incarnation says is never done with: it tells
    /// at least that there is one, to a node that has forgotten it by a crash.
    pub fn is_done_with(&self, from: Identity, message: &Message<'_>, durable: Term) -> bool {
        if from.incarnation > Incarnation(0) {
            return false;
        }
        let (state, term, peer) = (&self.state, message.term(), &self.peers[from.seat]);
        // In this life. After a crash it is heard again.
        let is_refused = from.incarnation < peer.incarnation;
        // In a term that is durable a node becomes nothing but what its role leads to, and that only before a crash.
        let role = state.role;
        let is_in = |roles: &[Role]| durable < term || (state.hard.term == term && roles.contains(&role));
        match *message {
            Message::RequestVote { .. }
            | Message::AppendEntries { .. }
            | Message::Offer { .. }
            | Message::Piece { .. } => false,
            Message::Vote { ballot: Ballot::Pre, granted: true, .. } => durable >= term,
            Message::Vote { ballot: Ballot::Pre, .. }
            | Message::ReadIndex { .. }
            | Message::ReadAnswer { .. }
            | Message::CampaignNow { .. } => durable > term,
            Message::Vote { granted, .. } => {
                let is_counted = state.election.answered.contains(from.seat)
                    && (!granted || state.election.votes.contains(from.seat));
                !is_in(&[Role::Candidate]) || (durable >= term && (is_counted || is_refused))
            }
            Message::Ack { outcome: Outcome::Stale, .. } => durable >= term,
            Message::Ack { stamp, outcome, .. } => {
                let is_heard = role == Role::Leader && peer.has_heard(stamp, outcome, state.follow.inherited);
                !is_in(&[Role::Candidate, Role::Leader]) || (durable >= term && (is_heard || is_refused))
            }
        }
    }

    /// The node as it would be if the members had other seats: a checker folds states that differ in names alone.
    ///
    /// # Panics
    /// `names` leads out of the node's seats.
    pub fn rename(&mut self, names: impl Fn(Seat) -> Seat) {
        let seats = |seats: Seats| seats.iter().map(&names).collect::<Seats>();
        let hard_state = |hard: HardState| HardState { vote: hard.vote.map(&names), ..hard };
        let state = &mut self.state;
        let Members { voters, outgoing, learners, witnesses } = state.configuration.members;
        state.configuration.members = Members {
            voters: seats(voters),
            outgoing: seats(outgoing),
            learners: seats(learners),
            witnesses: seats(witnesses),
        };
        state.configuration.others = seats(state.configuration.others);
        state.settings.identity.seat = names(state.settings.identity.seat);
        state.hard = hard_state(state.hard);
        state.disk.hard = hard_state(state.disk.hard);
        state.disk.write = state.disk.write.map(|write| Write { hard: hard_state(write.hard), ..write });
        state.follow.leader = state.follow.leader.map(&names);
        state.endings.transfer = state.endings.transfer.map(&names);
        state.election.votes = seats(state.election.votes);
        state.election.answered = seats(state.election.answered);
        state.sends.attention = seats(state.sends.attention);
        state.lead.fetchers = seats(state.lead.fetchers);
        state.configuration.reborn = seats(state.configuration.reborn);
        state.sends.turn = names(state.sends.turn);
        if let Some(transfer) = &mut state.lead.transfer {
            transfer.to = names(transfer.to);
        }
        let before = self.peers.clone();
        for (seat, peer) in before.into_iter().enumerate() {
            self.peers[names(Seat(seat as u8))] = peer;
        }
    }
}

impl Peer {
    /// Whether an ack says nothing that the leader does not know, for the rest of its reign: all that is looked at only
    /// rises, and when `next` is taken back, `reset_at` rises over every stamp that was echoed.
    fn has_heard(&self, stamp: u64, outcome: Outcome, inherited: Index) -> bool {
        let is_old_news = stamp <= self.reset_at;
        stamp <= self.echoed
            && match outcome {
                Outcome::Matched(index) => {
                    let is_marked = self.marked || index < inherited;
                    index <= self.matched && is_marked && (is_old_news || self.flow == Flow::Pipeline)
                }
                Outcome::Conflict(_) => is_old_news,
                Outcome::Full(_) | Outcome::Stale | Outcome::TooSmall | Outcome::Wants { .. } => false,
            }
    }
}
