//! NOR flash that is a file of the emulator's host: it outlives a power cut, and is as strict as a chip.

use core::cell::Cell;
use core::fmt;

use critical_section::Mutex;
use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};
use semihosting::fs::File;
use semihosting::io::{self, Read, Seek, SeekFrom, Write};
use semihosting::process;

/// How many bytes there are.
pub(crate) const CAPACITY: usize = 64 << 10;

/// With this status the emulator ends when the power was cut.
pub(crate) const POWER_CUT: i32 = 3;

/// The file has the flash's bytes, and behind them a byte for each word: whether it was written since it was erased.
pub struct FileFlash {
    file: File,
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
        let file = File::options().read(true).write(true).open(path)?;
        let length = file.metadata()?.len();
        if length == (CAPACITY + CAPACITY / Self::WRITE_SIZE) as u64 {
            Ok(FileFlash { file })
        } else {
            Err(Fault::Length)
        }
    }

    fn read_at(&mut self, offset: usize, bytes: &mut [u8]) -> Result<(), Fault> {
        self.file.seek(SeekFrom::Start(offset as u64))?;
        Ok(self.file.read_exact(bytes)?)
    }

    fn write_at(&mut self, offset: usize, bytes: &[u8]) -> Result<(), Fault> {
        self.file.seek(SeekFrom::Start(offset as u64))?;
        Ok(self.file.write_all(bytes)?)
    }
}

impl ErrorType for FileFlash {
    type Error = Fault;
}

impl ReadNorFlash for FileFlash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Fault> {
        check_read(self, offset, bytes.len())?;
        self.read_at(offset as usize, bytes)
    }

    fn capacity(&self) -> usize {
        CAPACITY
    }
}

impl NorFlash for FileFlash {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 4096;

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
            let mut written = [UNWRITTEN];
            self.read_at(mark(offset), &mut written)?;
            if written != [UNWRITTEN] {
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
    CAPACITY + offset / FileFlash::WRITE_SIZE
}

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
