use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};
use lamps::{FLASH_BYTES, FLASH_SECTOR, FLASH_WORD};

/// The flash of a board that is off, as its file has it: its bytes, and behind them one for each word: whether it was written.
pub(crate) struct Image(Vec<u8>);

impl Image {
    /// A flash that holds nothing.
    pub(crate) fn erased() -> Image {
        Image(vec![ERASED; LENGTH])
    }

    /// The flash in a file of these bytes; `None` if it is of another length.
    pub(crate) fn of(bytes: Vec<u8>) -> Option<Image> {
        (bytes.len() == LENGTH).then_some(Image(bytes))
    }

    /// The bytes of its file.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl ErrorType for Image {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Image {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        check_read(self, offset, bytes.len())?;
        bytes.copy_from_slice(&self.0[offset as usize..][..bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        FLASH_BYTES
    }
}

impl NorFlash for Image {
    const WRITE_SIZE: usize = FLASH_WORD;
    const ERASE_SIZE: usize = FLASH_SECTOR;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        check_erase(self, from, to)?;
        let (from, to) = (from as usize, to as usize);
        self.0[from..to].fill(ERASED);
        self.0[mark(from)..mark(to)].fill(ERASED);
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        check_write(self, offset, bytes.len())?;
        let (from, to) = (offset as usize, offset as usize + bytes.len());
        if self.0[mark(from)..mark(to)].iter().any(|mark| *mark != ERASED) {
            return Err(NorFlashErrorKind::Other);
        }
        self.0[mark(from)..mark(to)].fill(WRITTEN);
        self.0[from..to].copy_from_slice(bytes);
        Ok(())
    }
}

/// Where it is noted whether the word at `offset` was written.
const fn mark(offset: usize) -> usize {
    FLASH_BYTES + offset / FLASH_WORD
}

/// The length of the file.
const LENGTH: usize = FLASH_BYTES + FLASH_BYTES / FLASH_WORD;

const ERASED: u8 = 0xff;
const WRITTEN: u8 = 0;
