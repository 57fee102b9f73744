use embedded_storage::nor_flash::NorFlash;
use quorate::{Index, Recovered};

use crate::FlashError;
use crate::log::Log;
use crate::shelf::{Shelf, Stand};

/// A log and its snapshots, read and found to be sound.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) log: Log,
    pub(crate) shelf: Shelf,
    stand: Stand,
}

impl Reading {
    /// Finds out what the log stands on. Nothing is written.
    pub(crate) fn of<F: NorFlash>(
        flash: &mut F,
        log: Log,
        shelf: Shelf,
        scratch: &mut [u8],
    ) -> Result<Reading, FlashError> {
        let (mut log, mut shelf) = (log, shelf);
        let stand = shelf.settle(flash, &log.outline)?;
        log.covered = match stand {
            Stand::Nothing => Index(0),
            Stand::Snapshot(snapshot) => snapshot.position.index,
            Stand::Lost(position) => position.index,
        };
        log.settled(flash, scratch)?;
        Ok(Reading { log, shelf, stand })
    }

    /// Shows all of it: the founding record first, then snapshots, then term, vote and entries in the order in which they
    /// were written, then the last configuration.
    pub(crate) fn show<F: NorFlash, E: From<FlashError>>(
        &self,
        flash: &mut F,
        scratch: &mut [u8],
        mut visit: impl FnMut(Recovered<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.log.outline.record.map_or(Ok(()), |record| visit(record.into()))?;
        self.shelf.show(flash, self.stand, &mut visit)?;
        self.log.show(flash, scratch, &mut visit)?;
        self.log.settled(flash, scratch)?.map_or(Ok(()), |settled| visit(Recovered::Settled(settled)))
    }
}
