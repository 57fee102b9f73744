use embedded_storage::nor_flash::NorFlash;
use quorate::{Index, Members, Snapshot, crc32c, crc32c_append};

use crate::bytes::{Reader, Writer};
use crate::layout::word;
use crate::medium::{Aligned, ERASED, Failed, Medium};
use crate::words::says;

/// A snapshot as it stands in headers and marks: index, term and length (8 each), CRC (4).
pub(crate) type Id = [u8; ID];

/// Bytes of an [`Id`].
pub(crate) const ID: usize = 28;

/// What stands before a snapshot.
#[derive(Debug)]
pub(crate) struct Header {
    bytes: Aligned<HEADER>,
}

/// Bytes of a snapshot before its content.
pub(crate) const HEADER: usize = 96;
const CLUSTER_AT: usize = 12;
const MEMBERS_AT: usize = 20;
const ID_AT: usize = 40;
const MAGIC: [u8; 8] = *b"quosnap\n";
/// The version of the format that this program writes, and the only one that it reads.
const VERSION: u8 = 1;

impl Header {
    /// Room for one.
    pub(crate) const fn new() -> Header {
        Header { bytes: Aligned::new() }
    }

    /// `is_fetched` says whether it comes from the leader, piece by piece.
    #[inline(never)]
    pub(crate) fn of(cluster: u64, members: Members, id: &Id, is_fetched: bool) -> Header {
        let mut bytes = Aligned::new();
        let mut writer = Writer::to(&mut bytes.0);
        writer.put(&MAGIC);
        writer.put(&[VERSION, u8::from(is_fetched), 0, 0]);
        writer.number(cluster);
        writer.members(members);
        writer.put(id);
        // The CRC stands behind all that it covers, in every version.
        if let Some((covered, check)) = bytes.0.split_last_chunk_mut() {
            *check = crc32c(covered).to_le_bytes();
        }
        Header { bytes }
    }

    /// Reads the header at an address, of a snapshot for which there is so much room, and says whether one is there.
    #[inline(never)]
    pub(crate) fn read<F: NorFlash>(&mut self, flash: &mut Medium<F>, at: u32, room: u32) -> Result<bool, Failed> {
        flash.read(at, &mut self.bytes.0)?;
        let (covered, check) = self.bytes.0.split_at_checked(HEADER - 4).ok_or(Failed)?;
        if !covered.starts_with(&MAGIC) || crc32c(covered).to_le_bytes() != *check {
            return Ok(false);
        }
        let version = self.bytes.0[MAGIC.len()];
        if version != VERSION {
            return Err(flash.later(at, says("snapshot format version", "snapshot version"), version));
        }
        Ok(Reader(self.id()).snapshot().is_some_and(|snapshot| snapshot.bytes <= room.into()))
    }

    fn reader(&self, at: usize) -> Reader<'_> {
        Reader(self.bytes.0.get(at..).unwrap_or_default())
    }

    pub(crate) fn is_fetched(&self) -> bool {
        self.bytes.0[MAGIC.len() + 1] == 1
    }

    pub(crate) fn cluster(&self) -> u64 {
        self.reader(CLUSTER_AT).number()
    }

    pub(crate) fn members(&self) -> Members {
        self.reader(MEMBERS_AT).members()
    }

    pub(crate) fn id(&self) -> &Id {
        self.bytes.0.split_at(ID_AT).1.first_chunk().unwrap_or(&[0; ID])
    }

    pub(crate) fn bytes(&self) -> &[u8; HEADER] {
        &self.bytes.0
    }
}

/// A snapshot that stands in the flash: its header, and the content behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// The address of the header.
    pub(crate) start: u32,
    pub(crate) id: Id,
}

impl Kept {
    /// None: no page has this address.
    pub(crate) const NONE: Kept = Kept { start: u32::MAX, id: [0; ID] };

    pub(crate) fn is_some(&self) -> bool {
        self.start != u32::MAX
    }

    /// Zero if it is none.
    #[inline(never)]
    pub(crate) fn index(&self) -> Index {
        Index(Reader(&self.id).number())
    }

    /// How long the content is.
    pub(crate) fn bytes(&self) -> u32 {
        self.number_at(16)
    }

    fn number_at(&self, at: usize) -> u32 {
        Reader(self.id.get(at..).unwrap_or_default()).word()
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        Reader(&self.id).snapshot().unwrap_or_default()
    }

    /// Where the content is.
    pub(crate) fn content(&self) -> u32 {
        self.start + HEADER as u32
    }

    /// Where the next one may begin.
    pub(crate) fn end<F: NorFlash>(&self) -> u32 {
        self.content() + self.bytes().next_multiple_of(word::<F>() as u32)
    }

    /// The CRC of the first bytes of the content.
    pub(crate) fn check<F: NorFlash>(&self, flash: &mut Medium<F>, length: u32) -> Result<u32, Failed> {
        let mut check = 0;
        flash.each(self.content(), self.content() + length, &mut |_, bytes| {
            check = crc32c_append(check, bytes);
            true
        })?;
        Ok(check)
    }

    /// Whether all of it is there, unchanged.
    pub(crate) fn is_whole<F: NorFlash>(&self, flash: &mut Medium<F>) -> Result<bool, Failed> {
        Ok(self.check(flash, self.bytes())? == self.number_at(24))
    }

    /// How many bytes there are of one that is being fetched, as far as its last word that is not erased.
    pub(crate) fn received<F: NorFlash>(&self, flash: &mut Medium<F>) -> Result<u32, Failed> {
        let (content, bytes) = (self.content(), self.bytes());
        let mut end = 0;
        flash.each(content, content + bytes, &mut |at, found| {
            if let Some(last) = found.iter().rposition(|byte| *byte != ERASED) {
                end = at - content + last as u32 + 1;
            }
            true
        })?;
        Ok(end.next_multiple_of(word::<F>() as u32).min(bytes))
    }
}

/// A snapshot by its bytes.
pub(crate) fn snapshot_of(position: quorate::Position, bytes: &[u8]) -> Snapshot {
    Snapshot { position, bytes: bytes.len() as u64, check: crc32c(bytes) }
}

/// A snapshot as it is written down.
#[inline(never)]
pub(crate) fn id_of(snapshot: Snapshot) -> Id {
    let mut id = Aligned::new();
    Writer::to(&mut id.0).snapshot(snapshot);
    id.0
}
