use std::time::{Duration, Instant};

use smol::Timer;
use smol::future::pending;

/// A timer that is set as seldom as can be: each time costs several calls of the system, and what a node waits for mostly
/// moves further away while it waits.
pub(crate) struct Alarm {
    timer: Timer,
    /// When it rings, if it is set: perhaps before anything is due, when it is set anew.
    at: Option<Instant>,
}

/// By so much it may ring late. The same moment, asked of the clock twice, is not the same to the last bit.
const SLACK: Duration = Duration::from_micros(50);

impl Alarm {
    pub(crate) fn new() -> Alarm {
        Alarm { timer: Timer::never(), at: None }
    }

    /// Waits until `due`; for ever if nothing is.
    pub(crate) async fn ring(&mut self, due: Option<Instant>) {
        let Some(due) = due else { return pending().await };
        if self.at.is_none_or(|at| at > due + SLACK) {
            self.set(due);
        }
        loop {
            (&mut self.timer).await;
            self.at = None;
            if Instant::now() >= due {
                return;
            }
            self.set(due);
        }
    }

    fn set(&mut self, at: Instant) {
        self.timer.set_at(at);
        self.at = Some(at);
    }
}

#[cfg(test)]
mod tests {
    use smol::block_on;
    use smol::future::poll_once;

    use super::*;

    const SOON: Duration = Duration::from_millis(5);

    #[test]
    fn it_rings_once_it_is_due_and_not_before() {
        let mut alarm = Alarm::new();
        for _ in 0..3 {
            let due = Instant::now() + SOON;
            block_on(alarm.ring(Some(due)));
            assert!(Instant::now() >= due);
        }
    }

    #[test]
    fn what_is_due_later_than_before_does_not_set_it_anew() {
        let mut alarm = Alarm::new();
        let (first, then) = (Instant::now() + SOON, Instant::now() + SOON * 3);
        assert_eq!(block_on(poll_once(alarm.ring(Some(first)))), None);
        assert_eq!(block_on(poll_once(alarm.ring(Some(then)))), None);
        assert_eq!(alarm.at, Some(first));
        block_on(alarm.ring(Some(then)));
        assert!(Instant::now() >= then, "it has rung before, and was not heard");
    }

    #[test]
    fn what_is_due_earlier_than_before_sets_it_anew() {
        let mut alarm = Alarm::new();
        let (first, then) = (Instant::now() + SOON * 1000, Instant::now() + SOON);
        assert_eq!(block_on(poll_once(alarm.ring(Some(first)))), None);
        block_on(alarm.ring(Some(then)));
        assert!(Instant::now() < first);
    }

    #[test]
    fn nothing_is_waited_for_without_end() {
        let mut alarm = Alarm::new();
        assert_eq!(block_on(poll_once(alarm.ring(Some(Instant::now() + SOON)))), None);
        std::thread::sleep(SOON * 2);
        assert_eq!(block_on(poll_once(alarm.ring(None))), None);
    }
}
