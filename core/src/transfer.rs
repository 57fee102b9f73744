use crate::step::Step;
use crate::{Instant, Node, Rejection, Seat};

/// A leader's wish to hand over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Transfer {
    pub(crate) to: Seat,
    pub(crate) until: Instant,
    /// Whether it was told to campaign since the last heartbeat.
    pub(crate) told: bool,
}

impl<C, B, const SEATS: usize> Node<C, B, SEATS> {
    /// To whom this leader hands over, as long as its [`Transfer`](crate::Transfer) is under way.
    pub fn successor(&self) -> Option<Seat> {
        self.state.lead.transfer.map(|transfer| transfer.to)
    }
}

impl Step<'_> {
    /// Starts to hand leadership over (section 3.10 of the thesis).
    pub(crate) fn transfer(&mut self, to: Option<Seat>) -> Result<(), Rejection> {
        if !self.state.is_leader() {
            return Err(Rejection::NotLeader { leader: self.state.follow.leader });
        }
        let to = match to {
            Some(seat) if self.may_succeed(seat) => seat,
            Some(_) => return Err(Rejection::NoTarget),
            None => self.most_recent().ok_or(Rejection::NoTarget)?,
        };
        // Asked once more, it takes no longer: no command is taken meanwhile.
        if self.state.lead.transfer.is_some_and(|transfer| transfer.to == to) {
            return Ok(());
        }
        if self.state.endings.transfer.is_some() {
            return Err(Rejection::InTransfer);
        }
        self.give_up_transfer();
        let until = self.state.timers.after_timeout();
        self.state.lead.lease.end();
        self.state.lead.transfer = Some(Transfer { to, until, told: false });
        Ok(())
    }

    fn may_succeed(&self, seat: Seat) -> bool {
        let Some(peer) = self.peers.get(usize::from(seat.0)) else {
            return false;
        };
        self.state.timers.is_recent(peer.heard) && seat != self.state.seat() && self.state.configuration.counts(seat)
    }

    fn most_recent(&self) -> Option<Seat> {
        let mut best = None;
        for seat in self.state.configuration.members.all().iter() {
            let is_better = best.is_none_or(|other| self.matched(seat) >= self.matched(other));
            if is_better && self.may_succeed(seat) {
                best = Some(seat);
            }
        }
        best
    }

    pub(crate) fn give_up_transfer(&mut self) {
        let Some(Transfer { to, .. }) = self.state.lead.transfer.take() else { return };
        self.state.endings.transfer = Some(to);
        self.peer(to).owed.campaign = false;
    }

    /// Another life holds this seat: it cannot take over.
    pub(crate) fn give_up_transfer_to(&mut self, seat: Seat) {
        if self.state.lead.transfer.is_some_and(|transfer| transfer.to == seat) {
            self.give_up_transfer();
        }
    }

    /// The successor campaigns once it has the whole log; if that takes too long, the leader stays.
    #[cfg_attr(not(target_os = "none"), inline(never))]
    pub(crate) fn pursue_transfer(&mut self) {
        let Some(transfer) = self.state.lead.transfer else { return };
        let has_all = self.matched(transfer.to) == self.log.span.last.index;
        if self.state.timers.now >= transfer.until {
            self.give_up_transfer();
        } else if has_all && !transfer.told {
            self.state.lead.transfer = Some(Transfer { told: true, ..transfer });
            self.peer(transfer.to).owed.campaign = true;
        }
    }
}
