use quorate::{Ballot, Entries, Identity, Incarnation, Index, Message, Position, Seat, Term};

use super::names::Names;

/// A message on its way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Letter {
    pub(crate) from: u8,
    /// The sender's. There are as many as disks may be lost.
    pub(crate) incarnation: u8,
    pub(crate) to: u8,
    bytes: Vec<u8>,
}

/// What a network that loses by kind tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Questions of candidates.
    Asks,
    /// Votes and refusals.
    Votes,
    /// Entries and heartbeats.
    Entries,
    /// What followers answer to these.
    Acks,
    /// Snapshots, on offer and in pieces.
    Snapshots,
    /// All else.
    Other,
}

impl Kind {
    pub(crate) fn of(message: &Message<'_>) -> Kind {
        match message {
            Message::RequestVote { .. } => Kind::Asks,
            Message::Vote { .. } => Kind::Votes,
            Message::AppendEntries { .. } => Kind::Entries,
            Message::Ack { .. } => Kind::Acks,
            Message::Offer { .. } | Message::Piece { .. } => Kind::Snapshots,
            _ => Kind::Other,
        }
    }
}

impl Letter {
    pub(crate) fn new(from: Identity, to: Seat, message: &Message<'_>) -> Letter {
        let bytes = postcard::to_stdvec(message).expect("every message can be written");
        Letter { from: from.seat.0, incarnation: from.incarnation.0 as u8, to: to.0, bytes }
    }

    pub(crate) fn sender(&self) -> Identity {
        Identity { seat: Seat(self.from), incarnation: Incarnation(self.incarnation.into()) }
    }

    pub(crate) fn message(&self) -> Message<'_> {
        postcard::from_bytes(&self.bytes).expect("a letter arrives as it was sent")
    }

    /// Messages name nobody but all members: who sent it and who gets it is all.
    pub(crate) fn renamed(&self, names: &Names) -> Letter {
        Letter { from: names.of(self.from), to: names.of(self.to), ..self.clone() }
    }

    /// The same letter, its stamp folded by whoever sent it.
    pub(crate) fn folded(self, fold: impl Fn(Seat, u64) -> u64) -> Letter {
        let to = Seat(self.to);
        match self.message() {
            Message::AppendEntries { term, stamp, previous, commit, inherited, entries } => {
                let stamp = fold(to, stamp);
                let folded = Message::AppendEntries { term, stamp, previous, commit, inherited, entries };
                Letter::new(self.sender(), to, &folded)
            }
            Message::Offer { term, stamp, latest, before, inherited, members } => {
                let stamp = fold(to, stamp);
                Letter::new(self.sender(), to, &Message::Offer { term, stamp, latest, before, inherited, members })
            }
            _ => self,
        }
    }

    /// The receiver's durable term from which on the letter is of a term that is over, and what stands for all such
    /// letters. Those are answered with the receiver's own term, whatever else they say.
    pub(crate) fn when_over(&self) -> Option<(u64, Letter)> {
        let term = Term(1);
        let (from, over) = match self.message() {
            Message::RequestVote { term: asked, ballot, .. } => {
                let from = asked.0 + u64::from(ballot != Ballot::Pre);
                (from, Message::RequestVote { term, last: Position::default(), ballot })
            }
            Message::AppendEntries { term: sent, .. } | Message::Offer { term: sent, .. } => {
                let (previous, none, entries) = (Position::default(), Index(0), Entries::default());
                let over = Message::AppendEntries { term, stamp: 0, previous, commit: none, inherited: none, entries };
                (sent.0 + 1, over)
            }
            _ => return None,
        };
        Some((from, Letter::new(self.sender(), Seat(self.to), &over)))
    }

    /// Whether it matters if the receiver still hears a leader.
    pub(crate) fn asks_for_vote(&self) -> bool {
        matches!(self.message(), Message::RequestVote { .. })
    }
}
