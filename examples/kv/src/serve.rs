use std::io::{self, Write};

use quorate::BootError;
use quorate_disk::DiskError;
use quorate_smol::{Event, ServeError, ServerConfig, serve};

use crate::exit::{Exit, Failure};
use crate::layout::name;
use crate::signal::Interrupt;
use crate::store::Store;

/// Runs one node until it is asked to stop.
///
/// # Errors
/// Why it cannot start, or had to stop.
pub(crate) fn run(config: ServerConfig) -> Result<Exit, Failure> {
    let mut interrupt = Interrupt::watch()?;
    let node = name(config.seat);
    let served = serve(config, Store::default(), interrupt.next(), |event| report(&node, event));
    smol::block_on(served).map_err(failure)?;
    Ok(Exit::Done)
}

/// Roles are what a script waits for; the rest is for people. A node does not stop because nobody reads.
fn report(node: &str, event: &Event) {
    let _ = match event {
        Event::Role { .. } => writeln!(io::stdout(), "{node}: {event}"),
        _ => writeln!(io::stderr(), "{node}: {event}"),
    };
}

/// How the program ends if a node does.
pub(crate) fn failure(error: ServeError) -> Failure {
    let exit = match &error {
        ServeError::Disk(error @ DiskError::Damaged(_)) => {
            return Failure::new(disk_exit(error), format_args!("{error}. Here that is --incarnation"));
        }
        ServeError::Disk(error @ DiskError::Foreign { found, wanted, .. })
            if found.cluster == wanted.cluster && found.identity.seat == wanted.identity.seat =>
        {
            let incarnation = found.identity.incarnation.0;
            return Failure::new(disk_exit(error), format_args!("{error}, or with --incarnation {incarnation}"));
        }
        ServeError::Disk(error) => disk_exit(error),
        ServeError::Socket { .. } => Exit::Socket,
        ServeError::Config(_)
        | ServeError::Clients { .. }
        | ServeError::Trace { .. }
        | ServeError::Boot(BootError::TooLarge { .. }) => Exit::Usage,
        ServeError::Boot(BootError::Gap { .. }) => Exit::Damaged,
        ServeError::Boot(BootError::Full { .. }) => {
            return Failure::new(Exit::Usage, format_args!("{error}, by --log-size"));
        }
        ServeError::Command(_) | ServeError::Snapshot { .. } => Exit::LaterVersion,
        ServeError::Thread(_) => Exit::Failed,
    };
    Failure::new(exit, error)
}

/// How the program ends if a node's directory cannot be used.
pub(crate) fn disk_exit(error: &DiskError) -> Exit {
    match error {
        DiskError::Damaged(_) | DiskError::DamagedSnapshot(_) => Exit::Damaged,
        DiskError::Io { .. } | DiskError::SnapshotIo { .. } => Exit::Disk,
        DiskError::Foreign { .. } | DiskError::ForeignSnapshot { .. } => Exit::ForeignDirectory,
        DiskError::Occupied { .. } => Exit::Usage,
        DiskError::InUse { .. } => Exit::DirectoryInUse,
        DiskError::LaterVersion { .. } => Exit::LaterVersion,
    }
}
