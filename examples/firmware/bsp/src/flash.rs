//! NOR flash that is a file of the emulator's host: it outlives a power cut, and is as strict as a chip. It is read
//! where the machine has memory that nothing else uses, as a chip is that is mapped into memory.

#![allow(unsafe_code, reason = "that memory is at an address")]

use core::cell::Cell;
use core::{fmt, slice};

use critical_section::Mutex;
use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};
use lamps::{FLASH_BYTES, FLASH_SECTOR, FLASH_WORD};
use semihosting::fs::File;
use semihosting::io::{self, Read, Seek, SeekFrom, Write};
use semihosting::process;

/// With this status the emulator ends when the power was cut.
pub(crate) const POWER_CUT: i32 = 3;

/// The file has the flash's bytes, and behind them a byte for each word: whether it was written since it was erased.
pub struct FileFlash {
    file: File,
    /// What the file holds.
    image: &'static mut [u8],
}

/// In the middle of the next word or erase after so many the power is cut.
static WORDS_LEFT: Mutex<Cell<Option<u32>>> = Mutex::new(Cell::new(None));

/// Lets so many more words be written or sectors erased, and cuts the power in the middle of the next one.
pub(crate) fn cut_power_after(words: u32) {
    critical_section::with(|token| WORDS_LEFT.borrow(token).set(Some(words)));
}

/// Whether the power is cut in the middle of what begins now.
fn is_last() -> bool {
    critical_section::with(|token| {
        let left = WORDS_LEFT.borrow(token).get();
        WORDS_LEFT.borrow(token).set(left.map(|words| words.saturating_sub(1)));
        left == Some(0)
    })
}

impl FileFlash {
    /// # Errors
    /// The host has no such file, or it is of another length.
    pub(crate) fn open(path: &core::ffi::CStr) -> Result<FileFlash, Fault> {
        let mut file = File::options().read(true).write(true).open(path)?;
        if file.metadata()?.len() != IMAGE as u64 {
            return Err(Fault::Length);
        }
        // SAFETY: the machine has 16 MiB here of which the linker knows nothing, and a board opens its flash once.
        let image = unsafe { slice::from_raw_parts_mut(PSRAM as *mut u8, IMAGE) };
        file.read_exact(image)?;
        Ok(FileFlash { file, image })
    }

    fn write_at(&mut self, offset: usize, bytes: &[u8]) -> Result<(), Fault> {
        self.file.seek(SeekFrom::Start(offset as u64))?;
        self.file.write_all(bytes)?;
        self.image[offset..offset + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }
}

impl ErrorType for FileFlash {
    type Error = Fault;
}

impl ReadNorFlash for FileFlash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Fault> {
        check_read(self, offset, bytes.len())?;
        bytes.copy_from_slice(&self.image[offset as usize..offset as usize + bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        FLASH_BYTES
    }
}

impl NorFlash for FileFlash {
    const WRITE_SIZE: usize = FLASH_WORD;
    const ERASE_SIZE: usize = FLASH_SECTOR;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Fault> {
        check_erase(self, from, to)?;
        for sector in (from as usize..to as usize).step_by(Self::ERASE_SIZE) {
            let is_last = is_last();
            let length = if is_last { Self::ERASE_SIZE / 2 } else { Self::ERASE_SIZE };
            for part in (sector..sector + length).step_by(ERASED.len()) {
                self.write_at(part, &ERASED)?;
                self.write_at(mark(part), &[UNWRITTEN; ERASED.len() / Self::WRITE_SIZE])?;
            }
            if is_last {
                process::exit(POWER_CUT);
            }
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Fault> {
        check_write(self, offset, bytes.len())?;
        for (word, offset) in bytes.chunks(Self::WRITE_SIZE).zip((offset as usize..).step_by(Self::WRITE_SIZE)) {
            if self.image[mark(offset)] != UNWRITTEN {
                return Err(Fault::Overwrite { offset: offset as u32 });
            }
            self.write_at(mark(offset), &[WRITTEN])?;
            if is_last() {
                self.write_at(offset, &word[..Self::WRITE_SIZE / 2])?;
                process::exit(POWER_CUT);
            }
            self.write_at(offset, word)?;
        }
        Ok(())
    }
}

/// Where it is noted whether the word at `offset` was written.
const fn mark(offset: usize) -> usize {
    FLASH_BYTES + offset / FLASH_WORD
}

/// The length of the file.
const IMAGE: usize = FLASH_BYTES + FLASH_BYTES / FLASH_WORD;

/// Where the machine has memory besides.
const PSRAM: usize = 0x2100_0000;

const ERASED: [u8; 256] = [0xff; 256];
const UNWRITTEN: u8 = 0xff;
const WRITTEN: u8 = 0;

/// Why the flash did not do it.
#[derive(Debug)]
pub enum Fault {
    /// The word at this offset was written since it was erased.
    Overwrite {
        /// Where.
        offset: u32,
    },
    /// It is not on the flash, or crosses the borders of words or sectors.
    Place(NorFlashErrorKind),
    /// The file is not as long as the flash.
    Length,
    /// The emulator's host.
    Host(io::Error),
}

impl NorFlashError for Fault {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Fault::Place(kind) => *kind,
            _ => NorFlashErrorKind::Other,
        }
    }
}

impl From<NorFlashErrorKind> for Fault {
    fn from(kind: NorFlashErrorKind) -> Fault {
        Fault::Place(kind)
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Fault {
        Fault::Host(error)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Overwrite { offset } => write!(f, "the word at {offset:#x} was written before"),
            Fault::Place(kind) => write!(f, "{kind}"),
            Fault::Length => f.write_str("the file is of another length than the flash"),
            Fault::Host(error) => write!(f, "the host: {error}"),
        }
    }
}
