use core::fmt;

use embedded_storage::nor_flash::NorFlashErrorKind;
use quorate::{Index, Owner};

/// Why a log cannot be opened, or a write not be done. It is small and can be copied: a firmware keeps it, counts it,
/// shows it.
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
        what: &'static str,
    },
    /// A snapshot is damaged. The log is not: another snapshot can take its place.
    DamagedSnapshot {
        /// The address of its place.
        address: u32,
    },
    /// The flash holds the log of another cluster, or of another seat of this one.
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

impl fmt::Display for FlashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FlashError::Layout(error) => write!(f, "{error}"),
            FlashError::Io { operation, address, kind } => write!(
                f,
                "cannot {operation} the flash at {address:#x}: {kind}. Nothing more is written until the log is opened again. \
                 Check the flash, then restart the node"
            ),
            FlashError::Damaged { address, what } => write!(
                f,
                "flash at {address:#x}: {what}. Keep a copy of this flash for examination, and start the node with an erased \
                 one: it joins the others anew. Do not start it with an older copy: it would have forgotten votes and entries \
                 that others count on"
            ),
            FlashError::DamagedSnapshot { address } => write!(
                f,
                "flash at {address:#x}: the snapshot does not match its checksum. A node that is restarted finds another one by \
                 itself: the one before, or its leader's"
            ),
            FlashError::Foreign { found, wanted } => {
                write!(f, "the flash belongs to {found}, not to {wanted}. Start this node with its own flash")
            }
            FlashError::ForeignSnapshot { address } => write!(
                f,
                "flash at {address:#x}: a snapshot of another cluster. Erase the region of the snapshots if the node is new, or \
                 start it with its own flash"
            ),
            FlashError::NotBlank { address } => write!(
                f,
                "flash at {address:#x}: neither erased nor a log. If this is a new node, erase both of its regions; if not, \
                 check its layout"
            ),
            FlashError::Occupied => write!(
                f,
                "the flash holds the data of a node, and was not changed. Erase both of its regions if that is not needed any \
                 longer, or restore to another flash"
            ),
            FlashError::Reshaped { what, found, wanted } => write!(
                f,
                "the log was written with a {what} of {found}, and it is {wanted} now. Use the flash driver and the layout that \
                 the log was written with"
            ),
            FlashError::LaterVersion { address, what, number } => write!(
                f,
                "flash at {address:#x}: {what} {number} is not known to this version. Start the node with the version that \
                 wrote it, or a later one"
            ),
            FlashError::Scratch { needed } => {
                write!(f, "the buffer for opening the log is too short: lend it at least {needed} bytes")
            }
            FlashError::LogFull { needed, free } => write!(
                f,
                "the log's region has {free} pages for a write that needs {needed}. Nothing was written. Take a snapshot of \
                 what is applied, and try again; make the region larger if that happens more often"
            ),
            FlashError::RosterTooLong { bytes, room } => write!(
                f,
                "who takes part takes {bytes} bytes, and each page has room for {room}: let the layout have as many seats as \
                 the node"
            ),
            FlashError::SnapshotTooLarge { bytes, room } => write!(
                f,
                "a snapshot of {bytes} bytes does not fit: there is room for {room}. Make the region of the snapshots larger"
            ),
            FlashError::NotLater { latest } => {
                write!(f, "the log stands on a snapshot of index {}, which is as late or later", latest.0)
            }
            FlashError::NoSnapshot { index } => write!(f, "the snapshot of index {} is not here as a whole", index.0),
            FlashError::Miscounted => write!(
                f,
                "a count of bytes does not add up, which is a mistake of quorate-flash: keep a copy of this flash, report it, \
                 and start the node again"
            ),
        }
    }
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LayoutError::WordSize { bytes } => {
                write!(f, "the flash's words have {bytes} bytes; use one whose words have at most 32, a power of two")
            }
            LayoutError::PageSize { bytes, needed } => {
                write!(
                    f,
                    "the flash's pages have {bytes} bytes; use a flash whose pages have at least {needed}, or fewer seats"
                )
            }
            LayoutError::Misaligned { address, page } => {
                write!(f, "{address:#x} is not a page's address: let both regions start and end at multiples of {page}")
            }
            LayoutError::OutOfBounds { end, capacity } => {
                write!(f, "a region ends at {end:#x}, but the flash at {capacity:#x}: let it end there or before")
            }
            LayoutError::Overlap => write!(f, "the regions of log and snapshots overlap: move one of them"),
            LayoutError::LogTooSmall { bytes, needed } => write!(
                f,
                "the region of the log has {bytes} bytes, and the node's log memory takes {needed}: make the region larger or \
                 the memory smaller"
            ),
            LayoutError::SnapshotsTooSmall { bytes, needed } => {
                write!(f, "the region of the snapshots has {bytes} bytes: make it at least {needed}, three whole pages")
            }
        }
    }
}

impl core::error::Error for FlashError {}

impl core::error::Error for LayoutError {}
