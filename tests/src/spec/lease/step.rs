use super::rules::{Flaw, Setting};
use super::state::{Node, Reign, Round, SEATS, State};
use crate::spec::breadth::Verdict;
use crate::spec::node::Role;

impl State {
    /// Whether a node may stand: it hears no leader, or was handed leadership to in its present term (rules 2 and 3).
    pub(crate) fn may_stand(&self, seat: usize, as_successor: bool, setting: &Setting) -> bool {
        let node = &self.nodes[seat];
        let called = match setting.flaw {
            Flaw::TransferStays => self.reigns.iter().fold(0, |all, reign| all | reign.successors),
            _ => self.reign(node.term).successors,
        };
        let is_free = node.fence == 0 || setting.flaw == Flaw::VotersStand;
        let may = if as_successor { called >> seat & 1 == 1 } else { is_free };
        node.role != Role::Leader && node.term < setting.terms && may
    }

    pub(crate) fn stand(&mut self, seat: usize, as_successor: bool) {
        let node = &mut self.nodes[seat];
        node.follow(node.term + 1);
        (node.role, node.voted, node.votes, node.is_successor) = (Role::Candidate, true, 1 << seat, as_successor);
    }

    /// A vote, if the voter has it to give, hears no leader or the ballot is of a transfer, and the candidate is as
    /// recent. Says if it was given.
    pub(crate) fn vote(&mut self, voter: usize, candidate: usize, setting: &Setting) -> bool {
        let (node, other) = (&self.nodes[voter], &self.nodes[candidate]);
        let has_vote =
            node.term < other.term || (node.term == other.term && node.role == Role::Follower && !node.voted);
        let is_free = node.fence == 0 || other.is_successor || setting.flaw == Flaw::VotersVote;
        if !has_vote || !is_free || other.recency() < node.recency() {
            return false;
        }
        let term = other.term;
        let node = &mut self.nodes[voter];
        node.follow(term);
        node.voted = true;
        self.nodes[candidate].votes |= 1 << voter;
        true
    }

    pub(crate) fn has_won(&self, seat: usize, setting: &Setting) -> bool {
        let node = &self.nodes[seat];
        node.role == Role::Candidate && setting.is_majority(node.votes)
    }

    pub(crate) fn win(&mut self, seat: usize, setting: &Setting) -> Verdict {
        let Node { term, log, .. } = self.nodes[seat];
        if self.reign(term).is_on {
            return Err("one leader a term");
        }
        if !log.has_front(self.committed) {
            return Err("a leader has all that was committed before");
        }
        let node = &mut self.nodes[seat];
        (node.role, node.votes, node.is_successor, node.mark) = (Role::Leader, 0, false, term);
        self.reigns[usize::from(term)] = Reign { is_on: true, inherited: log.len(), log, ..Reign::default() };
        self.acknowledge(seat, term, log.len(), setting)
    }

    /// Entries of a reign that begin behind `previous`, where the logs agree, and end at `through`.
    pub(crate) fn hear(&mut self, seat: usize, term: u8, previous: u8, through: u8, setting: &Setting) -> Verdict {
        let reign = *self.reign(term);
        let has_roster = (previous + 1..=through).contains(&self.roster_in(reign.log));
        let node = &mut self.nodes[seat];
        node.follow(term);
        if has_roster && node.is_older && setting.flaw != Flaw::OlderTakesRoster {
            return Ok(());
        }
        for index in previous + 1..=through {
            if node.log.term_at(index) != reign.log.term_at(index) {
                node.log = node.log.front(index - 1);
                node.log.push(reign.log.term_at(index));
            }
        }
        if through >= reign.inherited {
            let foreign = (through + 1..=node.log.len()).find(|index| node.log.term_at(*index) != term);
            node.log = node.log.front(foreign.map_or(node.log.len(), |index| index - 1));
            node.mark = node.mark.max(term);
        }
        node.durable = node.log.len();
        let verdict = self.acknowledge(seat, term, through, setting);
        self.bind(seat, term, through, setting);
        verdict
    }

    /// A leader hears who holds the roster, and may have a lease by that.
    fn bind(&mut self, seat: usize, term: u8, matched: u8, setting: &Setting) {
        let Some(leader) = self.leader_of(term) else { return };
        let roster = self.roster_in(self.nodes[leader].log);
        if roster > 0 && matched >= roster {
            self.nodes[leader].bound |= 1 << seat;
            self.take_lease(leader, setting);
        }
    }

    fn acknowledge(&mut self, seat: usize, term: u8, matched: u8, setting: &Setting) -> Verdict {
        let reign = *self.reign(term);
        let Some(leader) = self.leader_of(term).filter(|_| matched >= reign.inherited) else { return Ok(()) };
        let node = &mut self.nodes[leader];
        node.acked[seat] = node.acked[seat].max(matched + 1);
        let acked = node.acked;
        let holders = |index: u8| (0..SEATS).filter(|seat| acked[*seat] > index).fold(0, |set, seat| set | 1 << seat);
        let carried = |index: &u8| setting.is_majority(holders(*index));
        let Some(commit) = (reign.inherited..=reign.log.len()).rev().find(carried) else { return Ok(()) };
        let reign = &mut self.reigns[usize::from(term)];
        (reign.is_established, reign.commit) = (true, reign.commit.max(commit));
        let front = reign.log.front(commit);
        if !front.has_front(self.committed.front(commit)) {
            return Err("no two entries are committed at an index");
        }
        if commit > self.committed.len() {
            self.committed = front;
        }
        Ok(())
    }

    /// A leader draws a round (rule 1).
    pub(crate) fn draw(&mut self, leader: usize, setting: &Setting) {
        self.nodes[leader].round = Some(Round { age: 0, seats: 1 << leader });
        if setting.flaw == Flaw::Unconfirmed {
            self.take_lease(leader, setting);
        }
    }

    /// A follower gets the round of a leader that it follows, and confirms it (rules 1 and 2).
    pub(crate) fn confirm(&mut self, seat: usize, leader: usize, setting: &Setting) {
        let term = self.nodes[leader].term;
        let node = &mut self.nodes[seat];
        node.follow(term);
        node.fence = setting.fence(node.is_older);
        let knows = setting.flaw == Flaw::KnowingCount && !node.is_older;
        let node = &mut self.nodes[leader];
        node.bound |= u8::from(knows) << seat;
        if let Some(round) = &mut node.round {
            round.seats |= 1 << seat;
        }
        if setting.flaw != Flaw::FromAnswer {
            self.take_lease(leader, setting);
        }
    }

    /// Whether enough of those who count have confirmed the round of a leader, to which leases are on (rules 1 and 5).
    pub(crate) fn is_confirmed(&self, leader: usize, setting: &Setting) -> bool {
        let node = &self.nodes[leader];
        let is_enough = |seats: u8| setting.is_majority(seats) || setting.flaw == Flaw::Unconfirmed;
        let counted = self.counted(node, setting) | 1 << leader;
        self.is_on(node, setting) && node.round.is_some_and(|round| is_enough(round.seats & counted))
    }

    /// Whether leases are on, as far as this leader knows: without builds, from the founding.
    fn is_on(&self, node: &Node, setting: &Setting) -> bool {
        let (roster, commit) = (self.roster_in(node.log), self.reign(node.term).commit);
        let is_settled = matches!(setting.flaw, Flaw::OnWhenAppended | Flaw::BoundWhenAppended) || roster <= commit;
        !setting.builds || (roster > 0 && is_settled)
    }

    /// Who counts for this leader's lease, beside itself.
    fn counted(&self, node: &Node, setting: &Setting) -> u8 {
        let are_all = !setting.builds || matches!(setting.flaw, Flaw::UnboundCount | Flaw::OnWhenAppended);
        if are_all { u8::MAX } else { node.bound }
    }

    /// A confirmed round makes a lease from when it was drawn.
    pub(crate) fn take_lease(&mut self, leader: usize, setting: &Setting) {
        let is_confirmed = self.is_confirmed(leader, setting);
        let node = &mut self.nodes[leader];
        if let Some(round) = node.round.filter(|_| is_confirmed) {
            let age = if setting.flaw == Flaw::FromAnswer { 0 } else { round.age };
            node.lease = node.lease.max(setting.lease() - age);
        }
    }

    /// Time goes by: each clock runs slow or fast.
    pub(crate) fn pass(&mut self, fast: u8, setting: &Setting) {
        for seat in 0..setting.nodes {
            let pace = setting.pace(fast >> seat & 1 == 1);
            let node = &mut self.nodes[seat];
            node.fence = node.fence.saturating_sub(pace);
            node.lease = node.lease.saturating_sub(pace);
            if let Some(round) = &mut node.round {
                round.age = (round.age + pace).min(setting.lease());
            }
        }
    }

    /// A leader appends the roster by which leases are on.
    pub(crate) fn enable(&mut self, leader: usize) {
        self.append(leader);
        let node = &self.nodes[leader];
        self.reigns[usize::from(node.term)].switch = node.log.len();
    }

    /// A leader appends.
    pub(crate) fn append(&mut self, leader: usize) {
        let node = &mut self.nodes[leader];
        node.log.push(node.term);
        self.reigns[usize::from(node.term)].log = node.log;
    }

    /// What a leader appended is durable.
    pub(crate) fn write(&mut self, leader: usize, setting: &Setting) -> Verdict {
        let node = &mut self.nodes[leader];
        node.durable = node.log.len();
        let (term, durable) = (node.term, node.durable);
        self.acknowledge(leader, term, durable, setting)
    }

    /// A leader asks another node to lead, and its leases are over for this term (rule 3).
    pub(crate) fn hand_over(&mut self, leader: usize, successor: usize, setting: &Setting) {
        let node = &mut self.nodes[leader];
        node.has_handed_over = true;
        if setting.flaw != Flaw::LeaseOutlivesTransfer {
            (node.lease, node.round) = (0, None);
        }
        self.reigns[usize::from(node.term)].successors |= 1 << successor;
    }

    /// A node starts again, as an older build or not: what it has promised is forgotten, so it is silent for as long as it
    /// may have promised, if its build knows that.
    pub(crate) fn crash(&mut self, seat: usize, as_older: bool, setting: &Setting) {
        let node = &mut self.nodes[seat];
        node.log = node.log.front(node.durable);
        node.step_down();
        let was_older = std::mem::replace(&mut node.is_older, as_older);
        let is_free = setting.flaw == Flaw::NoBootFence || (setting.flaw == Flaw::NoUpgradeFence && was_older);
        node.fence = if is_free { 0 } else { setting.fence(as_older) };
    }
}
