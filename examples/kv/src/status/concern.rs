use std::time::Duration;

use quorate::{Refusal, Role, Seat, Standing};
use quorate_smol::{Follower, Status};

use super::reach::{Reach, silence};
use crate::layout::{name, names};

/// How many committed entries a node may still have to take in.
const LAG_MAX: u64 = 1024;

/// All that keeps a cluster with this leader from being as it should be: whom it is about, why, and what to do next.
pub(super) fn concerns(leader: &Status, reached: &[&Status], reach: &Reach) -> Vec<String> {
    let view = View { leader, reached, reach };
    let others = view.reached.iter().filter(|status| status.seat != leader.seat);
    let mut found: Vec<String> = others.filter_map(|other| view.rival(other).or(view.stranger(other))).collect();
    found.extend(view.full());
    found.extend(leader.members.all().iter().filter_map(|seat| view.member(seat)));
    let is_member = |seat: &Seat| leader.members.all().contains(*seat);
    found.extend(reach.named.iter().filter(|seat| !is_member(seat)).map(|seat| view.surplus(seat)));
    found
}

/// A cluster as its leader and the nodes that were reached see it.
struct View<'a> {
    leader: &'a Status,
    reached: &'a [&'a Status],
    reach: &'a Reach,
}

impl View<'_> {
    /// Another one leads as well.
    fn rival(&self, other: &Status) -> Option<String> {
        let (one, rival) = (name(self.leader.seat), name(other.seat));
        (other.role == Role::Leader).then(|| match self.reach.foreign.contains(other.seat) {
            false => format!(
                "{rival} leads as well, in term {}: it has not heard of {one} yet. Ask again in a moment, and if it stays so, \
                 check the network between them",
                other.term.0
            ),
            true => format!(
                "{rival} leads as well, in term {}, and {}: these are two clusters. Stop both, keep their data, and compare \
                 their --peer and --data-dir",
                other.term.0,
                self.difference(other)
            ),
        })
    }

    /// Its data are of another cluster, or name other members.
    fn stranger(&self, other: &Status) -> Option<String> {
        if self.reach.foreign.contains(other.seat) {
            return Some(format!(
                "{}: their data come from two clusters. Compare their --data-dir, and name the nodes of one cluster only with --peer",
                self.difference(other)
            ));
        }
        // A new store hears of changes when it is let in.
        if self.reach.reborn.contains(other.seat) {
            return None;
        }
        (other.members != self.leader.members).then(|| {
            format!(
                "{}: it has not heard of the latest change yet. Ask again in a moment, and if it stays so, check the network \
                 between them",
                self.difference(other)
            )
        })
    }

    /// It is none of the members.
    fn surplus(&self, seat: Seat) -> String {
        let (node, id) = (name(seat), seat.0);
        if self.reach.silent.contains(seat) || self.reach.foreign.contains(seat) {
            return format!("{node} is no member: leave it out of --peer");
        }
        if self.reach.outside.contains(seat) {
            return format!(
                "{node} is no member, and its data are of no cluster. To add it, start it with `serve {id} --join ADDRESS`, the \
                 address of a member"
            );
        }
        format!("{node} is no member, and asks to be one: `quorate-kv members add {id}=ADDRESS`, or stop it")
    }

    fn difference(&self, other: &Status) -> String {
        let members = |status: &Status| names(status.members.all().iter());
        let (one, other_name) = (name(self.leader.seat), name(other.seat));
        format!("{other_name} takes {} for the members, and {one} {}", members(other), members(self.leader))
    }

    /// Logs without room.
    fn full(&self) -> impl Iterator<Item = String> {
        self.reached.iter().filter(|status| status.condition.is_full).map(|status| {
            let refuses = if status.role == Role::Leader { "writes are refused" } else { "it takes no entries" };
            format!(
                "the log of {} is full: {refuses} until it has a snapshot. Its standard error says why there is none; free its \
                 disk, or start it with a larger --log-size",
                name(status.seat)
            )
        })
    }

    fn member(&self, seat: Seat) -> Option<String> {
        let follower = self.leader.followers().find(|follower| follower.seat == seat);
        if !self.reach.named.contains(seat) {
            return Some(format!(
                "{} was not asked, for nobody here knows where it is: name it with --peer, or tell the members with `quorate-kv \
                 members move {}=ADDRESS`",
                name(seat),
                seat.0
            ));
        }
        if self.reach.outside.contains(seat) {
            return Some(format!(
                "the data of {} are of no cluster yet: its disk was lost, or its volume is not mounted. It becomes part of this one by \
                 itself once it reaches a member: what it prints says what is in the way",
                name(seat)
            ));
        }
        let Some(status) = self.reached.iter().find(|status| status.seat == seat) else {
            return Some(self.unreached(seat, follower));
        };
        if self.reach.reborn.contains(seat) {
            return Some(format!(
                "{} does not count yet: its store is a new one, which the leader lets take the place of the lost one by itself, once \
                 a majority of the others follows. Ask again in a moment",
                name(seat)
            ));
        }
        match follower {
            // What a learner lacks is told beside its name.
            Some(Follower { standing: Standing::Fetches | Standing::Seeks | Standing::Follows, .. })
                if self.leader.members.learners.contains(seat) =>
            {
                None
            }
            None => self.behind(status, 0),
            Some(follower) => self.standing(status, follower).or_else(|| self.behind(status, follower.lag)),
        }
    }

    /// It did not answer. The leader may know better.
    fn unreached(&self, seat: Seat, follower: Option<Follower>) -> String {
        if let Some((_, why)) = self.reach.turned_away.iter().find(|(turned_away, _)| *turned_away == seat) {
            return format!("{}: {why}", name(seat));
        }
        let (leader, silence) = (name(self.leader.seat), silence([seat].into_iter(), self.reach.waited));
        match follower {
            Some(Follower { standing: Standing::Silent, silence: time, .. }) => {
                format!("{silence}, nor {leader} for about {}: start it, or check the network to it", seconds(time))
            }
            Some(Follower { standing: Standing::Refused(_), .. }) | None => format!("{silence}: start it"),
            Some(_) => format!("{silence}, though {leader} hears it: check its address in --peer"),
        }
    }

    /// Whether it follows the leader, as both of them see it.
    fn standing(&self, status: &Status, follower: Follower) -> Option<String> {
        let (node, leader) = (name(status.seat), name(self.leader.seat));
        match follower.standing {
            Standing::Refused(refusal) => Some(refused(&node, &leader, refusal)),
            Standing::Silent => Some(format!(
                "{leader} has heard nothing of {node} for about {}: check the network between them",
                seconds(follower.silence)
            )),
            Standing::Fetches => Some(format!(
                "{node} is sent a snapshot by {leader}, and lacks {} entries until it has it: ask again later",
                follower.lag
            )),
            Standing::TooSmall => Some(format!(
                "{node} has no place for the snapshot of {leader}, and lacks {} entries: give it more room, or keep less",
                follower.lag
            )),
            Standing::Seeks => {
                Some(format!("{leader} still looks for where the log of {node} meets its own: ask again in a moment"))
            }
            Standing::Follows if (status.leader, status.term) == (Some(self.leader.seat), self.leader.term) => None,
            Standing::Follows => Some(match status.leader {
                Some(other) => {
                    format!("{node} follows {} in term {}: ask again in a moment", name(other), status.term.0)
                }
                None => format!("{node} follows nobody in term {}: ask again in a moment", status.term.0),
            }),
        }
    }

    /// It has more to take in than it may, by its leader's account or its own.
    fn behind(&self, status: &Status, lag: u64) -> Option<String> {
        let lag = lag.max(self.leader.commit.0.saturating_sub(status.applied.0));
        (lag >= LAG_MAX).then(|| {
            let node = name(status.seat);
            format!("{node} is {lag} entries behind, {LAG_MAX} or more: it catches up unless its disk or its network is too slow")
        })
    }
}

/// Why a leader does not listen to a node, and what to do about it.
fn refused(node: &str, leader: &str, refusal: Refusal) -> String {
    let why = format!("{leader} refuses what {node} says, {}", refusal.name());
    match refusal {
        Refusal::Forgotten => format!(
            "{node} lacks what it acknowledged: its disk is of an earlier day. Stop it, move its directory away, and start it with \
             an empty one: it takes part again by itself"
        ),
        Refusal::Incarnation => format!(
            "{why}: two stores are in use for {node}, perhaps one a copy of the other. Stop the one that is one too many"
        ),
        Refusal::Sender | Refusal::Members => {
            format!("{why}: see that each node has its own --data-dir, and that no copy of one is in use")
        }
        Refusal::SecondLeader => {
            format!("{why}: see that each cluster has its own --cluster, and each node its own --data-dir")
        }
        _ => format!("{why}: stop it, keep its data, and report it"),
    }
}

fn seconds(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        seconds => format!("{seconds} s"),
    }
}
