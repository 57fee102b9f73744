use core::fmt;

use serde::{Deserialize, Serialize};

use crate::brief::decimal;

/// The number of a key under which members seal what they say: 0 to 15. It is all that the core knows of keys, so that
/// the word for another one can [go through the log](crate::Change::UseKey).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[serde(into = "u8", try_from = "u8")]
pub struct KeyId(u8);

impl KeyId {
    /// How many numbers there are.
    pub const COUNT: u8 = 16;

    /// The key of this number, if there can be one.
    pub const fn new(number: u8) -> Option<KeyId> {
        if number < KeyId::COUNT { Some(KeyId(number)) } else { None }
    }

    /// The key whose number is in the low four bits.
    pub const fn of_bits(byte: u8) -> KeyId {
        KeyId(byte % KeyId::COUNT)
    }

    /// The number.
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl From<KeyId> for u8 {
    fn from(id: KeyId) -> u8 {
        id.number()
    }
}

impl TryFrom<u8> for KeyId {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<KeyId, &'static str> {
        KeyId::new(number).ok_or("a key's number is from 0 to 15")
    }
}

/// As people read it: the number alone.
impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal(f, self.0)
    }
}
