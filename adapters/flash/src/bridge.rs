use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};
use embedded_storage_async::nor_flash::{self as asynchronous, ErrorType};

use crate::medium::ERASED;

/// A blocking flash, as the asynchronous one that the library of the items asks for. Nothing of it ever waits.
pub(crate) struct Bridge<'f, F> {
    pub(crate) flash: &'f mut F,
    /// What is behind this address reads as erased. A page is never closed: what stands in the place of that mark was
    /// left there by an erasure that was cut off, or has changed.
    pub(crate) end: u32,
}

impl<F: ReadNorFlash> ErrorType for Bridge<'_, F> {
    type Error = F::Error;
}

impl<F: ReadNorFlash> asynchronous::ReadNorFlash for Bridge<'_, F> {
    const READ_SIZE: usize = F::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), F::Error> {
        self.flash.read(offset, bytes)?;
        let behind = bytes.iter_mut().skip(self.end.saturating_sub(offset) as usize);
        behind.for_each(|byte| *byte = ERASED);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.flash.capacity()
    }
}

impl<F: NorFlash> asynchronous::NorFlash for Bridge<'_, F> {
    const WRITE_SIZE: usize = F::WRITE_SIZE;
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), F::Error> {
        self.flash.erase(from, to)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), F::Error> {
        self.flash.write(offset, bytes)
    }
}
