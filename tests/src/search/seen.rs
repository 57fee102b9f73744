use std::collections::HashSet;
use std::hint::black_box;

use super::mix::Mixing;

/// Fingerprints up to here are kept in a set that grows; more of them in one that has all its memory at once.
const FEW: usize = 1 << 22;
/// How many fingerprints a bucket holds.
const SLOTS: usize = 12;

/// The fingerprints of all states that were met, in about six bytes each.
pub(crate) struct Seen {
    few: HashSet<u64, Mixing>,
    many: Vec<Bucket>,
    count: usize,
    buckets_max: usize,
}

/// A cache line of fingerprints. The front of each says in which bucket it is, or before which full ones; kept are the
/// last 40 bits. With millions of buckets, that is all of it.
#[derive(Clone, Default)]
#[repr(align(64))]
struct Bucket {
    low: [u32; SLOTS],
    /// Zero both here and in `low` where nothing is.
    high: [u8; SLOTS],
}

impl Seen {
    /// An empty set that takes so many bytes in the end.
    pub(crate) fn new(bytes_max: usize) -> Seen {
        let buckets_max = (bytes_max / size_of::<Bucket>()).max(1);
        Seen { few: HashSet::default(), many: Vec::new(), count: 0, buckets_max }
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn bytes(&self) -> usize {
        self.many.len() * size_of::<Bucket>() + self.few.capacity() * (size_of::<u64>() + 1)
    }

    /// At nineteen of twenty slots, a fingerprint is still in the bucket that it belongs to, or in one close by.
    pub(crate) fn is_full(&self) -> bool {
        self.count >= self.buckets_max * SLOTS / 20 * 19
    }

    /// Looks where fingerprints will be looked for: one after the other, each would wait for the memory.
    pub(crate) fn look_ahead(&self, fingerprints: impl Iterator<Item = u64>) {
        if !self.many.is_empty() {
            black_box(fingerprints.fold(0, |all, fingerprint| all ^ self.many[self.place(fingerprint)].high[0]));
        }
    }

    /// The bucket that it belongs to, in proportion to its front.
    fn place(&self, fingerprint: u64) -> usize {
        ((u128::from(fingerprint) * self.many.len() as u128) >> 64) as usize
    }

    /// Whether the fingerprint is new.
    pub(crate) fn insert(&mut self, fingerprint: u64) -> bool {
        let is_new =
            if self.many.is_empty() { self.few.insert(fingerprint) } else { self.insert_into_many(fingerprint) };
        self.count += usize::from(is_new);
        if self.many.is_empty() && self.count >= FEW {
            self.many = vec![Bucket::default(); self.buckets_max];
            for fingerprint in std::mem::take(&mut self.few) {
                self.insert_into_many(fingerprint);
            }
        }
        is_new
    }

    fn insert_into_many(&mut self, fingerprint: u64) -> bool {
        let mut place = self.place(fingerprint);
        let (low, high) = (fingerprint as u32, (fingerprint >> 32) as u8);
        // Nothing else looks like an empty slot.
        let low = low.max(u32::from(high == 0));
        loop {
            match self.many[place].insert(low, high) {
                Some(is_new) => return is_new,
                None => place = (place + 1) % self.many.len(),
            }
        }
    }
}

impl Bucket {
    /// Whether it is new, or nothing if it is not here and there is no room.
    fn insert(&mut self, low: u32, high: u8) -> Option<bool> {
        let same = self.low.iter().zip(&self.high).fold(false, |same, (at, top)| same | ((*at, *top) == (low, high)));
        if same {
            return Some(false);
        }
        let free = (0..SLOTS).find(|slot| (self.low[*slot], self.high[*slot]) == (0, 0))?;
        (self.low[free], self.high[free]) = (low, high);
        Some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::super::mix::spread;
    use super::*;

    #[test]
    fn each_fingerprint_is_new_once() {
        let count = FEW as u64 + FEW as u64 / 4;
        let mut seen = Seen::new(count as usize * 64 / SLOTS * 20 / 19);
        assert!((0..count).all(|number| seen.insert(spread(number))));
        assert!(seen.is_full() && !seen.many.is_empty());
        assert!((0..count).all(|number| !seen.insert(spread(number))));
        assert_eq!(seen.len() as u64, count);
    }

    #[test]
    fn a_fingerprint_of_nothing_is_kept() {
        let mut seen = Seen { many: vec![Bucket::default(); 2], ..Seen::new(128) };
        assert!(seen.insert(0));
        assert!(!seen.insert(0));
    }
}
