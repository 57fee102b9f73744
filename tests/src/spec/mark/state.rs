use crate::spec::log::{ENTRIES, Log};
use crate::spec::node::Role;

/// The most nodes.
pub(crate) const SEATS: usize = 5;
/// The most terms, zero included.
pub(crate) const TERMS: usize = 16;

/// What a node keeps, in its memory or on its disk.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Store {
    pub(crate) log: Log,
    /// The last index that its snapshot covers.
    pub(crate) base: u8,
    /// The latest term whose leader's whole log, as it was at its election, this one held.
    pub(crate) mark: u8,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Node {
    /// Durable at once, and so is the vote.
    pub(crate) term: u8,
    pub(crate) voted: bool,
    pub(crate) role: Role,
    /// Who voted for this candidate, a bit each.
    pub(crate) votes: u8,
    pub(crate) memory: Store,
    pub(crate) disk: Store,
    /// What each node acknowledged to this leader, at or above what it had found; zero if nothing.
    pub(crate) acked: [u8; SEATS],
}

/// All that the leader of a term ever sent.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Reign {
    pub(crate) is_on: bool,
    /// The last index of the leader's log at its election.
    pub(crate) inherited: u8,
    pub(crate) log: Log,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) nodes: [Node; SEATS],
    pub(crate) reigns: [Reign; TERMS],
    pub(crate) committed: Log,
    /// The earliest term in which each entry was committed, as far as that matters.
    pub(crate) committed_in: [u8; ENTRIES as usize],
    /// The term of the last entry that was left out in front of all logs.
    pub(crate) root: u8,
}

impl Node {
    /// Leaves its role and follows in this term.
    pub(crate) fn follow(&mut self, term: u8) {
        self.voted &= self.term == term;
        self.term = term;
        self.step_down();
    }

    /// Leaves its role, in the same term.
    pub(crate) fn step_down(&mut self) {
        self.role = Role::Follower;
        self.votes = 0;
        self.acked = [0; SEATS];
    }

    /// Loses what is not durable.
    pub(crate) fn crash(&mut self) {
        self.memory = self.disk;
        self.step_down();
    }
}

impl State {
    /// What decides who is the more recent (rule 2).
    pub(crate) fn recency(&self, store: &Store, has_marks: bool) -> (u8, u8) {
        let length = store.log.len();
        let last = if length == 0 { self.root } else { store.log.term_at(length) };
        (if has_marks { last.max(store.mark) } else { last }, length)
    }

    pub(crate) fn leader_of(&self, term: u8) -> Option<usize> {
        self.nodes.iter().position(|node| node.role == Role::Leader && node.term == term)
    }

    /// How many entries from the front were committed in this term or before.
    pub(crate) fn known_in(&self, term: u8) -> u8 {
        let terms = &self.committed_in[..usize::from(self.committed.len())];
        terms.iter().take_while(|in_term| **in_term <= term).count() as u8
    }

    /// Renames each term, in their order.
    pub(crate) fn rename(&mut self, nodes: usize, names: &[u8; TERMS]) {
        let name = |term: u8| names[usize::from(term)];
        for node in &mut self.nodes[..nodes] {
            node.term = name(node.term);
            for store in [&mut node.memory, &mut node.disk] {
                store.mark = name(store.mark);
                store.log = store.log.renamed(names);
            }
        }
        let before = std::mem::take(&mut self.reigns);
        for (term, reign) in before.iter().enumerate().filter(|(_, reign)| reign.is_on) {
            self.reigns[usize::from(names[term])] = Reign { log: reign.log.renamed(names), ..*reign };
        }
        self.committed = self.committed.renamed(names);
        self.committed_in.iter_mut().for_each(|term| *term = name(*term));
        self.root = name(self.root);
    }
}
