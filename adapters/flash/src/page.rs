use embassy_futures::block_on;
use embedded_storage::nor_flash::{NorFlash, NorFlashError};
use sequential_storage::Error;
use sequential_storage::cache::NoCache;
use sequential_storage::queue::{QueueConfig, QueueStorage};

use crate::bridge::Bridge;
use crate::head::{Found, Head};
use crate::item::ITEM;
use crate::medium::io;
use crate::{FlashError, LayoutError};

/// A page of the log: a queue of its own, from which nothing is popped.
///
/// One queue over many pages would not do: it erases a page without a look at what only that page holds, programs the
/// mark of a page again that a power cut has left half programmed, and takes a page for erased that is so at both ends
/// alone. A queue of one page is begun when the page was erased, never closed, and never erased by the library.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    /// Its address.
    pub(crate) start: u32,
}

impl Page {
    fn queue<F: NorFlash>(self, flash: &mut F) -> Result<QueueStorage<Bridge<'_, F>, NoCache>, FlashError> {
        let range = self.start..self.start + F::ERASE_SIZE as u32;
        let misaligned = LayoutError::Misaligned { address: self.start, page: F::ERASE_SIZE };
        let config = QueueConfig::try_new(range).ok_or(misaligned)?;
        let bridge = Bridge { flash, end: self.start + Page::limit::<F>() };
        Ok(QueueStorage::new(bridge, config, NoCache::new()))
    }

    /// Erases the page.
    pub(crate) fn erase<F: NorFlash>(self, flash: &mut F) -> Result<(), FlashError> {
        flash.erase(self.start, self.start + F::ERASE_SIZE as u32).map_err(io("erase", self.start))
    }

    /// Writes an item behind those that are there.
    pub(crate) fn push<F: NorFlash>(self, flash: &mut F, item: &[u8]) -> Result<(), FlashError> {
        block_on(self.queue(flash)?.push(item, false)).map_err(|error| self.explain("write", error))
    }

    /// Shows the items that are whole to `visit`, in order, until it has seen enough.
    pub(crate) fn each<F: NorFlash>(
        self,
        flash: &mut F,
        visit: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<(), FlashError> {
        let mut queue = self.queue(flash)?;
        let mut buffer = [0; ITEM];
        let shown = block_on(async {
            let mut items = queue.iter().await?;
            while let Some(item) = items.next(&mut buffer).await? {
                if !visit(&item) {
                    break;
                }
            }
            Ok(())
        });
        shown.map_err(|error| self.explain("read", error))
    }

    /// As [`each`](Page::each), for a page that may hold anything: what cannot be read ends it.
    pub(crate) fn glance<F: NorFlash>(
        self,
        flash: &mut F,
        visit: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<(), FlashError> {
        match self.each(flash, visit) {
            Err(FlashError::Damaged { .. }) => Ok(()),
            result => result,
        }
    }

    /// What it begins with, if that is the head of a page of a log, whosever it is.
    pub(crate) fn head<F: NorFlash>(self, flash: &mut F) -> Result<Option<Head>, FlashError> {
        let mut found = Found::Other;
        self.glance(flash, &mut |item| {
            found = Found::parse(item);
            false
        })?;
        match found {
            Found::Head(head) => Ok(Some(head)),
            Found::Later(number) => {
                Err(FlashError::LaterVersion { address: self.start, what: "format version", number })
            }
            Found::Other => Ok(None),
        }
    }

    /// Where the next item goes, counted from the page's start.
    pub(crate) fn end<F: NorFlash>(self, flash: &mut F) -> Result<u32, FlashError> {
        let left = block_on(self.queue(flash)?.space_left()).map_err(|error| self.explain("read", error))?;
        Ok(Page::limit::<F>() - left.min(Page::limit::<F>()))
    }

    /// Where the items of a page end at the latest.
    pub(crate) const fn limit<F: NorFlash>() -> u32 {
        (F::ERASE_SIZE - crate::layout::word::<F>()) as u32
    }

    fn explain<E: NorFlashError>(self, operation: &'static str, error: Error<E>) -> FlashError {
        match error {
            Error::Storage { value } => io(operation, self.start)(value),
            _ => FlashError::Damaged { address: self.start, what: "the items of a page cannot be read" },
        }
    }
}
