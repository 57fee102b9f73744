use core::fmt;

use quorate::{BootError, CommandError, ConfigError, Index};
use quorate_flash::FlashError;

/// Why a station cannot start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum StartError {
    /// The settings do not fit each other.
    Config(ConfigError),
    /// The log in the flash does not fit the settings.
    Boot(BootError),
    /// The flash cannot be used.
    Flash(FlashError),
    /// The snapshot in the flash cannot be restored.
    Stop(Stop),
}

/// Why a station has stopped, for good: only a restart helps, from what the flash holds. It has said nothing since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Stop {
    /// The flash failed: what it holds is not known any more.
    Flash(FlashError),
    /// A committed command cannot be read: going on would make this station differ from the others.
    Command(CommandError),
    /// A snapshot of the state and its sessions does not fit into the memory for it.
    SnapshotTooLong {
        /// How many bytes there are.
        room: usize,
    },
    /// A snapshot is of another version of the program, or has more clients than `CLIENTS`.
    ForeignSnapshot {
        /// The snapshot's index.
        index: Index,
    },
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Config(error) => error.fmt(f),
            StartError::Boot(error) => error.fmt(f),
            StartError::Flash(error) => error.fmt(f),
            StartError::Stop(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Flash(error) => error.fmt(f),
            Stop::Command(error) => error.fmt(f),
            Stop::SnapshotTooLong { room } => {
                write!(f, "a snapshot does not fit into the {room} bytes of memory for it: lend the station more")
            }
            Stop::ForeignSnapshot { index } => write!(
                f,
                "the snapshot at index {} is not one of this program's: run the same version with the same CLIENTS everywhere",
                index.0
            ),
        }
    }
}

impl core::error::Error for StartError {}

impl core::error::Error for Stop {}

impl From<ConfigError> for StartError {
    fn from(error: ConfigError) -> Self {
        StartError::Config(error)
    }
}

impl From<BootError> for StartError {
    fn from(error: BootError) -> Self {
        StartError::Boot(error)
    }
}

impl From<FlashError> for StartError {
    fn from(error: FlashError) -> Self {
        StartError::Flash(error)
    }
}

impl From<Stop> for StartError {
    fn from(error: Stop) -> Self {
        StartError::Stop(error)
    }
}

impl From<FlashError> for Stop {
    fn from(error: FlashError) -> Self {
        Stop::Flash(error)
    }
}

impl From<CommandError> for Stop {
    fn from(error: CommandError) -> Self {
        Stop::Command(error)
    }
}
