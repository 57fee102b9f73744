use core::fmt;

use quorate::Brief;

/// What is wrong with something that was durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Damage {
    /// The head of a page.
    Head = 1,
    /// A page stands in the place of another one.
    Misplaced,
    /// A page is missing before this one.
    PageMissing,
    /// The head of a page contradicts the pages before it.
    HeadDiffers,
    /// Items are missing at the end of the page before.
    EndMissing,
    /// An item is missing.
    ItemMissing,
    /// An item is too short.
    ItemShort,
    /// An item is damaged, and more was written after it.
    ItemBefore,
    /// The beginning of a write cannot be read.
    Front,
    /// The beginning of a write is missing.
    FrontMissing,
    /// A write ends too early.
    WriteShort,
    /// A write is damaged that had arrived.
    Write,
    /// A record cannot be read.
    Record,
    /// A configuration cannot be read.
    Configuration,
    /// There is a snapshot, and the log that it belongs to is missing.
    LogMissing,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if Brief::IS_SHOWN {
            return Brief::from(*self).fmt(f);
        }
        f.write_str(match self {
            Damage::Head => "the head of a page is damaged",
            Damage::Misplaced => "a page stands in the place of another one",
            Damage::PageMissing => "the page before this one is missing",
            Damage::HeadDiffers => "the head of a page contradicts the pages before it",
            Damage::EndMissing => "items are missing at the end of a page",
            Damage::ItemMissing => "an item is missing",
            Damage::ItemShort => "an item is too short",
            Damage::ItemBefore => "an item is damaged, and more was written after it",
            Damage::Front => "the beginning of a write cannot be read",
            Damage::FrontMissing => "the beginning of a write is missing",
            Damage::WriteShort => "a write ends too early",
            Damage::Write => "a write is damaged that had arrived",
            Damage::Record => "a record cannot be read",
            Damage::Configuration => "a configuration cannot be read",
            Damage::LogMissing => "the log that this snapshot belongs to is missing",
        })
    }
}
