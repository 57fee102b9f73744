use std::time::Duration;

use quorate::{Role, Seat};
use quorate_smol::Status;

use super::concern::concerns;
use super::keys;
use super::reach::Reach;
use crate::connection::NodeStatus;
use crate::exit::Exit;
use crate::layout::{name, names};

/// Whether the cluster goes on, in a line, and if it is not as it should be, what to do about whom.
pub(super) struct Verdict {
    pub(super) exit: Exit,
    /// Who leads, if a majority follows.
    pub(super) leader: Option<Seat>,
    pub(super) text: String,
    pub(super) concerns: Vec<String>,
}

impl Verdict {
    /// `ok` means: one leader, whom every voter follows, under the same members, and nobody is far behind.
    pub(super) fn of(statuses: &[NodeStatus], waited: Duration) -> Verdict {
        let verdict = |exit, text| Verdict { exit, leader: None, text, concerns: Vec::new() };
        let reached: Vec<&Status> = statuses.iter().filter_map(|node| node.status.as_ref().ok()).collect();
        let leader = leader(&reached);
        let reach = Reach::of(statuses, leader, waited);
        if reached.is_empty() && !reach.outside.is_empty() {
            return verdict(Exit::NoQuorum, unfounded(&reach));
        }
        if let (true, Some((_, why))) = (reached.is_empty(), reach.turned_away.first()) {
            return verdict(Exit::Failed, why.clone());
        }
        if reached.is_empty() {
            let text = format!("no node reachable: {}. Start a node or check --peer and --cluster", reach.silence());
            return verdict(Exit::Unreachable, text);
        }
        let of_one: Vec<_> = reached.iter().copied().filter(|status| !reach.foreign.contains(status.seat)).collect();
        if let Some((one, other)) = differing(&of_one) {
            let (index, one, other) = (one.applied.0, name(one.seat), name(other.seat));
            let text = format!("{one} and {other} differ at index {index}: stop them, keep their data, and report it");
            return verdict(Exit::Failed, text);
        }
        let Some(leader) = leader.filter(|_| reach.is_quorum()) else {
            return verdict(Exit::NoQuorum, leaderless(&reach));
        };
        let word = NodeStatus::best(statuses).and_then(|best| best.key);
        let members = leader.members.all();
        let of_members: Vec<_> = reached.iter().copied().filter(|status| members.contains(status.seat)).collect();
        let mut concerns = concerns(leader, &reached, &reach);
        concerns.extend(keys::lacking(word, &of_members));
        let (exit, health) = match concerns.is_empty() {
            true => (Exit::Done, "ok"),
            false => (Exit::Degraded, "degraded"),
        };
        let text = format!("{health}: {} leads term {}, {reach}", name(leader.seat), leader.term.0);
        Verdict { exit, leader: Some(leader.seat), text, concerns }
    }
}

/// That there is no cluster yet, and whom it waits for.
fn unfounded(reach: &Reach) -> String {
    let outside = names(reach.outside.iter());
    match reach.awaited.is_empty() {
        true => format!("no cluster: the data of {outside} are of none. What they print says why, and what to do"),
        false => format!("no cluster yet: {outside} found one with {}. Start all of them", names(reach.awaited.iter())),
    }
}

/// That nobody leads whom a majority could follow, and what to do about it.
fn leaderless(reach: &Reach) -> String {
    let advice = if reach.is_quorum() {
        "An election is under way: ask again in a moment"
    } else if !reach.is_complete() {
        "Name the other nodes with --peer"
    } else if reach.silent.is_empty() {
        "Too many disks are lost: rescue what one of the other nodes has, with `quorate-kv rescue`, or restore all nodes from a \
         backup"
    } else {
        "Start another node or check --peer"
    };
    match reach.silent.is_empty() {
        true => format!("no leader: {reach}. {advice}"),
        false => format!("no leader: {reach} ({}). {advice}", reach.silence()),
    }
}

/// Who leads the latest term.
fn leader<'a>(reached: &[&'a Status]) -> Option<&'a Status> {
    let leaders = reached.iter().copied().filter(|status| status.role == Role::Leader);
    leaders.max_by_key(|status| status.term)
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
