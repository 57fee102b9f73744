use quorate::{Ballot, Message, Seat};

use super::names::Names;

/// A message on its way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Letter {
    pub(crate) from: u8,
    pub(crate) to: u8,
    bytes: Vec<u8>,
}

impl Letter {
    pub(crate) fn new(from: u8, to: Seat, message: &Message<'_>) -> Letter {
        let bytes = postcard::to_stdvec(message).expect("every message can be written");
        Letter { from, to: to.0, bytes }
    }

    pub(crate) fn message(&self) -> Message<'_> {
        postcard::from_bytes(&self.bytes).expect("a letter arrives as it was sent")
    }

    /// Messages name nobody: who sent it and who gets it is all.
    pub(crate) fn renamed(&self, names: &Names) -> Letter {
        Letter { from: names.of(self.from), to: names.of(self.to), bytes: self.bytes.clone() }
    }

    /// The receiver's durable term from which on nothing comes of the letter, in this life or any later one.
    ///
    /// Requests and entries of an old term are answered with the new one, so they are never spent.
    pub(crate) fn spent_from(&self) -> u64 {
        match self.message() {
            Message::RequestVote { .. } | Message::AppendEntries { .. } => u64::MAX,
            Message::Vote { term, ballot: Ballot::Pre, granted: true } => term.0,
            message => message.term().0 + 1,
        }
    }

    /// Whether it matters if the receiver still hears a leader.
    pub(crate) fn asks_for_vote(&self) -> bool {
        matches!(self.message(), Message::RequestVote { .. })
    }
}
