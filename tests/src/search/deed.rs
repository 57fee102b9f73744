use quorate::{Entry, Round, Verdict};

use super::letter::Letter;
use super::names::Names;

/// What a member did that others can notice.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Deed {
    pub(crate) sent: Vec<Letter>,
    pub(crate) applied: Vec<Done>,
    pub(crate) reads: Vec<Reading>,
    /// The app is asked for a snapshot.
    pub(crate) is_asked: bool,
    /// An operator's change is refused: nothing was done.
    pub(crate) is_refused: bool,
    /// It is told that it is none of the members any longer.
    pub(crate) is_dismissed: bool,
}

/// A record that was applied, and what the app has made of it if it is of a session.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) record: Vec<u8>,
    pub(crate) verdict: Option<Verdict<u32>>,
}

impl Done {
    pub(crate) fn renamed(&self, names: &Names) -> Done {
        let (entry, _) = Entry::parse(&self.record).expect("records stay whole");
        Done { record: names.of_entry(entry).into(), verdict: self.verdict }
    }
}

/// What a node says of its reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reading {
    Awaits(Round),
    /// Every read up to this round is answered from a state that has applied so much.
    Ready(Round, u64),
    Failed(Round),
    /// A crash: nobody will answer.
    Gone,
}
