use core::fmt;

use embedded_storage::Storage;
use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash};

/// Memory whose bytes can be written at any time, such as FRAM, MRAM or an EEPROM, as a flash for a log: for parts whose own
/// flash has sectors of which a log would take a megabyte.
///
/// `WORD` is what the memory writes as one, up to 32 bytes: a power cut within one leaves all others as they were. That is
/// the page of an EEPROM; 4 or 8 for memory that writes single bytes. `PAGE` is a multiple of it, as long as a
/// [`Layout`](crate::Layout) asks for: the shorter, the less memory a log takes. To erase a page is to write it.
///
/// Memory that is new has to be erased once, as flash has, before it holds a log.
#[derive(Clone, Debug)]
pub struct Rewritable<S, const WORD: usize, const PAGE: usize> {
    storage: S,
}

/// Why such memory was not read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RewritableError<E> {
    /// Its driver says so.
    Storage(E),
    /// A word or a page does not begin or end there.
    NotAligned,
    /// It is not so long.
    OutOfBounds,
}

impl<S: Storage, const WORD: usize, const PAGE: usize> Rewritable<S, WORD, PAGE> {
    /// Over a driver.
    pub const fn new(storage: S) -> Self {
        const { assert!(WORD > 0 && PAGE.is_multiple_of(WORD), "a page is made of words") };
        Rewritable { storage }
    }

    /// The driver, such as to look at its state.
    pub const fn storage(&self) -> &S {
        &self.storage
    }

    /// The same, to be changed: what the log has written must stay as it is.
    pub const fn storage_mut(&mut self) -> &mut S {
        &mut self.storage
    }

    /// Gives the driver back.
    pub fn release(self) -> S {
        self.storage
    }

    fn check(&self, from: u32, length: usize, step: usize) -> Result<(), RewritableError<S::Error>> {
        if !(from as usize).is_multiple_of(step) || !length.is_multiple_of(step) {
            return Err(RewritableError::NotAligned);
        }
        let end = (from as usize).checked_add(length);
        if end.is_none_or(|end| end > self.storage.capacity()) { Err(RewritableError::OutOfBounds) } else { Ok(()) }
    }
}

impl<S: Storage<Error: fmt::Debug>, const WORD: usize, const PAGE: usize> ErrorType for Rewritable<S, WORD, PAGE> {
    type Error = RewritableError<S::Error>;
}

impl<S: Storage<Error: fmt::Debug>, const WORD: usize, const PAGE: usize> ReadNorFlash for Rewritable<S, WORD, PAGE> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.check(offset, bytes.len(), 1)?;
        self.storage.read(offset, bytes).map_err(RewritableError::Storage)
    }

    fn capacity(&self) -> usize {
        self.storage.capacity()
    }
}

impl<S: Storage<Error: fmt::Debug>, const WORD: usize, const PAGE: usize> NorFlash for Rewritable<S, WORD, PAGE> {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        let length = to.checked_sub(from).ok_or(RewritableError::OutOfBounds)?;
        self.check(from, length as usize, PAGE)?;
        let mut words = (from..to).step_by(WORD);
        words.try_for_each(|at| self.storage.write(at, &[0xff; WORD])).map_err(RewritableError::Storage)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        self.check(offset, bytes.len(), WORD)?;
        let mut words = (offset..).step_by(WORD).zip(bytes.chunks(WORD));
        words.try_for_each(|(at, word)| self.storage.write(at, word)).map_err(RewritableError::Storage)
    }
}

impl<E: fmt::Debug> NorFlashError for RewritableError<E> {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            RewritableError::Storage(_) => NorFlashErrorKind::Other,
            RewritableError::NotAligned => NorFlashErrorKind::NotAligned,
            RewritableError::OutOfBounds => NorFlashErrorKind::OutOfBounds,
        }
    }
}
