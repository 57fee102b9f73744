use super::super::{Key, KeyId, Name, Rights, Ring};
use crate::Cluster;

/// A client's key, as the client has it: with it, it poses as nobody else. It is wiped when it is dropped.
#[derive(Debug)]
pub struct ClientKey {
    /// The cluster that it is for.
    pub cluster: Cluster,
    /// The number of the cluster's key that it was made of.
    pub id: KeyId,
    /// What the client is called.
    pub name: Name,
    /// What the client may ask for.
    pub rights: Rights,
    /// What its Hellos are made with, and its sessions.
    pub key: Key,
}

impl ClientKey {
    /// The key of the client of this name, with these rights, in this cluster: made of the ring's key of this number. None if
    /// the ring has none.
    pub fn of<const KEYS: usize>(
        ring: &Ring<KEYS>,
        id: KeyId,
        cluster: Cluster,
        name: Name,
        rights: Rights,
    ) -> Option<ClientKey> {
        let key = ring.key(id)?.for_client(cluster, name, rights);
        Some(ClientKey { cluster, id, name, rights, key })
    }

    /// The client as nodes know it.
    pub(super) fn guest(&self) -> Guest {
        Guest { name: self.name, rights: self.rights }
    }
}

/// A client as nodes know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guest {
    /// What it is called.
    pub name: Name,
    /// What it may ask for.
    pub rights: Rights,
}
