use embedded_storage::nor_flash::{NorFlash, NorFlashError, NorFlashErrorKind};

use crate::FlashError;
use crate::damage::Damage;
use crate::layout::word;

/// A flash, and what is wrong if something is.
#[derive(Debug)]
pub(crate) struct Medium<F> {
    pub(crate) flash: F,
    /// What a [`Failed`] that is on its way is about; a count that does not add up if nothing.
    fault: Option<FlashError>,
}

/// Something is wrong, and the medium knows what. An error as long as they are would be copied at each step on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failed;

/// Bytes that begin where any number could: a board has what clears and copies those already.
#[derive(Clone, Copy, Debug)]
#[repr(align(8))]
pub(crate) struct Aligned<const N: usize>(pub(crate) [u8; N]);

impl<const N: usize> Aligned<N> {
    pub(crate) const fn new() -> Self {
        Aligned([0; N])
    }
}

/// How many bytes are read at a time where they are not kept.
const CHUNK: usize = 64;

impl<F> Medium<F> {
    pub(crate) fn new(flash: F) -> Self {
        Medium { flash, fault: None }
    }

    /// What a [`Failed`] was about.
    pub(crate) fn fault(&mut self) -> FlashError {
        self.fault.take().unwrap_or(FlashError::Miscounted)
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn fail(&mut self, error: FlashError) -> Failed {
        self.fault = Some(error);
        Failed
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn damaged(&mut self, address: u32, what: Damage) -> Failed {
        self.fail(FlashError::Damaged { address, what })
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn later(&mut self, address: u32, what: &'static str, number: u8) -> Failed {
        self.fail(FlashError::LaterVersion { address, what, number })
    }

    #[cold]
    #[inline(never)]
    fn refused(&mut self, operation: &'static str, address: u32, kind: NorFlashErrorKind) -> Failed {
        self.fail(FlashError::Io { operation, address, kind })
    }
}

impl<F: NorFlash> Medium<F> {
    /// Fills `bytes` from an address on, whatever the flash's own steps are.
    #[inline(never)]
    pub(crate) fn read(&mut self, address: u32, bytes: &mut [u8]) -> Result<(), Failed> {
        let step = F::READ_SIZE as u32;
        if address.is_multiple_of(step) && bytes.len().is_multiple_of(F::READ_SIZE) {
            return self.flash.read(address, bytes).map_err(|error| self.refused("read", address, error.kind()));
        }
        let mut from = address;
        let mut rest = bytes;
        while !rest.is_empty() {
            let aligned = from - from % step;
            let ahead = (from - aligned) as usize;
            let mut chunk = [0; CHUNK];
            let length = (ahead + rest.len()).next_multiple_of(F::READ_SIZE).min(CHUNK);
            let chunk = chunk.get_mut(..length).ok_or(Failed)?;
            self.flash.read(aligned, chunk).map_err(|error| self.refused("read", aligned, error.kind()))?;
            let found = chunk.get(ahead..).filter(|found| !found.is_empty()).ok_or(Failed)?;
            let length = found.len().min(rest.len());
            let (room, behind) = rest.split_at_mut(length);
            room.iter_mut().zip(found).for_each(|(room, byte)| *room = *byte);
            from += length as u32;
            rest = behind;
        }
        Ok(())
    }

    /// Shows the bytes up to an address to `visit`, piece by piece, with the address of each, until it has seen enough.
    #[inline(never)]
    pub(crate) fn each(&mut self, from: u32, to: u32, visit: &mut dyn FnMut(u32, &[u8]) -> bool) -> Result<(), Failed> {
        let mut at = from;
        while at < to {
            let mut chunk = Aligned::<CHUNK>::new();
            let length = CHUNK.min((to - at) as usize);
            let room = chunk.0.get_mut(..length).ok_or(Failed)?;
            self.read(at, room)?;
            if !visit(at, room) {
                break;
            }
            at += length as u32;
        }
        Ok(())
    }

    /// Where the first word is between two addresses that does not read as erased; the second of them if there is none.
    pub(crate) fn next_written(&mut self, from: u32, to: u32) -> Result<u32, Failed> {
        let mut found = to;
        self.each(from, to, &mut |at, bytes| match bytes.iter().position(|byte| *byte != ERASED) {
            None => true,
            Some(place) => {
                found = at + place as u32;
                false
            }
        })?;
        Ok(found - found % word::<F>() as u32)
    }

    /// Whether everything between two addresses reads as erased.
    pub(crate) fn is_blank(&mut self, from: u32, to: u32) -> Result<bool, Failed> {
        Ok(self.next_written(from, to)? == to)
    }

    /// Writes whole words. Those that would stay as they are when they are erased are left out: they can be written later,
    /// with the same bytes, by whoever cannot tell that they were.
    #[inline(never)]
    pub(crate) fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), Failed> {
        let (mut at, mut rest) = (address, bytes);
        while !rest.is_empty() {
            let (word, behind) = rest.split_at_checked(word::<F>()).unwrap_or((rest, &[]));
            if word.iter().any(|byte| *byte != ERASED) {
                self.flash.write(at, word).map_err(|error| self.refused("write", at, error.kind()))?;
            }
            at += word.len() as u32;
            rest = behind;
        }
        Ok(())
    }

    /// Erases a page.
    #[inline(never)]
    pub(crate) fn erase(&mut self, page: u32) -> Result<(), Failed> {
        let end = page + F::ERASE_SIZE as u32;
        self.flash.erase(page, end).map_err(|error| self.refused("erase", page, error.kind()))
    }
}

/// What an erased byte reads as.
pub(crate) const ERASED: u8 = 0xff;
