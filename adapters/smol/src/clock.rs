use std::time::Duration;

use quorate::Instant;

/// Time as the node counts it: from the start of this process's node. Where the system has such a clock, the time in which
/// the machine sleeps is counted too: a leader that slept must not believe that it leads still.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Duration,
}

impl Clock {
    /// Whether the time is counted in which the machine sleeps.
    pub(crate) const COUNTS_SLEEP: bool = cfg!(any(target_os = "linux", target_os = "android"));

    pub(crate) fn start() -> Clock {
        Clock { start: uptime() }
    }

    pub(crate) fn now(self) -> Instant {
        Instant::START + uptime().saturating_sub(self.start)
    }

    /// The moment at which the system's clock reaches `instant`. `None` beyond the end of its time.
    pub(crate) fn at(self, instant: Instant) -> Option<std::time::Instant> {
        // A timer that rings a fraction of a microsecond early would find nothing due.
        let until = instant.saturating_since(self.now()) + Duration::from_micros(1);
        std::time::Instant::now().checked_add(until)
    }
}

/// How long the system has been up.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn uptime() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// How long this process has asked for the time.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn uptime() -> Duration {
    static FIRST: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    FIRST.elapsed()
}
