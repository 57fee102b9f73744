use quorate::{Identity, Incarnation, Seat};

use super::SEATS;
use super::configuration::Configuration;

/// What the others' promises need to know of a member.
#[derive(Clone, Debug)]
pub(crate) struct Face {
    pub(crate) seat: u8,
    pub(crate) leads: bool,
    pub(crate) term: u64,
    pub(crate) commit: u64,
    pub(crate) applied: u64,
    /// What a leader's log had at its election.
    pub(crate) inherited: u64,
    /// Of what its app has made of all that was applied.
    pub(crate) state: u64,
    pub(crate) log: Log,
    pub(crate) incarnation: Incarnation,
    pub(crate) disk: Held,
    /// The snapshot that its log stands on is lost.
    pub(crate) is_lost: bool,
    /// It is none of the members any longer, and has stopped.
    pub(crate) stopped: bool,
    /// The disks that it has lost, by the life that had them.
    pub(crate) lost: Box<[(Incarnation, Held)]>,
    /// Who takes part as it sees them, and since which index.
    pub(crate) configuration: (u64, Configuration),
    /// The same of what it knows to be committed.
    pub(crate) settled: (u64, Configuration),
    /// How far a leader counts on each of the others.
    pub(crate) matched: [u64; SEATS],
    /// In which incarnation it has heard each of the others.
    pub(crate) heard: [Incarnation; SEATS],
}

/// What a disk holds.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) term: u64,
    pub(crate) vote: Option<Identity>,
    /// The latest term that it has marked.
    pub(crate) marked: u64,
    pub(crate) log: Log,
}

/// A log behind what a snapshot covers.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    /// How many entries a snapshot covers, and the term of the last of them.
    pub(crate) base: u64,
    pub(crate) base_term: u64,
    pub(crate) marks: Box<[Mark]>,
}

impl Log {
    pub(crate) fn end(&self) -> u64 {
        self.base + self.marks.len() as u64
    }

    /// The entry at a place, counted from zero; none if a snapshot covers it, or nothing is there.
    pub(crate) fn at(&self, place: u64) -> Option<&Mark> {
        self.marks.get(place.checked_sub(self.base)? as usize)
    }

    /// Whether this entry is here, or covered: what is covered was committed, and the same everywhere.
    pub(crate) fn has(&self, place: u64, mark: &Mark) -> bool {
        place < self.base || self.at(place) == Some(mark)
    }

    /// Whether both are the same up to an end, as far as both show it.
    pub(crate) fn equals(&self, other: &Log, end: u64) -> bool {
        (self.base.max(other.base)..end).all(|place| self.at(place) == other.at(place))
    }
}

impl Face {
    pub(crate) fn identity(&self) -> Identity {
        Identity { seat: Seat(self.seat), incarnation: self.incarnation }
    }

    /// What others may count on of a life of its store: of one that was lost, what it held.
    pub(crate) fn held(&self, life: Incarnation) -> Option<&Held> {
        let lost = || self.lost.iter().find(|(of, _)| *of == life).map(|(_, held)| held);
        if life == self.incarnation { Some(&self.disk) } else { lost() }
    }

    /// Whether this life of its store is there, and can be read.
    pub(crate) fn is_there(&self, life: Incarnation) -> bool {
        life == self.incarnation && !self.is_lost && !self.stopped
    }
}

/// A record: two are equal if their marks are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Mark {
    pub(crate) term: u64,
    pub(crate) record: u32,
}
