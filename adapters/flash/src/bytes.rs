use quorate::founding::{Prepared, Record};
use quorate::{Charter, Founding, HardState, Index, Members, Position, Seat, Seats, Snapshot, Term};

use crate::item::Mark;

const PREPARED: u8 = 1;
const COMPLETE: u8 = 2;

/// Reads numbers off the front of bytes; `None` where they end too early or say what cannot be.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (front, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*front)
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn short(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn word(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn number(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// A set of seats (8).
    pub(crate) fn seats(&mut self) -> Option<Seats> {
        u32::try_from(self.number()?).ok().map(Seats)
    }

    /// Term (8), whether there is a vote (1), the vote's seat (1).
    pub(crate) fn hard_state(&mut self) -> Option<HardState> {
        let term = self.term()?;
        let vote = match self.array()? {
            [0, 0] => None,
            [1, seat] => Some(Seat(seat)),
            _ => return None,
        };
        Some(HardState { term, vote })
    }

    /// Index (8), term (8): a position that an entry can have, or zeros for none.
    pub(crate) fn position(&mut self) -> Option<Position> {
        let (index, term) = (Index(self.number()?), Term(self.number()?));
        let is_none = index == Index(0) && term == Term(0);
        let is_some = index > Index(0) && term > Term(0) && index <= Index::MAX && term <= Term::MAX;
        (is_none || is_some).then_some(Position { term, index })
    }

    /// Position (16), length (8), CRC (4).
    pub(crate) fn snapshot(&mut self) -> Option<Snapshot> {
        Some(Snapshot { position: self.position()?, bytes: self.number()?, check: self.word()? })
    }

    /// Term (8), the position (16) at which the log ended.
    pub(crate) fn term_mark(&mut self) -> Option<quorate::Mark> {
        Some(quorate::Mark { term: self.term()?, last: self.position()? })
    }

    pub(crate) fn term(&mut self) -> Option<Term> {
        self.number().map(Term)
    }

    /// What it is (1), founding (8), voters, outgoing, learners, witnesses (4 each), the least log (4); zeros for none.
    pub(crate) fn record(&mut self) -> Option<Option<Record>> {
        let (kind, founding) = (self.byte()?, Founding(self.number()?));
        let mut seats = || self.word().map(Seats);
        let (voters, outgoing) = (seats()?, seats()?);
        let members = Members { voters, outgoing, learners: seats()?, witnesses: seats()? };
        let log_bytes_least = self.word()?;
        match kind {
            0 => Some(None),
            PREPARED => Some(Some(Record::Prepared(Prepared { founding, members }))),
            COMPLETE => Some(Some(Record::Complete(Charter { founding, members, log_bytes_least }))),
            _ => None,
        }
    }

    /// A snapshot (28), its address (4), the address of the one before (4).
    pub(crate) fn mark(&mut self) -> Option<Mark> {
        Some(Mark { snapshot: self.snapshot()?, at: self.word()?, before: self.word()? })
    }
}

/// Writes numbers one behind the other into an array that has room for all of them.
#[derive(Clone)]
pub(crate) struct Writer<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Writer<N> {
    pub(crate) fn new() -> Self {
        Writer { bytes: [0; N], length: 0 }
    }

    pub(crate) fn put(&mut self, bytes: &[u8]) {
        for (room, byte) in self.bytes.iter_mut().skip(self.length).zip(bytes) {
            *room = *byte;
        }
        self.length += bytes.len();
    }

    pub(crate) fn term(&mut self, term: Term) {
        self.put(&term.0.to_le_bytes());
    }

    pub(crate) fn hard_state(&mut self, state: HardState) {
        self.term(state.term);
        self.put(&state.vote.map_or([0, 0], |seat| [1, seat.0]));
    }

    pub(crate) fn position(&mut self, position: Position) {
        self.put(&position.index.0.to_le_bytes());
        self.term(position.term);
    }

    pub(crate) fn snapshot(&mut self, snapshot: Snapshot) {
        self.position(snapshot.position);
        self.put(&snapshot.bytes.to_le_bytes());
        self.put(&snapshot.check.to_le_bytes());
    }

    pub(crate) fn record(&mut self, record: Option<Record>) {
        let (kind, founding, members, least) = match record {
            None => (0, Founding(0), Members::default(), 0),
            Some(Record::Prepared(Prepared { founding, members })) => (PREPARED, founding, members, 0),
            Some(Record::Complete(Charter { founding, members, log_bytes_least })) => {
                (COMPLETE, founding, members, log_bytes_least)
            }
        };
        let Members { voters, outgoing, learners, witnesses } = members;
        self.put(&[kind]);
        self.put(&founding.0.to_le_bytes());
        for word in [voters.0, outgoing.0, learners.0, witnesses.0, least] {
            self.put(&word.to_le_bytes());
        }
    }

    pub(crate) fn mark(&mut self, mark: Mark) {
        self.snapshot(mark.snapshot);
        self.put(&mark.at.to_le_bytes());
        self.put(&mark.before.to_le_bytes());
    }

    /// What was written, and zeros behind it.
    pub(crate) fn array(self) -> [u8; N] {
        self.bytes
    }

    pub(crate) fn written(&self) -> &[u8] {
        debug_assert!(self.length <= N, "what was written found room");
        self.bytes.get(..self.length).unwrap_or(&self.bytes)
    }
}
