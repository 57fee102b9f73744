use serde::{Deserialize, Serialize};

use crate::follow::Follow;
use crate::lead::Lead;
use crate::step::Step;
use crate::{HardState, Term};

/// What a node is at the moment (section 5.1). In a status, the order of the variants is part of the wire format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Role {
    /// Follows a leader, or waits for one.
    #[default]
    Follower,
    /// Asks whether it could win an election.
    PreCandidate,
    /// Stands for election.
    Candidate,
    /// Leads.
    Leader,
}

impl Step<'_> {
    /// Enters a later term as a follower: what was owed in the earlier one is owed no more (section 5.1).
    pub(crate) fn follow(&mut self, term: Term) {
        if term > self.state.hard.term {
            self.state.hard = HardState { term, vote: None };
            self.forget_leader();
            self.forget_owed();
        }
        self.step_down();
    }

    /// Goes on as a follower in the same term.
    pub(crate) fn step_down(&mut self) {
        if self.state.role == Role::Follower {
            return;
        }
        if self.state.is_leader() {
            self.state.follow.leader = None;
            self.state.endings.reign = true;
        }
        self.state.role = Role::Follower;
        self.state.lead = Lead::none();
        self.state.timers.rest();
        self.forget_owed();
        self.fail_reads();
    }

    /// No leader of the term is known, and nothing is verified against the one to come.
    pub(crate) fn forget_leader(&mut self) {
        self.state.follow = Follow { fenced_until: self.state.follow.fenced_until, ..Follow::none() };
        self.fail_reads();
    }
}
