use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;

use quorate::{BootError, Config, Incarnation, Index, Instant, Node, Position, Seats};
use quorate_disk::SnapshotReader;
use quorate_driver::{Driver, Preference};
use smol::unblock;

use super::company::Company;
use super::contact::Contact;
use super::founder::Founder;
use super::machine::Machine;
use super::members::Unwritten;
use super::snapshot;
use super::store::{Content, Store, compare};
use super::{NodeDriver, SEATS, Server};
use crate::alarm::Alarm;
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
        let core = config.core(A::FEATURES, random::number());
        core.check()?;
        let (mut state, mut applied) = (State::new(app, config.clients_max)?, Position::default());
        let mut link = Link::bind(config.clone())?;
        let Some(store) = member::<A>(&config, &core, &mut link, stop, &mut on_event).await? else { return Ok(None) };
        let Store { disk, recovery, latest, lost, content } = store;
        let Content::Member(charter, incarnation, boot) = content else {
            return Err(ServeError::Boot(BootError::NoMember));
        };
        let is_new = recovery.created;
        link.join(charter.founding, incarnation);
        let snapshots = disk.snapshots();
        if let Some(snapshot) = latest {
            let (reader, thaw) = (snapshots.open(snapshot)?, thaw(state.app()));
            // It takes long, and as much stack as all else here together.
            state = unblock(move || snapshot::read(snapshot, reader, thaw)).await?;
            applied = snapshot.position;
        }
        let writer = Writer::start(disk).map_err(ServeError::Thread)?;
        let node = boot.start(Instant::START)?;
        let (since, roster) = node.roster();
        link.directory.meet(roster);
        // A store that has joined only knows who founded its cluster: none of them may be left.
        let knows_founders_only = incarnation != Incarnation::FOUNDER && since == Index(0);
        let differs = match knows_founders_only {
            true => None,
            false => compare(config.listed(), config.seat, &roster.members())?,
        };
        let differing = link.directory.differing();
        let elsewhere = differing.map(|(seat, listed, known)| Event::AddressDiffers { seat, listed, known });
        let unknown = Seats(config.preferred.0 & !roster.members().all().0);
        let unknown =
            (!knows_founders_only && !unknown.is_empty()).then_some(Event::PreferredUnknown { seats: unknown });
        differs.into_iter().chain(elsewhere).chain(unknown).for_each(|event| on_event(&event));
        let trace = Trace::start(trace, charter, core.clone(), config.log_bytes, &node);
        let trace =
            trace.map_err(|source| ServeError::Trace { path: config.trace.clone().unwrap_or_default(), source })?;
        let machine = Machine {
            link,
            writer,
            intake: Intake::new(snapshots.clone()),
            snapshotter: Snapshotter::new(snapshots.clone()),
            snapshots,
            restoring: Aside::new("quorate-restore"),
            charter,
            contact: Contact::new(told_of(&config, incarnation), random::number()),
            company: Company::of(roster),
            news: Vec::new(),
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
            alarm: Alarm::new(),
            incoming: Batch::new(),
            on_event,
            looked: Instant::START,
            unwritten: Unwritten::default(),
            heeded: None,
            preference: Preference::new(config.preferred, config.election_timeout),
            watch: Watch::new(config.election_timeout, config.keys.clone()),
        };
        server.follow_word();
        (server.on_event)(&Event::Started {
            address: server.machine.link.address(),
            created: is_new,
            writes: recovery.batches,
            torn_bytes: recovery.torn_bytes,
            term: server.driver.node().term(),
            last: server.driver.node().last().index,
        });
        if let Some(left) = server.machine.link.plain_left(Instant::START) {
            (server.on_event)(&Event::TakesPlain { left });
        }
        for damage in recovery.damaged {
            (server.on_event)(&Event::SnapshotDamaged { damage, instead: latest.map(|snapshot| snapshot.position) });
        }
        if let Some(position) = lost {
            (server.on_event)(&Event::SnapshotLost { position });
        }
        Ok(Some(server))
    }
}

/// Where a node looks for its cluster if it knows none of the members any longer.
fn told_of(config: &ServerConfig, incarnation: Incarnation) -> Vec<SocketAddr> {
    let others = config.peers.iter().filter(|(seat, _)| **seat != config.seat && incarnation != Incarnation::FOUNDER);
    config.join.map_or_else(|| others.map(|(_, address)| *address).collect(), |address| vec![address])
}

/// What is large takes no place on any other stack than this function's.
fn drive<A: App>(node: Node<A::Command, Box<[u8]>, SEATS>, state: State<A>, applied: Position) -> Box<NodeDriver<A>> {
    Box::new(Driver::new(node, state.into_replica(applied)))
}

/// Refuses a list of others than those whom a store was restored for.
fn expect_list(list: Seats, restored: &SnapshotReader) -> Result<(), ServeError> {
    let members = restored.header().members.all();
    if list == members { Ok(()) } else { Err(ServeError::RestoredFor { members, list }) }
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
        store
            .latest
            .map_or(Ok(()), |snapshot| expect_list(config.listed(), &store.disk.snapshots().open(snapshot)?))?;
        let founder =
            Founder::new(config, core.features, (prepared, store.latest), link, &mut store.disk, &mut on_event)?;
        let Some((charter, incarnation)) = founder.run(stop).await? else { return Ok(None) };
        on_event(&match incarnation {
            Incarnation::FOUNDER => Event::Founded { charter },
            incarnation => Event::Joined { charter, incarnation },
        });
        drop(store.disk);
        store = Store::open(config, core)?;
        store.recovery.created = created;
    }
    Ok(Some(store))
}
