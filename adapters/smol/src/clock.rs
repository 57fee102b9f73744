use std::time::Duration;

use quorate::Instant;

/// Time as the node counts it: from the start of this process's node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: std::time::Instant,
}

impl Clock {
    pub(crate) fn start() -> Clock {
        Clock { start: std::time::Instant::now() }
    }

    pub(crate) fn now(self) -> Instant {
        Instant::START + self.start.elapsed()
    }

    /// The moment at which the system's clock reaches `instant`. `None` beyond the end of its time.
    pub(crate) fn at(self, instant: Instant) -> Option<std::time::Instant> {
        // A timer that rings a fraction of a microsecond early would find nothing due.
        let since = instant.saturating_since(Instant::START) + Duration::from_micros(1);
        self.start.checked_add(since)
    }
}
