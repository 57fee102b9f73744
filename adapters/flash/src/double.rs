//! A NOR flash in memory, for tests: it is as strict as the strictest part, and its power can be cut at any step.
//!
//! A word is programmed once between two erasures, or the double panics. The power can go in the middle of a word or of
//! an erasure; what that leaves behind is a choice of [`Tear`]. It takes down what it did, so that every crash of a run
//! can be made from one run.

use std::vec::Vec;

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};

/// A flash with words of `WORD` bytes and pages of `PAGE` bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Double<const WORD: usize, const PAGE: usize> {
    bytes: Vec<u8>,
    /// Which words cannot be programmed before they are erased.
    spent: Vec<bool>,
    erasures: Vec<u32>,
    steps: u64,
    journal: Option<Vec<Step<WORD>>>,
    cut: Option<Cut>,
    is_off: bool,
}

/// What a flash does without interruption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<const WORD: usize> {
    /// A word is programmed.
    Word {
        /// Its address.
        at: usize,
        /// What is programmed.
        bytes: [u8; WORD],
    },
    /// A page is erased.
    Erase {
        /// Its address.
        at: usize,
    },
}

/// What is left of a step in which the power goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tear {
    /// Nothing was done.
    Before,
    /// The front half of the bytes was done.
    Front,
    /// The back half of the bytes was done.
    Back,
    /// Some bits were done, here and there.
    Bits,
    /// Of a word, one bit was done. A page reads as erased, but its words cannot be relied on.
    Weak,
    /// Of a word, one bit was not done. A page holds neither what it did nor nothing.
    Garbage,
}

impl Tear {
    /// All of them.
    pub const ALL: [Tear; 6] = [Tear::Before, Tear::Front, Tear::Back, Tear::Bits, Tear::Weak, Tear::Garbage];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cut {
    /// How many steps are done as a whole before it.
    after: u64,
    tear: Tear,
}

/// Why the double does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DoubleError {
    /// What a flash of this kind refuses.
    Refused(NorFlashErrorKind),
    /// The power is gone.
    Off,
}

impl<const WORD: usize, const PAGE: usize> Double<WORD, PAGE> {
    /// An erased flash of so many pages.
    pub fn new(pages: usize) -> Self {
        let length = pages * PAGE;
        Double {
            bytes: std::vec![0xff; length],
            spent: std::vec![false; length / WORD],
            erasures: std::vec![0; pages],
            steps: 0,
            journal: None,
            cut: None,
            is_off: false,
        }
    }

    /// The same, that takes down each of its steps.
    #[must_use]
    pub fn recording(mut self) -> Self {
        self.journal = Some(Vec::new());
        self
    }

    /// The same, without a record.
    #[must_use]
    pub fn quiet(mut self) -> Self {
        self.journal = None;
        self
    }

    /// How many words were programmed and pages erased so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// How often each page was erased.
    pub fn erasures(&self) -> &[u32] {
        &self.erasures
    }

    /// What it holds.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Changes a byte, as if it had rotted there.
    pub fn rot(&mut self, at: usize, byte: u8) {
        self.bytes[at] = byte;
    }

    /// Lets the power go after so many more steps, in the middle of the one that follows.
    pub fn cut(&mut self, after: u64, tear: Tear) {
        self.cut = Some(Cut { after: self.steps + after, tear });
    }

    /// Gives the power back. Whether a cut was due and did not come is the same from now on: none is.
    pub fn restore(&mut self) {
        self.cut = None;
        self.is_off = false;
    }

    /// Every flash that a crash may leave behind while `self` becomes `after`, which was made from a clone of it and
    /// records.
    pub fn crashes(&self, after: &Self) -> impl Iterator<Item = Self> {
        let done = self.journal.as_ref().map_or(0, Vec::len);
        let steps = after.journal.as_deref().unwrap_or_default().get(done..).unwrap_or_default();
        let mut now = self.clone().quiet();
        steps.iter().flat_map(move |step| {
            let torn = Tear::ALL.map(|tear| {
                let mut torn = now.clone();
                torn.tear(step, tear);
                torn
            });
            now.carry_out(step);
            torn
        })
    }

    fn step(&mut self, step: Step<WORD>) -> Result<(), DoubleError> {
        if self.is_off {
            return Err(DoubleError::Off);
        }
        if let Some(Cut { tear, .. }) = self.cut.filter(|cut| cut.after == self.steps) {
            self.tear(&step, tear);
            self.is_off = true;
            return Err(DoubleError::Off);
        }
        self.carry_out(&step);
        Ok(())
    }

    fn carry_out(&mut self, step: &Step<WORD>) {
        match step {
            Step::Word { at, bytes } => {
                assert!(!self.spent[at / WORD], "the word at {at:#x} is programmed twice");
                self.program(*at, bytes);
            }
            Step::Erase { at } => {
                self.bytes[*at..at + PAGE].fill(0xff);
                self.spent[at / WORD..(at + PAGE) / WORD].fill(false);
                self.erasures[at / PAGE] += 1;
            }
        }
        self.steps += 1;
        if let Some(journal) = &mut self.journal {
            journal.push(*step);
        }
    }

    fn tear(&mut self, step: &Step<WORD>, tear: Tear) {
        match step {
            Step::Word { at, bytes } => {
                assert!(!self.spent[at / WORD], "the word at {at:#x} is programmed twice");
                let done = torn_word(bytes, tear);
                if done.iter().any(|byte| *byte != 0xff) {
                    self.program(*at, &done);
                }
            }
            Step::Erase { at } => self.tear_page(*at, tear),
        }
    }

    fn tear_page(&mut self, start: usize, tear: Tear) {
        let half = start + PAGE / 2;
        let erased = match tear {
            Tear::Before => return,
            Tear::Front => start..half,
            Tear::Back => half..start + PAGE,
            Tear::Bits | Tear::Weak | Tear::Garbage => start..start,
        };
        for at in start..start + PAGE {
            let byte = self.bytes[at];
            self.bytes[at] = match tear {
                _ if erased.contains(&at) => 0xff,
                Tear::Bits => byte | noise(at),
                Tear::Weak => 0xff,
                Tear::Garbage => noise(at),
                _ => byte,
            };
        }
        for at in (start..start + PAGE).step_by(WORD) {
            self.spent[at / WORD] = !erased.contains(&at);
        }
        self.erasures[start / PAGE] += 1;
    }

    fn program(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + WORD].iter_mut().zip(bytes).for_each(|(now, byte)| *now &= byte);
        self.spent[at / WORD] = true;
    }
}

/// What of a word is programmed when the power goes: bits that are not, stay one.
fn torn_word(bytes: &[u8], tear: Tear) -> Vec<u8> {
    let half = bytes.len() / 2;
    let first = bytes.iter().position(|byte| *byte != 0xff);
    let torn = |(at, byte): (usize, &u8)| match tear {
        Tear::Before => 0xff,
        Tear::Front => {
            if at < half {
                *byte
            } else {
                0xff
            }
        }
        Tear::Back => {
            if at < half {
                0xff
            } else {
                *byte
            }
        }
        Tear::Bits => byte | noise(at),
        Tear::Weak if Some(at) == first => !(1 << byte.trailing_ones()),
        Tear::Weak => 0xff,
        Tear::Garbage if Some(at) == first => byte | 1 << byte.trailing_ones(),
        Tear::Garbage => *byte,
    };
    bytes.iter().enumerate().map(torn).collect()
}

/// Bits without a pattern, the same for the same place each time.
fn noise(at: usize) -> u8 {
    let mixed = (at as u32).wrapping_add(0x9e37).wrapping_mul(0x85eb_ca6b);
    (mixed ^ mixed >> 13).wrapping_mul(0xc2b2_ae35).to_le_bytes()[3]
}

impl NorFlashError for DoubleError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            DoubleError::Refused(kind) => *kind,
            DoubleError::Off => NorFlashErrorKind::Other,
        }
    }
}

impl<const WORD: usize, const PAGE: usize> ErrorType for Double<WORD, PAGE> {
    type Error = DoubleError;
}

impl<const WORD: usize, const PAGE: usize> ReadNorFlash for Double<WORD, PAGE> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), DoubleError> {
        check_read(self, offset, bytes.len()).map_err(DoubleError::Refused)?;
        if self.is_off {
            return Err(DoubleError::Off);
        }
        bytes.copy_from_slice(&self.bytes[offset as usize..offset as usize + bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl<const WORD: usize, const PAGE: usize> NorFlash for Double<WORD, PAGE> {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), DoubleError> {
        check_erase(self, from, to).map_err(DoubleError::Refused)?;
        (from as usize..to as usize).step_by(PAGE).try_for_each(|at| self.step(Step::Erase { at }))
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), DoubleError> {
        check_write(self, offset, bytes.len()).map_err(DoubleError::Refused)?;
        let mut at = offset as usize;
        bytes.as_chunks::<WORD>().0.iter().try_for_each(|word| {
            let step = Step::Word { at, bytes: *word };
            at += WORD;
            self.step(step)
        })
    }
}
