use embedded_storage::nor_flash::NorFlash;

use crate::layout::{WORD_MAX, word};
use crate::medium::{Aligned, Failed, Medium};
use crate::place::Kept;

/// A snapshot of the leader that is being stored. It has a place of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fetch {
    pub(crate) of: Kept,
    /// Bytes that are in the flash: whole words, or all of it.
    pub(crate) written: u32,
    /// The beginning of the next word, and zeros behind it.
    tail: Aligned<WORD_MAX>,
    fill: usize,
}

impl Fetch {
    /// None.
    pub(crate) const NONE: Fetch = Fetch::new(Kept::NONE, 0);

    pub(crate) const fn new(of: Kept, written: u32) -> Fetch {
        Fetch { of, written, tail: Aligned::new(), fill: 0 }
    }

    /// How many bytes came.
    pub(crate) fn received(&self) -> u32 {
        self.written + self.fill as u32
    }

    /// Writes the words that are whole now, and keeps the beginning of the next one.
    pub(crate) fn add<F: NorFlash>(&mut self, flash: &mut Medium<F>, bytes: &[u8]) -> Result<(), Failed> {
        for byte in bytes {
            *self.tail.0.get_mut(self.fill).ok_or(Failed)? = *byte;
            self.fill += 1;
            if self.fill == word::<F>() {
                self.write(flash)?;
            }
        }
        Ok(())
    }

    /// Writes what there is of the last word.
    pub(crate) fn finish<F: NorFlash>(&mut self, flash: &mut Medium<F>) -> Result<(), Failed> {
        if self.fill == 0 { Ok(()) } else { self.write(flash) }
    }

    fn write<F: NorFlash>(&mut self, flash: &mut Medium<F>) -> Result<(), Failed> {
        flash.write(self.of.content() + self.written, self.tail.0.get(..word::<F>()).ok_or(Failed)?)?;
        self.written += self.fill as u32;
        (self.tail, self.fill) = (Aligned::new(), 0);
        Ok(())
    }
}
