use core::num::NonZero;

use crate::step::Step;
use crate::{Index, Instant, Members, Rejection, Seat, Seats, Unchanged};

/// So often a learner is given time to catch up with what came meanwhile (section 4.2.1 of the thesis).
const ROUNDS_MAX: u8 = 10;

/// A learner that was not heard for so many election time-outs is not waited for any longer.
const SILENT_AFTER: u64 = 10;

/// A change of voters that is taken up, and waits until it may enter the log.
///
/// A learner that is to become a voter has to catch up first: else the voters would wait for it. What the leader has when a
/// round begins is to be at the learner when it ends. Once a round takes no longer than an election time-out, the learner
/// is close enough.
///
/// Before a voter goes, a majority of those that stay has to answer anew: of one that was heard before, the disk may be gone
/// by now, and then nobody could be elected under an entry that names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Plan {
    pub(crate) seat: Seat,
    /// Who has answered this leader since.
    pub(crate) answered: Seats,
    /// What a learner has to have.
    pub(crate) target: Index,
    pub(crate) rounds: NonZero<u8>,
    pub(crate) since: Instant,
}

impl Step<'_> {
    /// A learner is to become a voter, or a voter is to go.
    pub(crate) fn plan(&mut self, seat: Seat) {
        let (now, target) = (self.state.timers.now, self.log.span.last.index);
        self.state.lead.plan =
            Some(Plan { seat, answered: Seats::NONE, target, rounds: NonZero::<u8>::MIN, since: now });
    }

    pub(crate) fn pursue_plan(&mut self) {
        let Some(plan) = self.state.lead.plan else { return };
        if self.state.configuration.members.is_voter(plan.seat) {
            self.pursue_removal(plan);
        } else {
            self.pursue_promotion(plan);
        }
    }

    fn pursue_removal(&mut self, Plan { seat, answered, since, .. }: Plan) {
        let Members { voters, learners, .. } = self.state.configuration.members;
        let Err(missing) = self.are_present(voters.without(seat), answered) else {
            return self.carry_out(seat, voters.without(seat), learners);
        };
        if self.state.timers.now.micros_since(since) > self.state.timers.election_micros() {
            self.give_up(seat, missing);
        }
    }

    fn pursue_promotion(&mut self, plan: Plan) {
        let Plan { seat, target, rounds, since, .. } = plan;
        let (now, timeout) = (self.state.timers.now, self.state.timers.election_micros());
        let peer = &self.peers[seat];
        let has_all = peer.is_known() && peer.matched >= target && self.state.configuration.names(seat);
        if now.micros_since(peer.heard) > timeout * SILENT_AFTER {
            return self.give_up(seat, Unchanged::Unheard(Seats::NONE.and(seat)));
        }
        if !has_all {
            return;
        }
        if now.micros_since(since) > timeout {
            if rounds.get() >= ROUNDS_MAX {
                return self.give_up(seat, Unchanged::TooSlow);
            }
            let target = self.log.span.last.index;
            self.state.lead.plan = Some(Plan { target, rounds: rounds.saturating_add(1), since: now, ..plan });
            return;
        }
        let Members { voters, learners, .. } = self.state.configuration.members;
        if self.are_present(voters.and(seat), self.heard()).is_ok() {
            self.carry_out(seat, voters.and(seat), learners.without(seat));
        }
    }

    fn carry_out(&mut self, seat: Seat, voters: Seats, learners: Seats) {
        match self.change_voters(voters, learners) {
            Ok(()) => self.state.lead.plan = None,
            Err(Rejection::Unchanged(reason @ Unchanged::TooLarge)) => self.give_up(seat, reason),
            // What is in the way now may not be in a moment: the next step tries again.
            Err(_) => {}
        }
    }

    fn give_up(&mut self, seat: Seat, reason: Unchanged) {
        self.state.lead.plan = None;
        self.state.endings.plan = Some((seat, reason));
    }
}
