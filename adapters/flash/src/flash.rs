use embedded_storage::nor_flash::NorFlash;
use quorate::{Entries, HardState, Members, Owner, Position, Recovered, Snapshot};

use crate::{FlashError, Layout};

/// The log and the snapshots of one node on a NOR flash.
#[derive(Debug)]
pub struct Flash<F> {
    flash: F,
}

/// What was found when a log was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Recovery {
    /// Whether there was no log, so that a new one was made. A node that has run before under this identity must not go on
    /// with a new log: it would have forgotten what it promised.
    pub created: bool,
    /// How many writes were recovered.
    pub writes: u32,
}

impl<F: NorFlash> Flash<F> {
    /// Opens the log, and shows all that it holds to `visit`: snapshots first, then term, vote and entries in the order in
    /// which they were written. `scratch` is used meanwhile: the longest record's bytes and 256 more are enough.
    ///
    /// # Errors
    /// What `visit` returns, or why the log cannot be used.
    pub fn open<E: From<FlashError>>(
        flash: F,
        layout: Layout,
        owner: Owner,
        scratch: &mut [u8],
        visit: impl FnMut(Recovered<'_>) -> Result<(), E>,
    ) -> Result<(Flash<F>, Recovery), E> {
        let _ = (layout, owner, scratch, visit);
        let _ = Flash { flash };
        todo!()
    }

    /// Makes a term and vote, a snapshot and entries durable, all of them or, if it fails or the power does, none or all.
    ///
    /// # Errors
    /// [`FlashError::LogFull`], and nothing was written. Any other error is final.
    pub fn write(
        &mut self,
        hard_state: Option<HardState>,
        snapshot: Option<Snapshot>,
        entries: Entries<'_>,
    ) -> Result<(), FlashError> {
        let _ = (hard_state, snapshot, entries);
        todo!()
    }

    /// Makes a snapshot of the app's own state durable, and lets the log stand on it. Once this returns, tell the node of it
    /// with [`Input::Snapshotted`](quorate::Input::Snapshotted).
    ///
    /// # Errors
    /// [`FlashError::NotLater`], [`FlashError::SnapshotTooLarge`], [`FlashError::LogFull`]: nothing was written, and the log goes
    /// on. Any other error is final.
    pub fn take(&mut self, position: Position, members: Members, bytes: &[u8]) -> Result<Snapshot, FlashError> {
        let _ = (position, members, bytes);
        todo!()
    }

    /// Keeps a piece of a snapshot of the leader. [`write`](Flash::write) makes all of it count.
    ///
    /// # Errors
    /// Every error is final.
    pub fn store(&mut self, snapshot: Snapshot, members: Members, offset: u64, bytes: &[u8]) -> Result<(), FlashError> {
        let _ = (snapshot, members, offset, bytes);
        todo!()
    }

    /// Fills `buffer` from the snapshot's `offset` on: to restore the app's state from it, or to send it as a piece.
    ///
    /// # Errors
    /// [`FlashError::NoSnapshot`], or what the flash driver says. The log goes on.
    pub fn read(&mut self, snapshot: Snapshot, offset: u64, buffer: &mut [u8]) -> Result<(), FlashError> {
        let _ = (snapshot, offset, buffer);
        todo!()
    }

    /// Whether the log's region is nearly full. Take a snapshot of what is applied soon: entries that it covers make room.
    pub fn is_crowded(&self) -> bool {
        todo!()
    }

    /// Gives the flash back.
    pub fn release(self) -> F {
        self.flash
    }
}
