use embedded_storage::nor_flash::NorFlash;
use quorate::{Index, Recovered};

use crate::FlashError;
use crate::log::Log;
use crate::medium::{Failed, Medium};
use crate::shelf::{Shelf, Stand};
use crate::show::Visit;

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
        flash: &mut Medium<F>,
        log: Log,
        shelf: Shelf,
        scratch: &mut [u8],
    ) -> Result<Reading, Failed> {
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
    pub(crate) fn show<F: NorFlash>(
        &self,
        flash: &mut Medium<F>,
        scratch: &mut [u8],
        visit: &mut Visit<'_>,
    ) -> Result<(), Failed> {
        self.log.outline.record().map_or(Ok(()), |record| visit(record.into()))?;
        self.shelf.show(flash, self.stand, visit)?;
        self.log.show(flash, scratch, visit)?;
        self.log.settled(flash, scratch)?.map_or(Ok(()), |settled| visit(Recovered::Settled(settled)))
    }
}

/// Hands what is shown to somebody with errors of its own, and back the first of these or, if there is none, the fault.
pub(crate) fn shown<F, E: From<FlashError>>(
    flash: &mut Medium<F>,
    mut visit: impl FnMut(Recovered<'_>) -> Result<(), E>,
    work: impl FnOnce(&mut Medium<F>, &mut Visit<'_>) -> Result<(), Failed>,
) -> Result<(), E> {
    let mut refused = None;
    let result = work(flash, &mut |item| {
        visit(item).map_err(|error| {
            refused = Some(error);
            Failed
        })
    });
    match (result, refused) {
        (Ok(()), _) => Ok(()),
        (Err(Failed), Some(error)) => Err(error),
        (Err(Failed), None) => Err(flash.fault().into()),
    }
}
