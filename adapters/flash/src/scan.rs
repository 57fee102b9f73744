use embedded_storage::nor_flash::NorFlash;

use crate::FlashError;
use crate::assembler::{Assembler, RecordFault};
use crate::damage::Damage;
use crate::front::is_known;
use crate::head::Head;
use crate::item::Walk;
use crate::log::Log;
use crate::medium::{Failed, Medium};
use crate::outline::Outline;
use crate::words::says;

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
    /// Begins with the first page. A scan that is skimming does not look into records.
    pub(crate) fn new(log: &'l mut Log, scratch: &'s mut [u8], is_skimming: bool) -> Self {
        Scan { draft: log.outline, log, is_begun: false, assembler: Assembler::new(scratch, is_skimming) }
    }

    /// Goes on with the next page.
    #[inline(never)]
    pub(crate) fn turn<F: NorFlash>(&mut self, flash: &mut Medium<F>, head: &Head) -> Result<(), Failed> {
        if head.before() != self.log.ordinal {
            return Err(self.damaged(flash, Damage::EndMissing));
        }
        self.log.number += 1;
        if self.log.outline.gist.0 != *head.gist() {
            return Err(self.damaged(flash, Damage::HeadDiffers));
        }
        self.log.ordinal = 0;
        self.log.is_sealed = true;
        Ok(())
    }

    #[inline(never)]
    pub(crate) fn item<F: NorFlash>(&mut self, flash: &mut Medium<F>, walk: &Walk) -> Result<(), Failed> {
        if walk.length() == 0 {
            return self.seal(flash);
        }
        if walk.is_seal() {
            return Err(self.damaged(flash, Damage::ItemShort));
        }
        let (prefix, content) = (walk.prefix(), walk.content());
        if prefix.ordinal != self.log.ordinal {
            return Err(self.damaged(flash, Damage::ItemMissing));
        }
        self.log.ordinal = self.log.ordinal.wrapping_add(1);
        let mut records = content;
        if prefix.is_first {
            if !is_known(prefix.front) {
                return Err(flash.later(self.address::<F>(), says("a write of kind", "write kind"), prefix.front));
            }
            self.draft.copy(&self.log.outline);
            let Some(front) = self.draft.note_front(prefix.front, content, (walk.number, walk.start::<F>())) else {
                return Err(self.damaged(flash, Damage::Front));
            };
            records = content.get(front.into()..).unwrap_or_default();
            self.log.is_sealed = true;
            self.assembler.begin(&self.draft, prefix.front);
        } else if !self.is_begun {
            return Err(self.damaged(flash, Damage::FrontMissing));
        }
        let Scan { draft, assembler, .. } = self;
        let fed = assembler.feed(records, &mut |position, _| draft.note_entry(position));
        fed.map_err(|fault| explain(flash, self.address::<F>(), fault))?;
        self.is_begun = !prefix.is_last;
        if prefix.is_last {
            if !self.assembler.is_done() {
                return Err(self.damaged(flash, Damage::WriteShort));
            }
            self.draft.writes += 1;
            self.log.outline.copy(&self.draft);
            self.log.is_sealed = false;
        }
        Ok(())
    }

    /// A seal says that the write before it arrived as a whole.
    fn seal<F: NorFlash>(&mut self, flash: &mut Medium<F>) -> Result<(), Failed> {
        if self.log.is_sealed || self.is_begun {
            return Err(self.damaged(flash, Damage::Write));
        }
        self.log.is_sealed = true;
        Ok(())
    }

    fn address<F: NorFlash>(&self) -> u32 {
        self.log.ring.page::<F>(self.log.number)
    }

    fn damaged<F: NorFlash>(&self, flash: &mut Medium<F>, what: Damage) -> Failed {
        flash.damaged(self.address::<F>(), what)
    }
}

/// The error of a record in a page.
#[inline(never)]
pub(crate) fn explain<F: NorFlash>(flash: &mut Medium<F>, address: u32, fault: RecordFault) -> Failed {
    match fault {
        RecordFault::Damaged => flash.damaged(address, Damage::Record),
        RecordFault::Later(number) => flash.later(address, says("a record of kind", "record kind"), number),
        RecordFault::Scratch(needed) => flash.fail(FlashError::Scratch { needed }),
    }
}
