use std::fmt;
use std::time::Duration;

use quorate::{Incarnation, Members, Seat, Seats};
use quorate_smol::Status;
use quorate_wire::client::Role;

use crate::connection::NodeStatus;
use crate::exit::Exit;
use crate::layout::{name, names};

/// Whether the cluster goes on, in one line.
pub(super) struct Verdict {
    pub(super) exit: Exit,
    pub(super) text: String,
}

impl Verdict {
    pub(super) fn of(statuses: &[NodeStatus], waited: Duration) -> Verdict {
        let reached: Vec<&Status> = statuses.iter().filter_map(|(_, _, status)| status.as_ref().ok()).collect();
        let reach = Reach::of(statuses, &reached, waited);
        if reached.is_empty() {
            let text = format!("no node reachable: {}. Start a node or check --peer and --cluster", reach.silence());
            return Verdict { exit: Exit::Unreachable, text };
        }
        if let Some((one, other)) = differing(&reached) {
            let (index, one, other) = (one.applied.0, name(one.seat), name(other.seat));
            let text = format!("{one} and {other} differ at index {index}: stop them, keep their data, and report it");
            return Verdict { exit: Exit::Failed, text };
        }
        let Some(leader) = leader(&reached).filter(|_| reach.is_quorum) else {
            let advice = if reach.is_quorum {
                "An election is under way: ask again in a moment"
            } else if statuses.len() < reach.members {
                "Name the other nodes with --peer"
            } else if reach.silent.is_empty() {
                "Too many disks are lost: restore all nodes from a backup, with `quorate-kv snapshot restore`"
            } else {
                "Start another node or check --peer"
            };
            let text = format!("no leader: {reach}. {advice}");
            return Verdict { exit: Exit::NoQuorum, text };
        };
        let health = if reach.silent.is_empty() && reach.reborn.is_empty() { "ok" } else { "degraded" };
        let text = format!("{health}: {} leads term {}, {reach}", name(leader.seat), leader.term.0);
        Verdict { exit: Exit::Done, text }
    }
}

/// Who was reached.
struct Reach {
    reached: usize,
    members: usize,
    silent: Vec<Seat>,
    /// Those that have lost their disks.
    reborn: Vec<Seat>,
    waited: Duration,
    is_quorum: bool,
}

impl Reach {
    /// The nodes themselves know best who counts.
    fn of(statuses: &[NodeStatus], reached: &[&Status], waited: Duration) -> Reach {
        let named: Seats = statuses.iter().map(|(seat, _, _)| *seat).collect();
        let latest = reached.iter().max_by_key(|status| status.commit);
        let members = latest.map_or(Members::of(named), |status| status.members);
        let silent = statuses.iter().filter(|(_, _, status)| status.is_err());
        let (first, reborn): (Vec<&Status>, Vec<&Status>) =
            reached.iter().partition(|status| status.incarnation == Incarnation(0));
        Reach {
            reached: reached.len(),
            members: members.all().count().max(statuses.len()),
            silent: silent.map(|(seat, _, _)| *seat).collect(),
            reborn: reborn.iter().map(|status| status.seat).collect(),
            waited,
            is_quorum: members.is_quorum(first.iter().map(|status| status.seat).collect()),
        }
    }

    fn silence(&self) -> String {
        format!("{} did not answer within {} s", names(self.silent.iter().copied()), self.waited.as_secs_f64())
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} nodes reachable", self.reached, self.members)?;
        if !self.silent.is_empty() {
            write!(f, " ({})", self.silence())?;
        }
        match self.reborn.is_empty() {
            true => Ok(()),
            false => write!(f, "; not counting {}, whose disk was lost", names(self.reborn.iter().copied())),
        }
    }
}

/// Who leads the latest term. A leader of an earlier one has only not heard of its end.
fn leader<'a>(reached: &[&'a Status]) -> Option<&'a Status> {
    let term = reached.iter().map(|status| status.term).max()?;
    reached.iter().copied().find(|status| status.role == Role::Leader && status.term == term)
}

/// Two nodes that have applied the same entries and hold different state.
fn differing<'a>(reached: &[&'a Status]) -> Option<(&'a Status, &'a Status)> {
    let differs = |one: &Status, other: &Status| one.applied == other.applied && one.digest != other.digest;
    let pair = |(place, one): (usize, &&'a Status)| {
        let other = reached[place + 1..].iter().find(|other| differs(one, other))?;
        Some((*one, *other))
    };
    reached.iter().enumerate().find_map(pair)
}
