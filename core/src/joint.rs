use crate::log::SLOT;
use crate::step::Step;
use crate::{Members, RECORD_OVERHEAD, Rejection, Seats};

/// The joint phase (section 6): how it is entered, left, and taken back.
impl Step<'_> {
    /// Enters the joint phase.
    pub(crate) fn change_voters(&mut self, voters: Seats, learners: Seats) -> Result<(), Rejection> {
        self.may_change()?;
        let outgoing = self.state.configuration.members.voters;
        self.append_members(Members { voters, outgoing, learners, ..Members::of(voters) }, None)
    }

    /// What a leader does about the members as time goes on: it leaves the joint phase, pursues what is planned, and makes
    /// way once it is none of the voters and what it has is committed.
    pub(crate) fn pursue_change(&mut self) {
        let configuration = &self.state.configuration;
        let has_plan = self.state.lead.plan.is_some() || configuration.members.is_joint() || !self.state.may_rule();
        if has_plan && self.state.is_established() && !configuration.is_pending() {
            self.change_on();
        }
    }

    #[cfg_attr(not(target_os = "none"), inline(never))]
    fn change_on(&mut self) {
        let members @ Members { voters, learners, .. } = self.state.configuration.members;
        if members.is_joint() && self.state.lead.transfer.is_none() {
            // Without room for it, a later step tries again.
            let _ = self.append_members(Members { learners, ..Members::of(voters) }, None);
        } else if !self.state.may_rule() {
            self.step_down();
        } else {
            self.pursue_plan();
        }
    }

    /// Without a majority of the new voters, a change that this leader itself has begun, and that may not be committed, is
    /// taken back by the old ones. Who was to be a voter stays a learner. Whether it could be.
    pub(crate) fn take_back(&mut self, present: Seats) -> bool {
        let configuration = &self.state.configuration;
        let Members { voters, outgoing, learners, replaced, .. } = configuration.members;
        let is_own = configuration.is_pending() && configuration.since > self.state.follow.inherited;
        let has_old = outgoing.has_majority(Seats(present.0 & !replaced.0));
        if !is_own || !configuration.members.is_joint() || !has_old {
            return false;
        }
        let learners = learners.union(Seats(voters.0 & !outgoing.0));
        self.append_members(Members { learners, ..Members::of(outgoing) }, None).is_ok()
    }

    /// Room that no command takes in a joint phase: for the entry that ends it or takes it back, which is no longer than the
    /// one that began it. Where that cannot be committed, no snapshot makes any.
    pub(crate) fn kept_for_members(&self) -> usize {
        if !self.state.configuration.members.is_joint() {
            return 0;
        }
        self.roster().bytes().len() + RECORD_OVERHEAD + SLOT
    }
}
