use core::fmt;

use crate::Brief;

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RecordError {
    /// It ends before its own length says so.
    Truncated,
    /// Its CRC-32C does not match: bytes have changed.
    Checksum,
    /// Its kind is unknown: a later version wrote it.
    Kind(u8),
    /// Its index or term is zero or beyond [`Index::MAX`](crate::Index::MAX) or [`Term::MAX`](crate::Term::MAX).
    Bounds,
    /// Its payload does not fit its kind: a request starts with its session, the opening of a session is nothing but
    /// that.
    Payload,
    /// It does not follow the record before it: an index is left out, or the term falls.
    Order,
}

impl From<RecordError> for Brief {
    fn from(error: RecordError) -> Brief {
        let (word, numbers) = match error {
            RecordError::Truncated => ("truncated", [0, 0]),
            RecordError::Checksum => ("checksum", [0, 0]),
            RecordError::Kind(kind) => ("kind", [kind.into(), 0]),
            RecordError::Bounds => ("bounds", [0, 0]),
            RecordError::Payload => ("payload", [0, 0]),
            RecordError::Order => ("order", [0, 0]),
        };
        Brief { of: "record", word, numbers }
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if Brief::IS_SHOWN {
            return Brief::from(*self).fmt(f);
        }
        match self {
            RecordError::Truncated => f.write_str("the record ends too early"),
            RecordError::Checksum => f.write_str("the record's checksum does not match its bytes"),
            RecordError::Kind(kind) => write!(f, "the record's kind {kind} is not known to this version"),
            RecordError::Bounds => f.write_str("the record's index or term is out of bounds"),
            RecordError::Payload => f.write_str("the record's payload does not fit its kind"),
            RecordError::Order => f.write_str("the record does not follow the one before it"),
        }
    }
}

impl core::error::Error for RecordError {}
