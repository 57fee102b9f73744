use core::ops::Add;
use core::time::Duration;

/// A point in time, in microseconds since any fixed start of the driver's choice.
///
/// The core has no clock: every [`step`](crate::Node::step) is told the time. It should count every microsecond that
/// passes, also while the machine sleeps, and never go back. A clock that jumps costs at most one election:
///
/// - Ahead: all that was due meanwhile is due at once. A leader gives up its office if it has heard nobody within the
///   time that the jump seems to have taken; a follower asks around.
/// - Back by more than a heartbeat interval: the node counts on from the time that it had, and its
///   [`deadline`](crate::Node::deadline)s follow the clock. Back by less: no time passes until the clock is there again.
///
/// A counter of 32 bits jumps back each time that it wraps, after 71.6 minutes of microseconds: make a [`Widened`] of
/// it. A clock that stands still stops the node's timers: it neither beats nor campaigns.
///
/// A [`Prospect`](crate::Prospect) takes time as a node does, by its interval.
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
    pub(crate) const fn before(self, micros: u64) -> Instant {
        Instant(self.0.saturating_sub(micros))
    }

    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) const fn micros_since(self, earlier: Instant) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Time goes on to what a clock tells, that is so far behind. It never goes back: if the clock does by more than its
    /// jitter, it has jumped, and is further behind from now on. A little is jitter, and no time has passed.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn go_on(&mut self, told: Instant, behind: &mut u64, jitter: u64) {
        let now = told.after(*behind);
        let back = self.micros_since(now);
        if back > jitter {
            *behind = behind.saturating_add(back);
        }
        *self = (*self).max(now);
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

/// A counter of 32 bits that goes on when it wraps: most microcontrollers have a timer like that.
///
/// ```
/// use quorate::Widened;
///
/// let mut clock = Widened::new();
/// assert_eq!(clock.now(u32::MAX).as_micros(), u64::from(u32::MAX));
/// assert_eq!(clock.now(5).as_micros(), (1 << 32) + 5);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Widened {
    latest: u64,
}

impl Widened {
    /// A counter that starts at zero.
    pub const fn new() -> Widened {
        Widened { latest: 0 }
    }

    /// The time, when the counter stands at so many microseconds. Ask more often than the counter wraps, which is every
    /// 71.6 minutes: a wrap in which nobody asked is missed.
    pub const fn now(&mut self, counter: u32) -> Instant {
        let passed = counter.wrapping_sub(self.latest as u32);
        self.latest = self.latest.saturating_add(passed as u64);
        Instant::from_micros(self.latest)
    }
}
