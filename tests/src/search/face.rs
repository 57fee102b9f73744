use quorate::Incarnation;

use super::SEATS;

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
    pub(crate) log: Box<[Mark]>,
    pub(crate) incarnation: Incarnation,
    pub(crate) disk: Held,
    /// The first disk, if it was lost.
    pub(crate) lost: Option<Held>,
    /// How far a leader counts on each of the others.
    pub(crate) matched: [u64; SEATS],
    /// In which incarnation it has heard each of the others.
    pub(crate) heard: [Incarnation; SEATS],
}

/// What a disk holds.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) term: u64,
    /// The latest term that it has marked.
    pub(crate) marked: u64,
    pub(crate) log: Box<[Mark]>,
}

impl Face {
    /// What the others may count on: of a node that has lost its disk, what that held.
    pub(crate) fn vouched(&self) -> &Held {
        self.lost.as_ref().unwrap_or(&self.disk)
    }
}

/// A record: two are equal if their marks are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Mark {
    pub(crate) term: u64,
    pub(crate) record: u32,
}
