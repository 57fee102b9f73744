use core::fmt;
use core::str::FromStr;

use quorate::Brief;

/// What a client is called by those who give it a key: 1 to 16 printable characters of ASCII, none of them a space.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name([u8; Name::BYTES_MAX]);

impl Name {
    /// How long a name may be.
    pub const BYTES_MAX: usize = 16;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        let length = self.0.iter().position(|byte| *byte == 0).unwrap_or(self.0.len());
        self.0.get(..length).and_then(|text| str::from_utf8(text).ok()).unwrap_or_default()
    }

    /// Filled up with zeros.
    pub(super) const fn bytes(&self) -> &[u8; Name::BYTES_MAX] {
        &self.0
    }

    /// The same, as two numbers.
    pub(super) const fn halves(&self) -> [u64; 2] {
        let number = u128::from_le_bytes(self.0);
        [number as u64, (number >> 64) as u64]
    }

    pub(super) fn of(bytes: [u8; Name::BYTES_MAX]) -> Option<Name> {
        let length = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        let (name, rest) = bytes.split_at_checked(length)?;
        let is_one = !name.is_empty() && name.iter().all(u8::is_ascii_graphic) && rest.iter().all(|byte| *byte == 0);
        is_one.then_some(Name(bytes))
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Name, NameError> {
        let mut bytes = [0; Name::BYTES_MAX];
        let place = bytes.get_mut(..text.len()).ok_or(NameError)?;
        place.iter_mut().zip(text.as_bytes()).for_each(|(to, byte)| *to = *byte);
        Name::of(bytes).filter(|name| name.as_str().len() == text.len()).ok_or(NameError)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is no client's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameError;

impl From<NameError> for Brief {
    fn from(_: NameError) -> Brief {
        Brief { of: "name", word: "invalid", numbers: [0, 0] }
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if Brief::IS_SHOWN {
            return Brief::from(*self).fmt(f);
        }
        f.write_str("a client's name has 1 to 16 printable characters of ASCII, and no spaces")
    }
}

impl core::error::Error for NameError {}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::string::ToString;

    use super::*;

    #[test]
    fn a_name_is_a_word() {
        for text in ["a", "backup@host-7", "0123456789abcdef"] {
            assert_eq!(text.parse::<Name>().map(|name| name.to_string()), Ok(text.to_string()));
        }
        for text in ["", "0123456789abcdefg", "a b", "a\n", "a\0", "a\0b", "ä"] {
            assert_eq!(text.parse::<Name>(), Err(NameError), "{text:?}");
        }
        assert_eq!(Name::of([0; 16]), None);
        assert_eq!(Name::of(*b"a\0b\0\0\0\0\0\0\0\0\0\0\0\0\0"), None);
    }
}
