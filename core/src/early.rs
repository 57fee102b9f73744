use crate::crc32c;
use crate::crc32c_shift::crc32c_shift;

/// After so many pieces beyond a gap, what is missing is taken for lost, and not for late.
const AHEAD_MAX: u8 = 16;

/// Pieces of a snapshot that are here though something before them is not.
///
/// They lie on a grid, as a leader cuts a snapshot into pieces of one length but for the last. A piece beside the grid
/// is as good as lost: once the gap is closed, there may be another grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Early {
    /// Where the first of them starts.
    start: u64,
    /// The length of a piece that is not the snapshot's last.
    unit: u64,
    /// Which are here: bit n is of the piece n units behind the first.
    here: u128,
    /// Of all that ever came early, the checks, each moved to the snapshot's end.
    check: u32,
    /// How many have come since what was due last came.
    ahead: u8,
    /// Up to where pieces were asked for.
    asked: u64,
    /// Whether the last of these has come early: none comes any more that would tell of a loss.
    ends: bool,
}

impl Early {
    pub(crate) const NONE: Early = Early { start: 0, unit: 0, here: 0, check: 0, ahead: 0, asked: 0, ends: false };

    /// Where the first of them starts, if there is one.
    pub(crate) fn first(&self) -> Option<u64> {
        (self.here != 0).then_some(self.start)
    }

    /// Whether to take a piece that is ahead of what is due.
    pub(crate) fn takes(&self, offset: u64, length: u64, end_of_all: u64) -> bool {
        self.with(offset, length, end_of_all).is_some()
    }

    /// A piece that was to be taken is stored. Whether what is missing before it seems to be lost.
    pub(crate) fn take(&mut self, offset: u64, bytes: &[u8], end_of_all: u64) -> bool {
        let length = bytes.len() as u64;
        let end = offset + length;
        *self = self.with(offset, length, end_of_all).unwrap_or(*self);
        self.check ^= crc32c_shift(crc32c(bytes), end_of_all - end);
        self.ahead = self.ahead.saturating_add(1);
        // A whole piece more would reach beyond what was asked for.
        self.ends |= end.saturating_add(length) > self.asked;
        self.ahead >= AHEAD_MAX || self.ends
    }

    /// These and the piece, if that lies on their grid, near enough, and is not here yet.
    fn with(mut self, offset: u64, length: u64, end_of_all: u64) -> Option<Early> {
        if self.here == 0 {
            (self.start, self.unit) = (offset, length);
        } else if self.here == 1 && self.start.saturating_add(self.unit) >= end_of_all {
            // The last piece came first, and does not tell how long the others are.
            self.unit = self.unit.max(length);
        }
        let is_last = offset + length == end_of_all;
        if length > self.unit || (length < self.unit && !is_last) {
            return None;
        }
        while offset < self.start && self.here >> 127 == 0 {
            self.start = self.start.saturating_sub(self.unit);
            self.here <<= 1;
        }
        let (mut place, mut bit) = (self.start, 1_u128);
        while place < offset && bit != 0 {
            place = place.saturating_add(self.unit);
            bit <<= 1;
        }
        if place != offset || bit == 0 || self.here & bit != 0 {
            return None;
        }
        self.here |= bit;
        Some(self)
    }

    /// What was due has come, up to this end: takes out those that follow it at once, and returns where they end.
    pub(crate) fn close(&mut self, end: u64, end_of_all: u64) -> u64 {
        self.ahead = 0;
        if self.first() != Some(end) {
            return end;
        }
        while self.here & 1 == 1 {
            self.here >>= 1;
            self.start = self.start.saturating_add(self.unit);
        }
        let reached = self.start.min(end_of_all);
        while self.here != 0 && self.here & 1 == 0 {
            self.here >>= 1;
            self.start = self.start.saturating_add(self.unit);
        }
        reached
    }

    /// Pieces up to here are asked for.
    pub(crate) fn ask(&mut self, through: u64) {
        if through > self.asked {
            (self.asked, self.ends) = (through, false);
        }
    }

    /// Whether something is missing before the last piece that was asked for, which is here.
    pub(crate) fn is_at_end(&self) -> bool {
        self.ends && self.first().is_some()
    }

    /// The check of the whole, once that is here. `check` is that of what came when it was due, with zeros in the place
    /// of the rest.
    pub(crate) fn check_of_all(&self, check: u32) -> u32 {
        check ^ self.check
    }

    /// The check of what is here when `bytes` more are, which came early and count as zeros.
    pub(crate) fn check_behind(check: u32, bytes: u64) -> u32 {
        crc32c_shift(check, bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: u64 = 1050;

    /// Of these pieces of 100 bytes, by number, and the last of 50.
    fn with(early: Early, number: u64) -> Option<Early> {
        early.with(number * 100, (END - number * 100).min(100), END)
    }

    fn noted(numbers: &[u64]) -> Early {
        numbers.iter().fold(Early::NONE, |early, number| with(early, *number).expect("it is new, and on the grid"))
    }

    #[test]
    fn what_follows_a_gap_is_taken_once_it_is_closed() {
        for order in [[2, 3, 5, 10], [10, 5, 3, 2], [3, 10, 2, 5], [10, 2, 5, 3]] {
            let mut early = noted(&order);
            assert_eq!(early.first(), Some(200), "{order:?}");
            assert_eq!((early.close(100, END), early.first()), (100, Some(200)), "the gap is still there");
            assert_eq!((early.close(200, END), early.first()), (400, Some(500)));
            assert_eq!((early.close(500, END), early.first()), (600, Some(1000)));
            assert_eq!((early.close(1000, END), early.first()), (END, None), "the last is shorter");
        }
    }

    #[test]
    fn a_piece_is_noted_once() {
        let early = noted(&[10, 2, 5, 3]);
        assert!([2, 3, 5, 10].into_iter().all(|number| with(early, number).is_none()));
    }

    #[test]
    fn a_piece_beside_the_grid_is_not_noted() {
        let early = noted(&[5]);
        for (offset, length) in
            [(150, 100), (450, 100), (650, 100), (600, 99), (600, 101), (400, 50), (1001, 49), (30, 100)]
        {
            assert_eq!(early.with(offset, length, END), None, "{length} bytes at {offset}");
        }
        assert!(noted(&[10]).with(960, 40, END).is_none(), "the last one is not longer than others");
    }

    #[test]
    fn what_is_further_away_than_there_are_bits_is_not_noted() {
        let end = 100_000;
        let early = Early::NONE.with(20_000, 100, end).expect("the first");
        let at = |number: u64| early.with(number * 100, 100, end);
        assert!(at(200 + 127).is_some() && at(200 + 128).is_none());
        assert!(at(200 - 127).is_some() && at(200 - 128).is_none());
    }
}
