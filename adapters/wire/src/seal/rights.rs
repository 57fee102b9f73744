use core::fmt;
use core::str::FromStr;

use quorate::Brief;

use crate::client::RequestBody;

/// What a client may ask for. Each of them may do what those before may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Rights {
    /// To read, and to see how nodes are and who takes part.
    Read = 0,
    /// To have commands done.
    Write = 1,
    /// To change who takes part and who leads, and to take snapshots away.
    Admin = 2,
}

impl Rights {
    /// All of them.
    pub const ALL: [Rights; 3] = [Rights::Read, Rights::Write, Rights::Admin];

    /// Whether a client with these rights may ask for this.
    pub fn allow(self, body: &RequestBody<'_>) -> bool {
        self >= match body {
            RequestBody::Read { .. } | RequestBody::Status | RequestBody::Members => Rights::Read,
            RequestBody::Command { .. } | RequestBody::Open { .. } => Rights::Write,
            RequestBody::Snapshot
            | RequestBody::Piece { .. }
            | RequestBody::Change { .. }
            | RequestBody::Transfer { .. } => Rights::Admin,
        }
    }

    /// As users write them.
    pub const fn name(self) -> &'static str {
        match self {
            Rights::Read => "read-only",
            Rights::Write => "read-write",
            Rights::Admin => "admin",
        }
    }

    pub(super) fn of(number: u8) -> Option<Rights> {
        Rights::ALL.into_iter().find(|rights| *rights as u8 == number)
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Rights {
    type Err = RightsError;

    fn from_str(text: &str) -> Result<Rights, RightsError> {
        Rights::ALL.into_iter().find(|rights| rights.name() == text).ok_or(RightsError)
    }
}

/// A text that names no rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RightsError;

impl From<RightsError> for Brief {
    fn from(_: RightsError) -> Brief {
        Brief { of: "rights", word: "invalid", numbers: [0, 0] }
    }
}

impl fmt::Display for RightsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if Brief::IS_SHOWN {
            return Brief::from(*self).fmt(f);
        }
        f.write_str("a client's rights are read-only, read-write or admin")
    }
}

impl core::error::Error for RightsError {}
