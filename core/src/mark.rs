use serde::{Deserialize, Serialize};

use crate::follow::Follow;
use crate::log::Log;
use crate::peer::{Peer, seats_of};
use crate::state::State;
use crate::step::Step;
use crate::{Index, Position, Refusal, Seats, Term};

/// That a node held all that the leader of `term` inherited: the leader's log as it was at its election.
///
/// A reign is opened by marks, in place of a no-op entry (section 5.4.2): so it needs no room in the log, however many
/// reigns before it could commit nothing. A mark says as much about a log as an entry of its term would: see
/// [`Node::recency`](crate::Node::recency). The term of a node's mark never goes down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Mark {
    /// The leader's term; zero if there was none.
    pub term: Term,
    /// Where the log ended when the mark was written: what was written before behind that is void. A tail that the
    /// leader did not have would else look as recent as the mark.
    pub last: Position,
}

impl State {
    /// Whether this node has marked the present term, durably.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn is_marked(&self) -> bool {
        self.disk.mark == self.hard.term
    }

    /// Whom the first command of all waits for, at a leader: the members, itself included, that have not acknowledged its
    /// mark yet. Nobody once there was a command or a snapshot; a change of members is none.
    pub(crate) fn waits_for(&self, peers: &[Peer]) -> Seats {
        if self.configuration.is_open {
            return Seats::NONE;
        }
        let others = seats_of(peers, |peer| peer.marked).without(self.seat());
        let me = if self.is_marked() { self.me() } else { Seats::NONE };
        let known = Seats(others.union(me).0 & !self.configuration.reborn.0);
        Seats(self.configuration.members.all().0 & !known.0)
    }

    /// Whether the leader has committed all that it inherited: it then knows all that was committed before it.
    pub(crate) fn is_established(&self) -> bool {
        self.commit >= self.follow.inherited
    }

    /// How recent the log is, for elections (section 5.4.1): a mark counts as an entry of its term would.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn recency(&self, log: Log<'_>) -> Position {
        let Position { term, index } = log.span.last;
        Position { term: term.max(self.mark), index }
    }

    /// The index to acknowledge to the leader of this term. All that it inherited, and what is behind that, is
    /// acknowledged only once the mark is durable. `None` if there is nothing else to acknowledge.
    pub(crate) fn acknowledgeable(&self) -> Option<Index> {
        let held = self.follow.verified.min(self.disk.durable);
        if held < self.follow.inherited || self.is_marked() {
            return Some(held);
        }
        (self.follow.inherited > Index(0)).then(|| self.follow.inherited.previous())
    }
}

impl Step<'_> {
    /// A mark is durable: what it held up can be acknowledged.
    pub(crate) fn answer_marked(&mut self) {
        let is_awaited = self.state.is_marked() && !self.state.is_leader() && self.state.follow.leader.is_some();
        if is_awaited && self.state.follow.answer.is_none() {
            self.answer_verified();
        }
    }

    /// Marks the term of a leader that was heard, if one was, once the log is verified through all that it inherited, and
    /// returns whether that was just now. What stands behind that and is not this leader's goes first: it would look as
    /// recent as the mark.
    pub(crate) fn mark_term(&mut self) -> Result<bool, Refusal> {
        let term = self.state.hard.term;
        let Follow { leader, verified, inherited, .. } = self.state.follow;
        if leader.is_none() || self.state.mark == term || verified < inherited {
            return Ok(false);
        }
        let last = verified.max(self.log.span.base.index);
        if self.log.view().term_at(last.next()) != term {
            self.make_way(last)?;
        }
        self.state.mark = term;
        Ok(true)
    }
}
