use core::fmt;

use quorate::Brief;
use quorate_wire::client::Reason;

/// Why a command cannot be proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ProposeError {
    /// The command before it has no answer yet, or the answer was not taken.
    Busy,
    /// It takes more bytes than this, so that no frame could carry it, or postcard cannot write it.
    TooLarge {
        /// The most bytes of a command.
        limit: usize,
    },
}

impl From<ProposeError> for Brief {
    fn from(error: ProposeError) -> Brief {
        let (word, numbers) = match error {
            ProposeError::Busy => ("busy", [0, 0]),
            ProposeError::TooLarge { limit } => ("too large", [limit as u64, 0]),
        };
        Brief { of: "propose", word, numbers }
    }
}

impl fmt::Display for ProposeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if Brief::IS_SHOWN {
            return Brief::from(*self).fmt(f);
        }
        match self {
            ProposeError::Busy => f.write_str("the command before it is not answered yet: take its answer first"),
            ProposeError::TooLarge { limit } => {
                write!(f, "the command takes more than {limit} bytes: make it shorter, or frames longer")
            }
        }
    }
}

impl core::error::Error for ProposeError {}

/// Why a command that was proposed has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallError {
    /// Nothing was done: the leader cannot take such a command.
    Refused(Reason),
    /// It was done or not, and nobody knows: the cluster forgot this station's session while it asked. There are more
    /// clients than `CLIENTS`, or another station has the same seat.
    Unknown,
    /// It was not done, and never will be: another command had its session and sequence. Two boots had the same seed,
    /// or another station has the same seat.
    Mismatch,
    /// It was done, and its answer is not one of this application: another version of the program did it.
    Unreadable,
}

impl From<CallError> for Brief {
    fn from(error: CallError) -> Brief {
        let word = match error {
            CallError::Refused(_) => "refused",
            CallError::Unknown => "unknown",
            CallError::Mismatch => "mismatch",
            CallError::Unreadable => "unreadable",
        };
        Brief { of: "call", word, numbers: [0, 0] }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if Brief::IS_SHOWN {
            return Brief::from(*self).fmt(f);
        }
        f.write_str(match self {
            CallError::Refused(_) => "the leader cannot take the command: does it run another version of the program?",
            CallError::Unknown => "whether the command was done is not known: more clients than there is room for",
            CallError::Mismatch => {
                "the command was not done: another one had its sequence; give each boot a seed of its own"
            }
            CallError::Unreadable => "the command was done, but its answer cannot be read",
        })
    }
}

impl core::error::Error for CallError {}
