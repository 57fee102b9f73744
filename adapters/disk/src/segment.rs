use std::io;
use std::path::{Path, PathBuf};

use quorate::{Seat, crc32c};

use crate::batch::{BODY, Place, SECTOR, STAMP};
use crate::bytes::{number, word};
use crate::{DiskError, Medium, Owner};

/// The version of the format that this program writes, and the only one that it reads.
const VERSION: u32 = 1;
const MAGIC: [u8; 8] = *b"quorate\n";
/// Bytes of the header that its CRC covers. The CRC stands behind them, in every version.
const COVERED: usize = 60;
const HEADER: usize = COVERED + 4;
/// A segment's first batch starts with its second sector.
pub(crate) const START: u64 = SECTOR as u64;
/// Where a segment says that there is a later one: the stamp of its first sector, as one ends each sector of a batch.
pub(crate) const CLOSED: u64 = BODY as u64;
/// What a fresh segment is filled with, this many bytes at a time.
static ZEROS: [u8; 1 << 16] = [0; 1 << 16];

/// What a segment says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) owner: Owner,
    /// Segments are numbered without a gap, from 1 as long as none has been removed.
    pub(crate) number: u64,
    /// The sequence number of its first batch.
    pub(crate) sequence: u64,
    /// Bytes of the file.
    pub(crate) length: u64,
}

/// Why a header cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum HeaderError {
    Damaged(&'static str),
    Later(u32),
}

/// The segment that is being written.
#[derive(Debug)]
pub(crate) struct Segment<H> {
    pub(crate) file: H,
    pub(crate) path: PathBuf,
    pub(crate) header: Header,
    check: u32,
    /// Where the next batch goes.
    pub(crate) end: u64,
}

impl<H> Segment<H> {
    /// Makes a segment under a passing name: filled with zeros, so that a later sync has only data to write, and
    /// durable.
    ///
    /// A reserved range without zeros in it would not do: each first write to it changes the file's map of blocks, and
    /// a sync then takes as long as in a growing file.
    pub(crate) fn create(
        path: PathBuf,
        header: Header,
        medium: &mut impl Medium<Handle = H>,
    ) -> Result<Segment<H>, DiskError> {
        let file = medium.create(&path).map_err(DiskError::io("create", &path))?;
        let bytes = header.bytes();
        fill(&file, header.length, medium)
            .and_then(|()| medium.write(&file, 0, &bytes))
            .map_err(DiskError::io("write", &path))?;
        medium.sync_all(&file).map_err(DiskError::io("sync", &path))?;
        Ok(Segment::new(file, path, header, START))
    }

    pub(crate) fn new(file: H, path: PathBuf, header: Header, end: u64) -> Segment<H> {
        let check = header.check();
        Segment { file, path, header, check, end }
    }

    /// Where the next batch goes, as its header's CRC covers it.
    pub(crate) fn place(&self) -> Place {
        Place { segment: self.check, offset: self.end }
    }

    /// Whether the next batch is its first.
    pub(crate) fn is_empty(&self) -> bool {
        self.end == START
    }

    pub(crate) fn has_room(&self, size: u64) -> bool {
        size <= self.header.length - self.end
    }
}

impl Header {
    pub(crate) fn bytes(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[0..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12] = self.owner.seat.0;
        bytes[16..24].copy_from_slice(&self.owner.cluster.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.number.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[48..56].copy_from_slice(&self.length.to_le_bytes());
        let check = crc32c(&bytes[..COVERED]);
        bytes[COVERED..].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    /// The header's CRC.
    pub(crate) fn check(&self) -> u32 {
        crc32c(&self.bytes()[..COVERED])
    }

    /// Reads the header at the front of a segment.
    pub(crate) fn parse(segment: &[u8]) -> Result<Header, HeaderError> {
        let bytes =
            segment.first_chunk::<HEADER>().ok_or(HeaderError::Damaged("the segment ends before its header does"))?;
        if bytes[..8] != MAGIC {
            return Err(HeaderError::Damaged("this is not a segment of a log"));
        }
        if crc32c(&bytes[..COVERED]) != word(bytes, COVERED) {
            return Err(HeaderError::Damaged("the segment's header does not match its checksum"));
        }
        match word(bytes, 8) {
            VERSION => {}
            later if later > VERSION => return Err(HeaderError::Later(later)),
            _ => return Err(HeaderError::Damaged("the segment's format version never existed")),
        }
        Ok(Header {
            owner: Owner { cluster: number(bytes, 16), seat: Seat(bytes[12]) },
            number: number(bytes, 32),
            sequence: number(bytes, 40),
            length: number(bytes, 48),
        })
    }
}

/// Lets a segment say that there is a later one, so that it is missed if it goes.
pub(crate) fn close<M: Medium>(file: &M::Handle, path: &Path, medium: &mut M) -> Result<(), DiskError> {
    medium.write(file, CLOSED, &[STAMP]).map_err(DiskError::io("write", path))?;
    medium.sync(file).map_err(DiskError::io("sync", path))
}

/// Bytes of a segment with room for batches of `size` bytes together.
pub(crate) fn length(size: u64) -> u64 {
    START + size.next_multiple_of(SECTOR as u64)
}

/// Writes zeros up to `length`.
fn fill<M: Medium>(file: &M::Handle, length: u64, medium: &mut M) -> io::Result<()> {
    let mut offset = 0;
    while offset < length {
        let count = (length - offset).min(ZEROS.len() as u64);
        medium.write(file, offset, &ZEROS[..count as usize])?;
        offset += count;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER_1: Header =
        Header { owner: Owner { cluster: 0x0123_4567_89ab_cdef, seat: Seat(5) }, number: 1, sequence: 1, length: 4096 };

    #[track_caller]
    fn with_version(version: u32) -> Result<Header, HeaderError> {
        let mut bytes = HEADER_1.bytes();
        bytes[8..12].copy_from_slice(&version.to_le_bytes());
        let check = crc32c(&bytes[..COVERED]);
        bytes[COVERED..].copy_from_slice(&check.to_le_bytes());
        Header::parse(&bytes)
    }

    #[test]
    fn a_header_comes_back() {
        assert_eq!(Header::parse(&HEADER_1.bytes()), Ok(HEADER_1));
    }

    #[test]
    fn versions_are_told_apart_from_damage() {
        assert_eq!(with_version(2), Err(HeaderError::Later(2)));
        assert!(matches!(with_version(0), Err(HeaderError::Damaged(_))));
    }

    #[test]
    fn a_changed_bit_is_damage() {
        for bit in 0..HEADER * 8 {
            let mut bytes = HEADER_1.bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(Header::parse(&bytes), Err(HeaderError::Damaged(_))), "bit {bit}");
        }
    }
}
