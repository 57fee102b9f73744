use crate::{Brief, ConfigError, Features, Index, Position, Term};

/// Why a log cannot be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum BootError {
    /// The store has no charter, or none before this: it is no member of a cluster. Either it is not to be recovered,
    /// or it was not given back.
    NoMember,
    /// The node cannot be a member by this charter.
    Charter(ConfigError),
    /// A term or index is larger than any honest node can have reached.
    Bounds {
        /// The latest term.
        term: Term,
        /// The last index.
        index: Index,
    },
    /// An entry does not follow the last one. Its [`Brief`] has both indexes.
    Gap {
        /// The last position before.
        last: Position,
        /// The entry's position.
        found: Position,
    },
    /// An entry would not fit into one frame: make [`Config::entry_bytes_max`](crate::Config::entry_bytes_max) at least as large as before.
    TooLarge {
        /// The entry's index.
        index: Index,
        /// How long its record is.
        bytes: usize,
        /// The most that the configuration allows.
        limit: usize,
    },
    /// The log's memory is too small: give it at least as much as before.
    Full {
        /// The first index that has no room.
        index: Index,
    },
    /// The store names features that this build does not know: it is an older one than ran here before. Start one that
    /// knows them; nothing is lost.
    Outdated {
        /// Which.
        features: Features,
    },
}

impl From<BootError> for Brief {
    fn from(error: BootError) -> Brief {
        let (word, numbers) = match error {
            BootError::NoMember => ("no member", [0, 0]),
            BootError::Charter(fault) => return fault.into(),
            BootError::Bounds { term, index } => ("bounds", [term.0, index.0]),
            BootError::Gap { last, found } => ("gap", [last.index.0, found.index.0]),
            BootError::TooLarge { index, bytes, limit: _ } => ("too large", [index.0, bytes as u64]),
            BootError::Full { index } => ("full", [index.0, 0]),
            BootError::Outdated { features } => ("outdated", [features.0.into(), 0]),
        };
        Brief { of: "boot", word, numbers }
    }
}

impl core::fmt::Display for BootError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        if Brief::IS_SHOWN {
            return Brief::from(*self).fmt(f);
        }
        match self {
            BootError::NoMember => f.write_str("no charter was given back: the store is no member of a cluster"),
            BootError::Charter(fault) => write!(f, "the charter is not for this node: {fault}"),
            BootError::Bounds { term, index } => {
                write!(f, "no node reaches term {} or index {}: the store is damaged", term.0, index.0)
            }
            BootError::Gap { last, found } => write!(
                f,
                "the entry at index {} of term {} does not follow the one at index {} of term {}",
                found.index.0, found.term.0, last.index.0, last.term.0
            ),
            BootError::TooLarge { index, bytes, limit } => write!(
                f,
                "the entry at index {} takes {bytes} bytes, and a frame holds {limit}: make frames at least as large as before",
                index.0
            ),
            BootError::Full { index } => {
                write!(f, "the log's memory has no room for the entry at index {}: give it more than before", index.0)
            }
            BootError::Outdated { features } => write!(
                f,
                "this build does not know what is on in its cluster: {features}. Start one that does: nothing is lost"
            ),
        }
    }
}

impl core::error::Error for BootError {}
