use crate::lease::Lease;
use crate::peer::seats_of;
use crate::plan::Plan;
use crate::step::Step;
use crate::transfer::Transfer;
use crate::{Dismissal, Seat, Seats, Unchanged};

/// What a leader has under way beside replication.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub(crate) struct Lead {
    /// Who may want pieces of a snapshot.
    pub(crate) fetchers: Seats,
    /// How many bytes of pieces may be sent before the next heartbeat.
    pub(crate) piece_allowance: u32,
    pub(crate) lease: Lease,
    pub(crate) transfer: Option<Transfer>,
    pub(crate) plan: Option<Plan>,
}

/// What has come to its end, and the driver has not been told.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub(crate) struct Endings {
    /// Whether a reign of this node has.
    pub(crate) reign: bool,
    /// To whom a transfer did not come about.
    pub(crate) transfer: Option<Seat>,
    /// Whose change did not come about.
    pub(crate) plan: Option<(Seat, Unchanged)>,
    /// Why this node takes part no longer.
    pub(crate) dismissal: Option<Dismissal>,
}

impl Lead {
    /// Of a node that does not lead. Of a constant every byte would be copied.
    #[inline(always)]
    pub(crate) fn none() -> Lead {
        Lead { fetchers: Seats::NONE, piece_allowance: 0, transfer: None, plan: None, lease: Lease::NONE }
    }
}

impl Endings {
    pub(crate) const NONE: Endings = Endings { reign: false, transfer: None, plan: None, dismissal: None };
}

impl Step<'_> {
    /// What a leader does as time goes on.
    pub(crate) fn lead(&mut self) {
        if self.state.timers.now >= self.state.timers.timeout_due {
            self.check_quorum();
        }
        if !self.state.is_leader() {
            return;
        }
        if self.state.timers.now >= self.state.timers.beat_due {
            self.beat();
        }
        if self.state.lead.transfer.is_some() {
            self.pursue_transfer();
        }
        self.pursue_change();
    }

    #[cfg_attr(not(target_os = "none"), inline(never))]
    fn beat(&mut self) {
        self.state.timers.await_beat();
        self.state.lead.piece_allowance = self.state.settings.snapshot_bytes_per_heartbeat;
        self.state.sends.commits = false;
        if let Some(transfer) = &mut self.state.lead.transfer {
            transfer.told = false;
        }
        self.owe_heartbeats();
    }

    pub(crate) fn owe_heartbeats(&mut self) {
        for peer in self.everyone() {
            peer.owed.heartbeat = true;
        }
    }

    /// A leader that a majority no longer answers, or whose own disk hangs, makes way for another (section 6.2 of the
    /// thesis).
    #[cfg_attr(not(target_os = "none"), inline(never))]
    pub(crate) fn check_quorum(&mut self) {
        let timeout = self.state.timers.election_micros();
        self.state.timers.timeout_due = self.state.timers.after_timeout();
        let now = self.state.timers.now;
        let present = seats_of(self.peers, |peer| now.micros_since(peer.heard) <= timeout);
        let hangs = self.state.disk.write.is_some_and(|write| now.micros_since(write.since) > timeout * 2);
        let present = present.union(self.state.me());
        if hangs || !(self.state.configuration.is_quorum(present) || self.take_back(present)) {
            self.step_down();
        }
    }
}
