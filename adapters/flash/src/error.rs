use embedded_storage::nor_flash::NorFlashErrorKind;
use quorate::{Index, Owner};

use crate::Damage;

/// Why a log cannot be opened, or a write not be done. It is small and can be copied: a firmware keeps it, counts it,
/// shows it.
///
/// On a host it is shown as sentences that say what to do. Where there is no operating system it is shown as a
/// [`Brief`](quorate::Brief).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum FlashError {
    /// The layout does not fit the flash, or not the node.
    Layout(LayoutError),
    /// The flash driver refused an operation.
    Io {
        /// What was tried, as in "cannot erase".
        operation: &'static str,
        /// The address of the page, or of the bytes that were read.
        address: u32,
        /// What the driver said.
        kind: NorFlashErrorKind,
    },
    /// Something that was durable cannot be read any more.
    Damaged {
        /// The address of the page.
        address: u32,
        /// What is wrong there.
        what: Damage,
    },
    /// A snapshot is damaged. The log is not: another snapshot can take its place.
    DamagedSnapshot {
        /// The address of its place.
        address: u32,
    },
    /// The flash holds the log of another cluster, or of another seat of this one. Its [`Brief`](quorate::Brief) has what
    /// differs: both clusters, or both seats.
    Foreign {
        /// Whom it belongs to.
        found: Owner,
        /// Who wanted to open it.
        wanted: Owner,
    },
    /// A snapshot is of another cluster.
    ForeignSnapshot {
        /// The address of its place.
        address: u32,
    },
    /// There is no log, but there is something else.
    NotBlank {
        /// The address of the first page that is not erased.
        address: u32,
    },
    /// The flash holds the data of a node, and a snapshot was to be restored to it.
    Occupied,
    /// The log was written by a flash of another shape.
    Reshaped {
        /// What has changed.
        what: &'static str,
        /// What the log was written with.
        found: u32,
        /// What the flash and the layout are now.
        wanted: u32,
    },
    /// A later version of the program wrote something that this one does not know.
    LaterVersion {
        /// The address of the page.
        address: u32,
        /// What is not known.
        what: &'static str,
        /// Its number.
        number: u8,
    },
    /// The buffer that was lent to [`Flash::open`](crate::Flash::open) is too short.
    Scratch {
        /// How many bytes it takes at least.
        needed: usize,
    },
    /// The log has no room for this write. Nothing was written, and smaller writes may go on.
    LogFull {
        /// How many pages the write needs.
        needed: u32,
        /// How many it may use.
        free: u32,
    },
    /// A configuration is longer than one of as many members as the node has seats. Nothing was written.
    RosterTooLong {
        /// How many bytes it has.
        bytes: usize,
        /// How many there is room for.
        room: usize,
    },
    /// The snapshot is larger than its place. Nothing was written.
    SnapshotTooLarge {
        /// How many bytes it has.
        bytes: u64,
        /// How many there is room for.
        room: u32,
    },
    /// The app's own snapshot is not later than the one that the log stands on. Nothing was written; the node does not
    /// want it.
    NotLater {
        /// The index of the snapshot that the log stands on.
        latest: Index,
    },
    /// The snapshot is not here, or not all of it.
    NoSnapshot {
        /// Its index.
        index: Index,
    },
    /// This crate has lost count of its own bytes. It writes no more than it did, for it would write something else.
    Miscounted,
}

/// What is wrong with a [`Layout`](crate::Layout).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum LayoutError {
    /// The flash's words are longer than 32 bytes, or their length is no power of two.
    WordSize {
        /// How long they are.
        bytes: usize,
    },
    /// The flash's pages are too small.
    PageSize {
        /// How long they are.
        bytes: usize,
        /// How long they have to be.
        needed: usize,
    },
    /// A region does not start or end with a page.
    Misaligned {
        /// The address that is not one of a page.
        address: u32,
        /// The length of a page.
        page: usize,
    },
    /// A region ends behind the flash.
    OutOfBounds {
        /// Where the region ends.
        end: u32,
        /// Where the flash ends.
        capacity: usize,
    },
    /// The two regions have pages in common.
    Overlap,
    /// The region of the log is too small for the node's log memory.
    LogTooSmall {
        /// How long it is.
        bytes: u32,
        /// How long it has to be.
        needed: u32,
    },
    /// The region of the snapshots has no room for three of them.
    SnapshotsTooSmall {
        /// How long it is.
        bytes: u32,
        /// How long it has to be.
        needed: u32,
    },
}

impl FlashError {
    /// Whether it says that nothing was written, so that the log goes on.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(
            self,
            FlashError::LogFull { .. }
                | FlashError::RosterTooLong { .. }
                | FlashError::SnapshotTooLarge { .. }
                | FlashError::NotLater { .. }
        )
    }
}

impl From<LayoutError> for FlashError {
    fn from(error: LayoutError) -> Self {
        FlashError::Layout(error)
    }
}

impl core::error::Error for FlashError {}

impl core::error::Error for LayoutError {}
