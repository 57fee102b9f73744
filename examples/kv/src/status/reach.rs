use std::fmt;
use std::time::Duration;

use quorate::{Incarnation, Members, Seat, Seats};
use quorate_smol::{ClientError, Reason, Status};

use crate::connection::NodeStatus;
use crate::layout::names;

/// Who was reached.
pub(super) struct Reach {
    /// Who takes part, by the account of the node that knows best.
    pub(super) members: Members,
    pub(super) named: Seats,
    pub(super) silent: Seats,
    /// Those that answered that their data are of no cluster.
    pub(super) outside: Seats,
    /// Whom these wait for.
    pub(super) awaited: Seats,
    /// Those that have lost their disks.
    pub(super) reborn: Seats,
    pub(super) waited: Duration,
}

impl Reach {
    /// The leader knows best who counts, or else whoever knows most to be committed.
    pub(super) fn of(statuses: &[NodeStatus], leader: Option<&Status>, waited: Duration) -> Reach {
        let reached = || statuses.iter().filter_map(|(_, _, status)| status.as_ref().ok());
        let named = statuses.iter().map(|(seat, _, _)| *seat).collect();
        let latest = leader.or(reached().max_by_key(|status| status.commit));
        let seats = |is_so: &dyn Fn(&Result<Status, ClientError>) -> bool| {
            statuses.iter().filter(|(_, _, status)| is_so(status)).map(|(seat, _, _)| *seat).collect()
        };
        let is_reborn = |status: &&Status| status.incarnation > Incarnation(0);
        Reach {
            members: latest.map_or(Members::of(named), |status| status.members),
            named,
            silent: seats(&|status| status.is_err() && outside(status).is_none()),
            outside: seats(&|status| outside(status).is_some()),
            awaited: statuses.iter().filter_map(|(_, _, status)| outside(status)).fold(Seats::NONE, Seats::union),
            reborn: reached().filter(is_reborn).map(|status| status.seat).collect(),
            waited,
        }
    }

    /// Whether those that were reached and count are a majority.
    pub(super) fn is_quorum(&self) -> bool {
        let missing = self.silent.union(self.outside).union(self.reborn);
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

/// Whom a node waits for whose data are of no cluster.
fn outside(status: &Result<Status, ClientError>) -> Option<Seats> {
    match status {
        Err(ClientError::Refused(Reason::NoMember)) => Some(Seats::NONE),
        Err(ClientError::Refused(Reason::Founding { waits_for })) => Some(*waits_for),
        _ => None,
    }
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
            false => write!(f, "; not counting {}, whose disk was lost", names(self.reborn.iter())),
        }
    }
}
