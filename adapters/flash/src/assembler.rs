use quorate::{Entry, RECORD_OVERHEAD, RecordError};

use crate::item::ITEM;

/// Puts the records of a write together again, which the ends of items may cut.
#[derive(Debug)]
pub(crate) struct Assembler<'s> {
    scratch: &'s mut [u8],
    /// Bytes of a record whose end is yet to come.
    fill: usize,
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
        Assembler { scratch, fill: 0 }
    }

    /// Forgets what a write left unfinished.
    pub(crate) fn begin(&mut self) {
        self.fill = 0;
    }

    /// Whether no record is unfinished.
    pub(crate) fn is_done(&self) -> bool {
        self.fill == 0
    }

    /// Takes the records of one more item, and shows those that are whole.
    pub(crate) fn feed(&mut self, bytes: &[u8], visit: &mut dyn FnMut(Entry<'_>)) -> Result<(), RecordFault> {
        let end = self.fill + bytes.len();
        let Some(room) = self.scratch.get_mut(self.fill..end) else {
            return Err(RecordFault::Scratch(self.needed().max(end)));
        };
        room.copy_from_slice(bytes);
        let mut rest = self.scratch.get(..end).unwrap_or_default();
        loop {
            match Entry::parse(rest) {
                Ok((entry, behind)) => {
                    visit(entry);
                    rest = behind;
                }
                Err(RecordError::Truncated) => break,
                Err(RecordError::Kind(kind)) => return Err(RecordFault::Later(kind)),
                Err(_) => return Err(RecordFault::Damaged),
            }
        }
        self.fill = rest.len();
        self.scratch.copy_within(end - self.fill..end, 0);
        Ok(())
    }

    /// What the record takes whose beginning is here.
    fn needed(&self) -> usize {
        match self.scratch.get(17..19) {
            Some(&[low, high]) if self.fill >= 19 => {
                RECORD_OVERHEAD + usize::from(u16::from_le_bytes([low, high])) + ITEM
            }
            _ => 0,
        }
    }
}
