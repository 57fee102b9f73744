use embedded_storage::nor_flash::NorFlash;
use quorate::{Owner, Seat, crc32c};

use crate::bytes::{Reader, Writer};
use crate::layout::WORD_MAX;
use crate::medium::{Failed, Medium};
use crate::outline::{GIST, Gist, LAST_AT, MARK_AT, RECORD_AT, read};
use crate::ring::first_end;

/// What a page begins with, as it stands there: whose it is, and what the pages before it amount to, so that those can go.
#[derive(Debug)]
pub(crate) struct Head {
    bytes: [u8; HEAD],
}

/// What a head says of its page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About {
    pub(crate) owner: Owner,
    pub(crate) word: u8,
    pub(crate) page: u32,
    /// How many pages the region has.
    pub(crate) pages: u32,
    /// The pages of a log are numbered from zero; a page's number says where in the region it stands.
    pub(crate) number: u32,
    /// Whether it begins within a write. What it says of before is then what stands before that write.
    pub(crate) is_within: bool,
    /// How many items the page before it has.
    pub(crate) before: u16,
    /// How long the roster is that the page begins with, behind the head; zero if with none.
    pub(crate) carried: u16,
}

/// Bytes of a head.
pub(crate) const HEAD: usize = (GIST_AT + GIST + CHECK).next_multiple_of(4);
/// Where the gist stands in it.
const GIST_AT: usize = 36;
/// Bytes of the CRC-32C at the end of a head, over all before it.
const CHECK: usize = 4;
/// What a head begins with, in every version. The version's byte follows.
const MAGIC: [u8; 8] = *b"quoflash";
/// The version of the format that this program writes, and the only one that it reads.
const VERSION: u8 = 1;

impl Head {
    pub(crate) fn new(about: &About, gist: &Gist) -> Head {
        let About { owner, word, page, pages, number, is_within, before, carried } = *about;
        let mut bytes = [0; HEAD];
        let mut writer = Writer::to(&mut bytes);
        writer.put(&MAGIC);
        writer.put(&[VERSION, word, owner.seat.0, u8::from(is_within)]);
        // Numbers of which all bits may be set stand apart: a row of such words would read as erased.
        let [low, high] = [owner.cluster as u32, (owner.cluster >> 32) as u32];
        let counts = u32::from(carried) << 16 | u32::from(before);
        [page, low, pages, high, number, counts].into_iter().for_each(|word| writer.word(word));
        writer.put(gist);
        if let Some((covered, check)) = bytes.split_last_chunk_mut() {
            *check = crc32c(covered).to_le_bytes();
        }
        Head { bytes }
    }

    /// The head of the page at this address, whosever it is, if it has one.
    #[inline(never)]
    pub(crate) fn read<F: NorFlash>(flash: &mut Medium<F>, address: u32) -> Result<Option<Head>, Failed> {
        let mut head = Head { bytes: [0; HEAD] };
        flash.read(address, &mut head.bytes)?;
        let Some((covered, check)) = head.bytes.split_last_chunk() else { return Ok(None) };
        if !covered.starts_with(&MAGIC) || crc32c(covered).to_le_bytes() != *check {
            return Ok(None);
        }
        let version = head.bytes[MAGIC.len()];
        if version != VERSION {
            return Err(flash.later(address, "format version", version));
        }
        let gist = head.gist();
        let is_sound = [LAST_AT, MARK_AT].into_iter().all(|at| read(gist, at).position().is_some())
            && read(gist, 0).hard_state().is_some()
            && read(gist, RECORD_AT).record().is_some();
        Ok(is_sound.then_some(head))
    }

    /// Writes it to the front of a page, up to the end of a word.
    pub(crate) fn write<F: NorFlash>(&self, flash: &mut Medium<F>, address: u32) -> Result<(), Failed> {
        let mut room = [0; HEAD.next_multiple_of(WORD_MAX)];
        room.iter_mut().zip(self.bytes).for_each(|(room, byte)| *room = byte);
        flash.write(address, room.get(..first_end::<F>() as usize).ok_or(Failed)?)
    }

    pub(crate) fn gist(&self) -> &Gist {
        const { assert!(GIST_AT + GIST <= HEAD, "a head has room for its gist") };
        self.bytes.split_at(GIST_AT).1.first_chunk().unwrap_or(&[0; GIST])
    }

    pub(crate) fn about(&self) -> About {
        let [_, word, seat, within] = self.word(MAGIC.len()).to_le_bytes();
        let [page, low, pages, high, number, counts] = [12, 16, 20, 24, 28, 32].map(|at| self.word(at));
        let cluster = u64::from(high) << 32 | u64::from(low);
        let owner = Owner { cluster, seat: Seat(seat) };
        let (before, carried) = (counts as u16, (counts >> 16) as u16);
        About { owner, word, page, pages, number, is_within: within != 0, before, carried }
    }

    fn word(&self, at: usize) -> u32 {
        Reader(self.bytes.get(at..).unwrap_or_default()).word()
    }
}
