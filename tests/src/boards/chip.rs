use std::cell::RefCell;
use std::rc::Rc;

use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use quorate::founding::Record;
use quorate::{Charter, Owner, Seat};
use quorate_flash::double::{Double, DoubleError, Tear};
use quorate_flash::{Flash, FlashError, Layout};

use super::{CLUSTER, SEATS};

/// A flash that outlives its board, takes its time, and can lose power in the middle of a word. Clones are the same
/// flash.
#[derive(Clone, Debug)]
pub struct Chip(Rc<RefCell<Cells>>);

#[derive(Debug)]
struct Cells {
    flash: Double<WORD, PAGE>,
    is_dead: bool,
    /// Microseconds of work since somebody asked.
    spent: u64,
    /// Pages that were erased.
    erased: u64,
}

const WORD: usize = 8;
const PAGE: usize = 2048;

/// Microseconds to write a word and to erase a page, as a common microcontroller states them.
const WORD_TIME: u64 = 85;
const ERASE_TIME: u64 = 22_000;

impl Chip {
    /// How a flash is divided for a log of so many bytes of memory.
    pub fn layout(log_bytes: usize) -> Layout {
        let log = Layout::log_bytes_min::<Chip>(log_bytes, SEATS);
        Layout { log: 0..log, snapshots: log..log + 3 * PAGE as u32, log_memory: log_bytes, seats: SEATS }
    }

    /// An erased flash for such a log.
    pub fn new(log_bytes: usize) -> Chip {
        let flash = Double::new(Chip::layout(log_bytes).snapshots.end as usize / PAGE);
        Chip(Rc::new(RefCell::new(Cells { flash, is_dead: false, spent: 0, erased: 0 })))
    }

    /// A flash of this board of a cluster that was founded before, with a log of so many bytes of memory.
    ///
    /// # Panics
    /// It is not a board's flash.
    pub fn founded(seat: Seat, charter: &Charter, log_bytes: usize) -> Chip {
        let chip = Chip::new(log_bytes);
        let owner = Owner { cluster: CLUSTER.0, seat };
        let opened =
            Flash::open(chip.clone(), Chip::layout(log_bytes), owner, &mut [0; 1024], |_| Ok::<_, FlashError>(()));
        let (mut flash, _) = opened.expect("an erased flash");
        flash.record(Record::Complete(*charter)).expect("it has room");
        chip
    }

    /// The power goes after so many more words and pages, in the middle of the next.
    pub fn cut_power_after(&self, steps: u64, tear: Tear) {
        self.0.borrow_mut().flash.cut(steps, tear);
    }

    /// The power is back.
    pub fn restore_power(&self) {
        let mut cells = self.0.borrow_mut();
        cells.flash.restore();
        cells.is_dead = false;
    }

    /// Whether the power went.
    pub fn is_dead(&self) -> bool {
        self.0.borrow().is_dead
    }

    /// How many pages were erased.
    pub fn erased(&self) -> u64 {
        self.0.borrow().erased
    }

    /// Microseconds that it has worked since this was last asked.
    pub fn take_time(&self) -> u64 {
        std::mem::take(&mut self.0.borrow_mut().spent)
    }
}

impl Cells {
    fn work(
        &mut self,
        time: u64,
        work: impl FnOnce(&mut Double<WORD, PAGE>) -> Result<(), DoubleError>,
    ) -> Result<(), DoubleError> {
        self.spent += time;
        let result = work(&mut self.flash);
        self.is_dead |= result == Err(DoubleError::Off);
        result
    }
}

impl ErrorType for Chip {
    type Error = DoubleError;
}

impl ReadNorFlash for Chip {
    const READ_SIZE: usize = Double::<WORD, PAGE>::READ_SIZE;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), DoubleError> {
        self.0.borrow_mut().flash.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.0.borrow().flash.capacity()
    }
}

impl NorFlash for Chip {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), DoubleError> {
        let pages = u64::from(to - from) / PAGE as u64;
        self.0.borrow_mut().erased += pages;
        self.0.borrow_mut().work(pages * ERASE_TIME, |flash| flash.erase(from, to))
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), DoubleError> {
        let time = (bytes.len() / WORD) as u64 * WORD_TIME;
        self.0.borrow_mut().work(time, |flash| flash.write(offset, bytes))
    }
}
