use crate::state::State;
use crate::{Features, Instant};

/// For how long a leader serves reads without a round for each (section 6.4.1 of the thesis).
///
/// Whoever has answered what was sent after a round was drawn elects nobody else before an election time-out has passed
/// by his clock. Clocks differ in pace by a twentieth of each at most: so long after the round was drawn, less what they may
/// differ by, nobody else leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Lease {
    /// When the latest round was drawn.
    drawn: Instant,
    until: Instant,
    /// What the driver's clock had jumped back by, when it was confirmed.
    behind: u64,
    /// Leadership was handed over in this term: whoever takes it needs no time to pass.
    is_over: bool,
}

impl Lease {
    pub(crate) const NONE: Lease = Lease { drawn: Instant::START, until: Instant::START, behind: 0, is_over: false };

    /// Whoever was asked to take over may lead at any time from now on.
    pub(crate) fn end(&mut self) {
        *self = Lease { is_over: true, ..Lease::NONE };
    }

    /// Other members count from now on: a round that they confirm makes another lease.
    pub(crate) fn lapse(&mut self) {
        self.until = Instant::START;
    }

    pub(crate) fn draw(&mut self, now: Instant) {
        self.drawn = now;
    }
}

impl State {
    /// Whether this leader may serve reads though no round is confirmed for them.
    pub(crate) fn holds_lease(&self) -> bool {
        let Lease { until, behind, .. } = self.lead.lease;
        self.timers.now < until && behind == self.timers.behind
    }

    /// For how many microseconds this leader may still do so at this time, if it serves reads by leases in this term.
    pub(crate) fn lease_left(&self, now: Instant) -> Option<u64> {
        let Lease { until, is_over, .. } = self.lead.lease;
        let serves = self.is_leader() && self.settings.leases && !is_over;
        serves.then(|| if self.holds_lease() { until.micros_since(now.max(self.timers.now)) } else { 0 })
    }

    /// The round that was drawn last is confirmed, by a majority whose stores no build takes up that would not keep what was
    /// confirmed.
    pub(crate) fn extend_lease(&mut self) {
        let lease = &mut self.lead.lease;
        let is_promised = self.configuration.features.contains(Features::LEASES);
        if self.settings.leases && is_promised && !lease.is_over {
            // (1 - r) / (1 + r) of the shortest time-out of all, with r = 1 / 20.
            lease.until = lease.drawn.after(u64::from(self.configuration.election_micros) / 21 * 19);
            lease.behind = self.timers.behind;
        }
    }
}
