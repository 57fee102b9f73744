//! Who takes part, in words.

use std::net::SocketAddr;
use std::time::Duration;

use quorate::founding::Obstacle;
use quorate::{Charter, Incarnation, Members, Seat, Seats, Unchanged};
use quorate_smol::{ClientError, Reason};

use super::Level;
use super::words::{info, seconds, warn};
use crate::layout::{name, names};

/// Why a store is no member of a cluster yet, and what to do.
pub(super) fn founding(me: Seat, obstacle: &Obstacle) -> (Level, String) {
    let listed = |members: &Members| names(members.all().iter());
    match obstacle {
        Obstacle::Silent(seats) => info(format!(
            "founding a cluster: nothing is heard of {}. Start them, or check --peer",
            names(seats.iter())
        )),
        Obstacle::Abstains(seats) => warn(format!(
            "no cluster can be founded: {} founds none. It was started with --existing or --join, or has heard of a cluster: \
             start all of the list without, or this one with --join, if there is a cluster",
            names(seats.iter())
        )),
        Obstacle::Differs { seat, terms } => warn(format!(
            "no cluster can be founded: {} has another list of members, {}, or another backup. Start all with the same",
            name(*seat),
            listed(&terms.members)
        )),
        Obstacle::Cluster { from, charter } if !charter.members.all().contains(me) => warn(format!(
            "{} is a member of the cluster {}, and this node is none of those that founded it, {}. To add it, start it with --join \
             and the address of a member; else name a cluster of its own with --peer",
            name(*from),
            charter.founding,
            listed(&charter.members)
        )),
        Obstacle::Cluster { from, charter } => warn(format!(
            "this directory was restored from a backup, and {} goes on with the cluster {}. Stop all nodes and restore all of \
             them, or start this one with an empty directory: it takes part again by itself",
            name(*from),
            charter.founding
        )),
        Obstacle::Outdated { features } => warn(format!(
            "this build does not know what is on in its cluster: {features}. Start this node with one that does"
        )),
        Obstacle::Waits => warn(
            "the data directory is empty, no cluster is founded here, and none is heard of. If this is the first start of all, \
             start them without --existing; if its volume is not mounted, stop it, mount it, and start it again; else start the \
             others, or check --peer"
                .to_owned(),
        ),
        Obstacle::Nothing => info("founding a cluster".to_owned()),
    }
}

/// A store asks at the one place that it was told of.
pub(super) fn joining(address: SocketAddr, is_heard: bool) -> (Level, String) {
    match is_heard {
        false => info(format!(
            "asks {address} for its cluster, and has heard nothing yet. Start a member there, or check --join and --cluster"
        )),
        true => warn(format!(
            "asks {address} for its cluster, and that node is of none yet. Name a member with --join, or start the nodes of a new \
             cluster without it"
        )),
    }
}

/// A store has become part of a cluster that was there.
pub(super) fn joined(me: Seat, charter: &Charter, life: Incarnation) -> (Level, String) {
    let Charter { founding, members, .. } = charter;
    if members.all().contains(me) {
        return warn(format!(
            "the data directory was empty: a new store, of life {life}, takes part in the cluster {founding} and takes the place of \
             the one that was lost by itself. If its volume is only not mounted, stop this node, mount it, and start it again"
        ));
    }
    info(format!("part of the cluster {founding}, in the life {life}: it counts for nothing before it is added"))
}

/// The members do not name this store.
pub(super) fn outside(me: Seat, has_seat: bool, address: Option<SocketAddr>, since: Duration) -> (Level, String) {
    let (node, since) = (name(me), seconds(since));
    if has_seat {
        return warn(format!(
            "the members have named another store of {node} for {since}. This one takes its place once that is silent and a leader \
             hears this one; if both run, one of them is one too many: stop it"
        ));
    }
    let address = address.map_or_else(|| "ADDRESS".to_owned(), |address| address.to_string());
    warn(format!(
        "none of the members for {since}, and counts for nothing. Add it with `quorate-kv members add {}={address}`",
        me.0
    ))
}

/// Somebody asks to take part.
pub(super) fn asks(seat: Seat, address: SocketAddr) -> (Level, String) {
    let node = name(seat);
    info(format!(
        "{node} at {address} asks to take part: add it with `quorate-kv members add {}={address}`, or stop it",
        seat.0
    ))
}

/// A seat has two places.
pub(super) fn two_places(seat: Seat, [one, other]: [SocketAddr; 2]) -> (Level, String) {
    warn(format!(
        "{} speaks from {one} and from {other} in turn: its data directory was copied, and both are in use. Stop one of them for \
         good, or acknowledged writes may be lost",
        name(seat)
    ))
}

/// What has changed.
pub(super) fn change(
    before: &Members,
    after: &Members,
    reborn: &[(Seat, Incarnation)],
    moved: &[(Seat, SocketAddr)],
) -> (Level, String) {
    let mut words = Vec::new();
    let mut say = |one: Seats, other: Seats, what: &str| {
        let those = one.iter().filter(|seat| !other.contains(*seat));
        words.extend(those.map(|seat| format!("{} {what}", name(seat))));
    };
    say(after.learners, before.all(), "joins as a learner");
    say(after.learners, Seats(u32::MAX ^ before.voters.0), "is a learner from now on");
    say(before.all(), after.all(), "is removed");
    let voters = names(after.voters.iter());
    match (before.is_joint(), after.is_joint()) {
        (_, true) => words.push(format!(
            "the joint phase begins: the voters are to be {voters} in the place of {}, and a majority of both is needed until it \
             ends",
            names(after.outgoing.iter())
        )),
        (true, false) => words.push(format!("the joint phase is over: the voters are {voters}")),
        (false, false) => {}
    }
    words.extend(reborn.iter().map(|(seat, life)| format!("{} has a new store, of life {life}", name(*seat))));
    words.extend(moved.iter().map(|(seat, address)| format!("{} is reached at {address}", name(*seat))));
    info(format!("members: {}", words.join("; ")))
}

/// A learner stays one, or a voter stays.
pub(super) fn change_failed(seat: Seat, is_voter: bool, reason: Unchanged) -> (Level, String) {
    let why = ClientError::Refused(Reason::Unchanged(reason));
    let stays = if is_voter { "a voter, and is not removed" } else { "a learner, and does not become a voter" };
    warn(format!("{} stays {stays}; {why}", name(seat)))
}

/// What a list of members says that the data do not.
pub(super) fn list(unknown: Seats, unnamed: Seats) -> String {
    let mut words = "members belong to the data, and --peer gives their addresses only".to_owned();
    if !unknown.is_empty() {
        let unknown = names(unknown.iter());
        words.push_str(&format!(". Left out: {unknown}, no members: `quorate-kv members add` makes them some"));
    }
    if !unnamed.is_empty() {
        words.push_str(&format!(". Members that are not named there: {}", names(unnamed.iter())));
    }
    words
}

/// Seats that are to lead, and no member's.
pub(super) fn preferred(seats: Seats) -> String {
    format!(
        "--prefer names {}, no members: they are left out until they are. Correct it if it is mistyped",
        names(seats.iter())
    )
}

/// A list has a member elsewhere than the members have it.
pub(super) fn elsewhere(seat: Seat, listed: SocketAddr, known: SocketAddr) -> (Level, String) {
    let (node, id) = (name(seat), seat.0);
    warn(format!(
        "--peer has {node} at {listed}, and the members have it at {known}: this node uses {listed}. If {node} has moved, tell the \
         members with `quorate-kv members move {id}={listed}`; else correct --peer, or leave it out"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(voters: u32, outgoing: u32, learners: u32) -> Members {
        Members { outgoing: Seats(outgoing), learners: Seats(learners), ..Members::of(Seats(voters)) }
    }

    #[track_caller]
    fn says(before: Members, after: Members, words: &str) {
        assert_eq!(change(&before, &after, &[], &[]).1, format!("members: {words}"));
    }

    #[test]
    fn each_change_is_told_in_plain_words() {
        says(of(6, 0, 0), of(6, 0, 8), "n3 joins as a learner");
        let begins = "the joint phase begins: the voters are to be n1, n2, n3 in the place of n1, n2, and a majority of both is \
                      needed until it ends";
        says(of(6, 0, 8), of(14, 6, 0), begins);
        says(of(14, 6, 0), of(14, 0, 0), "the joint phase is over: the voters are n1, n2, n3");
        says(of(12, 14, 0), of(12, 0, 0), "n1 is removed; the joint phase is over: the voters are n2, n3");
        says(of(6, 0, 8), of(6, 0, 0), "n3 is removed");
        says(of(14, 0, 0), of(2, 0, 0), "n2 is removed; n3 is removed");
        says(of(14, 6, 0), of(6, 0, 8), "n3 is a learner from now on; the joint phase is over: the voters are n1, n2");
        let moved = change(&of(6, 0, 0), &of(6, 0, 0), &[(Seat(1), Incarnation(10))], &[(Seat(2), ([1; 4], 9).into())]);
        assert_eq!(moved.1, "members: n1 has a new store, of life 000000000000000a; n2 is reached at 1.1.1.1:9");
    }
}
