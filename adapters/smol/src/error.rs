use std::net::SocketAddr;
use std::path::PathBuf;
use std::{fmt, io};

use quorate::{BootError, CommandError, ConfigError, Dismissal, Index, Position, Seats, Snapshot};
use quorate_disk::{Damage, DiskError};

use crate::replica::CLIENTS;

/// Why a node cannot start, or had to stop.
#[derive(Debug)]
pub enum ServeError {
    /// The log cannot be opened, or a write failed. The node has said nothing since.
    Disk(DiskError),
    /// The socket cannot be bound, or fails.
    Socket {
        /// Where the node listens.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The configuration makes no sense.
    Config(ConfigError),
    /// There is no room for the sessions of as many clients, or nobody would have one.
    Clients {
        /// How many were asked for.
        wanted: usize,
    },
    /// The list of members shares none but this node with those that the data name.
    OtherMembers {
        /// Who is in the list.
        list: Seats,
        /// Whom the data name.
        members: Seats,
    },
    /// The directory was restored for a cluster of other members than the list names.
    RestoredFor {
        /// Whom it was restored for.
        members: Seats,
        /// Who is in the list.
        list: Seats,
    },
    /// Of a survivor: the snapshot that its log stands on is damaged or gone, and nothing there can take its place.
    SnapshotLost {
        /// Its position.
        position: Position,
        /// What is wrong with it, if it is there.
        damage: Option<Damage>,
    },
    /// The log on the disk does not fit what it should be.
    Boot(BootError),
    /// The node is none of the members any longer, and would disturb them if it went on.
    Dismissed(Dismissal),
    /// A committed command cannot be read.
    Command(CommandError),
    /// The application panicked while it did a committed command: it would at each start, on every node.
    Apply {
        /// The command's index.
        index: Index,
        /// What the panic said.
        message: String,
    },
    /// A snapshot cannot be read, or this program cannot make anything of it.
    Snapshot {
        /// Which snapshot.
        snapshot: Snapshot,
        /// What is wrong.
        source: io::Error,
    },
    /// The node was asked to write a trace, and cannot.
    Trace {
        /// The trace's file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The thread for the disk, or for a snapshot, cannot be started.
    Thread(io::Error),
}

impl From<DiskError> for ServeError {
    fn from(error: DiskError) -> Self {
        ServeError::Disk(error)
    }
}

impl From<ConfigError> for ServeError {
    fn from(error: ConfigError) -> Self {
        ServeError::Config(error)
    }
}

impl From<BootError> for ServeError {
    fn from(error: BootError) -> Self {
        ServeError::Boot(error)
    }
}

impl From<CommandError> for ServeError {
    fn from(error: CommandError) -> Self {
        ServeError::Command(error)
    }
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServeError::Disk(error) => error.fmt(f),
            ServeError::Socket { address, source } => write!(
                f,
                "cannot use {address}: {source}. Check that the address is this machine's and that no other process has \
                 the port"
            ),
            ServeError::Config(error) => write!(f, "cannot run with this configuration: {error}"),
            ServeError::Clients { wanted } => {
                write!(f, "cannot keep the sessions of {wanted} clients: give room for 1 to {CLIENTS} of them")
            }
            ServeError::OtherMembers { list, members } => write!(
                f,
                "the data are of a cluster of {members}, and the list names {list}: members belong to the data, and a list gives their \
                 addresses only. Name the members, or start with the data of the cluster that is meant"
            ),
            ServeError::RestoredFor { members, list } => {
                write!(f, "this directory was restored for a cluster of {members}, and ")?;
                match list.is_empty() {
                    true => f.write_str("no list of members is given")?,
                    false => write!(f, "the list names {list}")?,
                }
                f.write_str(". Name these members at each of their nodes, or restore all nodes for others")
            }
            ServeError::SnapshotLost { position, damage } => {
                write!(f, "the snapshot of index {} that this log stands on is ", position.index.0)?;
                match damage {
                    Some(damage) => write!(f, "damaged: {damage}")?,
                    None => f.write_str("gone")?,
                }
                f.write_str(". Nothing but what came later is left here: use another survivor, or a backup")
            }
            ServeError::Boot(error) => write!(f, "cannot take the log back from the disk: {error}"),
            ServeError::Dismissed(Dismissal::Removed) => f.write_str(
                "this node is none of the members any longer: its seat was removed. To let it take part again, start it with an \
                 empty directory, and have it added",
            ),
            ServeError::Dismissed(Dismissal::Replaced) => f.write_str(
                "another store holds this node's seat, and is there: its data were copied, or a second node was started for the \
                 seat. Keep the one that the members know; to let this machine take part, give it a seat of its own and an empty \
                 directory, and have it added",
            ),
            ServeError::Dismissed(Dismissal::Outdated(features)) => write!(
                f,
                "this build does not know what is on in its cluster: {features}. Start the node with one that does: nothing is lost, \
                 and it goes on from where it is"
            ),
            ServeError::Command(error) => write!(f, "{error}. Start the node with that version, or a later one"),
            ServeError::Apply { index, message } => write!(
                f,
                "the application panicked while it did the committed command at index {}, and would at each start, here and on \
                 the other nodes: {message}. Nothing is lost: start all nodes with a version that can do this command",
                index.0
            ),
            ServeError::Snapshot { snapshot, source } => write!(
                f,
                "cannot take the snapshot of index {}: {source}. Start the node with the version that wrote it, or a later one",
                snapshot.position.index.0
            ),
            ServeError::Trace { path, source } => {
                write!(f, "cannot write the trace {}: {source}. Name another file, or run without", path.display())
            }
            ServeError::Thread(source) => {
                write!(f, "cannot start a thread: {source}. Check the limits of this process")
            }
        }
    }
}

impl std::error::Error for ServeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ServeError::Disk(error) => Some(error),
            ServeError::Socket { source, .. }
            | ServeError::Snapshot { source, .. }
            | ServeError::Trace { source, .. }
            | ServeError::Thread(source) => Some(source),
            ServeError::Config(error) => Some(error),
            ServeError::Boot(error) => Some(error),
            ServeError::Command(error) => Some(error),
            ServeError::Clients { .. }
            | ServeError::Apply { .. }
            | ServeError::OtherMembers { .. }
            | ServeError::RestoredFor { .. }
            | ServeError::SnapshotLost { .. }
            | ServeError::Dismissed(_) => None,
        }
    }
}
