use core::ops::Add;
use core::time::Duration;

/// A point in time, in microseconds since any fixed start of the driver's choice.
///
/// The core has no clock: every [`step`](crate::Node::step) is told the time. Going back in time is harmless; the node
/// then keeps the latest time that it has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Instant(u64);

impl Instant {
    /// The fixed start itself.
    pub const START: Instant = Instant(0);

    /// After all others: never.
    pub(crate) const END: Instant = Instant(u64::MAX);

    /// The instant `micros` microseconds after the start.
    pub const fn from_micros(micros: u64) -> Self {
        Instant(micros)
    }

    /// The instant `millis` milliseconds after the start; saturates after 584,542 years.
    pub const fn from_millis(millis: u64) -> Self {
        Instant(millis.saturating_mul(1000))
    }

    /// Microseconds since the start.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) const fn after(self, micros: u64) -> Instant {
        Instant(self.0.saturating_add(micros))
    }

    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) const fn micros_since(self, earlier: Instant) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The time from `earlier` until this instant, zero if `earlier` is later.
    pub const fn saturating_since(self, earlier: Instant) -> Duration {
        Duration::from_micros(self.micros_since(earlier))
    }
}

/// Saturates at the end of time.
impl Add<Duration> for Instant {
    type Output = Instant;

    fn add(self, duration: Duration) -> Instant {
        self.after(micros(duration))
    }
}

/// The microseconds of a duration, saturating after 584,542 years.
fn micros(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1_000_000).saturating_add(u64::from(duration.subsec_micros()))
}
