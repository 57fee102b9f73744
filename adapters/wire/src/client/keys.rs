use core::fmt;

use quorate::KeyId;
use serde::{Deserialize, Serialize};

/// What a node says of its keys: their numbers alone. Under which the members are to seal, its configuration says: see
/// [`ReplyBody::Members`](super::ReplyBody::Members).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct KeyReport {
    /// Those that it has.
    pub held: KeySet,
    /// The one under which it seals what it says; it has that.
    pub used: KeyId,
}

/// The numbers of some keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct KeySet(pub u16);

impl KeySet {
    /// Whether this number is among them.
    pub const fn contains(self, id: KeyId) -> bool {
        self.0 >> id.number() & 1 == 1
    }

    /// The numbers, rising.
    pub fn iter(self) -> impl Iterator<Item = KeyId> {
        (0..KeyId::COUNT).map(KeyId::of_bits).filter(move |id| self.contains(*id))
    }
}

impl FromIterator<KeyId> for KeySet {
    fn from_iter<I: IntoIterator<Item = KeyId>>(ids: I) -> KeySet {
        KeySet(ids.into_iter().fold(0, |all, id| all | 1 << id.number()))
    }
}

/// As people read them: `1, 2`.
impl fmt::Display for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "";
        self.iter().try_for_each(|id| {
            f.write_str(core::mem::replace(&mut comma, ", "))?;
            id.fmt(f)
        })
    }
}
