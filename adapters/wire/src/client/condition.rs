use core::fmt;

use quorate::KeyId;
use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{KeyReport, KeySet};
use crate::fields::{self, Fields, Writer};

/// What else there is to say of a node, in one byte, and in two more if it has keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Condition {
    /// Whether something found no room in its log, and no snapshot has made any since: see
    /// [`Node::is_full`](quorate::Node::is_full).
    pub is_full: bool,
    /// What it takes of others.
    pub links: Links,
    /// Its keys, if it has some.
    pub keys: Option<KeyReport>,
}

/// What a node takes of members and clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Links {
    /// Whatever anybody says: nothing is sealed.
    #[default]
    Plain = 0,
    /// What is sealed, and what is not as well, for a while.
    Both = 1,
    /// What is sealed alone.
    Sealed = 2,
}

/// The number of the key that is used, and one, stands above so many bits of the first byte; zero, if there are no keys.
const USED_AT: u8 = 3;

const MALFORMED: &str = "no condition";

impl Condition {
    pub(super) fn write(&self, out: &mut Writer<'_>) -> postcard::Result<()> {
        let (first, held) = self.bytes();
        fields::raw(out, &[first])?;
        held.map_or(Ok(()), |held| fields::raw(out, &held))
    }

    pub(super) fn read(fields: &mut Fields<'_>) -> Condition {
        let first = fields.byte();
        let held = if has_keys(first) { [fields.byte(), fields.byte()] } else { [0; 2] };
        Condition::of_bytes(first, held).unwrap_or_else(|| fields.malformed(Condition::default()))
    }

    /// The first byte, and those of the keys.
    fn bytes(self) -> (u8, Option<[u8; 2]>) {
        let Condition { is_full, links, keys } = self;
        let used = keys.map_or(0, |keys| keys.used.number() + 1);
        let first = u8::from(is_full) | (links as u8) << 1 | used << USED_AT;
        (first, keys.map(|keys| keys.held.0.to_le_bytes()))
    }

    /// What they say, if a node can be so.
    fn of_bytes(first: u8, held: [u8; 2]) -> Option<Condition> {
        let held = KeySet(u16::from_le_bytes(held));
        let keys = match (first >> USED_AT).checked_sub(1) {
            Some(used) => {
                Some(KeyId::new(used).filter(|used| held.contains(*used)).map(|used| KeyReport { held, used })?)
            }
            None => None,
        };
        let links = [Links::Plain, Links::Both, Links::Sealed].get(usize::from(first >> 1 & 0b11));
        links.map(|links| Condition { is_full: first & 1 == 1, links: *links, keys })
    }
}

fn has_keys(first: u8) -> bool {
    first >> USED_AT != 0
}

/// The bytes as a tuple.
impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (first, held) = self.bytes();
        let mut tuple = serializer.serialize_tuple(if held.is_some() { 3 } else { 1 })?;
        tuple.serialize_element(&first)?;
        held.iter().flatten().try_for_each(|byte| tuple.serialize_element(byte))?;
        tuple.end()
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Condition, D::Error> {
        deserializer.deserialize_tuple(3, Bytes)
    }
}

struct Bytes;

impl<'de> Visitor<'de> for Bytes {
    type Value = Condition;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a condition")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut bytes: A) -> Result<Condition, A::Error> {
        let mut next = || bytes.next_element::<u8>()?.ok_or_else(|| A::Error::custom(MALFORMED));
        let first = next()?;
        let held = if has_keys(first) { [next()?, next()?] } else { [0; 2] };
        Condition::of_bytes(first, held).ok_or_else(|| A::Error::custom(MALFORMED))
    }
}
