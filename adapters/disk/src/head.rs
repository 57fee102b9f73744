use quorate::founding::Record;
use quorate::{HardState, Position, Settled, Snapshot, Term};

use crate::bytes::number;
use crate::item::{
    HARD_STATE_BYTES, Item, ItemError, POSITION, SNAPSHOT, hard_state, hard_state_bytes, position, position_bytes,
    settled, settled_bytes, snapshot, snapshot_bytes,
};
use crate::record::{self, RECORD};

/// What the segments before this one amount to: the first item of a segment, so that those can go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head<'a> {
    pub(crate) hard_state: HardState,
    /// The term of the latest mark.
    pub(crate) mark: Term,
    /// The last entry.
    pub(crate) last: Position,
    /// The snapshot in force; of index zero if there is none.
    pub(crate) snapshot: Snapshot,
    pub(crate) record: Option<Record>,
    pub(crate) settled: Option<Settled<'a>>,
}

/// Bytes of a head without the configuration, which ends it.
const HEAD_BYTES: usize = HARD_STATE_BYTES + 8 + POSITION + SNAPSHOT + 1 + RECORD;

impl<'a> Head<'a> {
    /// Puts the head in front of a payload, which starts at `at`.
    pub(crate) fn insert(self, buffer: &mut Vec<u8>, at: usize) {
        let mut item = Vec::new();
        Item::Head(self).append(&mut item);
        buffer.splice(at..at, item);
    }

    /// Term and vote (18), the mark's term (8), the last entry's position (16), the snapshot (28), the founding record
    /// (41), the last configuration to the end.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let Head { hard_state, mark, last, snapshot, record, settled } = *self;
        let (state, mark) = (hard_state_bytes(hard_state), mark.0.to_le_bytes());
        let (last, snapshot) = (position_bytes(last), snapshot_bytes(snapshot));
        let settled = settled.map(settled_bytes).unwrap_or_default();
        [&state[..], &mark, &last, &snapshot, &record::head_bytes(record), &settled].concat()
    }

    pub(crate) fn parse(body: &'a [u8]) -> Result<Head<'a>, ItemError> {
        let parts = body.split_at_checked(HEAD_BYTES);
        let (body, settled_body) = parts.ok_or(ItemError::Damaged("the head of a segment cannot be read"))?;
        let (state, rest) = body.split_at(HARD_STATE_BYTES);
        let (mark, rest) = (Term(number(rest, 0)), &rest[8..]);
        let (last, rest) = rest.split_at(POSITION);
        let (in_force, record) = rest.split_at(SNAPSHOT);
        Ok(Head {
            hard_state: hard_state(state)?,
            mark,
            last: position(last)?,
            snapshot: snapshot(in_force)?,
            record: record::parse_head(record)?,
            settled: if settled_body.is_empty() { None } else { Some(settled(settled_body)?) },
        })
    }
}
