use super::configuration::{Lives, Members, SEATS};
use super::log::{ENTRIES, Log};
use super::rules::{Flaw, Setting};
use crate::spec::node::Role;

/// The most terms, zero included.
pub(crate) const TERMS: usize = 12;

/// The present store of a seat. Beside role, votes, acks and answers, only what a leader has not written yet can be
/// lost in a crash.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Node {
    /// The nonce that an empty store has drawn at its start, or the life of a formatted one: counted, and so named.
    pub(crate) life: u8,
    /// Whether it votes and acknowledges. An empty store has nothing else below.
    pub(crate) is_formatted: bool,
    pub(crate) term: u8,
    pub(crate) voted: bool,
    pub(crate) role: Role,
    /// Who voted for this candidate, a bit each.
    pub(crate) votes: u8,
    pub(crate) log: Log,
    /// The latest term whose leader's whole log, as it was at its election, this one held. A leader's own follows when it has
    /// written.
    pub(crate) mark: u8,
    /// How much a leader has written: through which index, and one more; zero without its mark.
    pub(crate) written: u8,
    /// The last index that its snapshot covers.
    pub(crate) base: u8,
    /// Members that a flaw takes from elsewhere than the log, if any, in force until an entry says otherwise.
    pub(crate) cached: Option<Members>,
    /// What each seat acknowledged to this leader as the life that is named now: the index, and one more. It is at or
    /// above what the leader had found; zero if nothing.
    pub(crate) acked: [u8; SEATS],
    /// The life under which each store answered this leader's challenge, a bit each. It may arrive at any time.
    pub(crate) answers: [u8; SEATS],
    /// Through where it knows what is committed. Looked at by a flaw only.
    pub(crate) known: u8,
}

/// All that the leader of a term ever sent.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Reign {
    pub(crate) is_on: bool,
    /// The last index of the leader's log at its election.
    pub(crate) inherited: u8,
    /// Whether a majority has its mark.
    pub(crate) is_established: bool,
    /// What this reign has committed.
    pub(crate) commit: u8,
    pub(crate) log: Log,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) nodes: [Node; SEATS],
    pub(crate) reigns: [Reign; TERMS],
    pub(crate) committed: Log,
    /// The earliest term in which each entry was committed, as far as that matters.
    pub(crate) committed_in: [u8; ENTRIES],
    /// The members at first.
    pub(crate) root: Members,
    pub(crate) wipes: u8,
    pub(crate) reboots: u8,
}

impl Node {
    /// Leaves its role and follows in this term.
    pub(crate) fn follow(&mut self, term: u8, setting: &Setting) {
        self.step_down(setting);
        self.voted &= self.term == term;
        self.term = term;
    }

    /// Leaves its role, in the same term. What it has not written yet, it writes now.
    pub(crate) fn step_down(&mut self, setting: &Setting) {
        self.mark = self.memory_mark();
        self.role = Role::Follower;
        self.written = 0;
        self.votes = 0;
        self.acked = [0; SEATS];
        if setting.flaw != Flaw::AnswerOutlivesReign {
            self.answers = [0; SEATS];
        }
    }

    /// The latest life of a seat that answered.
    pub(crate) fn answer_of(&self, seat: usize) -> u8 {
        7_u8.saturating_sub(self.answers[seat].leading_zeros() as u8)
    }

    /// Loses what is not durable.
    pub(crate) fn crash(&mut self, inherited: u8, setting: &Setting) {
        let mark = self.mark;
        if self.role == Role::Leader {
            self.log = self.log.front(self.written.max(inherited + 1) - 1);
        }
        self.step_down(setting);
        self.mark = mark;
    }

    fn memory_mark(&self) -> u8 {
        if self.role == Role::Leader { self.term } else { self.mark }
    }

    pub(crate) fn recency(&self) -> (u8, u8) {
        (self.log.last_term().max(self.memory_mark()), self.log.len())
    }
}

impl State {
    /// Stores of the first members, formatted and with nothing in their logs, and empty ones.
    pub(crate) fn new(setting: &Setting) -> State {
        let (voters, named) = ((1 << setting.voters) - 1, (1_u8 << (setting.voters + setting.learners)) - 1);
        let lives = setting.each().fold(Lives(0), |lives, seat| lives.with(seat, 1)).only(named);
        let root = Members { voters, learners: named & !voters, lives, ..Members::NONE };
        let mut state = State { root, ..State::default() };
        for seat in setting.each() {
            state.nodes[seat] = Node { life: 1, is_formatted: named >> seat & 1 == 1, ..Node::default() };
        }
        state
    }

    pub(crate) fn reign(&self, term: u8) -> &Reign {
        &self.reigns[usize::from(term)]
    }

    pub(crate) fn leader_of(&self, term: u8) -> Option<usize> {
        self.nodes.iter().position(|node| node.role == Role::Leader && node.term == term)
    }

    /// The members in force at a store, and the index of the entry that says so (rule 1).
    pub(crate) fn members(&self, seat: usize, setting: &Setting) -> (Members, u8) {
        let node = &self.nodes[seat];
        let length = match setting.flaw {
            Flaw::AtCommit => node.known,
            _ => node.log.len(),
        };
        let front = node.log.members(node.base, &self.root);
        let (members, index) = node.log.members(length, &self.root);
        if let Some(cached) = node.cached {
            return (cached, node.log.len());
        }
        if index > node.base || index == 0 {
            return (members, index);
        }
        (snapshot_members(&front.0, &self.root, setting.flaw), index)
    }

    /// How many entries from the front were committed in this term or before.
    pub(crate) fn known_in(&self, term: u8) -> u8 {
        let terms = &self.committed_in[..usize::from(self.committed.len())];
        terms.iter().take_while(|in_term| **in_term <= term).count() as u8
    }

    /// Renames each term, in their order.
    pub(crate) fn rename(&mut self, names: &[u8; TERMS]) {
        let name = |term: u8| names[usize::from(term)];
        for node in &mut self.nodes {
            (node.term, node.mark) = (name(node.term), name(node.mark));
            node.log = node.log.renamed(names);
        }
        let before = std::mem::take(&mut self.reigns);
        for (term, reign) in before.iter().enumerate().filter(|(_, reign)| reign.is_on) {
            self.reigns[usize::from(names[term])] = Reign { log: reign.log.renamed(names), ..*reign };
        }
        self.committed = self.committed.renamed(names);
        self.committed_in.iter_mut().for_each(|term| *term = name(*term));
    }
}

/// What a snapshot says of the members at its index (rule 9).
fn snapshot_members(members: &Members, root: &Members, flaw: Flaw) -> Members {
    match flaw {
        Flaw::SnapshotWithoutMembers => *root,
        Flaw::SnapshotWithoutOldHalf => members.plain(),
        Flaw::SnapshotWithoutNewHalf if members.is_joint() => {
            Members { voters: members.outgoing, lives: members.before, learners: members.learners, ..Members::NONE }
        }
        Flaw::SnapshotWithoutLives => {
            let lives = (0..SEATS).fold(members.lives, |lives, seat| {
                if root.lives.of(seat) == 0 { lives } else { lives.with(seat, root.lives.of(seat)) }
            });
            Members { lives, before: lives, ..*members }
        }
        _ => *members,
    }
}
