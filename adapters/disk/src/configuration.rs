use quorate::{Index, Roster, Settled};
use serde::Serialize;

/// A configuration that is committed, as a log keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Configuration {
    /// The index of the entry that made it; zero for that of the founding.
    pub since: Index,
    /// Who takes part: the bytes of a [`Roster`].
    pub roster: Vec<u8>,
}

impl Configuration {
    /// As the log gives it back; nothing if the bytes are no roster.
    pub fn settled(&self) -> Option<Settled<'_>> {
        Some(Settled { since: self.since, roster: Roster::parse(&self.roster)? })
    }
}

impl From<Settled<'_>> for Configuration {
    fn from(Settled { since, roster }: Settled<'_>) -> Self {
        Configuration { since, roster: roster.bytes().to_vec() }
    }
}
