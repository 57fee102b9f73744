use core::time::Duration;

use embedded_storage::nor_flash::NorFlash;
use quorate::founding::Record;
use quorate::{
    Apply, Boot, BootError, Charter, Config, Founding, Incarnation, Index, Instant, Members, Node, Owner, Position,
    Recovered, Seat,
};
use quorate_driver::known_committed;
use quorate_flash::{FlashError, Layout, Survivor};

use crate::machine::{replace, room_for};
use crate::replica::{Replica, Replicated, write};
use crate::{App, Memory, StartError};

/// What the flash of a station holds that is not to run again: the state that all of its log leads to, be it known to be
/// committed or not.
///
/// [`quorate_flash::restore`] makes flashes of it for the boards of a new cluster, which found that cluster as
/// [`Station::start`](crate::Station::start) says. `SEATS` and `CLIENTS` are those of the station.
pub struct Rescue<A: App, B, const SEATS: usize, const CLIENTS: usize> {
    node: Node<A::Command, B, SEATS>,
    replica: Replica<A, CLIENTS>,
    buffer: B,
    owner: Owner,
    identity: (Founding, Incarnation),
    damaged: Option<Position>,
}

/// Reads a survivor's flash, or an image of it, and changes nothing: neither a word is written nor a page erased. The
/// application is given as it began, and layout and memory as the station had them: a longer memory for the log does as
/// well, and where a snapshot is damaged, the entries that it covered may need it.
///
/// Its board must not run meanwhile, and nothing here can see whether it does: hold it in reset while its flash is
/// read out.
///
/// # Errors
/// The flash is damaged, a member's of no cluster, or another version wrote it. Or the snapshot that its log stands on is
/// lost: [`FlashError::NoSnapshot`].
pub fn rescue<A, F, B, const SEATS: usize, const CLIENTS: usize>(
    app: A,
    flash: F,
    layout: Layout,
    memory: Memory<B>,
) -> Result<Rescue<A, B, SEATS, CLIENTS>, StartError>
where
    A: App,
    F: NorFlash,
    B: AsRef<[u8]> + AsMut<[u8]>,
{
    let Memory { log, snapshot: mut buffer } = memory;
    let layout = Layout { seats: layout.seats.max(SEATS), ..layout };
    let mut survivor = Survivor::open(flash, layout, buffer.as_mut())?.ok_or(BootError::NoMember)?;
    let (owner, (charter, incarnation)) = (survivor.owner(), member(survivor.record())?);
    let (mut boot, mut latest, mut damaged) = (Boot::recover(config(owner.seat, &charter), log)?, None, None);
    survivor.show(buffer.as_mut(), |recovered| {
        match recovered {
            Recovered::Snapshot(snapshot) => latest = Some(snapshot),
            Recovered::DamagedSnapshot(position) => damaged = Some(position),
            _ => {}
        }
        boot.take(recovered).map_err(StartError::Boot)
    })?;
    let node = boot.start(Instant::START)?;
    if node.is_lost() {
        return Err(FlashError::NoSnapshot { index: node.base().index }.into());
    }
    let mut replica = Replica::of(Replicated(app));
    if let Some(snapshot) = latest {
        let bytes = room_for(snapshot, buffer.as_mut())?;
        survivor.read(snapshot, 0, bytes)?;
        replace(&mut replica, snapshot, bytes)?;
    }
    for entry in node.log() {
        replica.apply(&Apply::new(entry))?;
    }
    Ok(Rescue { node, replica, buffer, owner, identity: (charter.founding, incarnation), damaged })
}

/// By what the store is a member, and in which life.
fn member(record: Option<Record>) -> Result<(Charter, Incarnation), BootError> {
    match record {
        Some(Record::Complete(charter)) => Ok((charter, Incarnation::FOUNDER)),
        Some(Record::Joined(charter, incarnation)) => Ok((charter, incarnation)),
        Some(Record::Prepared(_)) | None => Err(BootError::NoMember),
    }
}

/// Of a node that is never told anything: its log is what counts.
fn config(seat: Seat, charter: &Charter) -> Config {
    let usual = Config::new(seat, 0);
    let least = Duration::from_micros(charter.least.election_micros.into());
    Config {
        election_timeout: usual.election_timeout.max(least),
        entry_bytes_max: ENTRY_MAX,
        inflight_bytes_max: ENTRY_MAX,
        ..usual
    }
}

impl<A: App, B: AsRef<[u8]> + AsMut<[u8]>, const SEATS: usize, const CLIENTS: usize> Rescue<A, B, SEATS, CLIENTS> {
    /// The application, after the last entry.
    pub fn app(&self) -> &A {
        &self.replica.app().0
    }

    /// How many clients have a session.
    pub fn clients(&self) -> usize {
        self.replica.ledger().clients()
    }

    /// Whose flash it is.
    pub fn owner(&self) -> Owner {
        self.owner
    }

    /// The identity of the cluster, and the life of the store.
    pub fn identity(&self) -> (Founding, Incarnation) {
        self.identity
    }

    /// Who took part, by the last entry that says so.
    pub fn members(&self) -> Members {
        self.node.members()
    }

    /// The position of the last entry.
    pub fn last(&self) -> Position {
        self.replica.applied()
    }

    /// How recent the log is, as elections compare it. All that was committed in earlier terms is in it, and what was
    /// committed in this term up to this index: of several survivors, none has more for certain than the one of the
    /// greatest recency.
    pub fn recency(&self) -> Position {
        self.node.recency()
    }

    /// The last index that this store knows to be committed. What is behind it may be committed or not.
    pub fn committed(&self) -> Index {
        known_committed(&self.node)
    }

    /// The position of the latest snapshot, if that is damaged, and an earlier one and the log took its place.
    pub fn damaged(&self) -> Option<Position> {
        self.damaged
    }

    /// The state with its sessions, as a node's snapshot holds it; `None` if it is longer than the memory for a snapshot.
    pub fn state(&mut self) -> Option<&[u8]> {
        write(&self.replica, self.buffer.as_mut())
    }
}

/// The longest record that any frame holds.
const ENTRY_MAX: usize = u16::MAX as usize;
