use super::rules::{Flaw, Setting};
use crate::spec::breadth::Verdict;
use crate::spec::log::Log;
use crate::spec::node::Role;

/// The most nodes.
pub(crate) const SEATS: usize = 3;
/// The most terms, zero included.
pub(crate) const TERMS: usize = 6;

/// The round of a leader that it drew last.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Round {
    /// How long ago, by the leader's clock; no more than a lease.
    pub(crate) age: u8,
    /// Who has confirmed it.
    pub(crate) seats: u8,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) term: u8,
    pub(crate) voted: bool,
    pub(crate) role: Role,
    pub(crate) votes: u8,
    /// Whether this candidate stands because it was handed leadership to.
    pub(crate) is_successor: bool,
    pub(crate) log: Log,
    /// How much of a leader's log is durable. Others write at once.
    pub(crate) durable: u8,
    pub(crate) mark: u8,
    /// For how long, by its clock, this voter neither votes nor stands.
    pub(crate) fence: u8,
    /// What each node acknowledged to this leader: the index, and one more; zero if nothing.
    pub(crate) acked: [u8; SEATS],
    pub(crate) round: Option<Round>,
    /// For how long, by its clock, this leader serves.
    pub(crate) lease: u8,
    /// Whether it has handed over in this term.
    pub(crate) has_handed_over: bool,
    /// Who acknowledged the roster by which leases are on to this leader.
    pub(crate) bound: u8,
    /// Whether it runs an older build, which keeps no fence and takes no such roster.
    pub(crate) is_older: bool,
    /// Whether it found its lease good, at some time before a request came. Looked at by a flaw only.
    pub(crate) has_looked: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Reign {
    pub(crate) is_on: bool,
    /// The last index of the leader's log at its election.
    pub(crate) inherited: u8,
    pub(crate) is_established: bool,
    pub(crate) commit: u8,
    /// To whom it was handed over. They may hear of that at any time.
    pub(crate) successors: u8,
    /// Where its leader appended the roster by which leases are on; zero if it did not, or no log has it any more.
    pub(crate) switch: u8,
    pub(crate) log: Log,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) nodes: [Node; SEATS],
    pub(crate) reigns: [Reign; TERMS],
    pub(crate) committed: Log,
}

impl Node {
    /// Leaves its role and follows in this term.
    pub(crate) fn follow(&mut self, term: u8) {
        self.voted &= self.term == term;
        self.term = term;
        self.step_down();
    }

    /// Leaves its role, in the same term. What a leader had not written yet it writes now.
    pub(crate) fn step_down(&mut self) {
        let Node { term, voted, log, mark, fence, is_older, .. } = *self;
        *self = Node { term, voted, log, durable: log.len(), mark, fence, is_older, ..Node::default() };
    }

    pub(crate) fn recency(&self) -> (u8, u8) {
        (self.log.term_at(self.log.len()).max(self.mark), self.log.len())
    }
}

impl State {
    pub(crate) fn reign(&self, term: u8) -> &Reign {
        &self.reigns[usize::from(term)]
    }

    pub(crate) fn leader_of(&self, term: u8) -> Option<usize> {
        self.nodes.iter().position(|node| node.role == Role::Leader && node.term == term)
    }

    /// Where the roster by which leases are on stands in a log; zero if it does not.
    pub(crate) fn roster_in(&self, log: Log) -> u8 {
        let mut switches = self.reigns.iter().map(|reign| reign.switch).zip(0..);
        switches.find(|(switch, term)| *switch > 0 && log.term_at(*switch) == *term).map_or(0, |(switch, _)| switch)
    }

    /// Whether a leader would serve a read now, of all that it takes for committed (rule 4).
    pub(crate) fn serves(&self, node: &Node, setting: &Setting) -> bool {
        let (flaw, reign) = (setting.flaw, self.reign(node.term));
        let has_lease = node.lease > 0 || (flaw == Flaw::EarlyLook && node.has_looked);
        let is_handed_over =
            node.has_handed_over && !matches!(flaw, Flaw::LeaseOutlivesTransfer | Flaw::LeaseAfterTransfer);
        let is_established = reign.is_established || flaw == Flaw::Unestablished;
        let is_applied = node.durable >= reign.commit || flaw == Flaw::ServesApplied;
        node.role == Role::Leader && has_lease && !is_handed_over && is_established && is_applied
    }

    /// Whoever would serve a read has all that is committed, and if that is asked, nobody leads after whoever has a lease.
    pub(crate) fn check(&self, setting: &Setting) -> Verdict {
        let leaders = || self.nodes.iter().filter(|node| node.role == Role::Leader);
        let last = leaders().map(|node| node.term).max();
        if setting.alone && leaders().any(|node| node.lease > 0 && Some(node.term) < last) {
            return Err("nobody leads a later term while a lease holds");
        }
        for node in self.nodes.iter().filter(|node| self.serves(node, setting)) {
            let served = node.log.front(self.reign(node.term).commit.min(node.durable));
            if served.len() < self.committed.len() {
                return Err("no read misses what was committed before it");
            }
        }
        Ok(())
    }
}
