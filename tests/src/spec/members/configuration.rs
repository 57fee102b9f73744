use super::log::{Entry, Kind, Log};
use super::rules::Flaw;

/// The most seats.
pub(crate) const SEATS: usize = 5;

/// The latest life of a seat.
pub(crate) const LIVES_MAX: u8 = 5;

/// The life of each seat, three bits each; none where nobody is named.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Lives(pub(crate) u16);

impl Lives {
    pub(crate) fn of(self, seat: usize) -> u8 {
        (self.0 >> (3 * seat) & 7) as u8
    }

    pub(crate) fn with(self, seat: usize, life: u8) -> Lives {
        Lives(self.0 & !(7 << (3 * seat)) | u16::from(life) << (3 * seat))
    }

    /// Those of these seats only.
    pub(crate) fn only(self, seats: u8) -> Lives {
        (0..SEATS).filter(|seat| seats >> seat & 1 == 0).fold(self, |lives, seat| lives.with(seat, 0))
    }
}

/// Who counts, and as which life (rule 1).
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Members {
    pub(crate) voters: u8,
    /// The voters before, in a joint phase.
    pub(crate) outgoing: u8,
    pub(crate) learners: u8,
    pub(crate) lives: Lives,
    /// The lives before, in a joint phase.
    pub(crate) before: Lives,
}

impl Members {
    pub(crate) const NONE: Members = Members { voters: 0, outgoing: 0, learners: 0, lives: Lives(0), before: Lives(0) };

    pub(crate) fn is_joint(&self) -> bool {
        self.outgoing != 0
    }

    /// All seats that are named.
    pub(crate) fn all(&self) -> u8 {
        self.voters | self.outgoing | self.learners
    }

    pub(crate) fn names(&self, seat: usize, life: u8) -> bool {
        self.all() >> seat & 1 == 1 && self.lives.of(seat) == life
    }

    pub(crate) fn has_voter(&self, seat: usize, life: u8) -> bool {
        self.voters >> seat & 1 == 1 && self.lives.of(seat) == life
    }

    /// Who counts in the half before: not who is replaced, for the old life counts for nobody.
    pub(crate) fn remaining(&self) -> u8 {
        (0..SEATS).filter(|seat| self.before.of(*seat) == self.lives.of(*seat)).fold(0, |set, seat| set | 1 << seat)
            & self.outgoing
    }

    /// Whether these seats, of which each is there with the life that is named, are a majority of each half (rule 2).
    pub(crate) fn is_quorum(&self, seats: u8, flaw: Flaw) -> bool {
        let new = is_majority(self.voters & seats, self.voters);
        let counted = if flaw == Flaw::NewLifeInOldHalf { self.outgoing } else { self.remaining() };
        let old = !self.is_joint() || is_majority(counted & seats, self.outgoing);
        match flaw {
            Flaw::NewHalfAlone => new,
            Flaw::OldHalfAlone if self.is_joint() => old,
            _ => new && old,
        }
    }

    /// What an entry makes of them.
    pub(crate) fn then(&self, entry: Entry) -> Members {
        let (voters, learners, lives) = (entry.voters(), entry.learners(), entry.lives());
        match entry.kind() {
            Kind::Command => *self,
            Kind::Plain => Members { voters, learners, lives, ..Members::NONE },
            Kind::Joint if self.is_joint() => Members { voters, learners, lives, ..*self },
            Kind::Joint => Members { voters, outgoing: self.voters, learners, lives, before: self.lives },
        }
    }

    /// The members once the joint phase is over.
    pub(crate) fn plain(&self) -> Members {
        let lives = self.lives.only(self.voters | self.learners);
        Members { voters: self.voters, learners: self.learners, lives, ..Members::NONE }
    }

    /// The same members if the seat in each place were named by that place.
    pub(crate) fn reseated(&self, order: &[usize]) -> Members {
        let set = |seats: u8| order.iter().zip(0..).fold(0, |set, (seat, place)| set | (seats >> seat & 1) << place);
        let lives = |lives: Lives| {
            order.iter().enumerate().fold(Lives(0), |all, (place, seat)| all.with(place, lives.of(*seat)))
        };
        Members {
            voters: set(self.voters),
            outgoing: set(self.outgoing),
            learners: set(self.learners),
            lives: lives(self.lives),
            before: lives(self.before),
        }
    }
}

impl Log {
    /// The members in force behind so many entries, and the index of the entry that says so.
    pub(crate) fn members(&self, length: u8, root: &Members) -> (Members, u8) {
        let mut found = (*root, 0);
        for (entry, index) in self.entries().iter().zip(1..=length) {
            if entry.kind() != Kind::Command {
                found = (found.0.then(*entry), index);
            }
        }
        found
    }
}

pub(crate) fn is_majority(part: u8, of: u8) -> bool {
    part.count_ones() > of.count_ones() / 2
}
