use std::time::Duration;

use quorate::Instant;

/// What a queue has cost of late for nothing. Each frame that leads to nothing has a price in time, a multiple of what it
/// takes to look at it; a queue that is in debt for longer than [`DEBT_MAX`] is not read until the debt is paid.
#[derive(Debug)]
pub(crate) struct Toll {
    paid: Instant,
    is_shut: bool,
}

/// What is paid for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Item {
    /// A frame that was dropped, of so many bytes.
    Dropped(usize),
    /// A frame that is answered without a session: anybody can have recorded it, and say it again.
    Answered,
}

impl Item {
    fn price(self) -> Duration {
        match self {
            Item::Dropped(bytes) => Duration::from_nanos(40_000 + 40 * bytes as u64),
            Item::Answered => Duration::from_micros(100),
        }
    }
}

/// As much as a hundred short frames cost: members that have lost their sessions, or a path that repeats, stay below.
pub(crate) const DEBT_MAX: Duration = Duration::from_millis(4);

impl Toll {
    pub(crate) fn new(now: Instant) -> Toll {
        Toll { paid: now, is_shut: false }
    }

    /// Adds to the debt. Whether the queue is shut from now on.
    pub(crate) fn charge(&mut self, item: Item, now: Instant) -> bool {
        let was_shut = self.shut_until(now).is_some();
        self.paid = self.paid.max(now) + item.price();
        self.is_shut = was_shut || self.paid > now + DEBT_MAX;
        self.is_shut && !was_shut
    }

    /// Until when the queue is shut, if it is.
    pub(crate) fn shut_until(&self, now: Instant) -> Option<Instant> {
        Some(self.paid).filter(|paid| self.is_shut && now < *paid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Charges until the queue is shut, and so on for a second: how many were charged.
    fn charged(item: Item) -> u32 {
        let (mut toll, mut now, mut count) = (Toll::new(Instant::START), Instant::START, 0);
        while now < Instant::from_millis(1000) {
            match toll.shut_until(now) {
                Some(until) => now = until,
                None => {
                    toll.charge(item, now);
                    (now, count) = (now + Duration::from_micros(1), count + 1);
                }
            }
        }
        count
    }

    #[test]
    fn so_many_frames_are_looked_at_in_a_second_however_many_come() {
        let within = |count: u32, expected: u32| (expected..expected + expected / 10).contains(&count);
        let counts = [Item::Dropped(0), Item::Dropped(1000), Item::Dropped(65_000), Item::Answered].map(charged);
        let expected = [25_000, 12_500, 380, 10_000];
        assert!(counts.into_iter().zip(expected).all(|(count, expected)| within(count, expected)), "{counts:?}");
    }

    #[test]
    fn a_queue_is_shut_by_many_at_once_until_all_are_paid() {
        let (mut toll, now) = (Toll::new(Instant::START), Instant::from_millis(7));
        assert!((0..100).all(|_| !toll.charge(Item::Dropped(0), now)));
        assert_eq!(toll.shut_until(now), None);
        assert!(toll.charge(Item::Dropped(0), now), "one too many");
        let until = now + Duration::from_micros(101 * 40);
        assert_eq!(toll.shut_until(now), Some(until));
        assert!(!toll.charge(Item::Dropped(0), now), "it is shut already");
        let until = until + Duration::from_micros(40);
        assert_eq!(toll.shut_until(now + DEBT_MAX), Some(until), "what has been taken in is paid as well");
        assert_eq!(toll.shut_until(until), None);
        assert!(!toll.charge(Item::Dropped(0), until), "it begins anew");
    }
}
