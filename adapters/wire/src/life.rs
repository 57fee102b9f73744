//! A life as serde writes it, where frames are taken apart by it: as [`fields::incarnation`](crate::fields) does.

use quorate::Incarnation;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(crate) fn serialize<S: Serializer>(life: &Incarnation, serializer: S) -> Result<S::Ok, S::Error> {
    (*life != Incarnation::FOUNDER).then(|| life.0.to_le_bytes()).serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Incarnation, D::Error> {
    let drawn = Option::<[u8; 8]>::deserialize(deserializer)?;
    Ok(drawn.map_or(Incarnation::FOUNDER, |number| Incarnation(u64::from_le_bytes(number))))
}
