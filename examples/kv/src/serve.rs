use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use quorate::{BootError, ConfigError, Dismissal};
use quorate_disk::DiskError;
use quorate_smol::{Event, ServeError, ServerConfig, serve};

use smol::future::or;

use crate::exit::{Exit, Failure};
use crate::keys::Held;
use crate::layout::name;
use crate::log::{self, Level, Log};
use crate::signal::Interrupt;
use crate::store::Store;

/// Runs one node until it is asked to stop.
///
/// # Errors
/// If the system lets no signal be watched. Why the node cannot start, or had to stop, is told in its log.
pub(crate) fn run(config: ServerConfig, keys: Option<Held>) -> Result<Exit, Failure> {
    let mut interrupt = Interrupt::watch()?;
    let file = keys.as_ref().map(|held| held.path().to_owned());
    let (log, place) = (Log::new(config.seat, Level::Info, file), Place::of(&config));
    let node = name(config.seat);
    let served = serve(config, Store::default(), interrupt.next(), |event| {
        tell_scripts(&node, event);
        log.event(event);
    });
    let follow = async { match Held::follow(keys, |change| log.keys(change)).await {} };
    Ok(smol::block_on(or(served, follow)).map_or_else(
        |error| {
            let Failure { exit, message } = place.failure(error);
            log.line(Level::Error, &message);
            exit
        },
        |()| Exit::Done,
    ))
}

/// Roles are what a script waits for. Whoever looks at a terminal sees them in the log.
fn tell_scripts(node: &str, event: &Event) {
    if let Event::Role { role, term, leader } = event
        && !io::stdout().is_terminal()
    {
        let _ = writeln!(io::stdout(), "{node}: {}", log::role(*role, *term, *leader));
    }
}

/// What a node's errors mean depends on where it runs.
pub(crate) struct Place {
    data_dir: PathBuf,
    is_alone: bool,
}

impl Place {
    pub(crate) fn of(config: &ServerConfig) -> Place {
        let ServerConfig { data_dir, peers, join, .. } = config;
        Place { data_dir: data_dir.clone(), is_alone: peers.len() == 1 && join.is_none() }
    }

    /// How the program ends if a node does.
    pub(crate) fn failure(&self, error: ServeError) -> Failure {
        if let ServeError::Config(ConfigError::NoVoters) = error {
            let message = format!(
                "{} is empty, and no other node is named: name all members with --peer, or one that is there with --join",
                self.data_dir.display()
            );
            return Failure::new(Exit::Usage, &message);
        }
        let (exit, advice) = match &error {
            ServeError::Disk(error) => (disk_exit(error), self.advice(error)),
            ServeError::Dismissed(Dismissal::Outdated(_)) | ServeError::Boot(BootError::Outdated { .. }) => {
                (Exit::LaterVersion, None)
            }
            ServeError::Dismissed(_) => (Exit::Dismissed, None),
            ServeError::Socket { .. } => (Exit::Socket, None),
            ServeError::OtherMembers { .. } => (Exit::ForeignDirectory, Some(" (--peer, --data-dir)".to_owned())),
            ServeError::RestoredFor { .. } => {
                (Exit::ForeignDirectory, Some(" (`quorate-kv snapshot restore --members`)".to_owned()))
            }
            ServeError::Boot(BootError::Full { .. }) => (Exit::Usage, Some(", by --log-size".to_owned())),
            ServeError::Boot(BootError::Charter(ConfigError::LogTooSmall { least, .. })) => {
                (Exit::Usage, Some(format!(", by --log-size {}", least.div_ceil(1 << 20))))
            }
            ServeError::Boot(BootError::Charter(ConfigError::ElectionBelowLeast { least, .. })) => {
                (Exit::Usage, Some(format!(", by --election-ms {}", least.div_ceil(1000))))
            }
            ServeError::Config(_)
            | ServeError::Clients { .. }
            | ServeError::Trace { .. }
            | ServeError::Boot(BootError::TooLarge { .. } | BootError::Charter(_)) => (Exit::Usage, None),
            ServeError::Boot(BootError::Gap { .. } | BootError::Bounds { .. } | BootError::NoMember)
            | ServeError::SnapshotLost { .. } => (Exit::Damaged, None),
            ServeError::Command(_) | ServeError::Apply { .. } | ServeError::Snapshot { .. } => {
                (Exit::LaterVersion, None)
            }
            ServeError::Thread(_) => (Exit::Failed, None),
        };
        Failure::new(exit, format_args!("{error}{}", advice.unwrap_or_default()))
    }

    /// What to do next, where it takes options of this program.
    fn advice(&self, error: &DiskError) -> Option<String> {
        let directory = self.data_dir.display();
        match error {
            DiskError::Damaged(_) if self.is_alone => Some(format!(
                ". There is no other node to bring this one in line: move {directory} away, and restore the latest backup with \
                 `quorate-kv snapshot restore`"
            )),
            DiskError::Damaged(_) => {
                Some(format!(". So move {directory} away, and start this node again: the others bring it in line"))
            }
            DiskError::Inaccessible { .. } => Some(" (--data-dir)".to_owned()),
            _ => None,
        }
    }
}

/// How the program ends if a node's directory cannot be used.
pub(crate) fn disk_exit(error: &DiskError) -> Exit {
    match error {
        DiskError::Damaged(_) | DiskError::DamagedSnapshot(_) => Exit::Damaged,
        DiskError::Io { .. } | DiskError::SnapshotIo { .. } => Exit::Disk,
        DiskError::Foreign { .. } | DiskError::ForeignSnapshot { .. } => Exit::ForeignDirectory,
        DiskError::Occupied { .. } | DiskError::Inaccessible { .. } => Exit::Usage,
        DiskError::InUse { .. } => Exit::DirectoryInUse,
        DiskError::LaterVersion { .. } => Exit::LaterVersion,
    }
}
