use quorate::founding::Record;
use quorate::{
    Entries, HardState, Identity, Incarnation, Index, Mark, Position, RecordError, Roster, Seat, Settled, Snapshot,
    Term,
};

use crate::bytes::{number, word};
use crate::head::Head;
use crate::record::{self, COMPLETE, PREPARED};

/// One thing that a batch says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item<'a> {
    HardState(HardState),
    /// The first of them replaces what was written at its index, and everything after it.
    Entries(Entries<'a>),
    /// The app's own snapshot is durable.
    Marked(Snapshot),
    /// A snapshot of the leader is durable. All entries before it are void.
    Installed(Snapshot),
    Head(Head<'a>),
    /// What was written before behind its last position is void.
    Mark(Mark),
    /// What makes the store a member, or is to.
    Founding(Record),
    /// The last configuration that is known to be committed.
    Settled(Settled<'a>),
}

/// Why a batch that arrived whole cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ItemError {
    Damaged(&'static str),
    Later(String),
}

/// Bytes of an item before its body: tag (1) and length of the body (8).
const HEADER: usize = 9;
const HARD_STATE: u8 = 1;
const ENTRIES: u8 = 2;
const MARKED: u8 = 3;
const INSTALLED: u8 = 4;
const HEAD: u8 = 5;
const MARK: u8 = 6;
const SETTLED: u8 = 9;
pub(crate) const HARD_STATE_BYTES: usize = 18;
pub(crate) const POSITION: usize = 16;
pub(crate) const SNAPSHOT: usize = POSITION + 12;
const MARK_BYTES: usize = 8 + POSITION;

impl<'a> Item<'a> {
    /// Appends the item to a payload.
    pub(crate) fn append(&self, payload: &mut Vec<u8>) {
        match self {
            Item::HardState(state) => append_item(payload, HARD_STATE, &hard_state_bytes(*state)),
            Item::Entries(entries) => append_item(payload, ENTRIES, entries.bytes()),
            Item::Marked(snapshot) => append_item(payload, MARKED, &snapshot_bytes(*snapshot)),
            Item::Installed(snapshot) => append_item(payload, INSTALLED, &snapshot_bytes(*snapshot)),
            Item::Head(head) => append_item(payload, HEAD, &head.bytes()),
            Item::Mark(mark) => append_item(payload, MARK, &mark_bytes(*mark)),
            Item::Founding(record) => {
                let (tag, body) = record::bytes(record);
                append_item(payload, tag, &body);
            }
            Item::Settled(settled) => append_item(payload, SETTLED, &settled_bytes(*settled)),
        }
    }

    fn parse(tag: u8, body: &'a [u8]) -> Result<Item<'a>, ItemError> {
        Ok(match tag {
            HARD_STATE => Item::HardState(hard_state(body)?),
            ENTRIES => Item::Entries(Entries::parse(body)?),
            MARKED => Item::Marked(snapshot(body)?),
            INSTALLED => Item::Installed(snapshot(body)?),
            HEAD => Item::Head(Head::parse(body)?),
            MARK => Item::Mark(mark(body)?),
            PREPARED | COMPLETE => Item::Founding(record::parse(tag, body)?),
            SETTLED => Item::Settled(settled(body)?),
            _ => return Err(ItemError::Later(format!("item tag {tag}"))),
        })
    }
}

/// Gives the items of a batch to `visit`, in order.
pub(crate) fn read<E: From<ItemError>>(
    payload: &[u8],
    visit: &mut impl FnMut(Item<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut rest = payload;
    while !rest.is_empty() {
        let (tag, body, behind) = split(rest).ok_or(ItemError::Damaged("an item runs past the end of its batch"))?;
        visit(Item::parse(tag, body)?)?;
        rest = behind;
    }
    Ok(())
}

fn append_item(payload: &mut Vec<u8>, tag: u8, body: &[u8]) {
    payload.push(tag);
    payload.extend_from_slice(&(body.len() as u64).to_le_bytes());
    payload.extend_from_slice(body);
}

fn split(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (header, rest) = bytes.split_first_chunk::<HEADER>()?;
    let (tag, length) = header.split_first()?;
    let length = u64::from_le_bytes(length.try_into().ok()?);
    let (body, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    Some((*tag, body, rest))
}

/// Term (8), whether there is a vote (1), the vote's seat (1) and incarnation (8).
pub(crate) fn hard_state_bytes(state: HardState) -> [u8; HARD_STATE_BYTES] {
    let mut bytes = [0; HARD_STATE_BYTES];
    bytes[..8].copy_from_slice(&state.term.0.to_le_bytes());
    if let Some(Identity { seat, incarnation }) = state.vote {
        bytes[8..10].copy_from_slice(&[1, seat.0]);
        bytes[10..].copy_from_slice(&incarnation.0.to_le_bytes());
    }
    bytes
}

pub(crate) fn hard_state(body: &[u8]) -> Result<HardState, ItemError> {
    let damaged = ItemError::Damaged("a term and vote cannot be read");
    if body.len() != HARD_STATE_BYTES {
        return Err(damaged);
    }
    let vote = match (&body[8..10], Incarnation(number(body, 10))) {
        ([0, 0], Incarnation::FOUNDER) => None,
        ([1, seat], incarnation) => Some(Identity { seat: Seat(*seat), incarnation }),
        _ => return Err(damaged),
    };
    Ok(HardState { term: Term(number(body, 0)), vote })
}

/// Term (8), the last entry's position (16).
fn mark_bytes(mark: Mark) -> [u8; MARK_BYTES] {
    let mut bytes = [0; MARK_BYTES];
    bytes[..8].copy_from_slice(&mark.term.0.to_le_bytes());
    bytes[8..].copy_from_slice(&position_bytes(mark.last));
    bytes
}

fn mark(body: &[u8]) -> Result<Mark, ItemError> {
    if body.len() != MARK_BYTES {
        return Err(ItemError::Damaged("a mark cannot be read"));
    }
    Ok(Mark { term: Term(number(body, 0)), last: position(&body[8..])? })
}

/// The index of the entry that made it (8), then the roster.
pub(crate) fn settled_bytes(settled: Settled<'_>) -> Vec<u8> {
    [&settled.since.0.to_le_bytes(), settled.roster.bytes()].concat()
}

pub(crate) fn settled(body: &[u8]) -> Result<Settled<'_>, ItemError> {
    let parts = body.split_first_chunk().and_then(|(since, roster)| Some((since, Roster::parse(roster)?)));
    let (since, roster) = parts.ok_or(ItemError::Damaged("a configuration cannot be read"))?;
    Ok(Settled { since: Index(u64::from_le_bytes(*since)), roster })
}

/// Position (16), bytes (8), CRC (4).
pub(crate) fn snapshot_bytes(snapshot: Snapshot) -> [u8; SNAPSHOT] {
    let mut bytes = [0; SNAPSHOT];
    bytes[..POSITION].copy_from_slice(&position_bytes(snapshot.position));
    bytes[16..24].copy_from_slice(&snapshot.bytes.to_le_bytes());
    bytes[24..].copy_from_slice(&snapshot.check.to_le_bytes());
    bytes
}

pub(crate) fn snapshot(body: &[u8]) -> Result<Snapshot, ItemError> {
    if body.len() != SNAPSHOT {
        return Err(ItemError::Damaged("the mark of a snapshot cannot be read"));
    }
    Ok(Snapshot { position: position(body)?, bytes: number(body, 16), check: word(body, 24) })
}

/// Index (8), term (8).
pub(crate) fn position_bytes(position: Position) -> [u8; POSITION] {
    let mut bytes = [0; POSITION];
    bytes[..8].copy_from_slice(&position.index.0.to_le_bytes());
    bytes[8..].copy_from_slice(&position.term.0.to_le_bytes());
    bytes
}

/// A position that an entry can have, or zeros for none.
pub(crate) fn position(bytes: &[u8]) -> Result<Position, ItemError> {
    let position = Position { term: Term(number(bytes, 8)), index: Index(number(bytes, 0)) };
    let is_none = position == Position::default();
    let is_some = position.index > Index(0) && position.term > Term(0);
    if is_none || (is_some && position.index <= Index::MAX && position.term <= Term::MAX) {
        return Ok(position);
    }
    Err(ItemError::Damaged("a position is out of bounds"))
}

impl From<RecordError> for ItemError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Kind(kind) => ItemError::Later(format!("record kind {kind}")),
            _ => ItemError::Damaged("a batch holds entries that cannot be read"),
        }
    }
}

#[cfg(test)]
mod tests {
    use quorate::founding::Prepared;
    use quorate::{Charter, Features, Founding, Least, Members, Occupant, Seats};

    use super::*;

    #[derive(Debug, PartialEq)]
    struct Refused(ItemError);

    impl From<ItemError> for Refused {
        fn from(error: ItemError) -> Self {
            Refused(error)
        }
    }

    #[track_caller]
    fn refused(payload: &[u8]) -> ItemError {
        let Err(Refused(error)) = read(payload, &mut |_| Ok::<(), Refused>(())) else {
            panic!("{payload:?} was understood");
        };
        error
    }

    #[test]
    fn an_unknown_tag_is_of_a_later_version() {
        let mut payload = Vec::new();
        append_item(&mut payload, 10, b"later");
        assert_eq!(refused(&payload), ItemError::Later("item tag 10".into()));
    }

    #[test]
    fn an_item_longer_than_its_batch_is_damage() {
        let mut payload = Vec::new();
        Item::HardState(HardState::default()).append(&mut payload);
        payload.pop();
        assert!(matches!(refused(&payload), ItemError::Damaged(_)));
    }

    #[test]
    fn every_item_comes_back() {
        let position = Position { term: Term(3), index: Index(1 << 40) };
        let snapshot = Snapshot { position, bytes: 1 << 33, check: 0x0102_0304 };
        let hard_state = HardState { term: Term(4), vote: Some(Identity::from(Seat(2))) };
        let members = Members { learners: Seats(8), outgoing: Seats(6), replaced: Seats(4), ..Members::of(Seats(7)) };
        let prepared = Record::Prepared(Prepared { founding: Founding(1 << 63), members });
        let charter = Charter {
            founding: Founding(9),
            members,
            least: Least { log_bytes: 1 << 31, election_micros: 250_000, features: Features::OWN },
        };
        let mut room = [0; 200];
        let occupant = |seat: Seat| Occupant { incarnation: Incarnation(seat.0.into()), address: b"address" };
        let roster = Roster::write(
            &mut room,
            members,
            Least { log_bytes: 1, election_micros: 250_000, features: Features::OWN },
            None,
            occupant,
        )
        .expect("it fits");
        let settled = Settled { since: Index(5), roster };
        let head = Head { hard_state, mark: Term(2), last: position, snapshot, record: None, settled: None };
        let items = [
            Item::HardState(hard_state),
            Item::Marked(snapshot),
            Item::Installed(snapshot),
            Item::Head(head),
            Item::Mark(Mark { term: Term(3), last: position }),
            Item::Head(Head { record: Some(prepared), settled: Some(settled), ..head }),
            Item::Founding(prepared),
            Item::Founding(Record::Complete(charter)),
            Item::Founding(Record::Joined(charter, Incarnation(u64::MAX))),
            Item::Settled(settled),
        ];
        let mut payload = Vec::new();
        items.iter().for_each(|item| item.append(&mut payload));
        let mut found = items.iter();
        read(&payload, &mut |item| {
            assert_eq!(Some(&item), found.next());
            Ok::<(), Refused>(())
        })
        .expect("they can be read");
        assert_eq!(found.next(), None);
    }

    #[test]
    fn an_item_of_another_length_is_damage() {
        for tag in [HARD_STATE, MARKED, INSTALLED, HEAD, MARK, PREPARED, COMPLETE, SETTLED] {
            let mut payload = Vec::new();
            append_item(&mut payload, tag, b"short");
            assert!(matches!(refused(&payload), ItemError::Damaged(_)), "tag {tag}");
        }
    }

    #[test]
    fn a_position_out_of_bounds_is_damage() {
        let bounds = [(0, 1), (1, 0), (Index::MAX.0 + 1, 1), (1, Term::MAX.0 + 1)];
        for (index, term) in bounds {
            let bytes = position_bytes(Position { term: Term(term), index: Index(index) });
            assert!(matches!(position(&bytes), Err(ItemError::Damaged(_))), "{index}@{term}");
        }
        assert_eq!(position(&[0; POSITION]), Ok(Position::default()));
    }

    #[test]
    fn a_vote_is_there_or_not() {
        let identity = |seat, incarnation| Identity { seat: Seat(seat), incarnation: Incarnation(incarnation) };
        for vote in [None, Some(identity(0, 0)), Some(identity(63, 0)), Some(identity(1, u64::MAX))] {
            let state = HardState { term: Term(7), vote };
            assert_eq!(hard_state(&hard_state_bytes(state)), Ok(state));
        }
        let with = |at: usize, byte| {
            let mut bytes = hard_state_bytes(HardState::default());
            bytes[at] = byte;
            hard_state(&bytes)
        };
        assert!(with(8, 2).is_err(), "neither a vote nor none");
        assert!(with(9, 1).is_err() && with(10, 1).is_err(), "somebody's, and no vote");
    }
}
