use embedded_storage::nor_flash::NorFlash;
use quorate::{Members, Seats, Snapshot, crc32c, crc32c_append};

use crate::bytes::{Reader, Writer};
use crate::medium::{self, ERASED, io};
use crate::{FlashError, layout};

/// What a place says about the snapshot in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) cluster: u64,
    pub(crate) members: Members,
    pub(crate) snapshot: Snapshot,
    /// Whether it came from the leader, piece by piece.
    pub(crate) is_fetched: bool,
}

/// A part of the flash for one snapshot: its header, and the content behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its address.
    pub(crate) start: u32,
    /// How many bytes it has.
    pub(crate) length: u32,
}

/// Bytes of a place before the content.
pub(crate) const HEADER: usize = 96;
/// Bytes of the header that its CRC covers. The CRC stands behind them, in every version.
const COVERED: usize = HEADER - 4;
const MAGIC: [u8; 8] = *b"quosnap\n";
/// The version of the format that this program writes, and the only one that it reads.
const VERSION: u8 = 1;

impl Header {
    fn bytes(&self) -> [u8; HEADER] {
        let Header { cluster, members, snapshot, is_fetched } = self;
        let mut writer = Writer::<HEADER>::new();
        writer.put(&MAGIC);
        writer.put(&[VERSION, u8::from(*is_fetched), 0, 0]);
        writer.put(&cluster.to_le_bytes());
        for seats in [members.voters, members.outgoing, members.learners, members.witnesses] {
            writer.put(&seats.0.to_le_bytes());
        }
        writer.snapshot(*snapshot);
        let mut bytes = writer.array();
        if let Some((covered, check)) = bytes.split_last_chunk_mut::<4>() {
            *check = crc32c(covered).to_le_bytes();
        }
        bytes
    }

    /// What the bytes of a place's header say: `None` if there is none, or the version if it is not known.
    fn parse(bytes: &[u8; HEADER]) -> Result<Option<Header>, u8> {
        let (covered, check) = bytes.split_at(COVERED);
        let mut reader = Reader(covered);
        if reader.array() != Some(MAGIC) || crc32c(covered).to_le_bytes() != *check {
            return Ok(None);
        }
        match reader.array() {
            Some([VERSION, kind, _, _]) => Ok(Header::parse_rest(reader, kind == 1)),
            found => Err(found.map_or(0, |[version, ..]| version)),
        }
    }

    fn parse_rest(mut reader: Reader<'_>, is_fetched: bool) -> Option<Header> {
        let cluster = reader.number()?;
        let [voters, outgoing, learners, witnesses] =
            [Seats(reader.number()?), Seats(reader.number()?), Seats(reader.number()?), Seats(reader.number()?)];
        let members = Members { voters, outgoing, learners, witnesses };
        Some(Header { cluster, members, snapshot: reader.snapshot()?, is_fetched })
    }
}

impl Place {
    /// How many bytes of content fit.
    pub(crate) fn room(self) -> u32 {
        self.length - HEADER as u32
    }

    /// Where the content is.
    pub(crate) fn content(self) -> u32 {
        self.start + HEADER as u32
    }

    pub(crate) fn header<F: NorFlash>(self, flash: &mut F) -> Result<Option<Header>, FlashError> {
        let mut bytes = [0; HEADER];
        medium::read(flash, self.start, &mut bytes)?;
        let found = Header::parse(&bytes);
        let address = self.start;
        let found =
            found.map_err(|number| FlashError::LaterVersion { address, what: "snapshot format version", number })?;
        Ok(found.filter(|header| header.snapshot.bytes <= u64::from(self.room())))
    }

    /// Erases as much as a snapshot takes, and writes its header. The page of the old header goes first: nothing is believed
    /// of what it stood for.
    pub(crate) fn begin<F: NorFlash>(self, flash: &mut F, header: &Header) -> Result<(), FlashError> {
        let taken = HEADER as u32 + header.snapshot.bytes as u32;
        let (page, end) = (F::ERASE_SIZE as u32, self.start + taken);
        let mut at = self.start;
        while at < end {
            flash.erase(at, at + page).map_err(io("erase", at))?;
            at += page;
        }
        medium::write(flash, self.start, &header.bytes())
    }

    /// The CRC of the first bytes of the content.
    pub(crate) fn check<F: NorFlash>(self, flash: &mut F, length: u32) -> Result<u32, FlashError> {
        let mut check = 0;
        medium::each(flash, self.content(), length, &mut |_, bytes| {
            check = crc32c_append(check, bytes);
            true
        })?;
        Ok(check)
    }

    /// Whether all of a snapshot is there, unchanged.
    pub(crate) fn is_whole<F: NorFlash>(self, flash: &mut F, snapshot: Snapshot) -> Result<bool, FlashError> {
        Ok(self.check(flash, snapshot.bytes as u32)? == snapshot.check)
    }

    /// How many bytes there are of a snapshot that is being fetched, as far as its last word that is not erased.
    pub(crate) fn received<F: NorFlash>(self, flash: &mut F, snapshot: Snapshot) -> Result<u32, FlashError> {
        let (content, bytes) = (self.content(), snapshot.bytes as u32);
        let mut end = 0;
        medium::each(flash, content, bytes, &mut |at, found| {
            if let Some(last) = found.iter().rposition(|byte| *byte != ERASED) {
                end = at - content + last as u32 + 1;
            }
            true
        })?;
        Ok(end.next_multiple_of(layout::word::<F>() as u32).min(bytes))
    }
}
