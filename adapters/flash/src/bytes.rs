use quorate::founding::{Prepared, Record};
use quorate::{
    Charter, Features, Founding, HardState, Identity, Incarnation, Index, Least, Members, Position, Seat, Seats,
    Snapshot, Term,
};

use crate::item::{Configuration, Mark};

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

    /// Voters, outgoing, replaced, learners, witnesses (4 each).
    pub(crate) fn members(&mut self) -> Option<Members> {
        let mut seats = || self.word().map(Seats);
        let (voters, outgoing, replaced) = (seats()?, seats()?, seats()?);
        Some(Members { voters, outgoing, replaced, learners: seats()?, witnesses: seats()? })
    }

    /// Term (8), whether there is a vote (1), the vote's seat (1) and incarnation (8).
    pub(crate) fn hard_state(&mut self) -> Option<HardState> {
        let term = self.term()?;
        let vote = match (self.array()?, Incarnation(self.number()?)) {
            ([0, 0], Incarnation::FOUNDER) => None,
            ([1, seat], incarnation) => Some(Identity { seat: Seat(seat), incarnation }),
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

    /// What it is (1), founding (8), members (20), the least log and election time-out, the features that are on (4 each), the life's incarnation (8); zeros for none.
    pub(crate) fn record(&mut self) -> Option<Option<Record>> {
        let (kind, founding) = (self.byte()?, Founding(self.number()?));
        let members = self.members()?;
        let charter = Charter {
            founding,
            members,
            least: Least { log_bytes: self.word()?, election_micros: self.word()?, features: Features(self.word()?) },
        };
        Some(match (kind, Incarnation(self.number()?)) {
            (0, _) => None,
            (PREPARED, _) => Some(Record::Prepared(Prepared { founding, members })),
            (COMPLETE, Incarnation::FOUNDER) => Some(Record::Complete(charter)),
            (COMPLETE, incarnation) => Some(Record::Joined(charter, incarnation)),
            _ => return None,
        })
    }

    /// The index of the entry that made it (8), bytes of the roster (2).
    pub(crate) fn configuration(&mut self) -> Option<Configuration> {
        Some(Configuration { since: Index(self.number()?), bytes: self.short()? })
    }

    /// A snapshot (28), its address (4), the address of the one before (4).
    pub(crate) fn mark(&mut self) -> Option<Mark> {
        Some(Mark { snapshot: self.snapshot()?, at: self.word()?, before: self.word()? })
    }
}

/// Writes numbers one behind the other to where there is room for all of them.
pub(crate) struct Writer<'b> {
    room: &'b mut [u8],
    length: usize,
}

impl<'b> Writer<'b> {
    pub(crate) fn to(room: &'b mut [u8]) -> Self {
        Writer { room, length: 0 }
    }

    #[inline(never)]
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        for (room, byte) in self.room.iter_mut().skip(self.length).zip(bytes) {
            *room = *byte;
        }
        self.length += bytes.len();
    }

    pub(crate) fn term(&mut self, term: Term) {
        self.put(&term.0.to_le_bytes());
    }

    pub(crate) fn hard_state(&mut self, state: HardState) {
        self.term(state.term);
        let vote = state.vote.map_or(([0, 0], Incarnation::FOUNDER), |vote| ([1, vote.seat.0], vote.incarnation));
        self.put(&vote.0);
        self.put(&vote.1.0.to_le_bytes());
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
        let none = Prepared { founding: Founding(0), members: Members::default() };
        let only = |Prepared { founding, members }| Charter { founding, members, least: Least::default() };
        let (kind, charter, incarnation) = match record {
            None => (0, only(none), Incarnation::FOUNDER),
            Some(Record::Prepared(prepared)) => (PREPARED, only(prepared), Incarnation::FOUNDER),
            Some(Record::Complete(charter)) => (COMPLETE, charter, Incarnation::FOUNDER),
            Some(Record::Joined(charter, incarnation)) => (COMPLETE, charter, incarnation),
        };
        self.put(&[kind]);
        self.put(&charter.founding.0.to_le_bytes());
        self.members(charter.members);
        self.put(&charter.least.log_bytes.to_le_bytes());
        self.put(&charter.least.election_micros.to_le_bytes());
        self.put(&charter.least.features.0.to_le_bytes());
        self.put(&incarnation.0.to_le_bytes());
    }

    pub(crate) fn members(&mut self, members: Members) {
        let Members { voters, outgoing, replaced, learners, witnesses } = members;
        for seats in [voters, outgoing, replaced, learners, witnesses] {
            self.put(&seats.0.to_le_bytes());
        }
    }

    pub(crate) fn configuration(&mut self, Configuration { since, bytes }: Configuration) {
        self.put(&since.0.to_le_bytes());
        self.put(&bytes.to_le_bytes());
    }

    pub(crate) fn mark(&mut self, mark: Mark) {
        self.snapshot(mark.snapshot);
        self.put(&mark.at.to_le_bytes());
        self.put(&mark.before.to_le_bytes());
    }

    /// How many bytes were written.
    pub(crate) fn length(self) -> usize {
        debug_assert!(self.length <= self.room.len(), "what was written found room");
        self.length
    }
}
