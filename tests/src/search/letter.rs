use quorate::{Ballot, Entries, Identity, Incarnation, Index, Message, Position, Seat, Term};

use super::names::Names;

/// A message on its way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Letter {
    pub(crate) from: u8,
    /// The sender's: a small number.
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

    /// Who sent it and who gets it have other names, and all who are said to take part.
    pub(crate) fn renamed(&self, names: &Names) -> Letter {
        let from = Identity { seat: names.of_seat(Seat(self.from)), ..self.sender() };
        let new = |message: Message<'_>| Letter::new(from, names.of_seat(Seat(self.to)), &message);
        match self.message() {
            Message::AppendEntries { term, stamp, previous, commit, inherited, entries } => {
                let records: Vec<u8> = entries.flat_map(|entry| names.of_entry(entry)).collect();
                let entries = Entries::parse(&records).expect("they are as sound as before");
                new(Message::AppendEntries { term, stamp, previous, commit, inherited, entries })
            }
            Message::Offer { term, stamp, latest, before, inherited, settled } => names
                .with_settled(&settled, |settled| {
                    new(Message::Offer { term, stamp, latest, before, inherited, settled })
                }),
            Message::Configured { term, incarnation, is_held, settled } => {
                names.with_settled(&settled, |settled| new(Message::Configured { term, incarnation, is_held, settled }))
            }
            message => new(message),
        }
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
            Message::Offer { term, stamp, latest, before, inherited, settled } => {
                let stamp = fold(to, stamp);
                Letter::new(self.sender(), to, &Message::Offer { term, stamp, latest, before, inherited, settled })
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
