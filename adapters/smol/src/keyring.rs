use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use quorate::Index;
use quorate_wire::Cluster;
use quorate_wire::client::KeyReport;
use quorate_wire::seal::client::ClientKey;
use quorate_wire::seal::{Key, KeyId, Name, Rights, Ring, RingError};

/// How many keys there are numbers for.
pub(crate) const KEYS: usize = KeyId::COUNT as usize;

/// The keys that a cluster's nodes share, by number, and the one that is used; and the clients whose keys were taken back. All
/// clones are the same keyring: what is changed here is changed for the node that runs with it, from its next frame on.
///
/// To change a key while all runs, install the new one at all nodes, say [`Change::UseKey`](crate::Change::UseKey) to the cluster,
/// and remove the old one at all. That word goes through the log, a key never does: each node uses the key once it knows that word to be
/// committed, and again when it starts, over what [`use_key`](Keyring::use_key) was told. One that lacks it
/// [says so](crate::Event::LacksKey), goes on under the key that it uses, and changes as soon as the one that it lacks is installed.
///
/// A keyring is one cluster's.
#[derive(Clone, Debug)]
pub struct Keyring(Arc<Mutex<Keys>>);

/// What a keyring holds.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) ring: Ring<KEYS>,
    /// Which key this process was told to use.
    told: KeyId,
    /// Which key the members have said to use, and the index of the configuration that says so.
    word: Option<(Index, KeyId)>,
    denied: BTreeSet<Name>,
    /// How often a key of each number was removed.
    pub(crate) removals: [u32; KEYS],
}

impl Keys {
    /// Uses the key that the members have said to use, if it is here. Whether it is.
    fn obey(&mut self) -> bool {
        // Who lacks it goes on as before.
        self.word.is_some_and(|(_, id)| self.ring.use_key(id).is_ok())
    }

    /// Whether a client of this name may come.
    pub(crate) fn admit(&self, name: Name) -> bool {
        !self.denied.contains(&name)
    }
}

impl Keyring {
    /// One key, which is used.
    pub fn new(id: KeyId, key: Key) -> Keyring {
        let keys =
            Keys { ring: Ring::new(id, key), told: id, word: None, denied: BTreeSet::new(), removals: [0; KEYS] };
        Keyring(Arc::new(Mutex::new(keys)))
    }

    /// Takes frames under this key from now on. There is room for all 16 numbers. If it is the one that the members have said to
    /// use, it is used.
    ///
    /// # Errors
    /// There is another key of this number.
    pub fn install(&self, id: KeyId, key: Key) -> Result<(), RingError> {
        let mut keys = self.keys();
        keys.ring.install(id, key)?;
        keys.obey();
        Ok(())
    }

    /// Uses this key for sessions that are made from now on, until the members say which: before the founding, and in a cluster where
    /// nobody has said [`Change::UseKey`](crate::Change::UseKey). From then on this changes nothing at a node that has the key which they
    /// have said.
    ///
    /// # Errors
    /// There is none of this number.
    pub fn use_key(&self, id: KeyId) -> Result<(), RingError> {
        let mut keys = self.keys();
        keys.ring.key(id).ok_or(RingError::Unknown)?;
        keys.told = id;
        if keys.obey() { Ok(()) } else { keys.ring.use_key(id) }
    }

    /// The number of the key that is used.
    pub fn used(&self) -> KeyId {
        self.keys().ring.used()
    }

    /// The number of the key that the members have said to use, if they have, as far as a node with this keyring knows that to be
    /// committed. The key may not be here.
    pub fn word(&self) -> Option<KeyId> {
        self.keys().word.map(|(_, id)| id)
    }

    /// Takes nothing under this key any longer, and wipes it, with all that was made of it. Without the one that the members have said
    /// to use, a node uses the one that [`use_key`](Keyring::use_key) was told: they may have said another one meanwhile, and it may be
    /// the only one that has not heard.
    ///
    /// # Errors
    /// There is none of this number, or it is the one that is used, and no other one was told.
    pub fn remove(&self, id: KeyId) -> Result<(), RingError> {
        let mut keys = self.keys();
        let told = keys.told;
        if id == keys.ring.used() && id != told {
            keys.ring.use_key(told)?;
        }
        keys.ring.remove(id)?;
        if id == told {
            keys.told = keys.ring.used();
        }
        keys.removals[usize::from(id.number())] += 1;
        Ok(())
    }

    /// Takes the keys of the client of this name back, whatever rights they have, and of whichever key of the cluster they are
    /// made: it is not heard any longer. What was accepted of it before is done.
    pub fn deny(&self, name: Name) {
        self.keys().denied.insert(name);
    }

    /// The opposite of [`deny`](Keyring::deny): the keys are good again, with the rights that each has.
    pub fn allow(&self, name: Name) {
        self.keys().denied.remove(&name);
    }

    /// The keys of the client of this name, with these rights: one for each of the cluster's, from 1 to 16, and first that of
    /// the one that is used. They are for [`Client::seal`](crate::Client::seal), also if the name is denied.
    pub fn client_keys(&self, cluster: Cluster, name: Name, rights: Rights) -> Vec<ClientKey> {
        let keys = self.keys();
        let used = keys.ring.used();
        let others = (0..KeyId::COUNT).filter_map(KeyId::new).filter(|id| *id != used);
        let ids = std::iter::once(used).chain(others);
        ids.filter_map(|id| ClientKey::of(&keys.ring, id, cluster, name, rights)).collect()
    }

    /// The members have said to use this key, in the configuration of this index, which is committed. Of what nodes of one process know,
    /// the latest counts.
    pub(crate) fn follow(&self, since: Index, id: KeyId) {
        let mut keys = self.keys();
        if keys.word.is_none_or(|(known, _)| since >= known) {
            keys.word = Some((since, id));
            keys.obey();
        }
    }

    /// What a node says of them.
    pub(crate) fn report(&self) -> KeyReport {
        self.keys().ring.report()
    }

    /// Nothing that is done with it panics halfway.
    pub(crate) fn keys(&self) -> MutexGuard<'_, Keys> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
