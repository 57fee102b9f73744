use std::cell::RefCell;
use std::rc::Rc;

use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_write};
use quorate_flash::Layout;

/// A flash that outlives its board, takes its time, and can lose power between two words. Clones are the same flash.
#[derive(Clone, Debug)]
pub struct Chip(Rc<RefCell<Cells>>);

#[derive(Debug)]
struct Cells {
    bytes: Vec<u8>,
    /// Words and pages that may yet be written and erased before the power is gone.
    left: Option<u32>,
    /// Microseconds of work since somebody asked.
    spent: u64,
    words: u64,
    erases: u64,
}

impl Chip {
    const WORD: usize = 8;
    const PAGE: usize = 2048;
    /// Microseconds to write a word and to erase a page, as a common microcontroller states them.
    const WORD_TIME: u64 = 85;
    const ERASE_TIME: u64 = 22_000;

    /// How a flash is divided for a log of so many bytes of memory.
    pub fn layout(log_bytes: usize) -> Layout {
        let log = 64 * Layout::log_bytes_min::<Chip>(log_bytes);
        Layout { log: 0..log, snapshots: log..log + 3 * Chip::PAGE as u32, log_memory: log_bytes }
    }

    /// An erased flash for such a log.
    pub fn new(log_bytes: usize) -> Chip {
        let bytes = vec![0xff; Chip::layout(log_bytes).snapshots.end as usize];
        Chip(Rc::new(RefCell::new(Cells { bytes, left: None, spent: 0, words: 0, erases: 0 })))
    }

    /// The power goes after so many more words and pages.
    pub fn cut_power_after(&self, steps: u32) {
        self.0.borrow_mut().left = Some(steps);
    }

    /// The power is back.
    pub fn restore_power(&self) {
        self.0.borrow_mut().left = None;
    }

    /// Whether the power went.
    pub fn is_dead(&self) -> bool {
        self.0.borrow().left == Some(0)
    }

    /// Microseconds that it has worked since this was last asked.
    pub fn take_time(&self) -> u64 {
        std::mem::take(&mut self.0.borrow_mut().spent)
    }
}

impl Cells {
    /// Whether there is power for one more step.
    fn step(&mut self) -> Result<(), NorFlashErrorKind> {
        match &mut self.left {
            Some(0) => return Err(NorFlashErrorKind::Other),
            Some(left) => *left -= 1,
            None => {}
        }
        Ok(())
    }
}

impl ErrorType for Chip {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Chip {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        let cells = self.0.borrow();
        let start = offset as usize;
        let found = cells.bytes.get(start..start + bytes.len()).ok_or(NorFlashErrorKind::OutOfBounds)?;
        bytes.copy_from_slice(found);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0.borrow().bytes.len()
    }
}

impl NorFlash for Chip {
    const WRITE_SIZE: usize = Chip::WORD;
    const ERASE_SIZE: usize = Chip::PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        check_erase(self, from, to)?;
        let mut cells = self.0.borrow_mut();
        for page in (from as usize..to as usize).step_by(Chip::PAGE) {
            cells.step()?;
            cells.bytes[page..page + Chip::PAGE].fill(0xff);
            cells.spent += Chip::ERASE_TIME;
            cells.erases += 1;
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        check_write(self, offset, bytes.len())?;
        let mut cells = self.0.borrow_mut();
        for (word, start) in bytes.chunks(Chip::WORD).zip((offset as usize..).step_by(Chip::WORD)) {
            cells.step()?;
            let place = &mut cells.bytes[start..start + Chip::WORD];
            assert!(place.iter().all(|byte| *byte == 0xff), "a word is written once between two erasures");
            place.copy_from_slice(word);
            cells.spent += Chip::WORD_TIME;
            cells.words += 1;
        }
        Ok(())
    }
}
