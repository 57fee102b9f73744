use super::prospect::{Prospect, Stage};
use super::{Founding, Prepared, Record, Standing};
use crate::{Instant, Ticket};

/// What a model checker needs beside `Clone + Eq + Hash`, so that states that behave alike are equal.
impl<const SEATS: usize> Prospect<SEATS> {
    /// Lets time start anew, with every timer run out but the one that takes a cluster for gone, and draws the same
    /// numbers from now on: they have to be [renamed](Prospect::rename).
    pub fn forget_time(&mut self) {
        (self.now, self.due, self.random) = (Instant::START, Instant::START, 0);
        self.behind = 0;
        self.writes = u64::from(matches!(self.write, Some((Stage::UnderWay, _))));
        self.refused = 0;
        if let Some(word) = &mut self.cluster {
            word.at = Instant::START;
        }
        for heard in self.heard.iter_mut().flatten() {
            heard.at = Instant::START;
        }
    }

    /// Forgets what only a founder looks at, unless it is one.
    pub fn forget_hearsay(&mut self) {
        if self.founder() != self.seat() {
            self.heard = [None; SEATS];
        }
    }

    /// Gives one of its numbers, or another one's, another name.
    pub fn rename(&mut self, from: u64, to: u64) {
        let name = |number: &mut u64| *number = if *number == from { to } else { *number };
        let founding = |founding: &mut Founding| name(&mut founding.0);
        founding(&mut self.founding);
        name(&mut self.token);
        self.asker.as_mut().map(founding);
        if let Some(prepared) = &mut self.prepared {
            founding(&mut prepared.founding);
        }
        if let Some(word) = &mut self.cluster {
            founding(&mut word.charter.founding);
        }
        if let Some((Stage::Due | Stage::UnderWay, record)) = &mut self.write {
            founding(match record {
                Record::Prepared(Prepared { founding, .. }) => founding,
                Record::Complete(charter) => &mut charter.founding,
                Record::Joined(charter, incarnation) => {
                    name(&mut incarnation.0);
                    &mut charter.founding
                }
            });
        }
        for heard in self.heard.iter_mut().flatten() {
            match &mut heard.standing {
                Standing::Ready { token, prepared, .. } => {
                    name(token);
                    prepared.as_mut().map(founding);
                }
                Standing::Complete(charter) => founding(&mut charter.founding),
                Standing::Abstains | Standing::Differs(_) => {}
            }
        }
    }

    /// The number of its own founding, were it to found.
    pub fn founding(&self) -> Founding {
        self.founding
    }

    /// Its present token.
    pub fn token(&self) -> u64 {
        self.token
    }

    /// Whether a founding has asked since it started.
    pub fn has_answered(&self) -> bool {
        self.asker.is_some()
    }

    /// Whether it has heard of a cluster.
    pub fn knows_cluster(&self) -> bool {
        self.cluster.is_some()
    }

    /// The record of the write under way, and its ticket once more.
    pub fn write_under_way(&self) -> Option<(Record, Ticket)> {
        match self.write {
            Some((Stage::UnderWay, record)) => Some((record, Ticket { write: self.writes })),
            Some((Stage::Due | Stage::Done, _)) | None => None,
        }
    }
}
