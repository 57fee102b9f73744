use std::fmt;

use quorate::Unchanged;
use quorate_wire::client::Reason;

/// Why a node did nothing, and what to do next.
pub(super) fn refusal(f: &mut fmt::Formatter<'_>, reason: Reason) -> fmt::Result {
    match reason {
        Reason::Full => f.write_str("refused: the leader has no room for more commands. Try again later"),
        Reason::TooLarge { limit } => write!(f, "refused: too large, the limit is {limit} bytes. Make it smaller"),
        Reason::Unencodable => f.write_str("refused: the node cannot encode this command"),
        Reason::InTransfer => f.write_str("refused: leadership is being handed over. Try again"),
        Reason::Malformed => {
            f.write_str("refused: the node does not understand this. Do client and node run the same version?")
        }
        Reason::Busy => {
            f.write_str("refused: the node has as many requests waiting as it has room for. Try again in a moment")
        }
        Reason::NoSnapshot => {
            f.write_str("refused: the node has no such snapshot, or cannot write one. Try another one")
        }
        Reason::Unnumbered => f.write_str("refused: sequence 0 opens a session, and commands have 1 or more"),
        Reason::Founding { waits_for } if waits_for.is_empty() => {
            f.write_str("not done: the cluster is being founded. Try again in a moment")
        }
        Reason::Founding { waits_for } => write!(
            f,
            "not done: nothing was ever done in this cluster, and its first command waits for all members: start {waits_for}"
        ),
        Reason::NoMember => f.write_str(
            "not done: the node's data are of no cluster. Its log says why, and what to do: try another node",
        ),
        Reason::NoTarget => f.write_str(
            "not done: there is nobody who could lead instead, or not yet: see that the others run and follow, and try again",
        ),
        Reason::Unchanged(reason) => unchanged(f, reason),
        Reason::Outdated => f.write_str(
            "not done now: the members have changed since it was asked for, perhaps by an earlier copy of this. See who takes \
             part, and ask again",
        ),
        Reason::Forbidden => f.write_str(
            "not done: this client's key has no rights to it. Ask with a key that has, as whoever keeps the cluster's keys can \
             make it",
        ),
        Reason::Stopping => f.write_str("refused: the node stops. Try another one"),
    }
}

/// Why the members stay as they are, and what to do next.
fn unchanged(f: &mut fmt::Formatter<'_>, reason: Unchanged) -> fmt::Result {
    f.write_str("nothing was changed: ")?;
    match reason {
        Unchanged::NotEstablished => f.write_str(
            "the leader does not know yet all that was committed before it, or is about to make way. Try again in a moment",
        ),
        Unchanged::UnderWay => f.write_str(
            "another change of members is under way, and one is made at a time. See who takes part, and try again once it is \
             through",
        ),
        Unchanged::Unknown => {
            f.write_str("no member has this seat; or it is to be promoted, and is no learner. See who takes part")
        }
        Unchanged::Known => f.write_str("a member has this seat already. See who takes part, and choose another seat"),
        Unchanged::NoSeat => f.write_str("the nodes have no room for this seat. Choose a lower one"),
        Unchanged::AddressInUse(seat) => {
            write!(f, "n{} has this address. Each member has its own: see who takes part, and name another one", seat.0)
        }
        Unchanged::Unheard(seats) => write!(
            f,
            "the leader has not heard {seats} lately, and without it the change could not go through. Start it, or check the \
             network between them"
        ),
        Unchanged::LastVoter => f.write_str("the last voter stays. Add another member before, and promote it"),
        Unchanged::TooSlow => {
            f.write_str("the learner has not caught up, however often it was given time. Try again when less is written")
        }
        Unchanged::Outdated(seats) => write!(
            f,
            "{seats} has not said to this leader that it knows this. Start it with a version that does, or remove it; what \
             is switched on stays on"
        ),
        Unchanged::TooLarge => f.write_str(
            "the members with their addresses fit into no entry, or not twice into the smallest log. Remove members that are \
             not needed, or start all nodes with larger frames and logs",
        ),
    }
}
