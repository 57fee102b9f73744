/// Which counters of a sender have come: each is taken once, and none that is far behind the latest (RFC 6479).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    /// Behind the latest counter that has come.
    end: u64,
    /// A bit for each of the last counters, at its number modulo 128.
    marks: [u32; BLOCKS],
}

const BLOCKS: usize = 4;
const BLOCK_BITS: u64 = u32::BITS as u64;

/// Counters so far behind the end are told apart from those that have come. The block of the latest is filled as they
/// come.
const REACH: u64 = (BLOCKS as u64 - 1) * BLOCK_BITS;

/// A 256th of all that low bytes can say is behind: 256 counters by 2 bytes.
const BEHIND_SHIFT: u32 = 8;

const _: () = assert!(REACH <= 1 << (16 - BEHIND_SHIFT), "what could be taken is held for what is yet to come");

impl Window {
    /// The counter whose low bytes are these, 2 or 4 of them: one a little behind the latest that has come, or else the next one
    /// ahead. What is further behind would not be taken anyway.
    pub(super) fn counter(&self, low: &[u8]) -> u64 {
        let (low, span) = low.iter().rev().fold((0, 1), |(low, span), byte| (low << 8 | u64::from(*byte), span << 8));
        let behind = self.end.wrapping_sub(low) & (span - 1);
        if behind <= span >> BEHIND_SHIFT && behind <= self.end {
            self.end - behind
        } else {
            self.end.saturating_add(span - behind)
        }
    }

    /// Whether this counter has not come yet, as far as is known.
    pub(super) fn takes(&self, counter: u64) -> bool {
        if counter >= self.end {
            return true;
        }
        let (block, bit) = Window::place(counter);
        self.end - counter <= REACH && self.marks.get(block).is_some_and(|marks| marks & bit == 0)
    }

    /// It has come: a frame that carries it was opened.
    pub(super) fn mark(&mut self, counter: u64) {
        if counter >= self.end {
            let (first, last) = (self.end.div_ceil(BLOCK_BITS), counter / BLOCK_BITS);
            // All that are begun between the two are new.
            for block in first..=last.min(first.saturating_add(BLOCKS as u64)) {
                self.marks[(block % BLOCKS as u64) as usize] = 0;
            }
            self.end = counter.saturating_add(1);
        }
        let (block, bit) = Window::place(counter);
        self.marks[block] |= bit;
    }

    /// None before this one is taken any longer.
    pub(super) fn pass(&mut self, counter: u64) {
        for before in counter.saturating_sub(REACH)..counter {
            if self.takes(before) {
                self.mark(before);
            }
        }
    }

    fn place(counter: u64) -> (usize, u32) {
        ((counter / BLOCK_BITS % BLOCKS as u64) as usize, 1 << (counter % BLOCK_BITS))
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Nothing before is taken, and behind it all that has not come.
        #[test]
        fn what_is_passed_is_not_taken_and_what_comes_is(
            come in prop::collection::vec(0u64..400, 0..60),
            passed in prop_oneof![0u64..600, any::<u64>().prop_map(|far| far >> 1)],
            later in prop::collection::vec(0u64..150, 0..60),
        ) {
            let mut window = Window::default();
            for counter in &come {
                if window.takes(*counter) {
                    window.mark(*counter);
                }
            }
            let (before, end) = (window, window.end);
            window.pass(passed);
            prop_assert_eq!(window.end, end.max(passed));
            let reach = window.end.saturating_sub(200)..window.end + 200;
            for counter in reach {
                prop_assert_eq!(window.takes(counter), counter >= passed && before.takes(counter), "{}", counter);
            }
            for counter in later.into_iter().map(|ahead| passed + ahead) {
                let is_new = window.takes(counter);
                window.mark(counter);
                prop_assert!(!is_new || !window.takes(counter));
            }
        }

        /// Steps forward and back, near and far, beside a set of all that have come.
        #[test]
        fn each_counter_is_taken_once_and_none_that_is_far_behind(
            start in prop_oneof![Just(0), any::<u32>().prop_map(u64::from), (1u64 << 32) - 50..(1 << 32) + 50],
            steps in prop::collection::vec((prop_oneof![0u64..4, 0u64..140, 0u64..1000, 0u64..65_000], 0u64..200), 1..200),
        ) {
            let (mut window, mut come, mut top) = (Window::default(), BTreeSet::new(), start);
            window.mark(start);
            come.insert(start);
            for (forward, back) in steps {
                let counter = (top + forward).saturating_sub(back);
                let expected = counter > top || (!come.contains(&counter) && top + 1 - counter <= REACH);
                prop_assert_eq!(window.takes(counter), expected, "{} of {}", counter, top);
                if expected {
                    let bytes = counter.to_le_bytes();
                    prop_assert_eq!([window.counter(&bytes[..2]), window.counter(&bytes[..4])], [counter; 2]);
                    window.mark(counter);
                    come.insert(counter);
                    top = top.max(counter);
                }
            }
        }
    }
}
