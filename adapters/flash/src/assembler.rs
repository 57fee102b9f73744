use core::cell::Cell;

use quorate::{Entry, Index, Position, RECORD_OVERHEAD, RecordError};

use crate::bytes::Writer;
use crate::content::{FOLLOWS, POSITION};
use crate::item::{ITEM, PREFIX};

/// Puts the records of a write together again, which the ends of items may cut, and of which most lack index and term.
#[derive(Debug)]
pub(crate) struct Assembler<'s> {
    /// In front, room for index and term of the record that comes first.
    scratch: &'s mut [u8],
    /// Bytes of the write's roster whose end is yet to come.
    roster: usize,
    /// Bytes of a record whose end is yet to come.
    fill: usize,
    /// The entry before.
    pub(crate) last: Position,
}

/// Why records cannot be put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordFault {
    Damaged,
    /// A later version wrote it.
    Later(u8),
    /// The scratch would have to be so long.
    Scratch(usize),
}

impl<'s> Assembler<'s> {
    pub(crate) fn new(scratch: &'s mut [u8]) -> Self {
        Assembler { scratch, roster: 0, fill: 0, last: Position::default() }
    }

    /// Forgets what a write left unfinished, and goes on behind this entry and so many bytes of a roster.
    pub(crate) fn begin(&mut self, last: Position, roster: u16) {
        self.roster = roster.into();
        self.fill = 0;
        self.last = last;
    }

    /// Whether neither roster nor record is unfinished.
    pub(crate) fn is_done(&self) -> bool {
        self.roster == 0 && self.fill == 0
    }

    /// Takes what one more item has of roster and records, and shows the records that are whole.
    pub(crate) fn feed(&mut self, bytes: &[u8], visit: &mut dyn FnMut(Entry<'_>)) -> Result<(), RecordFault> {
        let bytes = behind(&mut self.roster, bytes);
        let (mut start, end) = (POSITION, POSITION + self.fill + bytes.len());
        let Some(room) = self.scratch.get_mut(POSITION + self.fill..end) else {
            return Err(RecordFault::Scratch(self.needed().max(end)));
        };
        room.iter_mut().zip(bytes).for_each(|(room, byte)| *room = *byte);
        while let Some(length) = length(self.scratch.get(start..end).ok_or(RecordFault::Damaged)?)
            && start + length <= end
        {
            let from = self.restore(start);
            let record = self.scratch.get(from..start + length).ok_or(RecordFault::Damaged)?;
            let (entry, _) = Entry::parse(record).map_err(|error| match error {
                RecordError::Kind(kind) => RecordFault::Later(kind),
                _ => RecordFault::Damaged,
            })?;
            self.last = entry.position();
            visit(entry);
            start += length;
        }
        self.fill = end - start;
        let cells = Cell::from_mut(self.scratch.get_mut(..end).ok_or(RecordFault::Damaged)?).as_slice_of_cells();
        cells.iter().skip(POSITION).zip(cells.iter().skip(start)).for_each(|(to, from)| to.set(from.get()));
        Ok(())
    }

    /// Puts the record that stands here into its own order, with index and term, and says where it begins then.
    fn restore(&mut self, start: usize) -> usize {
        let Position { term, index } = self.last;
        match self.scratch.split_at_mut_checked(start) {
            Some((before, [kind, ..])) if *kind & FOLLOWS != 0 => {
                *kind &= !FOLLOWS;
                if let Some(room) = before.last_chunk_mut::<POSITION>() {
                    Writer::to(room).position(Position { term, index: Index(index.0 + 1) });
                }
                start - POSITION
            }
            Some((_, record)) => {
                if let Some(front) = record.first_chunk_mut::<{ POSITION + 1 }>() {
                    front.rotate_left(1);
                }
                start
            }
            None => start,
        }
    }

    /// How much scratch the record takes whose beginning is here.
    fn needed(&self) -> usize {
        let begun = self.scratch.get(POSITION..POSITION + self.fill);
        debug_assert!(begun.is_some(), "what was filled lies within the scratch");
        let begun = begun.unwrap_or_default();
        let payload = length(begun).map_or(0, |length| length - overhead(begun));
        POSITION + RECORD_OVERHEAD + payload + ITEM - PREFIX
    }
}

/// What stands behind a roster of which so many bytes are left.
pub(crate) fn behind<'a>(roster: &mut usize, bytes: &'a [u8]) -> &'a [u8] {
    let (of_roster, rest) = bytes.split_at_checked(*roster).unwrap_or((bytes, &[]));
    *roster -= of_roster.len();
    rest
}

/// The bytes of the record that comes first, once it can be told.
fn length(bytes: &[u8]) -> Option<usize> {
    let before = overhead(bytes) - LENGTH - CHECK;
    let [low, high] = bytes.get(before..)?.first_chunk()?;
    Some(overhead(bytes) + usize::from(u16::from_le_bytes([*low, *high])))
}

/// Bytes of a record beside its payload.
fn overhead(bytes: &[u8]) -> usize {
    let follows = bytes.first().is_some_and(|kind| kind & FOLLOWS != 0);
    if follows { RECORD_OVERHEAD - POSITION } else { RECORD_OVERHEAD }
}

const LENGTH: usize = 2;
const CHECK: usize = 4;
