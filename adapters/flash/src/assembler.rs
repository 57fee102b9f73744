use quorate::{Entry, Index, Position, RECORD_OVERHEAD, RecordError};

use crate::bytes::{Reader, Writer};
use crate::content::{FOLLOWS, POSITION};
use crate::front::SETTLED;
use crate::outline::Outline;

/// Puts the records of a write together again, which the ends of items may cut, and of which most lack index and term.
#[derive(Debug)]
pub(crate) struct Assembler<'s> {
    /// The beginning of the record whose end is yet to come: index and term first, as they stand on the wire.
    scratch: &'s mut [u8],
    /// Whether nobody looks at payloads, so that there need be no room for them.
    is_skimming: bool,
    /// Bytes of the write's roster whose end is yet to come.
    roster: usize,
    /// Where in the record the next byte goes, if its kind is there already.
    fill: Option<usize>,
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
    pub(crate) fn new(scratch: &'s mut [u8], is_skimming: bool) -> Self {
        Assembler { scratch, is_skimming, roster: 0, fill: None, last: Position::default() }
    }

    /// Forgets what a write left unfinished, and goes on behind the front of one of this kind, which was noted.
    pub(crate) fn begin(&mut self, outline: &Outline, kind: u8) {
        self.roster = if kind & SETTLED == 0 { 0 } else { outline.settled.configuration.bytes.into() };
        self.fill = None;
        self.last = outline.last();
    }

    /// Whether neither roster nor record is unfinished.
    pub(crate) fn is_done(&self) -> bool {
        self.roster == 0 && self.fill.is_none()
    }

    /// Takes what one more item has of roster and records, and shows the records that are whole: as entries, unless their
    /// payloads are left out.
    #[inline(never)]
    pub(crate) fn feed(
        &mut self,
        bytes: &[u8],
        visit: &mut dyn FnMut(Position, Option<Entry<'_>>),
    ) -> Result<(), RecordFault> {
        for byte in behind(&mut self.roster, bytes) {
            let fill = match self.fill {
                None => self.start(*byte)?,
                Some(fill) => {
                    if let Some(room) = self.scratch.get_mut(fill) {
                        *room = *byte;
                    }
                    // The kind stands behind index and term, and came before them.
                    if fill + 1 == POSITION { BEHIND_KIND } else { fill + 1 }
                }
            };
            self.fill = Some(fill);
            if fill < LENGTH_END || fill < self.length()? {
                continue;
            }
            self.fill = None;
            let entry = match self.scratch.get(..fill).filter(|_| !self.is_skimming) {
                Some(record) => Some(Entry::parse(record).map_err(explain)?.0),
                None => None,
            };
            self.last = Reader(self.scratch).position().ok_or(RecordFault::Damaged)?;
            visit(self.last, entry);
        }
        Ok(())
    }

    /// Begins a record of this kind, and says where its next byte goes.
    fn start(&mut self, kind: u8) -> Result<usize, RecordFault> {
        let Some(front) = self.scratch.first_chunk_mut::<LENGTH_END>() else {
            return Err(RecordFault::Scratch(RECORD_OVERHEAD));
        };
        front[POSITION] = kind & !FOLLOWS;
        if kind & FOLLOWS == 0 {
            return Ok(0);
        }
        let Position { term, index } = self.last;
        Writer::to(front).position(Position { term, index: Index(index.0 + 1) });
        Ok(BEHIND_KIND)
    }

    /// How long the record is whose payload's length is here.
    fn length(&self) -> Result<usize, RecordFault> {
        let front = self.scratch.first_chunk::<LENGTH_END>().ok_or(RecordFault::Damaged)?;
        let needed = RECORD_OVERHEAD + usize::from(u16::from_le_bytes([front[LENGTH_END - 2], front[LENGTH_END - 1]]));
        if needed <= self.scratch.len() || self.is_skimming { Ok(needed) } else { Err(RecordFault::Scratch(needed)) }
    }
}

fn explain(error: RecordError) -> RecordFault {
    match error {
        RecordError::Kind(kind) => RecordFault::Later(kind),
        _ => RecordFault::Damaged,
    }
}

/// What stands behind a roster of which so many bytes are left.
fn behind<'a>(roster: &mut usize, bytes: &'a [u8]) -> &'a [u8] {
    let (of_roster, rest) = bytes.split_at_checked(*roster).unwrap_or((bytes, &[]));
    *roster -= of_roster.len();
    rest
}

/// Where in a record the bytes behind its kind stand.
const BEHIND_KIND: usize = POSITION + 1;
/// Where in a record the bytes behind the length of its payload stand.
pub(crate) const LENGTH_END: usize = BEHIND_KIND + 2;
