use crate::peer::{OwedVote, seats_of};
use crate::snapshots::Image;
use crate::state::State;
use crate::step::Step;
use crate::{Ballot, Instant, Position, Role, Seat, Seats, Term};

impl Step<'_> {
    /// What a node that does not lead does when its time comes (section 5.2).
    pub(crate) fn await_leader(&mut self) {
        if core::mem::take(&mut self.state.greets) {
            self.owe_ballots();
        }
        let is_due = self.state.timers.now >= self.state.timers.timeout_due;
        if is_due && self.state.may_campaign() {
            return self.ask_around();
        }
        // What keeps it from standing may end: a node that counts always has a deadline.
        if is_due {
            self.state.timers.timeout_due = self.state.timers.now.after(self.state.timers.heartbeat_micros());
        }
        if self.state.timers.now >= self.state.timers.beat_due {
            self.ask_again();
        }
    }

    /// Asks the others whether they would vote for this node, before it enters a new term (section 9.6 of the thesis).
    fn ask_around(&mut self) {
        self.forget_leader();
        self.state.leader = None;
        self.state.leader_until = Instant::START;
        self.state.role = Role::PreCandidate;
        self.open_ballot(Ballot::Pre);
        self.state.votes = self.state.me();
        self.count_votes();
    }

    /// Stands for election in a new term. Its own vote counts, and the others are asked, once that vote is durable.
    fn campaign(&mut self, ballot: Ballot) {
        self.follow(self.state.hard.term.next());
        self.state.hard.vote = Some(self.state.seat());
        self.state.role = Role::Candidate;
        self.open_ballot(ballot);
        self.state.votes = Seats::NONE;
    }

    #[cfg_attr(target_os = "none", inline(always))]
    fn open_ballot(&mut self, ballot: Ballot) {
        self.state.timers.rest();
        self.state.ballot = ballot;
        self.state.answered = Seats::NONE;
        self.state.timers.await_beat();
        self.owe_ballots();
    }

    fn owe_ballots(&mut self) {
        for peer in self.everyone() {
            peer.owed.ballot = true;
        }
    }

    /// A request or its answer may be lost: those that are silent are asked once more.
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
            self.state.votes = self.state.votes.union(self.state.me());
            self.count_votes();
        }
    }

    fn count_votes(&mut self) {
        if !self.state.configuration.is_quorum(self.state.votes) {
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
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn on_request_vote(&mut self, from: Seat, term: Term, last: Position, ballot: Ballot) {
        // A node that has lost its disk may have voted before.
        if self.state.configuration.reborn.contains(self.state.seat()) {
            return;
        }
        let is_recent = last >= self.state.recency(self.log.view());
        if ballot == Ballot::Pre && self.state.is_leader() {
            self.peer(from).owed.heartbeat = true;
            return;
        }
        if ballot == Ballot::Pre {
            let granted = term > self.state.hard.term && is_recent && !self.state.hears_leader();
            let term = if granted { term } else { self.state.hard.term };
            self.peer(from).owed.vote = OwedVote { is_owed: true, term, ballot, granted };
            return;
        }
        if term > self.state.hard.term {
            if ballot == Ballot::Real && self.state.hears_leader() {
                return;
            }
            self.follow(term);
        }
        let is_current = term == self.state.hard.term;
        let is_free = self.state.hard.vote.is_none() && self.state.leader.is_none();
        let granted = is_current && is_recent && (is_free || self.state.hard.vote == Some(from));
        if granted {
            self.state.hard.vote = Some(from);
            self.state.timers.rest();
        }
        let term = self.state.hard.term;
        self.peer(from).owed.vote = OwedVote { is_owed: true, term, ballot, granted };
    }

    /// Somebody would vote for this node in `term`.
    pub(crate) fn on_pre_vote(&mut self, from: Seat, term: Term) {
        if self.state.role == Role::PreCandidate && term == self.state.hard.term.next() {
            self.state.answered = self.state.answered.and(from);
            self.state.votes = self.state.votes.and(from);
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
        self.state.answered = self.state.answered.and(from);
        if granted && self.state.role == Role::Candidate {
            self.state.votes = self.state.votes.and(from);
            self.count_votes();
        }
    }

    /// The leader wants this node to take over.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn on_campaign_now(&mut self, from: Seat) {
        if self.state.leader == Some(from) && self.state.may_campaign() {
            self.campaign(Ballot::Transfer);
        }
    }

    /// The election is won: every follower is taken to have the same log until it says otherwise.
    fn take_office(&mut self) {
        let (now, next) = (self.state.timers.now, self.log.span.last.index.next());
        self.state.role = Role::Leader;
        self.state.leader = Some(self.state.seat());
        // Its own mark counts once it is durable, behind the log.
        self.state.inherited = self.log.span.last.index;
        self.state.mark = self.state.hard.term;
        self.state.timers.await_beat();
        self.state.timers.timeout_due = self.state.timers.after_timeout();
        self.state.piece_allowance = self.state.settings.snapshot_bytes_per_heartbeat;
        for peer in self.everyone() {
            peer.start(next, now);
            peer.owed.heartbeat = true;
        }
    }

    /// A leader that a majority no longer answers, or whose own disk hangs, makes way for another (section 6.2 of the
    /// thesis).
    pub(crate) fn check_quorum(&mut self) {
        let timeout = self.state.timers.election_micros();
        self.state.timers.timeout_due = self.state.timers.after_timeout();
        let now = self.state.timers.now;
        let present = seats_of(self.peers, |peer| now.micros_since(peer.heard) <= timeout);
        let hangs = self.state.disk.write.is_some_and(|write| now.micros_since(write.since) > timeout * 2);
        if hangs || !self.state.configuration.is_quorum(present.union(self.state.me())) {
            self.step_down();
        }
    }
}

impl State {
    /// A learner does not campaign, nor a node that has lost its disk. Nor does a node while it writes: its log may not
    /// be as recent as it looks.
    pub(crate) fn may_campaign(&self) -> bool {
        self.configuration.counts(self.seat())
            && self.disk.write.is_none()
            && self.snapshots.image == Image::Whole
            && self.hard.term < Term::MAX
    }

    /// The voters that have not answered in the election under way.
    fn silent(&self) -> Seats {
        Seats(self.configuration.voters().0 & !self.answered.and(self.seat()).0)
    }
}
