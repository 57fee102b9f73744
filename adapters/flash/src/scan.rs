use crate::FlashError;
use crate::assembler::{Assembler, RecordFault};
use crate::head::Head;
use crate::item::{Front, FrontError, Prefix};
use crate::log::Ring;
use crate::outline::Outline;

/// Reads a log item by item, and checks that nothing is missing in it.
#[derive(Debug)]
pub(crate) struct Scan<'s> {
    /// What all writes up to here amount to that are whole.
    pub(crate) outline: Outline,
    /// How many items the page has so far.
    pub(crate) ordinal: u16,
    /// Whether what follows shows that the last write had arrived.
    pub(crate) is_sealed: bool,
    /// The outline with the write whose end is yet to come.
    draft: Option<Outline>,
    ring: Ring,
    /// The number of the page.
    number: u32,
    assembler: Assembler<'s>,
}

impl<'s> Scan<'s> {
    /// Begins with the first page.
    pub(crate) fn new(head: &Head, ring: Ring, scratch: &'s mut [u8]) -> Self {
        Scan {
            outline: Outline::behind(head),
            ordinal: 0,
            is_sealed: true,
            draft: None,
            ring,
            number: head.number,
            assembler: Assembler::new(scratch),
        }
    }

    /// Goes on with the next page.
    pub(crate) fn turn(&mut self, head: &Head) -> Result<(), FlashError> {
        if head.before != self.ordinal {
            return Err(self.damaged("items are missing at the end of a page"));
        }
        self.number = head.number;
        if !self.outline.agrees(head) {
            return Err(self.damaged("the head of a page contradicts the pages before it"));
        }
        self.ordinal = 0;
        self.is_sealed = true;
        Ok(())
    }

    pub(crate) fn item(&mut self, item: &[u8]) -> Result<(), FlashError> {
        if item.is_empty() {
            return self.seal();
        }
        let (prefix, content) = Prefix::parse(item).ok_or(self.damaged("an item is too short"))?;
        if (prefix.round, prefix.ordinal) != (self.ring.round(self.number), self.ordinal) {
            return Err(self.damaged("an item is missing"));
        }
        let place = (self.number, self.ordinal);
        self.ordinal = self.ordinal.wrapping_add(1);
        let begun = self.draft.take();
        let (mut draft, records) = if prefix.is_first {
            let mut draft = self.outline;
            let (front, records) = Front::parse(prefix.front, content).map_err(|error| self.explain_front(error))?;
            draft.note_front(&front, place);
            self.is_sealed = true;
            self.assembler.begin(draft.last, front.settled.bytes);
            (draft, records)
        } else {
            (begun.ok_or(self.damaged("the beginning of a write is missing"))?, content)
        };
        let fed = self.assembler.feed(records, &mut |entry| draft.note_entry(entry.position()));
        fed.map_err(|fault| explain(self.address(), fault))?;
        if prefix.is_last {
            if !self.assembler.is_done() {
                return Err(self.damaged("a write ends too early"));
            }
            draft.writes += 1;
            self.outline = draft;
            self.is_sealed = false;
        } else {
            self.draft = Some(draft);
        }
        Ok(())
    }

    /// A seal says that the write before it arrived as a whole.
    fn seal(&mut self) -> Result<(), FlashError> {
        if self.is_sealed || self.draft.is_some() {
            return Err(self.damaged("a write is damaged that had arrived"));
        }
        self.is_sealed = true;
        Ok(())
    }

    fn address(&self) -> u32 {
        self.ring.page(self.number).start
    }

    fn damaged(&self, what: &'static str) -> FlashError {
        FlashError::Damaged { address: self.address(), what }
    }

    fn explain_front(&self, error: FrontError) -> FlashError {
        match error {
            FrontError::Damaged => self.damaged("the beginning of a write cannot be read"),
            FrontError::Later(number) => {
                FlashError::LaterVersion { address: self.address(), what: "a write of kind", number }
            }
        }
    }
}

/// The error of a record in a page.
pub(crate) fn explain(address: u32, fault: RecordFault) -> FlashError {
    match fault {
        RecordFault::Damaged => FlashError::Damaged { address, what: "a record cannot be read" },
        RecordFault::Later(number) => FlashError::LaterVersion { address, what: "a record of kind", number },
        RecordFault::Scratch(needed) => FlashError::Scratch { needed },
    }
}
