use std::future::Future;
use std::pin::Pin;

use quorate::{BootError, Config, Instant, Node, Position};
use quorate_driver::Driver;

use super::founder::Founder;
use super::machine::Machine;
use super::snapshot;
use super::store::{Content, Store, compare};
use super::{NodeDriver, SEATS, Server};
use crate::aside::Aside;
use crate::clock::Clock;
use crate::intake::Intake;
use crate::link::Link;
use crate::replica::{State, thaw};
use crate::snapshotter::Snapshotter;
use crate::socket::Batch;
use crate::trace::{self, Trace};
use crate::watch::Watch;
use crate::writer::Writer;
use crate::{App, Event, ServeError, ServerConfig, random};

impl<A: App, F: FnMut(&Event)> Server<A, F> {
    /// Binds the socket first: whether the port is free is quickly said, and a log can be long. `None` if `stop` is
    /// ready before the store is a member's.
    pub(super) async fn start(
        config: ServerConfig,
        app: A,
        stop: Pin<&mut impl Future<Output = ()>>,
        mut on_event: F,
    ) -> Result<Option<Self>, ServeError> {
        let trace = config.trace.as_deref().map(trace::open).transpose()?;
        let core = config.core(random::number());
        core.check()?;
        let (mut state, mut applied) = (State::new(app, config.clients_max)?, Position::default());
        let mut link = Link::bind(config.clone())?;
        let Some(store) = member::<A>(&config, &core, &mut link, stop, &mut on_event).await? else { return Ok(None) };
        let Store { disk, recovery, latest, lost, content } = store;
        let Content::Member(charter, boot) = content else { return Err(ServeError::Boot(BootError::NoMember)) };
        let is_new = recovery.created;
        if let Some(differs) = compare(config.listed(), config.seat, &charter.members)? {
            on_event(&differs);
        }
        link.join(charter.founding);
        let snapshots = disk.snapshots();
        if let Some(snapshot) = latest {
            state = snapshot::read(snapshot, snapshots.open(snapshot)?, thaw(state.app()))?;
            applied = snapshot.position;
        }
        let writer = Writer::start(disk).map_err(ServeError::Thread)?;
        let node = boot.start(Instant::START)?;
        let trace = Trace::start(trace, charter, core.clone(), config.log_bytes, &node);
        let trace =
            trace.map_err(|source| ServeError::Trace { path: config.trace.clone().unwrap_or_default(), source })?;
        let machine = Machine {
            link,
            writer,
            intake: Intake::new(snapshots.clone(), charter.members),
            snapshotter: Snapshotter::new(snapshots.clone()),
            snapshots,
            restoring: Aside::new("quorate-restore"),
            charter,
            snapshot_every: config.snapshot_every,
            is_serving: false,
            piece: vec![0; core.entry_bytes_max].into(),
            trace,
        };
        let mut server = Server {
            told: (node.role(), node.term(), node.leader()),
            driver: drive(node, state, applied),
            machine,
            wants_snapshot: Vec::new(),
            clock: Clock::start(),
            incoming: Batch::new(),
            on_event,
            looked: Instant::START,
            watch: Watch::new(config.election_timeout),
        };
        (server.on_event)(&Event::Started {
            address: server.machine.link.address(),
            created: is_new,
            writes: recovery.batches,
            torn_bytes: recovery.torn_bytes,
            term: server.driver.node().term(),
            last: server.driver.node().last().index,
        });
        for damage in recovery.damaged {
            (server.on_event)(&Event::SnapshotDamaged { damage, instead: latest.map(|snapshot| snapshot.position) });
        }
        if let Some(position) = lost {
            (server.on_event)(&Event::SnapshotLost { position });
        }
        Ok(Some(server))
    }
}

/// What is large takes no place on any other stack than this function's.
fn drive<A: App>(node: Node<A::Command, Box<[u8]>, SEATS>, state: State<A>, applied: Position) -> Box<NodeDriver<A>> {
    Box::new(Driver::new(node, state.into_replica(applied)))
}

/// The store of a member: one that is none yet becomes one before. `None` if `stop` is ready earlier.
async fn member<A: App>(
    config: &ServerConfig,
    core: &Config,
    link: &mut Link,
    stop: Pin<&mut impl Future<Output = ()>>,
    mut on_event: impl FnMut(&Event),
) -> Result<Option<Store<A>>, ServeError> {
    let mut store = Store::open(config, core)?;
    let created = store.recovery.created;
    if let Content::Prospect(prepared) = store.content {
        let founder = Founder::new(config, (prepared, store.latest), link, &mut store.disk, &mut on_event)?;
        let Some(charter) = founder.run(stop).await? else { return Ok(None) };
        on_event(&Event::Founded { charter });
        drop(store.disk);
        store = Store::open(config, core)?;
        store.recovery.created = created;
    }
    Ok(Some(store))
}
