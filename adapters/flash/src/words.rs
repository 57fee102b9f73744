//! How errors are shown: as sentences on hosts, in few bytes on boards.

use core::fmt;

use embedded_storage::nor_flash::NorFlashErrorKind;
use quorate::Brief;

use crate::{Damage, FlashError, LayoutError};

/// What an error says of what it is about: a sentence, or a word where there is no room for sentences.
pub(crate) const fn says(sentence: &'static str, word: &'static str) -> &'static str {
    if Brief::IS_SHOWN { word } else { sentence }
}

impl From<FlashError> for Brief {
    fn from(error: FlashError) -> Brief {
        let (word, numbers) = match error {
            FlashError::Layout(error) => return error.into(),
            FlashError::Io { operation, address, kind } => (operation, [address.into(), number_of(kind)]),
            FlashError::Damaged { address, what } => ("damaged", [address.into(), what as u64]),
            FlashError::DamagedSnapshot { address } => ("damaged snapshot", [address.into(), 0]),
            FlashError::Foreign { found, wanted } if found.cluster == wanted.cluster => {
                ("foreign seat", [found.seat.0.into(), wanted.seat.0.into()])
            }
            FlashError::Foreign { found, wanted } => ("foreign", [found.cluster, wanted.cluster]),
            FlashError::ForeignSnapshot { address } => ("foreign snapshot", [address.into(), 0]),
            FlashError::NotBlank { address } => ("not blank", [address.into(), 0]),
            FlashError::Occupied => ("occupied", [0, 0]),
            FlashError::Reshaped { what, found, wanted } => (what, [found.into(), wanted.into()]),
            FlashError::LaterVersion { address, what, number } => (what, [address.into(), number.into()]),
            FlashError::Scratch { needed } => ("scratch", [needed as u64, 0]),
            FlashError::LogFull { needed, free } => ("log full", [needed.into(), free.into()]),
            FlashError::RosterTooLong { bytes, room } => ("roster too long", [bytes as u64, room as u64]),
            FlashError::SnapshotTooLarge { bytes, room } => ("snapshot too large", [bytes, room.into()]),
            FlashError::NotLater { latest } => ("not later", [latest.0, 0]),
            FlashError::NoSnapshot { index } => ("no snapshot", [index.0, 0]),
            FlashError::Miscounted => ("miscounted", [0, 0]),
        };
        Brief { of: "flash", word, numbers }
    }
}

impl From<LayoutError> for Brief {
    fn from(error: LayoutError) -> Brief {
        let (word, numbers) = match error {
            LayoutError::WordSize { bytes } => ("word size", [bytes as u64, 0]),
            LayoutError::PageSize { bytes, needed } => ("page size", [bytes as u64, needed as u64]),
            LayoutError::Misaligned { address, page } => ("misaligned", [address.into(), page as u64]),
            LayoutError::OutOfBounds { end, capacity } => ("out of bounds", [end.into(), capacity as u64]),
            LayoutError::Overlap => ("overlap", [0, 0]),
            LayoutError::LogTooSmall { bytes, needed } => ("log too small", [bytes.into(), needed.into()]),
            LayoutError::SnapshotsTooSmall { bytes, needed } => ("snapshots too small", [bytes.into(), needed.into()]),
        };
        Brief { of: "layout", word, numbers }
    }
}

impl From<Damage> for Brief {
    fn from(damage: Damage) -> Brief {
        Brief { of: "damage", word: "kind", numbers: [damage as u64, 0] }
    }
}

fn number_of(kind: NorFlashErrorKind) -> u64 {
    match kind {
        NorFlashErrorKind::NotAligned => 1,
        NorFlashErrorKind::OutOfBounds => 2,
        _ => 3,
    }
}

impl fmt::Display for FlashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if Brief::IS_SHOWN {
            return Brief::from(*self).fmt(f);
        }
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
        if Brief::IS_SHOWN {
            return Brief::from(*self).fmt(f);
        }
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
