use serde::{Deserialize, Serialize};

/// A number in one byte, to within an eighth: exact below 16, above that rounded down, and never more than 15 * 2^30.
///
/// The upper five bits are an exponent, the lower three a fraction: `f` itself if the exponent is zero, or else
/// `(8 + f) * 2^(exponent - 1)`. A larger number never has the smaller byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Rough(pub(crate) u8);

impl Rough {
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) const fn of(number: u64) -> Rough {
        let mut exponent = 1;
        let mut rest = number;
        while rest >= 16 {
            rest >>= 1;
            exponent += 1;
        }
        // Below 8 the exponent is zero; from there on the bit of 8 is the lowest one of the exponent.
        if exponent > EXPONENT_MAX { Rough(u8::MAX) } else { Rough(((exponent - 1) << 3) + rest as u8) }
    }

    pub(crate) const fn value(self) -> u64 {
        let (exponent, fraction) = (self.0 >> 3, self.0 as u64 & 7);
        if exponent == 0 { fraction } else { (8 + fraction) << (exponent - 1) }
    }
}

const EXPONENT_MAX: u8 = 31;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_never_more_than_an_eighth_short() {
        let near = (0..64).flat_map(|bit| [(1_u64 << bit) - 1, 1 << bit, (1 << bit) + 1, (1 << bit) + (1 << bit) / 3]);
        for number in (0..10_000).chain(near) {
            let rough = Rough::of(number).value();
            assert!(rough <= number, "{number}: {rough}");
            assert!(number < 16 || rough >= number.min(15 << 30) / 8 * 7, "{number}: {rough}");
            assert!(number >= 16 || rough == number, "{number}: {rough}");
        }
    }

    #[test]
    fn every_byte_is_its_own_number_and_larger_ones_are_larger() {
        assert!((0..=u8::MAX).all(|byte| Rough::of(Rough(byte).value()) == Rough(byte)));
        assert!((1..=u8::MAX).all(|byte| Rough(byte).value() > Rough(byte - 1).value()));
    }
}
