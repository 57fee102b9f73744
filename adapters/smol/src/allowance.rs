use std::time::Duration;

use quorate::Instant;

/// How many words without a seal a node may still say: whoever floods it is answered less than he says.
#[derive(Debug)]
pub(crate) struct Allowance {
    left: u32,
    until: Instant,
}

/// So many in a [`PERIOD`].
const WORDS: u32 = 32;

const PERIOD: Duration = Duration::from_millis(250);

impl Allowance {
    pub(crate) fn new(now: Instant) -> Allowance {
        Allowance { left: WORDS, until: now + PERIOD }
    }

    /// Whether one more may be said now.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        if now >= self.until {
            *self = Allowance::new(now);
        }
        let is_left = self.left > 0;
        self.left = self.left.saturating_sub(1);
        is_left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_words_are_said_in_a_period_and_as_many_in_the_next() {
        let mut allowance = Allowance::new(Instant::START);
        for period in 0..3 {
            let now = Instant::START + PERIOD * period;
            assert_eq!((0..1000).filter(|_| allowance.take(now)).count(), WORDS as usize);
        }
    }
}
