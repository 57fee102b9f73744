use embedded_storage::nor_flash::NorFlash;

use crate::FlashError;
use crate::assembler::{Assembler, RecordFault};
use crate::front::{Parts, is_known};
use crate::head::Head;
use crate::item::{Prefix, Walk};
use crate::log::Log;
use crate::medium::{Failed, Medium};
use crate::outline::Outline;

/// Reads a log item by item, and checks that nothing is missing in it.
#[derive(Debug)]
pub(crate) struct Scan<'l, 's> {
    /// Its outline is what all writes up to here amount to that are whole, its newest page the one that is read.
    log: &'l mut Log,
    /// The outline with the write whose end is yet to come.
    draft: Outline,
    /// Whether there is such a write.
    is_begun: bool,
    assembler: Assembler<'s>,
}

impl<'l, 's> Scan<'l, 's> {
    /// Begins with the first page.
    pub(crate) fn new(log: &'l mut Log, scratch: &'s mut [u8]) -> Self {
        Scan { draft: log.outline, log, is_begun: false, assembler: Assembler::new(scratch) }
    }

    /// Goes on with the next page.
    #[inline(never)]
    pub(crate) fn turn<F: NorFlash>(&mut self, flash: &mut Medium<F>, head: &Head) -> Result<(), Failed> {
        if head.about().before != self.log.ordinal {
            return Err(self.damaged(flash, "items are missing at the end of a page"));
        }
        self.log.number += 1;
        if self.log.outline.gist != *head.gist() {
            return Err(self.damaged(flash, "the head of a page contradicts the pages before it"));
        }
        self.log.ordinal = 0;
        self.log.is_sealed = true;
        Ok(())
    }

    #[inline(never)]
    pub(crate) fn item<F: NorFlash>(&mut self, flash: &mut Medium<F>, walk: &Walk) -> Result<(), Failed> {
        if walk.data().is_empty() {
            return self.seal(flash);
        }
        let Some((prefix, content)) = Prefix::parse(walk.data()) else {
            return Err(self.damaged(flash, "an item is too short"));
        };
        if prefix.ordinal != self.log.ordinal {
            return Err(self.damaged(flash, "an item is missing"));
        }
        self.log.ordinal = self.log.ordinal.wrapping_add(1);
        let mut records = content;
        if prefix.is_first {
            if !is_known(prefix.front) {
                return Err(flash.later(self.address::<F>(), "a write of kind", prefix.front));
            }
            let Some((front, rest)) = Parts::parse(prefix.front, content) else {
                return Err(self.damaged(flash, "the beginning of a write cannot be read"));
            };
            records = rest;
            self.draft = self.log.outline;
            self.draft.note_front(&front, (walk.number, walk.start::<F>()));
            self.log.is_sealed = true;
            self.assembler.begin(self.draft.last(), front.settled.bytes);
        } else if !self.is_begun {
            return Err(self.damaged(flash, "the beginning of a write is missing"));
        }
        let Scan { draft, assembler, .. } = self;
        let fed = assembler.feed(records, &mut |entry| draft.note_entry(entry.position()));
        fed.map_err(|fault| explain(flash, self.address::<F>(), fault))?;
        self.is_begun = !prefix.is_last;
        if prefix.is_last {
            if !self.assembler.is_done() {
                return Err(self.damaged(flash, "a write ends too early"));
            }
            self.draft.writes += 1;
            self.log.outline = self.draft;
            self.log.is_sealed = false;
        }
        Ok(())
    }

    /// A seal says that the write before it arrived as a whole.
    fn seal<F: NorFlash>(&mut self, flash: &mut Medium<F>) -> Result<(), Failed> {
        if self.log.is_sealed || self.is_begun {
            return Err(self.damaged(flash, "a write is damaged that had arrived"));
        }
        self.log.is_sealed = true;
        Ok(())
    }

    fn address<F: NorFlash>(&self) -> u32 {
        self.log.ring.page::<F>(self.log.number)
    }

    fn damaged<F: NorFlash>(&self, flash: &mut Medium<F>, what: &'static str) -> Failed {
        flash.damaged(self.address::<F>(), what)
    }
}

/// The error of a record in a page.
#[inline(never)]
pub(crate) fn explain<F: NorFlash>(flash: &mut Medium<F>, address: u32, fault: RecordFault) -> Failed {
    match fault {
        RecordFault::Damaged => flash.damaged(address, "a record cannot be read"),
        RecordFault::Later(number) => flash.later(address, "a record of kind", number),
        RecordFault::Scratch(needed) => flash.fail(FlashError::Scratch { needed }),
    }
}
