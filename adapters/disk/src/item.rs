use quorate::{Entries, Entry, HardState, RecordError, Seat, Term};

/// One thing that a log gives back when it is opened, in the order in which it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovered<'a> {
    /// Term and vote. A later one replaces an earlier one.
    HardState(HardState),
    /// An entry. It replaces what was recovered before at its index, and everything after that index.
    Entry(Entry<'a>),
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
// 3 is reserved for the position of a snapshot.

/// Appends the items of one batch to `payload`.
pub(crate) fn append(payload: &mut Vec<u8>, hard_state: Option<HardState>, entries: Entries<'_>) {
    if let Some(state) = hard_state {
        append_item(payload, HARD_STATE, &hard_state_bytes(state));
    }
    if !entries.is_empty() {
        append_item(payload, ENTRIES, entries.bytes());
    }
}

/// Gives the items of a batch to `visit`, in order.
pub(crate) fn read<E: From<ItemError>>(
    payload: &[u8],
    visit: &mut impl FnMut(Recovered<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut rest = payload;
    while !rest.is_empty() {
        let (tag, body, behind) = split(rest).ok_or(ItemError::Damaged("an item runs past the end of its batch"))?;
        match tag {
            HARD_STATE => visit(Recovered::HardState(hard_state(body)?))?,
            ENTRIES => {
                for entry in Entries::parse(body).map_err(ItemError::from)? {
                    visit(Recovered::Entry(entry))?;
                }
            }
            _ => return Err(ItemError::Later(format!("item tag {tag}")).into()),
        }
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

/// Term (8), whether there is a vote (1), the vote's seat (1).
fn hard_state_bytes(state: HardState) -> [u8; 10] {
    let mut bytes = [0; 10];
    bytes[..8].copy_from_slice(&state.term.0.to_le_bytes());
    if let Some(seat) = state.vote {
        bytes[8..].copy_from_slice(&[1, seat.0]);
    }
    bytes
}

fn hard_state(body: &[u8]) -> Result<HardState, ItemError> {
    let damaged = ItemError::Damaged("a term and vote cannot be read");
    let Some((term, vote)) = body.split_first_chunk::<8>() else {
        return Err(damaged);
    };
    let vote = match vote {
        [0, 0] => None,
        [1, seat] => Some(Seat(*seat)),
        _ => return Err(damaged),
    };
    let term = Term(u64::from_le_bytes(*term));
    Ok(HardState { term, vote })
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
        append_item(&mut payload, 3, b"snapshot");
        assert_eq!(refused(&payload), ItemError::Later("item tag 3".into()));
    }

    #[test]
    fn an_item_longer_than_its_batch_is_damage() {
        let mut payload = Vec::new();
        append_item(&mut payload, HARD_STATE, &hard_state_bytes(HardState::default()));
        payload.pop();
        assert!(matches!(refused(&payload), ItemError::Damaged(_)));
    }

    #[test]
    fn a_vote_is_there_or_not() {
        for vote in [None, Some(Seat(0)), Some(Seat(63))] {
            let state = HardState { term: Term(7), vote };
            assert_eq!(hard_state(&hard_state_bytes(state)), Ok(state));
        }
        assert!(hard_state(&[0, 0, 0, 0, 0, 0, 0, 0, 2, 0]).is_err());
    }
}
