use embedded_storage::nor_flash::NorFlash;
use quorate::{Owner, Recovered};

use crate::damage::Damage;
use crate::log::Log;
use crate::medium::{Failed, Medium};
use crate::ring::Ring;
use crate::shelf::Shelf;
use crate::show::Visit;
use crate::{FlashError, Layout};

/// A flash, and what was read of it: a log and its snapshots. All of it is where it stays before anything is read, for
/// it is large.
#[derive(Debug)]
pub(crate) struct Reading<F> {
    pub(crate) medium: Medium<F>,
    pub(crate) log: Log,
    pub(crate) shelf: Shelf,
}

impl<F: NorFlash> Reading<F> {
    /// Nothing yet, of a flash that the layout fits.
    pub(crate) fn new(flash: F, layout: &Layout, owner: Owner) -> Reading<F> {
        let ring = Ring::new::<F>(layout, owner);
        Reading { medium: Medium::new(flash), log: Log::new(ring), shelf: Shelf::new::<F>(layout, owner.cluster) }
    }

    /// Reads and checks all that the flash holds, and says whether it holds a log. If not, it holds nothing. Nothing is
    /// written.
    #[inline(never)]
    pub(crate) fn read(&mut self, scratch: &mut [u8]) -> Result<bool, Failed> {
        let Reading { medium, log, shelf } = self;
        let pages = log.ring.find(medium)?;
        let first = shelf.read(medium)?;
        let Some(pages) = pages else {
            return match first {
                Some(address) => Err(medium.damaged(address, Damage::LogMissing)),
                None => Ok(false),
            };
        };
        log.read(medium, pages, scratch)?;
        log.covered = shelf.settle(medium, &log.outline)?;
        log.settled(medium, scratch)?;
        Ok(true)
    }

    /// Shows all of it: the founding record first, then snapshots, then term, vote and entries in the order in which they
    /// were written, then the last configuration.
    #[inline(never)]
    pub(crate) fn show(&mut self, scratch: &mut [u8], visit: &mut Visit<'_>) -> Result<(), Failed> {
        let Reading { medium, log, shelf } = self;
        log.outline.record().map_or(Ok(()), |record| visit(record.into()))?;
        let (marked, _) = log.outline.mark();
        shelf.show(medium, marked.snapshot().position, visit)?;
        log.show(medium, scratch, visit)?;
        log.settled(medium, scratch)?.map_or(Ok(()), |settled| visit(Recovered::Settled(settled)))
    }

    /// Reads all of it, shows it, and goes on with it; makes a new log if there is none. Says whether it did that.
    #[inline(never)]
    fn take_up(&mut self, scratch: &mut [u8], visit: &mut Visit<'_>) -> Result<bool, Failed> {
        let is_there = self.read(scratch)?;
        if is_there {
            self.show(scratch, visit)?;
            self.log.drop_unneeded(&mut self.medium)?;
            self.log.settle(&mut self.medium)?;
        } else {
            self.log.create(&mut self.medium)?;
        }
        Ok(!is_there)
    }

    pub(crate) fn open<E: From<FlashError>>(
        &mut self,
        scratch: &mut [u8],
        visit: impl FnMut(Recovered<'_>) -> Result<(), E>,
    ) -> Result<bool, E> {
        self.shown(visit, |reading, visit| reading.take_up(scratch, visit))
    }

    /// Shows what `work` shows to somebody with errors of its own, and hands back the first of these or, if there is
    /// none, the fault.
    pub(crate) fn shown<T, E: From<FlashError>>(
        &mut self,
        mut visit: impl FnMut(Recovered<'_>) -> Result<(), E>,
        work: impl FnOnce(&mut Self, &mut Visit<'_>) -> Result<T, Failed>,
    ) -> Result<T, E> {
        let mut refused = None;
        let result = work(self, &mut |item| {
            visit(item).map_err(|error| {
                refused = Some(error);
                Failed
            })
        });
        match result {
            Ok(found) => Ok(found),
            Err(Failed) => Err(refused.unwrap_or_else(|| self.medium.fault().into())),
        }
    }
}
