use std::cmp::Ordering;
use std::collections::HashMap;

use quorate::{Entry, Index, Position, Session, Verdict};
use quorate_driver::Outcome;

use super::{Oracle, SessionVerdict, broken};
use crate::simulator::registers::{Answer, written};

impl Oracle {
    /// All nodes make the same of an entry, and what the model makes of it.
    pub(crate) fn on_outcome(&self, position: Position, outcome: &Outcome<Answer>) -> super::Verdict {
        // What ought not to have been applied is told of by now.
        let Some(applied) = self.applied.get(position.index.0 as usize - 1) else { return Ok(()) };
        let (entry, _) = Entry::parse(&applied.record).expect("it was applied");
        let expected = expected(entry, applied.verdict);
        if *outcome == expected {
            return Ok(());
        }
        broken("all make the same of an entry", || format!("{outcome:?} comes of {entry:?}, not {expected:?}"))
    }

    /// What comes of an entry of a session. However late a copy comes, and whoever has lost its place: no command is done
    /// twice, and none is answered with what another came to.
    pub(super) fn on_verdict(&mut self, entry: Entry<'_>, verdict: SessionVerdict) -> super::Verdict {
        let Some(session) = entry.session() else { return Ok(()) };
        let told = || format!("{session:?} at {:?}: {verdict:?}", entry.position());
        match (verdict, written(entry)) {
            (Verdict::Repeated(answer), Some(write)) if answer != write.value.to_le_bytes() => {
                return broken("a command is answered with its own answer", told);
            }
            (Verdict::Opened { .. }, Some(_)) => {
                return broken("only who asked for it hears that a session is opened", told);
            }
            (Verdict::Fresh, Some(write)) if !self.done.insert(write.value) => {
                return broken("a command is done once", told);
            }
            (Verdict::Mismatch, Some(write)) if self.done.contains(&write.value) => {
                return broken("a command that was done is not called another's", told);
            }
            _ => {}
        }
        let due = self.sessions.take(entry.position().index, session);
        if kind(verdict) == due {
            return Ok(());
        }
        broken("an entry comes to what was made of its session so far", || format!("{}, and should be {due:?}", told()))
    }
}

/// Whose session is open, after all that was applied.
pub(super) struct Sessions {
    /// For so many clients there is room.
    limit: usize,
    clients: HashMap<u64, Place>,
}

/// What a client has of the room.
#[derive(Clone, Copy)]
struct Place {
    epoch: Index,
    /// The last entry that named the session, or opened it.
    used: Index,
    /// The last sequence of which a command was done, zero before the first.
    sequence: u64,
}

impl Sessions {
    pub(super) fn new(limit: usize) -> Sessions {
        Sessions { limit, clients: HashMap::new() }
    }

    /// What the next entry comes to. Whether what was done before was this command or another, its sequence does not say.
    fn take(&mut self, index: Index, session: Session) -> Verdict<()> {
        let Session { client, epoch, sequence } = session;
        let place = self.clients.get_mut(&client);
        if sequence > 0 {
            let Some(place) = place.filter(|place| place.epoch == epoch) else { return Verdict::Expired };
            place.used = index;
            let last = place.sequence;
            place.sequence = last.max(sequence);
            return match sequence.cmp(&last) {
                Ordering::Greater => Verdict::Fresh,
                Ordering::Equal => Verdict::Repeated(()),
                Ordering::Less => Verdict::Outdated { last },
            };
        }
        if let Some(place) = place.filter(|place| place.epoch != epoch) {
            return Verdict::Held { epoch: place.epoch };
        }
        self.clients.remove(&client);
        if self.clients.len() >= self.limit {
            self.make_room();
        }
        self.clients.insert(client, Place { epoch: index, used: index, sequence: 0 });
        Verdict::Opened { epoch: index }
    }

    /// A client for which nothing was done goes first, and of these the one that was silent longest.
    fn make_room(&mut self) {
        let first = self.clients.iter().min_by_key(|(_, place)| (place.sequence > 0, place.used));
        let first = first.map(|(client, _)| *client);
        first.and_then(|first| self.clients.remove(&first));
    }
}

fn kind(verdict: SessionVerdict) -> Verdict<()> {
    match verdict {
        Verdict::Opened { epoch } => Verdict::Opened { epoch },
        Verdict::Held { epoch } => Verdict::Held { epoch },
        Verdict::Fresh => Verdict::Fresh,
        Verdict::Repeated(_) | Verdict::Mismatch => Verdict::Repeated(()),
        Verdict::Outdated { last } => Verdict::Outdated { last },
        Verdict::Expired => Verdict::Expired,
    }
}

/// What a driver has to make of an entry of which a table of sessions says this.
fn expected(entry: Entry<'_>, verdict: Option<SessionVerdict>) -> Outcome<Answer> {
    let done = || Outcome::Done { answer: written(entry).map(|write| write.value.to_le_bytes()) };
    match verdict {
        None | Some(Verdict::Fresh) => done(),
        Some(Verdict::Opened { epoch }) => Outcome::Opened { epoch },
        Some(Verdict::Held { epoch }) => Outcome::Held { epoch },
        Some(Verdict::Repeated(answer)) => Outcome::Repeated { answer },
        Some(Verdict::Mismatch) => Outcome::Mismatch,
        Some(Verdict::Outdated { last }) => Outcome::Outdated { last },
        Some(Verdict::Expired) => Outcome::Expired,
    }
}
