use quorate::{Members, Seat, Seats, Standing};
use quorate_smol::{Configuration, Follower, Status};
use serde_json::{Value, json};

use crate::layout::{name, names};

/// Who takes part, by the account of the node that knows best.
pub(super) struct Company<'a> {
    configuration: &'a Configuration,
    /// What the leader knows of the learners.
    learners: Vec<Follower>,
}

impl<'a> Company<'a> {
    pub(super) fn of(configuration: &'a Configuration, leader: Option<&Status>) -> Company<'a> {
        let learners = configuration.members.learners;
        let followers = leader.into_iter().flat_map(Status::followers);
        Company { configuration, learners: followers.filter(|follower| learners.contains(follower.seat)).collect() }
    }

    /// In a line.
    pub(super) fn line(&self) -> String {
        let Members { voters, outgoing, learners, .. } = self.configuration.members;
        let mut line = format!("voters {}", names(voters.iter()));
        if !outgoing.is_empty() {
            line.push_str(&format!(
                ", in the place of {}: in this joint phase a majority of both is needed",
                names(outgoing.iter())
            ));
        }
        if !learners.is_empty() {
            let each: Vec<_> = learners.iter().map(|seat| self.learner(seat)).collect();
            line.push_str(&format!("; learners {}", each.join(", ")));
        }
        if let Some(seat) = self.configuration.pending.filter(|seat| self.configuration.members.is_voter(*seat)) {
            line.push_str(&format!("; {} is to go, once the others have answered", name(seat)));
        }
        if !self.configuration.is_settled {
            line.push_str(&format!("; not known to be committed yet, at index {}", self.configuration.since.0));
        }
        line
    }

    /// A learner, and what it still lacks.
    fn learner(&self, seat: Seat) -> String {
        let follower = self.learners.iter().find(|follower| follower.seat == seat);
        let becomes = if self.configuration.pending == Some(seat) { ", to become a voter" } else { "" };
        let lacks = follower.map_or_else(String::new, |follower| format!("{}{becomes}", lack(*follower)));
        match lacks.is_empty() {
            true => name(seat),
            false => format!("{} ({lacks})", name(seat)),
        }
    }

    pub(super) fn json(&self) -> Value {
        let Configuration { since, is_settled, pending, members, .. } = self.configuration;
        let list = |seats: Seats| seats.iter().map(name).collect::<Vec<_>>();
        json!({
            "since": since.0,
            "committed": is_settled,
            "voters": list(members.voters),
            "outgoing": list(members.outgoing),
            "learners": list(members.learners),
            "pending": pending.map(name),
        })
    }
}

/// Who takes part, in a line.
pub(crate) fn line(configuration: &Configuration) -> String {
    Company::of(configuration, None).line()
}

/// What a learner still lacks.
pub(crate) fn lack(follower: Follower) -> String {
    let Follower { standing, lag, .. } = follower;
    match standing {
        Standing::Fetches => format!("is sent a snapshot, and lacks {lag} entries"),
        Standing::Silent => "is silent".to_owned(),
        Standing::TooSmall => format!("has no place for the snapshot, and lacks {lag} entries"),
        Standing::Refused(refusal) => format!("is refused, {}", refusal.name()),
        Standing::Follows | Standing::Seeks if lag == 0 => "lacks nothing".to_owned(),
        Standing::Follows | Standing::Seeks => format!("lacks {lag} entries"),
    }
}
