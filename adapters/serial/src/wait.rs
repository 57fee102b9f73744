use core::time::Duration;

use quorate::Instant;

/// How long to wait, in microseconds: a `Duration` that can be divided and doubled without code that could panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wait(u64);

impl Wait {
    /// From one moment to a later one; nothing if it is not later.
    pub(crate) fn between(from: Instant, to: Instant) -> Wait {
        Wait(to.as_micros().saturating_sub(from.as_micros()))
    }

    /// So many eighths of it.
    pub(crate) fn eighths(self, count: u64) -> Wait {
        Wait(self.0.saturating_mul(count) / 8)
    }

    /// In microseconds.
    #[cfg(feature = "seal")]
    pub(crate) fn micros(self) -> u64 {
        self.0
    }

    /// The moment at which it is over, if it begins at this one.
    pub(crate) fn after(self, from: Instant) -> Instant {
        Instant::from_micros(from.as_micros().saturating_add(self.0))
    }
}

impl From<Duration> for Wait {
    fn from(duration: Duration) -> Self {
        Wait::between(Instant::START, Instant::START + duration)
    }
}
