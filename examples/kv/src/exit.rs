use std::process::ExitCode;
use std::{fmt, io};

/// How the program ends. The numbers are part of what it promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Done = 0,
    /// Not found, or refused.
    Failed = 1,
    Usage = 2,
    /// No node was reached in time, or the outcome is unknown.
    Unreachable = 3,
    Conflict = 4,
    /// Nodes were reached, but no leader.
    NoQuorum = 5,
    /// A cluster goes on, and is not as it should be.
    Degraded = 6,
    /// The session was another write's.
    Mismatch = 7,
    /// What was asked for was done, but its answer could not be printed.
    Unprinted = 8,
    /// A node is none of the members any longer.
    Dismissed = 9,
    Damaged = 10,
    Disk = 11,
    ForeignDirectory = 12,
    DirectoryInUse = 13,
    LaterVersion = 14,
    Socket = 15,
    Interrupted = 130,
}

impl Exit {
    /// How the program ends if a file cannot be made: a wrong path or permission is no failure of the disk.
    pub(crate) fn of_file(error: &io::Error) -> Exit {
        use io::ErrorKind::{IsADirectory, NotADirectory, NotFound, PermissionDenied, ReadOnlyFilesystem};
        match error.kind() {
            IsADirectory | NotADirectory | NotFound | PermissionDenied | ReadOnlyFilesystem => Exit::Usage,
            _ => Exit::Disk,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// Why a command of this program could not be done, and how the program ends therefore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// What, where, and what to do next.
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl fmt::Display) -> Failure {
        Failure { exit, message: message.to_string() }
    }
}

/// What was to be printed could not be: that is always the last that is done.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        let message =
            format!("what was asked for was done, but the answer cannot be written to standard output: {error}");
        Failure::new(Exit::Unprinted, message)
    }
}
