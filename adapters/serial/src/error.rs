use core::fmt;

use quorate::{BootError, Brief, CommandError, ConfigError, Dismissal, Index, Seats};
use quorate_flash::FlashError;

/// Why a station cannot start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum StartError {
    /// The settings do not fit each other.
    Config(ConfigError),
    /// The log in the flash does not fit the settings.
    Boot(BootError),
    /// The flash cannot be used, or has no place for the longest snapshot.
    Flash(FlashError),
    /// The list of members and the data in the flash have nobody in common but this station: one of them is another
    /// cluster's.
    Strangers {
        /// Who is in the list.
        listed: Seats,
        /// Who takes part, by the data.
        members: Seats,
    },
    /// The flash was restored for other members than the list names: two parts of one backup could found two clusters.
    RestoredFor {
        /// For whom it was restored.
        members: Seats,
        /// Who is in the list.
        listed: Seats,
    },
    /// The memory for a snapshot is too short for the longest state and the sessions of all clients: sooner or later
    /// none could be taken.
    Snapshot {
        /// How many bytes it takes: [`Station::SNAPSHOT_BYTES_MAX`](crate::Station::SNAPSHOT_BYTES_MAX).
        needed: usize,
        /// How many there are.
        room: usize,
    },
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
    /// The cluster is not for this station: it has less memory for its log than the cluster's members.
    Boot(BootError),
    /// It is none of the members any longer.
    Dismissed(Dismissal),
    /// A snapshot of the leader, or the one in the flash, does not fit into the memory for it.
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

/// Why a station cannot take a snapshot of its state. The one before stays in force, and the log grows until the node
/// refuses commands; the station goes on, and tries again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Undone {
    /// The state is longer than [`App::STATE_BYTES_MAX`](crate::App::STATE_BYTES_MAX) or an answer longer than
    /// [`App::ANSWER_BYTES_MAX`](crate::App::ANSWER_BYTES_MAX), and the memory for a snapshot does not hold it.
    TooLong {
        /// How many bytes there are.
        room: usize,
    },
    /// The same of its place in the flash.
    Flash(FlashError),
}

/// How a list of members differs from the members that the data name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Mislisted {
    /// Who is in the list, and is no member.
    pub strangers: Seats,
    /// Who is a member, and not in the list.
    pub unlisted: Seats,
}

impl From<Mislisted> for Brief {
    fn from(error: Mislisted) -> Brief {
        Brief { of: "mislisted", word: "members", numbers: [error.strangers.0.into(), error.unlisted.0.into()] }
    }
}

impl fmt::Display for Mislisted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if Brief::IS_SHOWN {
            return Brief::from(*self).fmt(f);
        }
        let Mislisted { strangers, unlisted } = *self;
        f.write_str("the list of members differs from the cluster's, and changes nothing")?;
        if !strangers.is_empty() {
            write!(f, "; no members, and no station joins by a list: {strangers}")?;
        }
        if !unlisted.is_empty() {
            write!(f, "; members that it leaves out: {unlisted}")?;
        }
        Ok(())
    }
}

impl From<StartError> for Brief {
    fn from(error: StartError) -> Brief {
        let (word, numbers) = match error {
            StartError::Config(error) => return error.into(),
            StartError::Boot(error) => return error.into(),
            StartError::Flash(error) => return error.into(),
            StartError::Strangers { listed, members } => ("strangers", [listed.0.into(), members.0.into()]),
            StartError::RestoredFor { members, listed } => ("restored for", [members.0.into(), listed.0.into()]),
            StartError::Snapshot { needed, room } => ("snapshot", [needed as u64, room as u64]),
            StartError::Stop(error) => return error.into(),
        };
        Brief { of: "start", word, numbers }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if Brief::IS_SHOWN {
            return Brief::from(*self).fmt(f);
        }
        match self {
            StartError::Config(error) => error.fmt(f),
            StartError::Boot(error) => error.fmt(f),
            StartError::Flash(error) => error.fmt(f),
            StartError::Strangers { listed, members } => write!(
                f,
                "the list of members names {listed}, and those of the flash's cluster are {members}: give this station that \
                 cluster's list, or an erased flash"
            ),
            StartError::RestoredFor { members, listed } => write!(
                f,
                "the flash was restored for a cluster of {members}, and the list of members names {listed}: give all of these \
                 stations the list {members}, or restore anew"
            ),
            StartError::Snapshot { needed, room } => write!(
                f,
                "the longest state and the sessions of all clients take {needed} bytes of a snapshot, and there are {room} \
                 for it: lend the station as many, or let it have fewer CLIENTS"
            ),
            StartError::Stop(error) => error.fmt(f),
        }
    }
}

impl From<Stop> for Brief {
    fn from(error: Stop) -> Brief {
        let (word, numbers) = match error {
            Stop::Flash(error) => return error.into(),
            Stop::Command(error) => return error.into(),
            Stop::Boot(error) => return error.into(),
            Stop::Dismissed(Dismissal::Removed) => ("removed", [0, 0]),
            Stop::Dismissed(Dismissal::Replaced) => ("replaced", [0, 0]),
            Stop::Dismissed(Dismissal::Outdated(features)) => ("outdated", [features.0.into(), 0]),
            Stop::SnapshotTooLong { room } => ("snapshot too long", [room as u64, 0]),
            Stop::ForeignSnapshot { index } => ("foreign snapshot", [index.0, 0]),
        };
        Brief { of: "stop", word, numbers }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if Brief::IS_SHOWN {
            return Brief::from(*self).fmt(f);
        }
        match self {
            Stop::Flash(error) => error.fmt(f),
            Stop::Command(error) => error.fmt(f),
            Stop::Boot(error) => error.fmt(f),
            Stop::Dismissed(Dismissal::Removed) => f.write_str(
                "this station was removed from its cluster: to let it take part again, erase its flash, start it as one that joins, \
                 and add its seat",
            ),
            Stop::Dismissed(Dismissal::Replaced) => f.write_str(
                "another station holds this seat: let one of them run, and give the other one a seat of its own and an erased flash",
            ),
            Stop::Dismissed(Dismissal::Outdated(features)) => {
                write!(f, "this firmware does not know what is on in its cluster ({features}): flash one that does")
            }
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

impl From<Undone> for Brief {
    fn from(error: Undone) -> Brief {
        let (word, numbers) = match error {
            Undone::TooLong { room } => ("too long", [room as u64, 0]),
            Undone::Flash(error) => return error.into(),
        };
        Brief { of: "undone", word, numbers }
    }
}

impl fmt::Display for Undone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if Brief::IS_SHOWN {
            return Brief::from(*self).fmt(f);
        }
        f.write_str("no snapshot can be taken, and when the log is full commands are refused: ")?;
        match self {
            Undone::TooLong { room } => {
                write!(f, "the state does not fit into the {room} bytes of memory for it; state its longest size truly")
            }
            Undone::Flash(error) => error.fmt(f),
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

impl From<BootError> for Stop {
    fn from(error: BootError) -> Self {
        Stop::Boot(error)
    }
}

impl From<CommandError> for Stop {
    fn from(error: CommandError) -> Self {
        Stop::Command(error)
    }
}
