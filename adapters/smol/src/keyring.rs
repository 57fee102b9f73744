use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use quorate_wire::seal::{Key, KeyId, Ring, RingError};

/// How many keys there are numbers for.
pub(crate) const KEYS: usize = KeyId::COUNT as usize;

/// The keys that a cluster's nodes share, by number, and the one that is used. All clones are the same keyring: what is
/// changed here is changed for the node that runs with it, from its next frame on.
///
/// To change a key while all runs, install the new one at all nodes, use it at all, and remove the old one at all.
#[derive(Clone, Debug)]
pub struct Keyring(Arc<Mutex<Ring<KEYS>>>);

impl Keyring {
    /// One key, which is used.
    pub fn new(id: KeyId, key: Key) -> Keyring {
        Keyring(Arc::new(Mutex::new(Ring::new(id, key))))
    }

    /// Takes frames under this key from now on.
    ///
    /// # Errors
    /// There is another key of this number.
    pub fn install(&self, id: KeyId, key: Key) -> Result<(), RingError> {
        self.ring().install(id, key)
    }

    /// Uses this key for sessions that are made from now on.
    ///
    /// # Errors
    /// There is none of this number.
    pub fn use_key(&self, id: KeyId) -> Result<(), RingError> {
        self.ring().use_key(id)
    }

    /// Takes nothing under this key any longer, and wipes it.
    ///
    /// # Errors
    /// There is none of this number, or it is the one that is used.
    pub fn remove(&self, id: KeyId) -> Result<(), RingError> {
        self.ring().remove(id)
    }

    /// Nothing that is done with it panics halfway.
    pub(crate) fn ring(&self) -> MutexGuard<'_, Ring<KEYS>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
