use quorate::founding::{Prepared, Record};
use quorate::{
    Charter, Features, Founding, HardState, Identity, Incarnation, Index, Least, Members, Position, Seat, Seats,
    Snapshot, Term,
};

use crate::front::Configuration;

const PREPARED: u8 = 1;
const COMPLETE: u8 = 2;

/// Reads numbers off the front of bytes, of which there are enough: what is not there is zero. `None` where they say what
/// cannot be.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl Reader<'_> {
    pub(crate) fn array<const N: usize>(&mut self) -> [u8; N] {
        let Some((front, rest)) = self.0.split_first_chunk::<N>() else { return [0; N] };
        self.0 = rest;
        *front
    }

    pub(crate) fn word(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    #[inline(never)]
    pub(crate) fn number(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }

    /// Voters, outgoing, replaced, learners, witnesses (4 each).
    #[inline(never)]
    pub(crate) fn members(&mut self) -> Members {
        let [voters, outgoing, replaced, learners, witnesses] = [(); 5].map(|()| Seats(self.word()));
        Members { voters, outgoing, replaced, learners, witnesses }
    }

    /// Term (8), whether there is a vote (1), the vote's seat (1) and incarnation (8).
    #[inline(never)]
    pub(crate) fn hard_state(&mut self) -> Option<HardState> {
        let term = self.term();
        let vote = match (self.array(), Incarnation(self.number())) {
            ([0, 0], Incarnation::FOUNDER) => None,
            ([1, seat], incarnation) => Some(Identity { seat: Seat(seat), incarnation }),
            _ => return None,
        };
        Some(HardState { term, vote })
    }

    /// Index (8), term (8): a position that an entry can have, or zeros for none.
    #[inline(never)]
    pub(crate) fn position(&mut self) -> Option<Position> {
        let (index, term) = (Index(self.number()), Term(self.number()));
        let is_none = index == Index(0) && term == Term(0);
        let is_some = index > Index(0) && term > Term(0) && index <= Index::MAX && term <= Term::MAX;
        (is_none || is_some).then_some(Position { term, index })
    }

    /// Position (16), length (8), CRC (4).
    #[inline(never)]
    pub(crate) fn snapshot(&mut self) -> Option<Snapshot> {
        Some(Snapshot { position: self.position()?, bytes: self.number(), check: self.word() })
    }

    /// Term (8), the position (16) at which the log ended.
    pub(crate) fn term_mark(&mut self) -> Option<quorate::Mark> {
        Some(quorate::Mark { term: self.term(), last: self.position()? })
    }

    pub(crate) fn term(&mut self) -> Term {
        Term(self.number())
    }

    /// What it is (1), founding (8), members (20), the least log and election time-out, the features that are on (4 each), the life's incarnation (8); zeros for none.
    #[inline(never)]
    pub(crate) fn record(&mut self) -> Option<Option<Record>> {
        let ([kind], founding) = (self.array(), Founding(self.number()));
        let members = self.members();
        let least = Least { log_bytes: self.word(), election_micros: self.word(), features: Features(self.word()) };
        let charter = Charter { founding, members, least };
        Some(match (kind, Incarnation(self.number())) {
            (0, _) => None,
            (PREPARED, _) => Some(Record::Prepared(Prepared { founding, members })),
            (COMPLETE, Incarnation::FOUNDER) => Some(Record::Complete(charter)),
            (COMPLETE, incarnation) => Some(Record::Joined(charter, incarnation)),
            _ => return None,
        })
    }

    /// The index of the entry that made it (8), bytes of the roster (2).
    pub(crate) fn configuration(&mut self) -> Configuration {
        Configuration { since: Index(self.number()), bytes: u16::from_le_bytes(self.array()) }
    }
}

/// Writes numbers one behind the other to where there is room for all of them.
#[derive(Debug)]
pub(crate) struct Writer<'b> {
    pub(crate) room: &'b mut [u8],
    pub(crate) length: usize,
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
        debug_assert!(self.length <= self.room.len(), "what was written found room");
    }

    pub(crate) fn word(&mut self, word: u32) {
        self.put(&word.to_le_bytes());
    }

    #[inline(never)]
    pub(crate) fn number(&mut self, number: u64) {
        self.put(&number.to_le_bytes());
    }

    pub(crate) fn term(&mut self, term: Term) {
        self.number(term.0);
    }

    pub(crate) fn hard_state(&mut self, state: HardState) {
        self.term(state.term);
        let vote = state.vote.map_or(([0, 0], Incarnation::FOUNDER), |vote| ([1, vote.seat.0], vote.incarnation));
        self.put(&vote.0);
        self.number(vote.1.0);
    }

    #[inline(never)]
    pub(crate) fn position(&mut self, position: Position) {
        self.number(position.index.0);
        self.term(position.term);
    }

    #[inline(never)]
    pub(crate) fn snapshot(&mut self, snapshot: Snapshot) {
        self.position(snapshot.position);
        self.number(snapshot.bytes);
        self.word(snapshot.check);
    }

    pub(crate) fn record(&mut self, record: Record) {
        let only = |Prepared { founding, members }| Charter { founding, members, least: Least::default() };
        let (kind, charter, incarnation) = match record {
            Record::Prepared(prepared) => (PREPARED, only(prepared), Incarnation::FOUNDER),
            Record::Complete(charter) => (COMPLETE, charter, Incarnation::FOUNDER),
            Record::Joined(charter, incarnation) => (COMPLETE, charter, incarnation),
        };
        let Least { log_bytes, election_micros, features } = charter.least;
        self.put(&[kind]);
        self.number(charter.founding.0);
        self.members(charter.members);
        [log_bytes, election_micros, features.0].into_iter().for_each(|word| self.word(word));
        self.number(incarnation.0);
    }

    #[inline(never)]
    pub(crate) fn members(&mut self, members: Members) {
        let Members { voters, outgoing, replaced, learners, witnesses } = members;
        for seats in [voters, outgoing, replaced, learners, witnesses] {
            self.word(seats.0);
        }
    }
}
