use embedded_storage::nor_flash::NorFlash;
use quorate::crc32c_append;

use crate::layout::{WORD_MAX, word};
use crate::medium::{Aligned, Failed, Medium};
use crate::ring::{Ring, first_end};

/// The most bytes of an item's data: what is read and written at a time, on the stack.
pub(crate) const ITEM: usize = 255;
/// Bytes of an item before its data: length (2), its complement (2), CRC-32C of the data, begun with the item's place (4).
pub(crate) const HEADER: usize = 8;
/// Bytes of an item's data before its content: flags (1), the item's number in its page (2).
pub(crate) const PREFIX: usize = 3;
/// Room for an item with its header, up to the end of its last word.
pub(crate) const ROOM: usize = (HEADER + ITEM).next_multiple_of(WORD_MAX);
/// That room.
pub(crate) type Room = Aligned<ROOM>;
/// Where its content goes.
pub(crate) const CONTENT: usize = HEADER + PREFIX;

const FIRST: u8 = 1;
const LAST: u8 = 2;
const FRONT_SHIFT: u32 = 2;

/// What an item says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Prefix {
    /// Whether a write begins here.
    pub(crate) is_first: bool,
    /// Whether a write ends here. It counts once this item is whole.
    pub(crate) is_last: bool,
    /// What a write has before its records.
    pub(crate) front: u8,
    /// Counts the items of a page from zero.
    pub(crate) ordinal: u16,
}

impl Prefix {
    pub(crate) fn bytes(self) -> [u8; PREFIX] {
        let first = if self.is_first { FIRST } else { 0 };
        let last = if self.is_last { LAST } else { 0 };
        let [low, high] = self.ordinal.to_le_bytes();
        [first | last | self.front << FRONT_SHIFT, low, high]
    }
}

/// What an item with so much data takes of a page.
pub(crate) const fn item_bytes<F: NorFlash>(data: usize) -> usize {
    (HEADER + data).next_multiple_of(word::<F>())
}

/// How much data an item has, by its header. A header that was cut off says nothing: programming clears bits, and there
/// is no length of which a bit can be cleared such that one of its complement need not be set.
pub(crate) fn length(header: &[u8; HEADER]) -> Option<usize> {
    let [a, b, c, d, ..] = *header;
    let (length, complement) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
    (length == !complement && usize::from(length) <= ITEM).then_some(length.into())
}

/// Puts the header of an item before its data.
pub(crate) fn close(item: &mut [u8], place: u32) -> Result<(), Failed> {
    let (header, data) = item.split_first_chunk_mut::<HEADER>().ok_or(Failed)?;
    let length = data.len() as u16;
    let halves = [u32::from(!length) << 16 | u32::from(length), crc32c_append(place, data)];
    header.as_chunks_mut().0.iter_mut().zip(halves).for_each(|(room, half)| *room = half.to_le_bytes());
    Ok(())
}

/// Reads the items of some pages, one by one. What is no whole item is passed over.
#[derive(Debug)]
pub(crate) struct Walk {
    /// The number of the page that it is in.
    pub(crate) number: u32,
    /// The number of the last page.
    last: u32,
    /// Where in the page it goes on.
    at: u32,
    /// Where in the page the item ends that was read last.
    pub(crate) end: u32,
    /// How much data that has.
    length: usize,
    bytes: Aligned<{ HEADER + ITEM }>,
}

impl Walk {
    /// Through the pages from one number to another.
    pub(crate) fn new<F: NorFlash>(number: u32, last: u32) -> Walk {
        Walk::from(number, first_end::<F>(), last)
    }

    /// From a place in a page on.
    #[inline(never)]
    pub(crate) fn from(number: u32, at: u32, last: u32) -> Walk {
        Walk { number, last, at, end: at, length: 0, bytes: Aligned::new() }
    }

    /// Goes on with another page, and that alone.
    pub(crate) fn turn<F: NorFlash>(&mut self, number: u32) {
        (self.number, self.last) = (number, number);
        (self.at, self.end) = (first_end::<F>(), first_end::<F>());
    }

    /// Reads the next item, if there is one.
    #[inline(never)]
    pub(crate) fn next<F: NorFlash>(&mut self, flash: &mut Medium<F>, ring: &Ring) -> Result<bool, Failed> {
        let page = F::ERASE_SIZE as u32;
        loop {
            let start = ring.page::<F>(self.number);
            while self.at + HEADER as u32 <= page {
                let from = start + self.at;
                let (header, room) = self.bytes.0.split_first_chunk_mut::<HEADER>().ok_or(Failed)?;
                flash.read(from, header)?;
                if let Some(length) = length(header)
                    && self.at + item_bytes::<F>(length) as u32 <= page
                {
                    let data = room.get_mut(..length).ok_or(Failed)?;
                    flash.read(from + HEADER as u32, data)?;
                    let check = crc32c_append(Ring::place::<F>(self.number, self.at), data);
                    if header.last_chunk() == Some(&check.to_le_bytes()) {
                        self.at += item_bytes::<F>(length) as u32;
                        (self.end, self.length) = (self.at, length);
                        return Ok(true);
                    }
                }
                self.at = flash.next_written(from + word::<F>() as u32, start + page)? - start;
            }
            if self.number >= self.last {
                return Ok(false);
            }
            self.number += 1;
            self.at = first_end::<F>();
        }
    }

    /// How much data the item has that was read last.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// Whether it has too little to be a part of a write.
    pub(crate) fn is_seal(&self) -> bool {
        self.length < PREFIX
    }

    /// What it says of itself.
    pub(crate) fn prefix(&self) -> Prefix {
        let [.., flags, low, high] = *self.bytes.0.first_chunk::<CONTENT>().unwrap_or(&[0; CONTENT]);
        Prefix {
            is_first: flags & FIRST != 0,
            is_last: flags & LAST != 0,
            front: flags >> FRONT_SHIFT,
            ordinal: u16::from_le_bytes([low, high]),
        }
    }

    /// Its content.
    pub(crate) fn content(&self) -> &[u8] {
        self.bytes.0.get(CONTENT..HEADER + self.length).unwrap_or_default()
    }

    /// Where in its page the item begins that was read last.
    pub(crate) fn start<F: NorFlash>(&self) -> u32 {
        self.end - item_bytes::<F>(self.length) as u32
    }
}
