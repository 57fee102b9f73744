use std::fmt;
use std::time::Duration;

use quorate::{Founding, Members, Seat, Seats};
use quorate_smol::{ClientError, Configuration, Reason, Status};

use crate::connection::NodeStatus;
use crate::layout::names;

/// Who was reached.
pub(super) struct Reach {
    /// Who takes part, by the account of the node that knows best.
    pub(super) members: Members,
    pub(super) named: Seats,
    pub(super) silent: Seats,
    /// Those that say that they take nothing of this client, and why: they are silent otherwise.
    pub(super) turned_away: Vec<(Seat, String)>,
    /// Those that answered that their data are of no cluster.
    pub(super) outside: Seats,
    /// Whom these wait for.
    pub(super) awaited: Seats,
    /// Those whose store is another one than the members name: it does not count.
    pub(super) reborn: Seats,
    /// Those that are of another cluster than the node that knows best.
    pub(super) foreign: Seats,
    pub(super) waited: Duration,
}

impl Reach {
    /// The leader knows best who counts, or else whoever knows most to be committed.
    pub(super) fn of(statuses: &[NodeStatus], leader: Option<&Status>, waited: Duration) -> Reach {
        let reached = || statuses.iter().filter_map(|node| node.status.as_ref().ok());
        let named = statuses.iter().map(|node| node.seat).collect();
        let latest = leader.or(reached().max_by_key(|status| status.commit));
        let seats = |is_so: &dyn Fn(&NodeStatus) -> bool| {
            statuses.iter().filter(|node| is_so(node)).map(|node| node.seat).collect()
        };
        let best = NodeStatus::best(statuses);
        let founding = latest.and_then(|latest| founding(statuses, latest.seat));
        Reach {
            members: latest.map_or(Members::of(named), |status| status.members),
            named,
            silent: seats(&|node| node.status.is_err() && outside(&node.status).is_none()),
            turned_away: statuses.iter().filter_map(turned_away).collect(),
            outside: seats(&|node| outside(&node.status).is_some()),
            awaited: statuses.iter().filter_map(|node| outside(&node.status)).fold(Seats::NONE, Seats::union),
            reborn: best.map_or(Seats::NONE, |best| seats(&|node| is_reborn(node, best))),
            foreign: seats(&|node| node.founding.is_some() && node.founding != founding),
            waited,
        }
    }

    /// Whether those that were reached and count are a majority.
    pub(super) fn is_quorum(&self) -> bool {
        let missing = self.silent.union(self.outside).union(self.reborn).union(self.foreign);
        let counting = self.named.iter().filter(|seat| !missing.contains(*seat));
        self.members.is_quorum(counting.collect())
    }

    /// Whether every member was asked.
    pub(super) fn is_complete(&self) -> bool {
        self.members.all().iter().all(|seat| self.named.contains(seat))
    }

    pub(super) fn silence(&self) -> String {
        silence(self.silent.iter(), self.waited)
    }
}

/// Whether another store of this seat takes part, by the account of the node that knows best.
fn is_reborn(node: &NodeStatus, best: &Configuration) -> bool {
    let named = best.occupants.get(&node.seat).map(|occupant| occupant.incarnation);
    node.status.as_ref().is_ok_and(|status| named.is_some_and(|named| named != status.incarnation))
}

/// The identity of a node's cluster.
fn founding(statuses: &[NodeStatus], seat: Seat) -> Option<Founding> {
    statuses.iter().find(|node| node.seat == seat)?.founding
}

/// Whom a node waits for whose data are of no cluster.
fn outside(status: &Result<Status, ClientError>) -> Option<Seats> {
    match status {
        Err(ClientError::Refused(Reason::NoMember)) => Some(Seats::NONE),
        Err(ClientError::Refused(Reason::Founding { waits_for })) => Some(*waits_for),
        _ => None,
    }
}

/// That a node takes nothing of this client, and why.
fn turned_away(node: &NodeStatus) -> Option<(Seat, String)> {
    let error = node.status.as_ref().err()?;
    matches!(error, ClientError::TurnedAway { .. }).then(|| (node.seat, error.to_string()))
}

/// That these nodes did not answer.
pub(super) fn silence(seats: impl Iterator<Item = Seat>, waited: Duration) -> String {
    format!("{} did not answer within {} s", names(seats), waited.as_secs_f64())
}

/// How many nodes of how many.
impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reached = self.named.count() - self.silent.count();
        write!(f, "{reached} of {} nodes reachable", self.members.all().union(self.named).count())?;
        match self.reborn.is_empty() {
            true => Ok(()),
            false => write!(f, "; not counting {}, whose store is new", names(self.reborn.iter())),
        }
    }
}
