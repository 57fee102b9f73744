use embedded_storage::nor_flash::NorFlash;
use quorate_wire::seal::{Key, KeyId, Profile, Ring, RingError};

use crate::sealing::{KEYS, Sealing};
use crate::{App, Station};

/// Sealed links: with the feature `seal`.
impl<A, F, B, const SEATS: usize, const LINES: usize, const FRAME: usize, const CLIENTS: usize>
    Station<A, F, B, SEATS, LINES, FRAME, CLIENTS>
where
    A: App,
    F: NorFlash,
    B: AsRef<[u8]> + AsMut<[u8]>,
{
    /// From now on this station seals all that it says, and takes nothing that is not sealed: call it once it has started,
    /// before its first turn. The other members have the same keys. The keys live in memory alone; where they come from is the
    /// firmware's, such as a page of the flash that can be locked.
    ///
    /// The `seed` is another one at each boot, even if all of the flash was erased since: of a random number generator or, without
    /// one, a counter that erasing does not reach. A board that has neither must not seal: with the numbers of an earlier boot, what was
    /// recorded then could be played to it again.
    ///
    /// All members have the same `profile`: with [`Profile::Bus`] what they say to each other takes 10 bytes less of a line in each frame. Hosts
    /// have [`Profile::Full`].
    ///
    /// There is room for `CLIENTS` sessions of clients: of the other stations' apps, and of guests.
    #[cfg_attr(target_os = "none", inline(never))]
    pub fn seal(&mut self, keys: Ring<KEYS>, profile: Profile, seed: u64) {
        let post = &mut self.machine.post;
        let (me, interval) = (post.identity.seat, post.lines.heartbeat());
        post.sealing = Some(Sealing::new(keys, profile, post.cluster, (me, seed), interval));
        if let Some(charter) = post.charter {
            post.join(charter, post.identity);
        }
    }

    /// Takes frames under this key as well, while it runs: first of three steps that change a cluster's key, each of which is done at
    /// all members before the next one.
    ///
    /// # Errors
    /// As [`Ring::install`]; [`RingError::Unknown`] if this station does not seal.
    pub fn install_key(&mut self, id: KeyId, key: Key) -> Result<(), RingError> {
        self.sealing()?.install(id, key)
    }

    /// Seals under this key, from the next session on: the second step. Once the members have said which one to use
    /// (`Change::UseKey`), that holds, and this does nothing for long: the word is the second step then, for all of them at once.
    ///
    /// # Errors
    /// [`RingError::Unknown`] if there is none of this number.
    pub fn use_key(&mut self, id: KeyId) -> Result<(), RingError> {
        self.sealing()?.use_key(id)
    }

    /// Takes nothing under this key any longer, and wipes it: the third step.
    ///
    /// # Errors
    /// [`RingError::Unknown`] if there is none of this number, [`RingError::Used`] if it is used.
    pub fn remove_key(&mut self, id: KeyId) -> Result<(), RingError> {
        self.sealing()?.remove(id)
    }

    /// The key that the members have said to use, if it is not here: the station goes on under the one that it has, until
    /// that is removed elsewhere. It is for the operator: look at it after a turn.
    pub fn lacks_key(&self) -> Option<KeyId> {
        let (sealing, word) = (self.machine.post.sealing.as_ref()?, self.node()?.key()?);
        (!sealing.has(word)).then_some(word)
    }

    fn sealing(&mut self) -> Result<&mut Sealing<SEATS, CLIENTS>, RingError> {
        self.machine.post.sealing.as_mut().ok_or(RingError::Unknown)
    }
}
