use quorate::{Entry, Position};
use quorate_driver::Outcome;

use super::{Oracle, SessionVerdict, Verdict, broken};
use crate::simulator::registers::{Answer, CLIENTS_MAX, written};
use crate::simulator::shape::Shape;

impl Oracle {
    /// All nodes make the same of an entry, and what the model makes of it.
    pub(crate) fn on_outcome(&self, position: Position, outcome: &Outcome<Answer>) -> Verdict {
        let applied = &self.applied[position.index.0 as usize - 1];
        let (entry, _) = Entry::parse(&applied.record).expect("it was applied");
        let expected = expected(entry, applied.verdict);
        if *outcome == expected {
            return Ok(());
        }
        broken("all make the same of an entry", || format!("{outcome:?} comes of {entry:?}, not {expected:?}"))
    }

    /// What comes of an entry of a session. However late a copy comes, and whoever has lost its place: no command is done
    /// twice, and none is answered with what another came to.
    pub(super) fn on_verdict(&mut self, shape: &Shape, entry: Entry<'_>, verdict: SessionVerdict) -> Verdict {
        let Some(session) = entry.session() else { return Ok(()) };
        let (write, index) = (written(entry), entry.position().index);
        let latest = self.epochs.get(&session.client).copied();
        let law = match (verdict, write) {
            (quorate::Verdict::Repeated(answer), Some(write)) if answer != write.value.to_le_bytes() => {
                "a command is answered with its own answer"
            }
            (quorate::Verdict::Opened { epoch }, _) if epoch != index || write.is_some() => {
                "only who asked for it hears that a session is opened"
            }
            (quorate::Verdict::Fresh, Some(write)) if !self.done.insert(write.value) => "a command is done once",
            (quorate::Verdict::Mismatch, Some(write)) if self.done.contains(&write.value) => {
                "a command that was done is not called another's"
            }
            (quorate::Verdict::Held { epoch }, _) if latest != Some(epoch) => {
                "a session that is held is its client's latest"
            }
            (quorate::Verdict::Expired, _) if shape.clients_max == CLIENTS_MAX && latest == Some(session.epoch) => {
                "an open session does not expire while there is room"
            }
            (quorate::Verdict::Opened { epoch }, _) => {
                self.epochs.insert(session.client, epoch);
                return Ok(());
            }
            _ => return Ok(()),
        };
        broken(law, || format!("{session:?} at {:?}: {verdict:?}", entry.position()))
    }
}

/// What a driver has to make of an entry of which a table of sessions says this.
fn expected(entry: Entry<'_>, verdict: Option<SessionVerdict>) -> Outcome<Answer> {
    let done = || Outcome::Done { answer: written(entry).map(|write| write.value.to_le_bytes()) };
    match verdict {
        None | Some(quorate::Verdict::Fresh) => done(),
        Some(quorate::Verdict::Opened { epoch }) => Outcome::Opened { epoch },
        Some(quorate::Verdict::Held { epoch }) => Outcome::Held { epoch },
        Some(quorate::Verdict::Repeated(answer)) => Outcome::Repeated { answer },
        Some(quorate::Verdict::Mismatch) => Outcome::Mismatch,
        Some(quorate::Verdict::Outdated { last }) => Outcome::Outdated { last },
        Some(quorate::Verdict::Expired) => Outcome::Expired,
    }
}
