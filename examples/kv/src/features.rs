mod list;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use quorate::{Features, Seat, Seats};
use serde_json::{Value, json};

pub(crate) use self::list::list;
use crate::connection::NodeStatus;
use crate::exit::{Exit, Failure};
use crate::layout::names;
use crate::members::{Operator, done};

/// What is on in a cluster, and what each of its members knows by its own account.
pub(crate) struct Survey {
    pub(crate) on: Features,
    members: Seats,
    /// Whoever has answered.
    known: BTreeMap<Seat, Features>,
}

impl Survey {
    /// Of those who answered; nothing if nobody did.
    pub(crate) fn of(statuses: &[NodeStatus]) -> Option<Survey> {
        let members = NodeStatus::best(statuses)?.members.all();
        let reached = statuses.iter().filter_map(|node| node.status.as_ref().ok());
        let reached: Vec<_> = reached.filter(|status| members.contains(status.seat)).collect();
        // What is on is never off again: who knows of the most is right.
        let on = reached.iter().fold(Features::NONE, |on, status| on.with(status.on));
        let known = reached.iter().map(|status| (status.seat, status.known)).collect();
        Some(Survey { on, members, known })
    }

    /// All that anybody knows.
    pub(crate) fn all(&self) -> Features {
        self.known.values().fold(self.on, |all, known| all.with(*known))
    }

    /// Who knows this, and who has answered and does not.
    pub(crate) fn split(&self, feature: Features) -> (Seats, Seats) {
        let so = |does: bool| {
            let some = self.known.iter().filter(move |(_, known)| known.contains(feature) == does);
            some.map(|(seat, _)| *seat).collect()
        };
        (so(true), so(false))
    }

    /// What every member knows, and is off.
    pub(crate) fn ready(&self) -> Features {
        let is_ready = |feature: &Features| self.split(*feature).0 == self.members;
        self.all().without(self.on).iter().filter(is_ready).fold(Features::NONE, Features::with)
    }

    /// What is off and not known to all: whom it waits for, and what to do.
    pub(crate) fn on_hold(&self) -> impl Iterator<Item = String> {
        self.all().without(self.on).without(self.ready()).iter().map(|feature| {
            let (known, lacking) = self.split(feature);
            let silent = Seats(self.members.0 & !known.union(lacking).0);
            match lacking.is_empty() {
                true => format!("{feature} is off: {0} did not answer. Start {0}, and ask again", names(silent.iter())),
                false => format!(
                    "{feature} is off: it is not known to {0}. Start {0} with a version that knows it, and without \
                     --without-feature",
                    names(lacking.iter())
                ),
            }
        })
    }

    /// What there is to say of them, in lines; nothing if all that is known is on.
    pub(crate) fn notes(&self) -> Vec<String> {
        let ready = self.ready();
        let next =
            format!("{ready} is off, and all members know it: `quorate-kv features enable` switches it on for good");
        (!ready.is_empty()).then_some(next).into_iter().chain(self.on_hold()).collect()
    }
}

/// The same, as a part of a status.
pub(crate) fn json(survey: &Survey) -> Value {
    let words = |features: Features| features.iter().map(|feature| feature.to_string()).collect::<Vec<_>>();
    json!({ "on": words(survey.on), "ready": words(survey.ready()), "notes": survey.notes() })
}

impl Operator {
    /// Switches on all that every member knows and that is off.
    ///
    /// # Errors
    /// There is nothing of the kind, or the leader does not do it.
    pub(crate) async fn enable(mut self) -> Result<Exit, Failure> {
        let statuses = self.statuses().await?;
        let Some(survey) = Survey::of(&statuses) else { return Err(NodeStatus::unanswered(statuses, self.timeout)) };
        let (features, on_hold) = (survey.ready(), survey.on_hold().collect::<Vec<_>>());
        if features.is_empty() && on_hold.is_empty() {
            return done(&format!("all that the members know is on: {}", survey.on));
        }
        if features.is_empty() {
            return Err(Failure::new(Exit::Failed, format_args!("nothing was changed: {}", on_hold.join("; "))));
        }
        let enable = quorate_smol::Change::Enable { features };
        self.take_up(enable).await?;
        self.follow(enable).await?;
        on_hold.iter().for_each(|line| eprintln!("{line}"));
        done(&format!("{features} is on"))
    }
}
