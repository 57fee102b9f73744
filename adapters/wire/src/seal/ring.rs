use core::fmt;

use quorate::{Brief, KeyId};

use super::Key;
use crate::client::KeyReport;
/// What tells frames under what was made with the key of this number from others: the key's number, and four bits that come
/// of the other.
pub(super) fn mark_of(id: KeyId, number: u64) -> u8 {
    let bits = number.to_le_bytes().into_iter().fold(0, |all, byte| all ^ byte);
    id.number() | (bits ^ bits << 4) & 0xf0
}

/// The keys that a node takes, by their numbers, and the one that it uses itself: room for `KEYS` of them.
///
/// To change a key without a moment of downtime, install the new one at all nodes, use it at all, and remove the old one.
#[derive(Debug)]
pub struct Ring<const KEYS: usize> {
    keys: [Option<(KeyId, Key)>; KEYS],
    used: KeyId,
}

impl<const KEYS: usize> Ring<KEYS> {
    const ROOM: () = assert!(KEYS > 0, "a ring has room for the key that is used");

    /// One key, which is used.
    pub fn new(id: KeyId, key: Key) -> Ring<KEYS> {
        let () = Self::ROOM;
        let mut keys = [const { None }; KEYS];
        if let Some(place) = keys.first_mut() {
            *place = Some((id, key));
        }
        Ring { keys, used: id }
    }

    /// Takes frames under this key from now on.
    ///
    /// # Errors
    /// There is another key of this number, or no room. The key is wiped.
    pub fn install(&mut self, id: KeyId, key: Key) -> Result<(), RingError> {
        if self.key(id).is_some() {
            return Err(RingError::Taken);
        }
        let place = self.keys.iter_mut().find(|place| place.is_none()).ok_or(RingError::Full)?;
        *place = Some((id, key));
        Ok(())
    }

    /// Asks for sessions under this key from now on.
    ///
    /// # Errors
    /// There is none of this number.
    pub fn use_key(&mut self, id: KeyId) -> Result<(), RingError> {
        self.key(id).ok_or(RingError::Unknown)?;
        self.used = id;
        Ok(())
    }

    /// Takes nothing under this key any longer, and wipes it.
    ///
    /// # Errors
    /// There is none of this number, or it is the one that is used.
    pub fn remove(&mut self, id: KeyId) -> Result<(), RingError> {
        if id == self.used {
            return Err(RingError::Used);
        }
        let is_meant = |place: &&mut Option<(KeyId, Key)>| place.as_ref().is_some_and(|(number, _)| *number == id);
        *self.keys.iter_mut().find(is_meant).ok_or(RingError::Unknown)? = None;
        Ok(())
    }

    /// The key of this number, if it is here.
    pub fn key(&self, id: KeyId) -> Option<&Key> {
        self.keys.iter().flatten().find(|(number, _)| *number == id).map(|(_, key)| key)
    }

    /// All keys that are here.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter().flatten().map(|(_, key)| key)
    }

    /// Which keys are here, and which is used: for a status.
    pub fn report(&self) -> KeyReport {
        KeyReport { held: self.keys.iter().flatten().map(|(id, _)| *id).collect(), used: self.used }
    }

    /// The number of the key that is used.
    pub fn used(&self) -> KeyId {
        self.used
    }
}

/// Why a ring does not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RingError {
    /// There is a key of this number already.
    Taken,
    /// There is no key of this number.
    Unknown,
    /// There is room for no more keys: remove one that nobody uses any longer.
    Full,
    /// This key is the one that is used: use another one first.
    Used,
}

impl From<RingError> for Brief {
    fn from(error: RingError) -> Brief {
        let word = match error {
            RingError::Taken => "taken",
            RingError::Unknown => "unknown",
            RingError::Full => "full",
            RingError::Used => "used",
        };
        Brief { of: "ring", word, numbers: [0, 0] }
    }
}

impl fmt::Display for RingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if Brief::IS_SHOWN {
            return Brief::from(*self).fmt(f);
        }
        f.write_str(match self {
            RingError::Taken => "there is a key of this number already",
            RingError::Unknown => "there is no key of this number",
            RingError::Full => "there is room for no more keys: remove one that nobody uses any longer",
            RingError::Used => "this key is the one that is used: use another one first",
        })
    }
}

impl core::error::Error for RingError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> KeyId {
        KeyId::new(number).expect("it is below 16")
    }

    fn key(byte: u8) -> Key {
        Key::new([byte; Key::BYTES])
    }

    #[test]
    fn keys_are_changed_one_after_the_other() {
        assert_eq!(KeyId::new(16), None);
        let mut ring = Ring::<2>::new(id(3), key(3));
        assert_eq!(ring.install(id(3), key(9)), Err(RingError::Taken));
        assert_eq!(ring.use_key(id(4)), Err(RingError::Unknown));
        assert_eq!(ring.install(id(4), key(4)), Ok(()));
        assert_eq!(ring.install(id(5), key(5)), Err(RingError::Full));
        assert_eq!(ring.remove(id(3)), Err(RingError::Used));
        assert_eq!((ring.use_key(id(4)), ring.used()), (Ok(()), id(4)));
        assert_eq!((ring.remove(id(3)), ring.remove(id(3))), (Ok(()), Err(RingError::Unknown)));
        assert!(ring.key(id(3)).is_none());
        assert_eq!(ring.key(id(4)).map(Key::expose), Some(key(4).expose()));
        assert_eq!(ring.install(id(3), key(9)), Ok(()));
    }
}
