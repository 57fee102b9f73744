use serde::{Deserialize, Serialize};

/// A leader's reign, counted from 1; zero is before the first election (section 5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Term(pub u64);

impl Term {
    /// The largest term. A message or record with a larger one is refused, so that no sum can overflow.
    pub const MAX: Term = Term(u64::MAX >> 2);

    pub(crate) fn next(self) -> Term {
        Term(self.0 + 1)
    }
}

/// A place in the log, counted from 1; zero is before the first entry (section 5.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Index(pub u64);

impl Index {
    /// The largest index. A message or record with a larger one is refused, so that no sum can overflow.
    pub const MAX: Index = Index(u64::MAX >> 2);

    pub(crate) fn next(self) -> Index {
        Index(self.0 + 1)
    }

    pub(crate) fn previous(self) -> Index {
        Index(self.0 - 1)
    }

    /// Makes it at least this one.
    pub(crate) fn raise(&mut self, least: Index) {
        raise(&mut self.0, least.0);
    }

    /// Makes it at most this one.
    pub(crate) fn lower(&mut self, most: Index) {
        lower(&mut self.0, most.0);
    }
}

/// Makes a number at least as large as another one. A call is shorter than two comparisons of 64 bits on a small
/// machine.
#[cfg_attr(target_os = "none", inline(never))]
pub(crate) fn raise(number: &mut u64, least: u64) {
    *number = least.max(*number);
}

/// Makes a number at most as large as another one.
#[cfg_attr(target_os = "none", inline(never))]
pub(crate) fn lower(number: &mut u64, most: u64) {
    *number = most.min(*number);
}

/// What identifies an entry: two logs that hold the same position are equal up to it (log matching, section 5.3).
///
/// The order is that of section 5.4.1: the log whose last position is greater is the more recent one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Position {
    /// The term of the leader that made the entry.
    pub term: Term,
    /// Where in the log it stands.
    pub index: Index,
}

impl Position {
    /// All that a term and an index that a node can have reached are made of.
    pub(crate) const BITS: u64 = {
        assert!(Term::MAX.0 == Index::MAX.0 && (Term::MAX.0 + 1).is_power_of_two());
        Term::MAX.0
    };

    /// Both numbers at once, to be held against those.
    pub(crate) fn bits(self) -> u64 {
        self.term.0 | self.index.0
    }
}

/// Which command of which session: what makes a retry recognizable (section 6.3 of the thesis). See
/// [`Sessions`](crate::Sessions).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Session {
    /// The client, by a number that no other client uses.
    pub client: u64,
    /// The index of the entry that opened the session. Of an entry that opens one, the epoch of the session whose place
    /// it is to take; zero if the client knows of none.
    pub epoch: Index,
    /// The command's number: zero opens the session, each further command has a larger one.
    pub sequence: u64,
}
