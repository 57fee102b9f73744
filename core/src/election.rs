use crate::draw::Draw;
use crate::snapshots::Image;
use crate::state::State;
use crate::step::Step;
use crate::timers::Timers;
use crate::{Ballot, Identity, Incarnation, Instant, Message, Position, Role, Seat, Seats, Term};

/// The election under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub(crate) struct Election {
    pub(crate) ballot: Ballot,
    /// Who granted a vote.
    pub(crate) votes: Seats,
    /// Who has answered.
    pub(crate) answered: Seats,
}

impl Election {
    pub(crate) const NONE: Election = Election { ballot: Ballot::Pre, votes: Seats::NONE, answered: Seats::NONE };

    /// What a seat has answered was another life's.
    pub(crate) fn forget(&mut self, seat: Seat) {
        self.votes = self.votes.without(seat);
        self.answered = self.answered.without(seat);
    }
}

/// The answer to a `RequestVote`, as it was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct OwedVote {
    pub(crate) is_owed: bool,
    pub(crate) term: Term,
    pub(crate) ballot: Ballot,
    pub(crate) granted: bool,
}

impl OwedVote {
    pub(crate) const NONE: OwedVote = OwedVote { is_owed: false, term: Term(0), ballot: Ballot::Pre, granted: false };

    /// The answer, to the life of the candidate's store that asked: the peer is that one, or it would owe nothing.
    pub(crate) fn message<'a>(self, incarnation: Incarnation) -> Message<'a> {
        let OwedVote { is_owed: _, term, ballot, granted } = self;
        Message::Vote { term, ballot, granted, incarnation }
    }
}

impl Step<'_> {
    /// What a node that does not lead does when its time comes (section 5.2).
    pub(crate) fn await_leader(&mut self) {
        let Timers { now, timeout_due, beat_due, .. } = self.state.timers;
        if now >= timeout_due && now >= self.state.timeout_due() {
            self.lose_patience();
        }
        if now >= beat_due && (self.state.role != Role::Follower || self.state.reads.under_way.is_some()) {
            self.ask_again();
        }
        if self.state.follow.leader.is_none() {
            self.leave();
        }
    }

    /// No leader was heard for an election time-out.
    #[cfg_attr(not(target_os = "none"), inline(never))]
    fn lose_patience(&mut self) {
        if self.state.may_campaign() {
            return self.ask_around();
        }
        // What keeps it from standing may end: a node always has a deadline. One that is none of the members, or has to be
        // given a snapshot first, says that it is there, so often that whoever leads can tell.
        if !self.state.may_stand() || self.state.snapshots.image == Image::Lost {
            self.forget_leader();
            self.state.timers.timeout_due = self.state.timers.now.after(self.state.timers.election_micros() / 2);
            self.state.election = Election::NONE;
            self.owe_ballots();
        } else {
            self.state.timers.timeout_due = self.state.timers.now.after(self.state.timers.heartbeat_micros());
        }
    }

    /// Asks the others whether they would vote for this node, before it enters a new term (section 9.6 of the thesis).
    fn ask_around(&mut self) {
        self.forget_leader();
        self.state.role = Role::PreCandidate;
        self.open_ballot(Ballot::Pre, self.state.me());
        self.count_votes();
    }

    /// Stands for election in a new term. Its own vote counts, and the others are asked, once that vote is durable.
    fn campaign(&mut self, ballot: Ballot) {
        self.follow(self.state.hard.term.next());
        self.state.hard.vote = Some(self.state.settings.identity);
        self.state.role = Role::Candidate;
        self.open_ballot(ballot, Seats::NONE);
    }

    #[cfg_attr(target_os = "none", inline(always))]
    fn open_ballot(&mut self, ballot: Ballot, votes: Seats) {
        self.state.timers.rest();
        self.state.election = Election { ballot, votes, ..Election::NONE };
        self.state.timers.await_beat();
        self.owe_ballots();
    }

    fn owe_ballots(&mut self) {
        for peer in self.everyone() {
            peer.owed.ballot = true;
        }
    }

    /// A request or its answer may be lost: those that are silent are asked once more.
    #[cfg_attr(not(target_os = "none"), inline(never))]
    fn ask_again(&mut self) {
        if !matches!(self.state.role, Role::PreCandidate | Role::Candidate) {
            return self.ask_read_again();
        }
        self.state.timers.await_beat();
        for seat in self.state.silent().iter() {
            self.peer(seat).owed.ballot = true;
        }
    }

    pub(crate) fn count_own_vote(&mut self) {
        if self.state.role == Role::Candidate && self.state.is_hard_durable() {
            self.state.election.votes = self.state.election.votes.union(self.state.me());
            self.count_votes();
        }
    }

    fn count_votes(&mut self) {
        if !self.state.configuration.is_quorum(self.state.election.votes) {
            return;
        }
        match self.state.role {
            Role::PreCandidate => self.campaign(Ballot::Real),
            Role::Candidate => self.take_office(),
            Role::Follower | Role::Leader => {}
        }
    }

    /// A candidate asks. `RequestVote`'s receiver in figure 2, with pre-vote and without disturbance of a leader that
    /// is heard. A leader answers the question whether it is gone by being there.
    pub(crate) fn on_request_vote(&mut self, from: Identity, term: Term, last: Position, ballot: Ballot) {
        let seat = from.seat;
        let is_recent = last >= self.state.recency(self.log.view());
        if ballot == Ballot::Pre && self.state.is_leader() {
            self.peer(seat).owed.heartbeat = true;
            return;
        }
        if ballot == Ballot::Pre {
            // It asks once more: then its turn may have come.
            if self.state.is_fenced() && self.state.follow.leader.is_none() {
                return;
            }
            let granted = term > self.state.hard.term && is_recent && !self.state.is_fenced();
            let term = if granted { term } else { self.state.hard.term };
            self.peer(seat).owed.vote = OwedVote { is_owed: true, term, ballot, granted };
            return;
        }
        if ballot == Ballot::Real && self.state.is_fenced() {
            return;
        }
        if term > self.state.hard.term {
            self.follow(term);
        }
        let is_current = term == self.state.hard.term;
        let is_free = self.state.hard.vote.is_none() && self.state.follow.leader.is_none();
        let granted = is_current && is_recent && (is_free || self.state.hard.vote == Some(from));
        if granted {
            self.state.hard.vote = Some(from);
            self.state.timers.rest();
        }
        let term = self.state.hard.term;
        self.peer(seat).owed.vote = OwedVote { is_owed: true, term, ballot, granted };
    }

    /// Somebody would vote for this node in `term`.
    pub(crate) fn on_pre_vote(&mut self, from: Seat, term: Term) {
        if self.state.role == Role::PreCandidate && term == self.state.hard.term.next() {
            self.state.election.answered = self.state.election.answered.and(from);
            self.state.election.votes = self.state.election.votes.and(from);
            self.count_votes();
        }
    }

    /// A vote of this term, or a refusal. Nobody was asked before the candidate's own vote was durable: what comes
    /// earlier answers something else, perhaps an earlier life of a node that forgot it.
    pub(crate) fn on_vote(&mut self, from: Seat, ballot: Ballot, granted: bool) {
        let is_answer = match self.state.role {
            Role::PreCandidate => ballot == Ballot::Pre,
            Role::Candidate => ballot != Ballot::Pre && self.state.is_hard_durable(),
            Role::Follower | Role::Leader => false,
        };
        if !is_answer {
            return;
        }
        self.state.election.answered = self.state.election.answered.and(from);
        if granted && self.state.role == Role::Candidate {
            self.state.election.votes = self.state.election.votes.and(from);
            self.count_votes();
        }
    }

    /// The leader wants this node to take over.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn on_campaign_now(&mut self, from: Seat) {
        if self.state.follow.leader == Some(from) && self.state.may_campaign() {
            self.campaign(Ballot::Transfer);
        }
    }

    /// The election is won: every follower is taken to have the same log until it says otherwise.
    fn take_office(&mut self) {
        let (now, next) = (self.state.timers.now, self.log.span.last.index.next());
        self.state.role = Role::Leader;
        self.state.follow.leader = Some(self.state.seat());
        // Its own mark counts once it is durable, behind the log.
        self.state.follow.inherited = self.log.span.last.index;
        self.state.mark = self.state.hard.term;
        self.state.timers.await_beat();
        self.state.timers.timeout_due = self.state.timers.after_timeout();
        self.state.lead.piece_allowance = self.state.settings.snapshot_bytes_per_heartbeat;
        let others = self.state.configuration.others;
        for (seat, peer) in (0..).map(Seat).zip(self.everyone()) {
            peer.start(next, now);
            peer.owed.heartbeat = true;
            // Who is to be added has to speak first.
            peer.heard = if others.contains(seat) { now } else { Instant::START };
        }
    }
}

impl<'a> Draw<'a> {
    /// The request of the election under way that this member is owed.
    pub(crate) fn request_vote(&mut self, seat: Seat) -> Option<Message<'a>> {
        if !self.state.configuration.voters().contains(seat) {
            self.peers[seat].owed.ballot = false;
            return None;
        }
        if !core::mem::take(&mut self.peers[seat].owed.ballot) {
            return None;
        }
        let ballot = self.state.election.ballot;
        let term = self.state.hard.term;
        let term = if ballot == Ballot::Pre { term.next() } else { term };
        Some(Message::RequestVote { term, last: self.state.recency(self.log), ballot })
    }
}

impl State {
    /// Whether this node may ever stand. One that does not count may have to, for its mark can be the latest: it wins with
    /// the votes of the others alone. But not one that is none of the members, and knows that this is committed.
    pub(crate) fn may_stand(&self) -> bool {
        self.configuration.names(self.seat()) || self.configuration.is_pending()
    }

    /// When it stands, if it may. Who does not count waits until those who do have had their turn.
    pub(crate) fn timeout_due(&self) -> Instant {
        let is_patient = !self.configuration.counts(self.seat()) && self.may_stand();
        self.timers.timeout_due.after(if is_patient { self.timers.election_micros() * 2 } else { 0 })
    }

    /// Not while it writes: its log may not be as recent as it looks.
    pub(crate) fn may_campaign(&self) -> bool {
        self.may_stand()
            && self.disk.write.is_none()
            && self.snapshots.image == Image::Whole
            && self.hard.term < Term::MAX
    }

    /// The voters that have not answered in the election under way.
    fn silent(&self) -> Seats {
        Seats(self.configuration.voters().0 & !self.election.answered.and(self.seat()).0)
    }
}
