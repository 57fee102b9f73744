use quorate::founding::Prepared;
use quorate::{
    Boot, BootError, Charter, Config, HardState, Incarnation, Members, Position, Recovered, Seat, Seats, Snapshot,
};
use quorate_disk::{Disk, Options, Owner, Recovery};

use super::SEATS;
use crate::{App, Event, ServeError, ServerConfig};

/// What a node's directory holds.
pub(super) struct Store<A: App> {
    pub(super) disk: Disk,
    pub(super) recovery: Recovery,
    /// The latest snapshot.
    pub(super) latest: Option<Snapshot>,
    /// The position of one that is lost.
    pub(super) lost: Option<Position>,
    pub(super) content: Content<A>,
}

/// What the store is.
pub(super) enum Content<A: App> {
    /// No member yet: empty, restored, or prepared for a founding.
    Prospect(Option<Prepared>),
    /// A member, whose node can be started.
    Member(Charter, Incarnation, Box<Boot<A::Command, Box<[u8]>, SEATS>>),
}

impl<A: App> Store<A> {
    /// Reads all of it.
    pub(super) fn open(config: &ServerConfig, core: &Config) -> Result<Store<A>, ServeError> {
        let owner = Owner { cluster: config.cluster.0, seat: config.seat };
        let (mut latest, mut lost, mut content) = (None, None, Content::Prospect(None));
        let member = |charter, incarnation| {
            let memory = vec![0; config.log_bytes].into_boxed_slice();
            let boot = Boot::recover(core.clone(), memory)?;
            Ok::<_, ServeError>(Content::Member(charter, incarnation, Box::new(boot)))
        };
        let visit = |recovered: Recovered<'_>| {
            match recovered {
                Recovered::Snapshot(snapshot) => latest = Some(snapshot),
                Recovered::LostSnapshot(position) => lost = Some(position),
                Recovered::Prepared(prepared) => content = Content::Prospect(Some(prepared)),
                Recovered::Charter(charter) => content = member(charter, Incarnation::FOUNDER)?,
                Recovered::Joined(charter, incarnation) => content = member(charter, incarnation)?,
                _ => {}
            }
            match (&mut content, recovered) {
                (Content::Member(.., boot), _) => boot.take(recovered)?,
                // A backup is restored to a snapshot, and a term in which nobody was voted for.
                (Content::Prospect(_), Recovered::Prepared(_) | Recovered::Snapshot(_)) => {}
                (Content::Prospect(_), Recovered::HardState(HardState { vote: None, .. })) if latest.is_some() => {}
                _ => return Err(ServeError::Boot(BootError::NoMember)),
            }
            Ok::<(), ServeError>(())
        };
        let (disk, recovery) = Disk::open(&config.data_dir, owner, Options::default(), visit)?;
        Ok(Store { disk, recovery, latest, lost, content })
    }
}

/// Compares the list that a node was given with the members that its data name, and says what differs.
///
/// # Errors
/// The list is another cluster's: it shares no other member with the data.
pub(super) fn compare(list: Seats, me: Seat, members: &Members) -> Result<Option<Event>, ServeError> {
    let all = members.all();
    // That it is none of the members yet, a node says in other words.
    let list = if all.contains(me) { list } else { list.without(me) };
    if list.is_empty() || list == all {
        return Ok(None);
    }
    if members.are_strangers_to(list, me) {
        return Err(ServeError::OtherMembers { list, members: all });
    }
    Ok(Some(Event::ListDiffers { unknown: Seats(list.0 & !all.0), unnamed: Seats(all.0 & !list.0) }))
}
