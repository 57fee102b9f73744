//! A flash whose driver takes no room.

use core::hint::black_box;

use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};

/// Words of 8 bytes, pages of 2 KiB.
pub struct Nor;

impl ErrorType for Nor {
    type Error = core::convert::Infallible;
}

impl ReadNorFlash for Nor {
    const READ_SIZE: usize = 1;

    #[inline(never)]
    fn read(&mut self, at: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        black_box((at, bytes));
        Ok(())
    }

    fn capacity(&self) -> usize {
        1 << 16
    }
}

impl NorFlash for Nor {
    const WRITE_SIZE: usize = 8;
    const ERASE_SIZE: usize = 2048;

    #[inline(never)]
    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        black_box((from, to));
        Ok(())
    }

    #[inline(never)]
    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        black_box((at, bytes));
        Ok(())
    }
}
