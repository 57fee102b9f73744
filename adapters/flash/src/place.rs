use embedded_storage::nor_flash::NorFlash;
use quorate::{Members, Snapshot, crc32c, crc32c_append};

use crate::bytes::{Reader, Writer};
use crate::layout;
use crate::medium::{ERASED, Failed, Medium};

/// What stands before a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) cluster: u64,
    pub(crate) members: Members,
    pub(crate) snapshot: Snapshot,
    /// Whether it came from the leader, piece by piece.
    pub(crate) is_fetched: bool,
}

/// Bytes of a snapshot before its content.
pub(crate) const HEADER: usize = 96;
/// Bytes of the header that its CRC covers. The CRC stands behind them, in every version.
const COVERED: usize = HEADER - 4;
const MAGIC: [u8; 8] = *b"quosnap\n";
/// The version of the format that this program writes, and the only one that it reads.
const VERSION: u8 = 1;

impl Header {
    fn bytes(&self) -> [u8; HEADER] {
        let Header { cluster, members, snapshot, is_fetched } = self;
        let mut bytes = [0; HEADER];
        let mut writer = Writer::to(&mut bytes);
        writer.put(&MAGIC);
        writer.put(&[VERSION, u8::from(*is_fetched), 0, 0]);
        writer.number(*cluster);
        writer.members(*members);
        writer.snapshot(*snapshot);
        if let Some((covered, check)) = bytes.split_last_chunk_mut::<4>() {
            *check = crc32c(covered).to_le_bytes();
        }
        bytes
    }

    /// What the bytes of a header say: `None` if there is none, or the version if it is not known.
    fn parse(bytes: &[u8; HEADER]) -> Result<Option<Header>, u8> {
        let (covered, check) = bytes.split_at(COVERED);
        let mut reader = Reader(covered);
        if reader.array() != MAGIC || crc32c(covered).to_le_bytes() != *check {
            return Ok(None);
        }
        let [version, kind, _, _] = reader.array();
        if version != VERSION {
            return Err(version);
        }
        let (cluster, members) = (reader.number(), reader.members());
        Ok(reader.snapshot().map(|snapshot| Header { cluster, members, snapshot, is_fetched: kind == 1 }))
    }
}

/// A snapshot that stands in the flash: its header, and the content behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// The address of the header.
    pub(crate) start: u32,
    pub(crate) snapshot: Snapshot,
}

impl Kept {
    /// Where the content is.
    pub(crate) fn content(self) -> u32 {
        self.start + HEADER as u32
    }

    /// Where the next one may begin.
    pub(crate) fn end<F: NorFlash>(self) -> u32 {
        self.content() + (self.snapshot.bytes as u32).next_multiple_of(layout::word::<F>() as u32)
    }

    /// The CRC of the first bytes of the content.
    pub(crate) fn check<F: NorFlash>(self, flash: &mut Medium<F>, length: u32) -> Result<u32, Failed> {
        let mut check = 0;
        flash.each(self.content(), self.content() + length, &mut |_, bytes| {
            check = crc32c_append(check, bytes);
            true
        })?;
        Ok(check)
    }

    /// Whether all of it is there, unchanged.
    pub(crate) fn is_whole<F: NorFlash>(self, flash: &mut Medium<F>) -> Result<bool, Failed> {
        Ok(self.check(flash, self.snapshot.bytes as u32)? == self.snapshot.check)
    }

    /// How many bytes there are of one that is being fetched, as far as its last word that is not erased.
    pub(crate) fn received<F: NorFlash>(self, flash: &mut Medium<F>) -> Result<u32, Failed> {
        let (content, bytes) = (self.content(), self.snapshot.bytes as u32);
        let mut end = 0;
        flash.each(content, content + bytes, &mut |at, found| {
            if let Some(last) = found.iter().rposition(|byte| *byte != ERASED) {
                end = at - content + last as u32 + 1;
            }
            true
        })?;
        Ok(end.next_multiple_of(layout::word::<F>() as u32).min(bytes))
    }
}

/// A part of the flash for snapshots, one behind the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its address.
    pub(crate) start: u32,
    /// How many bytes it has.
    pub(crate) length: u32,
}

impl Place {
    pub(crate) fn end(self) -> u32 {
        self.start + self.length
    }

    /// How many bytes of content fit behind a header at this address, if there is room for a header.
    pub(crate) fn room(self, at: u32) -> Option<u32> {
        self.end().checked_sub(at)?.checked_sub(HEADER as u32)
    }

    /// The header at an address of this place.
    #[inline(never)]
    pub(crate) fn header<F: NorFlash>(self, flash: &mut Medium<F>, at: u32) -> Result<Option<Header>, Failed> {
        let Some(room) = self.room(at) else { return Ok(None) };
        let mut bytes = [0; HEADER];
        flash.read(at, &mut bytes)?;
        let found = Header::parse(&bytes).map_err(|version| flash.later(at, "snapshot format version", version))?;
        Ok(found.filter(|header| header.snapshot.bytes <= u64::from(room)))
    }

    /// Erases the pages that a snapshot reaches into, and writes its header. One that begins the place goes first with
    /// its page: nothing is believed of what stood there. Behind another one, the rest of the page is erased already:
    /// so is the page in which a snapshot ends with the page before.
    pub(crate) fn begin<F: NorFlash>(self, flash: &mut Medium<F>, at: u32, header: &Header) -> Result<(), Failed> {
        let page = F::ERASE_SIZE as u32;
        let end = Kept { start: at, snapshot: header.snapshot }.end::<F>();
        let mut next = if at == self.start { at } else { (at + 1).next_multiple_of(page) };
        while next <= end && next < self.end() {
            flash.erase(next)?;
            next += page;
        }
        flash.write(at, &header.bytes())
    }
}
