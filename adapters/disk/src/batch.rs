use quorate::crc32c;

/// What a device is taken to write as a whole or not at all. A batch fills whole sectors.
pub(crate) const SECTOR: usize = 512;
/// Bytes of a sector before its stamp.
pub(crate) const BODY: usize = SECTOR - 1;
/// Ends every sector of a batch, so that a sector which never arrived can be told from one which has changed since.
pub(crate) const STAMP: u8 = 0xB5;
/// Bytes of a batch before its payload: magic (4), the payload's CRC (4), sequence (8), the payload's length (8), CRC
/// (4).
pub(crate) const HEADER: usize = 28;
const MAGIC: [u8; 4] = *b"qbat";

/// Where a batch stands. Its header's CRC covers the place, so that a batch is valid nowhere else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The CRC of the segment's header, which names the owner and the segment.
    pub(crate) segment: u32,
    /// The batch's first byte in the segment.
    pub(crate) offset: u64,
}

/// What stands at the end of what has been read so far.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    Batch {
        payload: &'a [u8],
        size: usize,
    },
    /// Zeros up to the end of the segment.
    End,
    /// A write that did not arrive as a whole, and nothing behind it that was written later.
    Torn,
    Damaged(&'static str),
}

#[derive(Debug, PartialEq, Eq)]
struct Header {
    check: u32,
    sequence: u64,
    length: u64,
}

/// Bytes that a batch of `length` bytes, header and payload, takes on the disk.
pub(crate) fn size(length: usize) -> usize {
    length.div_ceil(BODY) * SECTOR
}

/// Turns a payload behind [`HEADER`] free bytes into the batch as it goes to the disk.
pub(crate) fn seal(buffer: &mut Vec<u8>, sequence: u64, place: Place) {
    let payload = &buffer[HEADER..];
    let header = Header { check: crc32c(payload), sequence, length: payload.len() as u64 };
    buffer[..HEADER].copy_from_slice(&header.bytes(place));
    spread(buffer);
}

/// Reads what stands at the front of `rest`, which reaches to the end of the segment. `sequence` is due next.
pub(crate) fn find<'a>(rest: &[u8], place: Place, sequence: u64, scratch: &'a mut Vec<u8>) -> Found<'a> {
    let Some(first) = rest.first_chunk::<SECTOR>() else {
        return Found::End;
    };
    let Some(header) = Header::parse(first, place) else {
        return find_without_header(rest, first, place, sequence);
    };
    if header.sequence != sequence {
        return Found::Damaged("a batch is out of sequence");
    }
    let Some(sectors) = header.size().and_then(|size| rest.get(..size)) else {
        return Found::Damaged("a batch runs past the end of its segment");
    };
    gather(sectors, scratch);
    let payload = &scratch[HEADER..HEADER + header.length as usize];
    if crc32c(payload) == header.check {
        let size = sectors.len();
        return Found::Batch { payload, size };
    }
    if sectors.chunks_exact(SECTOR).all(is_stamped) {
        return Found::Damaged("a batch does not match its checksum");
    }
    if !is_zero(&rest[sectors.len()..]) {
        return Found::Damaged("a batch is incomplete, but more was written after it");
    }
    Found::Torn
}

/// Stamps every sector of a batch.
pub(crate) fn stamp(sectors: &mut [u8]) {
    for sector in sectors.chunks_exact_mut(SECTOR) {
        sector[BODY] = STAMP;
    }
}

/// The offset behind the last byte that is not zero, rounded up to a sector.
pub(crate) fn used(bytes: &[u8]) -> usize {
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    used.next_multiple_of(SECTOR)
}

fn find_without_header<'a>(rest: &[u8], first: &[u8; SECTOR], place: Place, sequence: u64) -> Found<'a> {
    if is_zero(rest) {
        return Found::End;
    }
    if is_stamped(first) {
        return Found::Damaged("the header of a batch does not match its checksum");
    }
    if has_later_batch(rest, place, sequence) {
        return Found::Damaged("a batch is missing, but a later one is there");
    }
    Found::Torn
}

fn has_later_batch(rest: &[u8], place: Place, sequence: u64) -> bool {
    rest.chunks_exact(SECTOR).zip(0..).any(|(sector, at)| {
        let offset = place.offset + at * SECTOR as u64;
        Header::parse(sector, Place { offset, ..place }).is_some_and(|header| header.sequence > sequence)
    })
}

/// Moves the bytes apart, from the last to the first, to make room for the stamps.
fn spread(buffer: &mut Vec<u8>) {
    let length = buffer.len();
    buffer.resize(size(length), 0);
    for at in (0..buffer.len() / SECTOR).rev() {
        let from = at * BODY;
        buffer.copy_within(from..length.min(from + BODY), at * SECTOR);
    }
    stamp(buffer);
}

/// Undoes [`spread`].
fn gather(sectors: &[u8], bytes: &mut Vec<u8>) {
    bytes.clear();
    for sector in sectors.chunks_exact(SECTOR) {
        bytes.extend_from_slice(&sector[..BODY]);
    }
}

/// Whether a sector has arrived. Any stamp but zero says so: one that has changed since is no sign of a torn write.
fn is_stamped(sector: &[u8]) -> bool {
    sector[BODY] != 0
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

impl Header {
    fn bytes(&self, place: Place) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[0..4].copy_from_slice(&MAGIC);
        bytes[4..8].copy_from_slice(&self.check.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.length.to_le_bytes());
        let check = Header::check(&bytes, place);
        bytes[24..28].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    fn parse(sector: &[u8], place: Place) -> Option<Header> {
        let bytes = sector.first_chunk::<HEADER>()?;
        let number = |at: usize| bytes[at..at + 8].try_into().map(u64::from_le_bytes).ok();
        let header = Header {
            check: u32::from_le_bytes(bytes[4..8].try_into().ok()?),
            sequence: number(8)?,
            length: number(16)?,
        };
        (header.bytes(place) == *bytes).then_some(header)
    }

    /// The CRC over the header's first 24 bytes and the place, which the header itself does not hold.
    fn check(bytes: &[u8; HEADER], place: Place) -> u32 {
        let mut covered = [0; 36];
        covered[..24].copy_from_slice(&bytes[..24]);
        covered[24..28].copy_from_slice(&place.segment.to_le_bytes());
        covered[28..].copy_from_slice(&place.offset.to_le_bytes());
        crc32c(&covered)
    }

    fn size(&self) -> Option<usize> {
        let length = usize::try_from(self.length).ok()?.checked_add(HEADER)?;
        length.div_ceil(BODY).checked_mul(SECTOR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place { segment: 7, offset: 512 };

    fn sealed(payload: &[u8]) -> Vec<u8> {
        let mut buffer = vec![0; HEADER];
        buffer.extend_from_slice(payload);
        seal(&mut buffer, 1, PLACE);
        buffer
    }

    #[test]
    fn every_length_comes_back() {
        for length in 1..2_000 {
            let payload: Vec<u8> = (0..length).map(|byte| byte as u8).collect();
            let bytes = sealed(&payload);
            assert_eq!(bytes.len(), size(HEADER + length));
            let mut scratch = Vec::new();
            let Found::Batch { payload: found, size } = find(&bytes, PLACE, 1, &mut scratch) else {
                panic!("a batch of {length} bytes is not found");
            };
            assert_eq!((found, size), (&payload[..], bytes.len()));
        }
    }

    #[test]
    fn a_batch_is_valid_in_its_own_place_only() {
        let bytes = sealed(b"a batch");
        let elsewhere = [Place { offset: 1024, ..PLACE }, Place { segment: 8, ..PLACE }];
        for place in elsewhere {
            assert!(matches!(find(&bytes, place, 1, &mut Vec::new()), Found::Damaged(_)));
        }
        assert!(matches!(find(&bytes, PLACE, 2, &mut Vec::new()), Found::Damaged(_)));
    }

    #[test]
    fn a_payload_of_zeros_is_no_sign_of_a_torn_write() {
        let mut bytes = sealed(&[0; 4 * SECTOR]);
        bytes[SECTOR + 9] ^= 1;
        assert!(matches!(find(&bytes, PLACE, 1, &mut Vec::new()), Found::Damaged(_)));
    }

    #[test]
    fn a_lost_sector_with_more_behind_it_is_damage() {
        let mut bytes = sealed(&[1; 2 * SECTOR]);
        bytes[SECTOR..2 * SECTOR].fill(0);
        assert!(matches!(find(&bytes, PLACE, 1, &mut Vec::new()), Found::Torn));
        bytes.extend_from_slice(&[0; SECTOR]);
        assert!(matches!(find(&bytes, PLACE, 1, &mut Vec::new()), Found::Torn));
        bytes.extend_from_slice(&[2; SECTOR]);
        assert!(matches!(find(&bytes, PLACE, 1, &mut Vec::new()), Found::Damaged(_)));
    }
}
