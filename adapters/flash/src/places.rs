use embedded_storage::nor_flash::NorFlash;

use crate::Layout;
use crate::place::{HEADER, Kept};

/// Parts of the flash, all of the same length, in which snapshots stand one behind the other.
#[derive(Debug)]
pub(crate) struct Places {
    start: u32,
    /// Bytes of a place.
    length: u32,
}

/// One for the snapshot in force, one for the one before it, and one for a snapshot under way.
pub(crate) const PLACES: u32 = 3;
/// What comes before the first place.
pub(crate) const NO_PLACE: u32 = u32::MAX;

impl Places {
    pub(crate) fn new<F: NorFlash>(layout: &Layout) -> Places {
        let page = F::ERASE_SIZE as u32;
        let length = (layout.snapshots.end - layout.snapshots.start) / page / PLACES * page;
        Places { start: layout.snapshots.start, length }
    }

    pub(crate) fn length(&self) -> u32 {
        self.length
    }

    /// How many bytes of content fit behind a header at this address, if it is in a place that has room for a header.
    pub(crate) fn room(&self, at: u32) -> Option<u32> {
        let room = self.end_of(at).checked_sub(at)?.checked_sub(HEADER as u32)?;
        (at >= self.start).then_some(room)
    }

    /// Where the place of this number begins.
    pub(crate) fn begin_of(&self, number: u32) -> u32 {
        self.start + number * self.length
    }

    /// Where the place ends that an address belongs to.
    pub(crate) fn end_of(&self, at: u32) -> u32 {
        self.begin_of(self.number_at(at) + 1)
    }

    /// The number of the place that an address belongs to.
    #[inline(never)]
    pub(crate) fn number_at(&self, at: u32) -> u32 {
        (at.saturating_sub(self.start) / self.length.max(1)).min(PLACES - 1)
    }

    /// The number of the place of a snapshot.
    pub(crate) fn number_of(&self, found: &Kept) -> u32 {
        if found.is_some() { self.number_at(found.start) } else { NO_PLACE }
    }
}
