use quorate::{Boot, Instant};
use quorate_disk::{Disk, Options, Owner, Recovered};

use super::snapshot::restore;
use super::{SEATS, Server};
use crate::clock::Clock;
use crate::intake::Intake;
use crate::link::Link;
use crate::replica::Replica;
use crate::snapshotter::Snapshotter;
use crate::socket::Batch;
use crate::trace::{self, Trace};
use crate::waiting::{Commands, Reads};
use crate::watch::Watch;
use crate::writer::Writer;
use crate::{App, Event, ServeError, ServerConfig, random};

impl<A: App, F: FnMut(&Event)> Server<A, F> {
    /// Binds the socket first: whether the port is free is quickly said, and a log can be long.
    pub(super) fn start(config: ServerConfig, app: A, on_event: F) -> Result<Self, ServeError> {
        let trace = config.trace.as_deref().map(trace::open).transpose()?;
        let core = config.core(random::number());
        let memory = vec![0; config.log_bytes].into_boxed_slice();
        let charter = config.charter();
        let mut boot = Boot::<A::Command, _, SEATS>::recover(core.clone(), memory)?;
        boot.take(Recovered::Charter(charter))?;
        let mut replica = Replica::new(app, config.clients_max)?;
        let link = Link::bind(config.clone())?;
        let owner = Owner { cluster: config.cluster.0, identity: config.identity() };
        let (mut latest, mut lost) = (None, None);
        let visit = |recovered: Recovered<'_>| {
            match recovered {
                Recovered::Snapshot(snapshot) => latest = Some(snapshot),
                Recovered::LostSnapshot(position) => lost = Some(position),
                _ => {}
            }
            Ok::<(), ServeError>(boot.take(recovered)?)
        };
        let (disk, recovery) = Disk::open(&config.data_dir, owner, Options::default(), visit)?;
        let snapshots = disk.snapshots();
        if let Some(snapshot) = latest {
            restore(&mut replica, &snapshots, snapshot)?;
        }
        let writer = Writer::start(disk).map_err(ServeError::Thread)?;
        let node = boot.start(Instant::START)?;
        let trace = Trace::start(trace, charter, core.clone(), config.log_bytes, &node);
        let trace =
            trace.map_err(|source| ServeError::Trace { path: config.trace.clone().unwrap_or_default(), source })?;
        let mut server = Server {
            told: (node.role(), node.term(), node.leader()),
            node,
            replica,
            link,
            writer,
            snapshotter: Snapshotter::new(snapshots.clone()),
            intake: Intake::new(snapshots.clone(), charter.members),
            snapshots,
            wants_snapshot: Vec::new(),
            members: charter.members,
            snapshot_every: config.snapshot_every,
            piece: vec![0; core.entry_bytes_max].into(),
            clock: Clock::start(),
            trace,
            commands: Commands::default(),
            reads: Reads::default(),
            incoming: Batch::new(),
            on_event,
            looked: Instant::START,
            watch: Watch::new(config.election_timeout),
            is_behind: false,
            is_stopping: false,
            hands_over: false,
        };
        (server.on_event)(&Event::Started {
            address: server.link.address(),
            created: recovery.created,
            writes: recovery.batches,
            torn_bytes: recovery.torn_bytes,
            term: server.node.term(),
            last: server.node.last().index,
        });
        for damage in recovery.damaged {
            (server.on_event)(&Event::SnapshotDamaged { damage, instead: latest.map(|snapshot| snapshot.position) });
        }
        if let Some(position) = lost {
            (server.on_event)(&Event::SnapshotLost { position });
        }
        Ok(server)
    }
}
