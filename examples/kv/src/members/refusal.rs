//! Why who takes part stays as it is, and what to do next. Nothing was done unless the words say so.

use std::net::SocketAddr;

use quorate::{Founding, Seat, Seats, Standing, Unchanged};
use quorate_smol::{Change, ClientError, Configuration, Reason, Status};

use crate::exit::{Exit, Failure};
use crate::layout::{name, names};
use crate::request::RequestError;
use crate::status::line;

/// Why the leader does not make this change.
pub(super) fn of(change: Change, reason: Unchanged, known: &Configuration) -> Failure {
    let all = names(known.members.all().iter());
    let words = match (change, reason) {
        (Change::Add { seat, .. }, Unchanged::Known) => {
            let (node, id) = (name(seat), seat.0);
            let next = if known.members.learners.contains(seat) {
                format!("To let it vote, use `quorate-kv members promote {id}`")
            } else {
                format!("If another node is meant, choose another id for it; if {node} has moved, use `members move`")
            };
            format!("{node} is a member already ({}). {next}", place(known, seat))
        }
        (Change::Add { seat, address }, Unchanged::Unheard(_)) => {
            format!("the leader has not heard {} yet. {}", name(seat), start(seat, address, known))
        }
        (Change::Promote { seat }, Unchanged::Unknown) if known.members.is_voter(seat) => {
            format!("{} is a voter already", name(seat))
        }
        (Change::Promote { seat }, Unchanged::Unknown) => format!(
            "{} is none of the learners; the members are {all}. To add it, use `quorate-kv members add {}=ADDRESS`",
            name(seat),
            seat.0
        ),
        (Change::Remove { seat } | Change::Move { seat, .. }, Unchanged::Unknown) => {
            format!("{} is none of the members, which are {all}. See `quorate-kv members list`", name(seat))
        }
        (_, Unchanged::Unheard(seats)) => format!(
            "the leader has not heard {0} lately, and without {0} there would be no majority. Start {0}, or check the network; \
             see `quorate-kv status`",
            names(seats.iter())
        ),
        (_, Unchanged::UnderWay) => format!(
            "another change is under way, and one is made at a time: {}{}. Wait until it is through, then ask again; see \
             `quorate-kv members list`",
            line(known),
            pending(known)
        ),
        (_, Unchanged::AddressInUse(seat)) => format!(
            "{} has this address. Each member has its own: name another, or move {} before with `quorate-kv members move`",
            name(seat),
            name(seat)
        ),
        (Change::Enable { features }, Unchanged::Outdated(seats)) => format!(
            "{} has not said to the leader that it knows {features}. Start it with a version that does, and without \
             --without-feature, or remove it; see `quorate-kv features`",
            names(seats.iter())
        ),
        (_, Unchanged::LastVoter) => {
            "the last voter stays. Add another node with `quorate-kv members add` before; to end the cluster, stop it and remove \
             its data"
                .to_owned()
        }
        (_, reason) => return RequestError::from(ClientError::Refused(Reason::Unchanged(reason))).into(),
    };
    refused(&words)
}

/// Another node is there.
pub(super) fn other_seat(seat: Seat, address: SocketAddr, found: Seat) -> Failure {
    refused(&format!("{} is at {address}, and not {}: name its own id, or the right address", name(found), name(seat)))
}

/// A node of another cluster is there.
pub(super) fn other_cluster(seat: Seat, address: SocketAddr, found: Option<Founding>) -> Failure {
    let found = found.map_or_else(|| "another cluster".to_owned(), |found| format!("the cluster {found}"));
    refused(&format!(
        "the data of {} at {address} are of {found}. Start it with an empty directory and --join, if what it holds is not needed",
        name(seat)
    ))
}

/// The node that is there is of no cluster.
pub(super) fn no_member(seat: Seat, address: SocketAddr, known: &Configuration) -> Failure {
    refused(&format!("{} at {address} is not part of this cluster. {}", name(seat), start(seat, address, known)))
}

/// Nobody is there.
pub(super) fn unreached(seat: Seat, address: SocketAddr, known: &Configuration) -> Failure {
    refused(&format!("nothing answers at {address}. {}", start(seat, address, known)))
}

/// Only a voter leads.
pub(super) fn no_voter(seat: Seat, known: &Configuration) -> Failure {
    let voters = names(known.members.voters.iter());
    refused(&format!("{} is none of the voters, which are {voters}. Name one of them, or none", name(seat)))
}

/// What was begun came to nothing: why, as far as that is seen afterwards.
pub(super) fn undone(change: Change, known: &Configuration, leader: Option<&Status>) -> Failure {
    let what = match change {
        Change::Add { seat, .. } => format!("{} was not added", name(seat)),
        Change::Promote { seat } if known.members.learners.contains(seat) => return stays_learner(seat, leader),
        Change::Promote { seat } => format!("{} is no learner any longer", name(seat)),
        Change::Remove { seat } => {
            let stay = known.members.voters.without(seat);
            let missing = Seats(silent(leader).0 & stay.0);
            if missing.count() * 2 >= stay.count() {
                return of(change, Unchanged::Unheard(missing), known);
            }
            format!("{} was not removed", name(seat))
        }
        Change::Move { seat, .. } => format!("{} was not moved", name(seat)),
        Change::Enable { features } => format!("{features} was not switched on"),
        Change::UseKey { key } => format!("key {key} is not used"),
    };
    Failure::new(
        Exit::Failed,
        format_args!(
            "{what}: leadership changed, or a majority was missing, and the change was taken back. Now {}. Ask again",
            line(known)
        ),
    )
}

/// A learner stays one.
fn stays_learner(seat: Seat, leader: Option<&Status>) -> Failure {
    let (node, id) = (name(seat), seat.0);
    let is_known = leader.is_some_and(|status| status.followers().any(|follower| follower.seat == seat));
    let why = if !is_known || silent(leader).contains(seat) {
        "nothing was heard of it for ten election time-outs. Start it, or check the network to it"
    } else {
        "it did not catch up with what is written meanwhile. Try when less is written, or on a faster disk"
    };
    Failure::new(
        Exit::Failed,
        format_args!(
            "{node} stays a learner, and does not vote: {why}, and then use `quorate-kv members promote {id}`"
        ),
    )
}

/// Whom a leader does not hear.
fn silent(leader: Option<&Status>) -> Seats {
    let followers = leader.into_iter().flat_map(Status::followers);
    followers.filter(|follower| follower.standing == Standing::Silent).map(|follower| follower.seat).collect()
}

/// How a node is started that is to be added.
fn start(seat: Seat, address: SocketAddr, known: &Configuration) -> String {
    let leader = known.leader.and_then(|leader| known.occupants.get(&leader)?.address);
    let join = leader.map_or_else(|| "ADDRESS-OF-A-MEMBER".to_owned(), |leader| leader.to_string());
    format!(
        "Start it with `quorate-kv serve {} --listen {address} --join {join}`, or check the address and the network",
        seat.0
    )
}

/// What waits at the leader.
fn pending(known: &Configuration) -> String {
    match known.pending {
        Some(seat) if known.members.is_voter(seat) => format!("; {} goes once the others have answered", name(seat)),
        Some(seat) => format!("; {} is to vote once it has caught up", name(seat)),
        None => String::new(),
    }
}

/// What a member is, and where.
fn place(known: &Configuration, seat: Seat) -> String {
    let part = if known.members.learners.contains(seat) { "a learner" } else { "a voter" };
    match known.occupants.get(&seat).and_then(|occupant| occupant.address) {
        Some(address) => format!("{part}, at {address}"),
        None => part.to_owned(),
    }
}

fn refused(why: &str) -> Failure {
    Failure::new(Exit::Failed, format_args!("nothing was changed: {why}"))
}
