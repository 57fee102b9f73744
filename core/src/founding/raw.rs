//! Random numbers as serde writes them: eight bytes as they are, for a varint of such a number takes ten; for people,
//! sixteen hexadecimal digits.

use core::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(super) fn serialize<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() {
        serializer.collect_str(&format_args!("{number:016x}"))
    } else {
        number.to_le_bytes().serialize(serializer)
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    if deserializer.is_human_readable() {
        deserializer.deserialize_str(Digits)
    } else {
        <[u8; 8]>::deserialize(deserializer).map(u64::from_le_bytes)
    }
}

struct Digits;

impl Visitor<'_> for Digits {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sixteen hexadecimal digits")
    }

    fn visit_str<E: Error>(self, digits: &str) -> Result<u64, E> {
        u64::from_str_radix(digits, 16).map_err(|_| E::custom("not a number of hexadecimal digits"))
    }
}
