use core::fmt::{self, Write};

/// What an error says in few bytes: what it is of, a word, and two numbers.
///
/// Where there is no operating system, errors are shown so, as in `flash: log full 0x3 0x1`: the sentences that hosts
/// show, and what writes numbers into them, would take almost three times as much of a board's flash. The word is
/// the name of the error's variant, and the numbers are its first fields, in hexadecimal digits; seats and features are
/// bits, and what there is no number for is zero. An error that holds another one is shown as that. Where it is
/// otherwise, [a table](https://github.com/quorate/quorate/blob/main/docs/debugging.md#what-a-board-says) says.
///
/// ```
/// use quorate::{Brief, ConfigError};
///
/// let error = ConfigError::LogTooSmall { bytes: 512, least: 1024 };
/// assert_eq!(Brief::from(error).to_string(), "config: log too small 0x200 0x400");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Brief {
    /// What the error is of: one word for each type of errors that is told.
    pub of: &'static str,
    /// Which error it is.
    pub word: &'static str,
    /// What it is about.
    pub numbers: [u64; 2],
}

impl Brief {
    /// Whether errors are shown so by this build.
    pub const IS_SHOWN: bool = cfg!(target_os = "none");
}

impl fmt::Display for Brief {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.of)?;
        f.write_str(": ")?;
        f.write_str(self.word)?;
        self.numbers.into_iter().try_for_each(|number| {
            f.write_str(" 0x")?;
            hexadecimal(f, number, 1)
        })
    }
}

/// Writes a number, with zeros before it if it has fewer digits. The language's own way to do so brings what pads and
/// signs numbers of any kind.
pub(crate) fn hexadecimal(f: &mut fmt::Formatter<'_>, number: u64, digits: u32) -> fmt::Result {
    let leading = (number.leading_zeros() / 4).min(16 - digits);
    let mut rest = number << (4 * leading);
    (leading..16).try_for_each(|_| {
        rest = rest.rotate_left(4);
        digit(f, rest as u8 & 0xf)
    })
}

/// Writes the number of a seat, a key or a feature.
pub(crate) fn decimal(f: &mut fmt::Formatter<'_>, number: u8) -> fmt::Result {
    if number >= 10 {
        decimal(f, number / 10)?;
    }
    digit(f, number % 10)
}

#[cfg_attr(target_os = "none", inline(never))]
fn digit(f: &mut fmt::Formatter<'_>, digit: u8) -> fmt::Result {
    f.write_char(char::from(if digit < 10 { b'0' + digit } else { b'a' - 10 + digit }))
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::format;
    use std::string::ToString;

    use crate::{Features, Founding, Incarnation, KeyId, Seat, Seats};

    #[test]
    fn numbers_have_the_digits_that_the_language_gives_them() {
        for shift in 0..u64::BITS {
            for number in [u64::MAX >> shift, 0x0123_4567_89ab_cdef << shift, 1 << shift, 0] {
                assert_eq!(Founding(number).to_string(), format!("{number:016x}"));
                let life = Incarnation::drawn(number);
                assert_eq!(life.to_string(), format!("{:016x}", life.0));
                let brief = super::Brief { of: "a", word: "b", numbers: [number, 1] };
                assert_eq!(brief.to_string(), format!("a: b {number:#x} 0x1"));
            }
        }
        for number in 0..KeyId::COUNT {
            assert_eq!(KeyId::of_bits(number).to_string(), number.to_string());
        }
        for number in 0..=u8::MAX {
            let owner = crate::Owner { cluster: 42, seat: Seat(number) };
            assert_eq!(owner.to_string(), format!("n{number} of cluster 42"));
        }
    }

    #[test]
    fn sets_are_shown_as_lists() {
        assert_eq!(Seats(1 << 31 | 1 << 10 | 1 << 2 | 1).to_string(), "n0, n2, n10, n31");
        assert_eq!(Seats::NONE.to_string(), "");
        let features = Features::LEASES.with(Features(1 << 12)).with(Features::of_app(0)).with(Features::of_app(15));
        assert_eq!(features.to_string(), "leases, feature 12, app feature 0, app feature 15");
    }
}
