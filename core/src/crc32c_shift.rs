/// The CRC-32C of a part of some bytes, as it stands in that of the whole if this many of them follow: the check of a
/// front and of what follows it, each so moved to the end of both, make the check of both by an exclusive or.
///
/// A check is the remainder of a polynomial whose highest power is the lowest bit. Each byte that follows multiplies it
/// by x^8, so that many take the steps of a logarithm.
pub(crate) fn crc32c_shift(mut check: u32, mut bytes: u64) -> u32 {
    let mut power = X >> 7;
    while bytes > 0 {
        if bytes & 1 == 1 {
            check = multiply(check, power);
        }
        power = multiply(power, power);
        bytes >>= 1;
    }
    check
}

/// The polynomial x.
const X: u32 = 1 << 30;

/// CRC-32C's own polynomial, without its highest power.
const CASTAGNOLI: u32 = 0x82f6_3b78;

/// The product of two remainders.
fn multiply(mut one: u32, mut other: u32) -> u32 {
    let mut product = 0;
    while one > 0 {
        if one >> 31 == 1 {
            product ^= other;
        }
        one <<= 1;
        other = if other & 1 == 1 { (other >> 1) ^ CASTAGNOLI } else { other >> 1 };
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{crc32c, crc32c_append};

    #[test]
    fn checks_of_parts_make_the_check_of_the_whole_in_any_order() {
        let whole: [u8; 300] = core::array::from_fn(|place| (place * place + 7) as u8);
        for first in 0..=whole.len() {
            for second in [first, (first + 1).min(whole.len()), (first + whole.len()) / 2, whole.len()] {
                let (front, rest) = whole.split_at(second);
                let (front, middle) = front.split_at(first);
                let moved = |part, behind: usize| crc32c_shift(crc32c(part), behind as u64);
                let check = moved(rest, 0) ^ moved(front, whole.len() - first) ^ moved(middle, rest.len());
                assert_eq!(check, crc32c(&whole), "cut at {first} and {second}");
            }
        }
    }

    #[test]
    fn a_check_is_moved_by_as_many_bytes_as_there_are() {
        let moved = |bytes| crc32c_shift(0x1234_5678, bytes);
        assert_eq!(moved(0), 0x1234_5678);
        for (one, other) in [(1, 1), (255, 1), (1 << 20, 3), (1 << 40, 12_345), (u64::MAX - 9, 9)] {
            assert_eq!(crc32c_shift(moved(one), other), moved(one + other), "{one} and {other}");
        }
    }

    #[test]
    fn a_check_goes_on_behind_one_that_was_moved() {
        let (front, rest) = (b"what came first", b"and what followed it");
        let moved = crc32c_shift(crc32c(front), 1000);
        assert_eq!(crc32c_append(moved, rest), crc32c_shift(moved, rest.len() as u64) ^ crc32c(rest));
    }
}
