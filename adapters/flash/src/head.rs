use embedded_storage::nor_flash::NorFlash;
use quorate::{Owner, Seat, crc32c};

use crate::FlashError;
use crate::bytes::{Reader, Writer};
use crate::layout::{WORD_MAX, word};
use crate::medium::{Aligned, Failed, Medium};
use crate::outline::{GIST, Gist, is_sound};
use crate::ring::first_end;
use crate::words::says;

/// What a page begins with, as it stands there: whose it is, and what the pages before it amount to, so that those can go.
#[derive(Debug)]
pub(crate) struct Head {
    bytes: Aligned<{ HEAD.next_multiple_of(WORD_MAX) }>,
}

/// What all heads of a log begin with: whose it is, and which shape it has.
#[derive(Debug)]
pub(crate) struct Label(Aligned<LABEL>);

impl PartialEq for Label {
    fn eq(&self, other: &Label) -> bool {
        self.0.0 == other.0.0
    }
}

/// Bytes of a head.
pub(crate) const HEAD: usize = WITHIN_AT + 1 + CHECK;
const WORD_AT: usize = MAGIC.len() + 1;
const SEAT_AT: usize = WORD_AT + 1;
const PAGE_AT: usize = 12;
const PAGES_AT: usize = 20;
/// Bytes of a label.
const LABEL: usize = 28;
/// The pages of a log are numbered from zero; a page's number says where in the region it stands.
const NUMBER_AT: usize = LABEL;
const BEFORE_AT: usize = 32;
const CARRIED_AT: usize = 34;
const GIST_AT: usize = 36;
const WITHIN_AT: usize = GIST_AT + GIST;
/// Bytes of the CRC-32C at the end of a head, over all before it.
const CHECK: usize = 4;
/// What a head begins with, in every version. The version's byte follows.
const MAGIC: [u8; 8] = *b"quoflash";
/// The version of the format that this program writes, and the only one that it reads.
const VERSION: u8 = 1;

impl Head {
    /// Room for one.
    pub(crate) const fn new() -> Head {
        Head { bytes: Aligned::new() }
    }

    /// Writes one to the front of the page of this number, up to the end of a word. It says how many items the page before
    /// has, how long the roster is that the page begins with, and whether it begins within a write: what it says of
    /// before is then what stands before that write.
    pub(crate) fn write<F: NorFlash>(
        flash: &mut Medium<F>,
        (address, label): (u32, Label),
        (number, before, carried): (u32, u16, u16),
        gist: &Gist,
        is_within: bool,
    ) -> Result<(), Failed> {
        let mut head = Head::new();
        let mut writer = Writer::to(&mut head.bytes.0);
        writer.put(&label.0.0);
        writer.word(number);
        writer.word(u32::from(carried) << 16 | u32::from(before));
        writer.put(gist);
        writer.put(&[u8::from(is_within)]);
        let (covered, check) = head.bytes.0.get_mut(..HEAD).and_then(<[u8]>::split_last_chunk_mut).ok_or(Failed)?;
        *check = crc32c(covered).to_le_bytes();
        flash.write(address, head.bytes.0.get(..first_end::<F>() as usize).ok_or(Failed)?)
    }

    /// Reads the head of the page at this address, whosever it is, and says whether there is one.
    #[inline(never)]
    pub(crate) fn read<F: NorFlash>(&mut self, flash: &mut Medium<F>, address: u32) -> Result<bool, Failed> {
        let bytes = self.bytes.0.get_mut(..HEAD).ok_or(Failed)?;
        flash.read(address, bytes)?;
        let (covered, check) = bytes.split_at_checked(HEAD - CHECK).ok_or(Failed)?;
        if !covered.starts_with(&MAGIC) || crc32c(covered).to_le_bytes() != *check {
            return Ok(false);
        }
        let version = self.bytes.0[MAGIC.len()];
        if version != VERSION {
            return Err(flash.later(address, says("format version", "version"), version));
        }
        Ok(is_sound(self.gist()))
    }

    pub(crate) fn label(&self) -> Label {
        Label(Aligned(*self.bytes.0.first_chunk().unwrap_or(&[0; LABEL])))
    }

    pub(crate) fn number(&self) -> u32 {
        self.word(NUMBER_AT)
    }

    pub(crate) fn before(&self) -> u16 {
        self.word(BEFORE_AT) as u16
    }

    pub(crate) fn carried(&self) -> usize {
        (self.word(CARRIED_AT) as u16).into()
    }

    pub(crate) fn is_within(&self) -> bool {
        self.bytes.0[WITHIN_AT] != 0
    }

    pub(crate) fn gist(&self) -> &Gist {
        self.bytes.0.split_at(GIST_AT).1.first_chunk().unwrap_or(&[0; GIST])
    }

    fn word(&self, at: usize) -> u32 {
        Reader(self.bytes.0.get(at..).unwrap_or_default()).word()
    }
}

impl Label {
    /// That of a log of so many pages.
    #[inline(never)]
    pub(crate) fn new<F: NorFlash>(owner: Owner, pages: u32) -> Label {
        let mut label = Label(Aligned::new());
        let mut writer = Writer::to(&mut label.0.0);
        writer.put(&MAGIC);
        writer.put(&[VERSION, word::<F>() as u8, owner.seat.0, 0]);
        // Numbers of which all bits may be set stand apart: a row of such words would read as erased.
        let [low, high] = [owner.cluster as u32, (owner.cluster >> 32) as u32];
        [F::ERASE_SIZE as u32, low, pages, high].into_iter().for_each(|word| writer.word(word));
        label
    }

    /// In what it differs from one that was wanted.
    #[cold]
    #[inline(never)]
    pub(crate) fn difference(&self, wanted: &Label) -> FlashError {
        let [word, others] = [self, wanted].map(|label| u32::from(label.0.0[WORD_AT]));
        let (what, found, wanted) = if word != others {
            ("word", word, others)
        } else if self.word(PAGE_AT) != wanted.word(PAGE_AT) {
            ("page", self.word(PAGE_AT), wanted.word(PAGE_AT))
        } else if self.word(PAGES_AT) != wanted.word(PAGES_AT) {
            (says("number of pages", "pages"), self.word(PAGES_AT), wanted.word(PAGES_AT))
        } else {
            return FlashError::Foreign { found: self.owner(), wanted: wanted.owner() };
        };
        FlashError::Reshaped { what, found, wanted }
    }

    pub(crate) fn owner(&self) -> Owner {
        let [low, high] = [PAGE_AT + 4, PAGES_AT + 4].map(|at| self.word(at));
        Owner { cluster: u64::from(high) << 32 | u64::from(low), seat: Seat(self.0.0[SEAT_AT]) }
    }

    fn word(&self, at: usize) -> u32 {
        Reader(self.0.0.get(at..).unwrap_or_default()).word()
    }
}

const _: () = assert!(HEAD.is_multiple_of(4), "a head fills words");
