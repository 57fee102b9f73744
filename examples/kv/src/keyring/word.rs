use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Instant;

use quorate::Seat;
use quorate_smol::{Change, KeyReport};
use quorate_wire::seal::KeyId;
use smol::Timer;

use super::{refused, remove, use_in_file};
use crate::command_line::UseKey;
use crate::connection::NodeStatus;
use crate::exit::{Exit, Failure};
use crate::keys::Keys;
use crate::layout::{name, names};
use crate::members::{Operator, PAUSE, done};

/// What each member says of its keys, as far as it has answered.
struct Survey {
    members: BTreeSet<Seat>,
    /// Whoever has answered; none of those that run plainly has keys.
    said: BTreeMap<Seat, Option<KeyReport>>,
}

impl Survey {
    /// Of those who answered; nothing if nobody did.
    fn of(statuses: &[NodeStatus]) -> Option<Survey> {
        let members: BTreeSet<_> = NodeStatus::best(statuses)?.members.all().iter().collect();
        let reached = statuses.iter().filter_map(|node| node.status.as_ref().ok());
        let said = reached.map(|status| (status.seat, status.condition.keys));
        let said = said.filter(|(seat, _)| members.contains(seat)).collect();
        Some(Survey { members, said })
    }

    /// What keeps some of these members from using this key: who they are, why, and what to do.
    fn obstacles(&self, id: KeyId, of: &BTreeSet<Seat>) -> Vec<(Seat, String)> {
        let obstacle = |seat: &Seat| {
            let node = name(*seat);
            Some((
                *seat,
                match self.said.get(seat) {
                    None => format!("{node} did not answer: start it"),
                    Some(None) => format!("{node} runs with --plain: start it with the keyring"),
                    Some(Some(keys)) if !keys.held.contains(id) => format!(
                        "{node} has no key {id}: bring the keyring with it to where {node} runs, as the file that its --keys names"
                    ),
                    Some(Some(_)) => return None,
                },
            ))
        };
        of.iter().filter_map(obstacle).collect()
    }

    /// Which of these members that have this key seal under another one, or did not answer.
    fn late(&self, id: KeyId, of: &BTreeSet<Seat>) -> Vec<Seat> {
        let uses = |seat: &Seat| self.said.get(seat).copied().flatten().is_some_and(|keys| keys.used == id);
        of.iter().copied().filter(|seat| !uses(seat)).collect()
    }

    /// Who seals under this key.
    fn users(&self, id: KeyId) -> Vec<Seat> {
        let users = self.said.iter().filter(|(_, keys)| keys.is_some_and(|keys| keys.used == id));
        users.map(|(seat, _)| *seat).collect()
    }

    /// Another key that is used, if there is one.
    fn other_than(&self, id: KeyId) -> Option<KeyId> {
        self.said.values().flatten().map(|keys| keys.used).find(|used| *used != id)
    }
}

impl Operator {
    /// Has all members seal under this key, once all of them have it: its number goes to them, the key does not.
    ///
    /// # Errors
    /// A member lacks it, and nothing was changed; or the leader does not do it, or not all follow in time.
    pub(crate) async fn use_key(mut self, args: &UseKey, path: &Path) -> Result<Exit, Failure> {
        let id = args.id;
        let in_file = Keys::read(path).ok();
        if let Some(keys) = &in_file
            && keys.iter().all(|(found, _)| found != id)
        {
            return Err(refused(path, id, quorate_wire::seal::RingError::Unknown));
        }
        let statuses = self.statuses().await?;
        let Some(survey) = Survey::of(&statuses) else {
            let next = format!(
                "To choose the key in the file alone, before there is a cluster: `quorate-kv keyring use {id} --offline`"
            );
            return Err(nobody(statuses, &self, &next));
        };
        let without: BTreeSet<_> = args.without.iter().copied().collect();
        if !without.is_subset(&survey.members) {
            let message = format!(
                "--without: {} is no member; these are {}",
                names(without.difference(&survey.members).copied()),
                names(survey.members.iter().copied())
            );
            return Err(Failure::new(Exit::Usage, message));
        }
        let meant: BTreeSet<_> = survey.members.difference(&without).copied().collect();
        let obstacles = survey.obstacles(id, &meant);
        if !obstacles.is_empty() {
            return Err(blocked(id, &without, obstacles));
        }
        let use_key = Change::UseKey { key: id };
        let known = self.known().await?;
        let is_said = known.is_settled && known.key == Some(id);
        if !is_said {
            self.take_up(use_key).await?;
            self.follow(use_key).await?;
        }
        self.wait_for(id, &meant).await?;
        if in_file.is_some()
            && let Err(failure) = use_in_file(path, id)
        {
            let path = path.display();
            eprintln!(
                "{path} does not say so yet, which nodes that are told by the members do not mind: {}",
                failure.message
            );
        }
        for (_, obstacle) in survey.obstacles(id, &without) {
            eprintln!(
                "left out: {obstacle}. Until then it is heard by the key that it has, as long as the others have that too"
            );
        }
        let Some(before) = survey.other_than(id) else { return done(&format!("key {id} is used already")) };
        eprintln!(
            "what is sealed under key {before} is still taken. Once clients have keys made of key {id}: `quorate-kv keyring remove \
             {before}`, and bring the file to all nodes"
        );
        done(&format!("key {id} is used"))
    }

    /// Forgets a key in the file, unless a member that answers seals under it. The file's own mark does not tell: whoever has a
    /// client's key may have had them use another one.
    ///
    /// # Errors
    /// The key is used, or nobody has answered, and nothing was changed.
    pub(crate) async fn remove_key(self, id: KeyId, path: &Path) -> Result<Exit, Failure> {
        let statuses = self.statuses().await?;
        let Some(survey) = Survey::of(&statuses) else {
            let next = format!(
                "To forget the key without asking which one is used: `quorate-kv keyring remove {id} --offline`"
            );
            return Err(nobody(statuses, &self, &next));
        };
        let users = survey.users(id);
        if users.is_empty() {
            return remove(path, id);
        }
        let message = format!(
            "nothing was changed: {} would be cut off, and seals under key {id}: have all use another one first, by `quorate-kv \
             keyring use N`",
            names(users.into_iter())
        );
        Err(Failure::new(Exit::Failed, message))
    }

    /// Waits until all of these seal under this key.
    async fn wait_for(&self, id: KeyId, meant: &BTreeSet<Seat>) -> Result<(), Failure> {
        let begun = Instant::now();
        loop {
            let late = Survey::of(&self.statuses().await?).map(|survey| survey.late(id, meant));
            match late {
                Some(late) if late.is_empty() => return Ok(()),
                _ if begun.elapsed() < self.timeout => Timer::after(PAUSE).await,
                late => {
                    let late = late.unwrap_or_else(|| meant.iter().copied().collect());
                    let message = format!(
                        "the members say that key {id} is used, and {} did not follow yet: see `quorate-kv status`, and remove no key \
                         before",
                        names(late.into_iter())
                    );
                    return Err(Failure::new(Exit::Failed, message));
                }
            };
        }
    }
}

/// Some members cannot follow.
fn blocked(id: KeyId, without: &BTreeSet<Seat>, obstacles: Vec<(Seat, String)>) -> Failure {
    let (seats, words): (Vec<_>, Vec<_>) = obstacles.into_iter().unzip();
    let all: BTreeSet<_> = without.iter().copied().chain(seats).collect();
    let ids: Vec<_> = all.iter().map(|seat| seat.0.to_string()).collect();
    let message = format!(
        "nothing was changed: {}. Or go on with --without {}: whoever lacks key {id} then says so, and is heard as long as the others \
         have the key that it has",
        words.join("; "),
        ids.join(",")
    );
    Failure::new(Exit::Failed, message)
}

/// No member has answered.
fn nobody(statuses: Vec<NodeStatus>, operator: &Operator, next: &str) -> Failure {
    let Failure { exit, message } = NodeStatus::unanswered(statuses, operator.timeout);
    Failure::new(exit, format_args!("{message}. {next}"))
}
