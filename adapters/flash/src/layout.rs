use core::ops::Range;

use embedded_storage::nor_flash::NorFlash;
use quorate::{RECORD_OVERHEAD, Roster, Seat};

use crate::LayoutError;
use crate::front::{FRONT, HARD_STATE};
use crate::item::{PREFIX, item_bytes};
use crate::ring::fresh_end;

/// Which part of a flash is for the log, which for the snapshots, and how much log there may be.
///
/// Both regions start and end with a page of the flash. The one of the snapshots is divided into three places of the
/// same length: for the snapshot in force, the one before it, and one under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Where the log is: at least [`log_bytes_min`](Layout::log_bytes_min) of the memory.
    pub log: Range<u32>,
    /// Where the snapshots are.
    pub snapshots: Range<u32>,
    /// The bytes of the node's log memory, the `B` of its [`Node`](quorate::Node).
    pub log_memory: usize,
    /// How many seats the node has memory for, the `SEATS` of its [`Node`](quorate::Node): each page of the log has room
    /// for a roster of so many members.
    pub seats: usize,
}

impl Layout {
    /// How long the region of a log has to be for a node with so many bytes of log memory, and so many seats.
    ///
    /// It holds all that the memory can hold, written twice over: the memory full of the shortest entries, each in a
    /// write of its own with a term and vote, and all of it replaced by another leader before a snapshot could cover
    /// it; and each page begins with who takes part. Two more pages are for the one that is being written and for the mark
    /// of the next snapshot.
    pub const fn log_bytes_min<F: NorFlash>(log_memory: usize, seats: usize) -> u32 {
        let write = item_bytes::<F>(PREFIX + HARD_STATE + RECORD_OVERHEAD) + item_bytes::<F>(0);
        let twice = 2 * log_memory.div_ceil(RECORD_OVERHEAD) * write;
        // What the page begins with, and an end that is too short for a write.
        let lost = fresh_end::<F>(roster_bytes_max(seats)) as usize + write;
        let pages = twice.div_ceil(F::ERASE_SIZE.saturating_sub(lost) + 1) + 3;
        (if pages < PAGES_MIN { PAGES_MIN } else { pages } * F::ERASE_SIZE) as u32
    }

    pub(crate) fn check<F: NorFlash>(&self, flash: &F) -> Result<(), LayoutError> {
        let (word, page) = (word::<F>(), F::ERASE_SIZE);
        if word > WORD_MAX || !word.is_power_of_two() {
            return Err(LayoutError::WordSize { bytes: word });
        }
        let needed = page_bytes_min::<F>(self.seats);
        if page < needed {
            return Err(LayoutError::PageSize { bytes: page, needed });
        }
        for region in [&self.log, &self.snapshots] {
            let is_aligned = |address: u32| (address as usize).is_multiple_of(page);
            let address = if is_aligned(region.start) { region.end } else { region.start };
            if !is_aligned(address) {
                return Err(LayoutError::Misaligned { address, page });
            }
            if region.end as usize > flash.capacity() {
                return Err(LayoutError::OutOfBounds { end: region.end, capacity: flash.capacity() });
            }
        }
        if self.log.start < self.snapshots.end && self.snapshots.start < self.log.end {
            return Err(LayoutError::Overlap);
        }
        let (bytes, needed) = (length(&self.log), Layout::log_bytes_min::<F>(self.log_memory, self.seats));
        if bytes < needed {
            return Err(LayoutError::LogTooSmall { bytes, needed });
        }
        let (bytes, needed) = (length(&self.snapshots), 3 * page as u32);
        if bytes < needed {
            return Err(LayoutError::SnapshotsTooSmall { bytes, needed });
        }
        Ok(())
    }
}

/// The shortest end of a page that an item is written to whose write goes on behind it: no item cuts what a write has
/// before its roster and its records.
pub(crate) const ROOM_MIN: usize = 96;
const _: () = assert!(PREFIX + FRONT <= ROOM_MIN, "the front of a write has room");
/// A page that is being written, one for the mark of a snapshot, one that is being erased, and one behind them.
const PAGES_MIN: usize = 4;
/// The longest word that there is room for on the stack.
pub(crate) const WORD_MAX: usize = 32;

/// The most bytes of a roster of so many members.
pub(crate) const fn roster_bytes_max(seats: usize) -> usize {
    Roster::bytes_max(if seats < Seat::COUNT_MAX { seats } else { Seat::COUNT_MAX }, Roster::ADDRESS_MAX)
}

/// What a page has to have: what it begins with, an item that goes on in the next page, and a seal.
const fn page_bytes_min<F: NorFlash>(seats: usize) -> usize {
    fresh_end::<F>(roster_bytes_max(seats)) as usize + item_bytes::<F>(ROOM_MIN) + item_bytes::<F>(0)
}

/// What is written as a whole, and once between two erasures.
pub(crate) const fn word<F: NorFlash>() -> usize {
    if F::WRITE_SIZE > F::READ_SIZE { F::WRITE_SIZE } else { F::READ_SIZE }
}

fn length(region: &Range<u32>) -> u32 {
    region.end.saturating_sub(region.start)
}
