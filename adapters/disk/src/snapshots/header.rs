use quorate::{Index, Members, Position, Seats, Snapshot, Term, crc32c};
use serde::Serialize;

use crate::bytes::{number, word};
use crate::segment::HeaderError;

/// The version of the format that this program writes, and the only one that it reads.
const VERSION: u32 = 1;
const MAGIC: [u8; 8] = *b"snapshot";
/// Bytes of the header that its CRC covers. The CRC stands behind them, in every version.
const COVERED: usize = 124;
/// Bytes of a file before the snapshot itself.
pub(crate) const HEADER: usize = COVERED + 4;

/// What a snapshot's file says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SnapshotHeader {
    /// The cluster whose state it is.
    pub cluster: u64,
    /// Who took part then; in a directory that was restored, who the members are to be.
    pub members: Members,
    /// Position, length and CRC.
    pub snapshot: Snapshot,
}

impl SnapshotHeader {
    /// The bytes of the file up to the content, which follows them and ends it: whoever writes both has a copy that
    /// [`SnapshotReader::of`](crate::SnapshotReader::of) reads.
    pub fn bytes(&self) -> [u8; HEADER] {
        let SnapshotHeader { cluster, members, snapshot } = self;
        let mut bytes = [0; HEADER];
        bytes[0..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&snapshot.check.to_le_bytes());
        let numbers = [
            *cluster,
            snapshot.position.index.0,
            snapshot.position.term.0,
            snapshot.bytes,
            members.voters.0.into(),
            members.outgoing.0.into(),
            members.replaced.0.into(),
            members.learners.0.into(),
            members.witnesses.0.into(),
        ];
        for (room, number) in bytes[16..].chunks_exact_mut(8).zip(numbers) {
            room.copy_from_slice(&number.to_le_bytes());
        }
        let check = crc32c(&bytes[..COVERED]);
        bytes[COVERED..].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    pub(crate) fn parse(bytes: &[u8; HEADER]) -> Result<SnapshotHeader, HeaderError> {
        if bytes[..8] != MAGIC {
            return Err(HeaderError::Damaged("this is not a snapshot"));
        }
        if crc32c(&bytes[..COVERED]) != word(bytes, COVERED) {
            return Err(HeaderError::Damaged("the snapshot's header does not match its checksum"));
        }
        match word(bytes, 8) {
            VERSION => {}
            later if later > VERSION => return Err(HeaderError::Later(later)),
            _ => return Err(HeaderError::Damaged("the snapshot's format version never existed")),
        }
        let position = Position { term: Term(number(bytes, 32)), index: Index(number(bytes, 24)) };
        if [52, 60, 68, 76, 84].iter().any(|at| word(bytes, *at) > 0) {
            return Err(HeaderError::Damaged("the snapshot's members have seats above 31, which do not exist"));
        }
        let [voters, outgoing, replaced, learners, witnesses] = [48, 56, 64, 72, 80].map(|at| Seats(word(bytes, at)));
        Ok(SnapshotHeader {
            cluster: number(bytes, 16),
            members: Members { voters, outgoing, replaced, learners, witnesses },
            snapshot: Snapshot { position, bytes: number(bytes, 40), check: word(bytes, 12) },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER_1: SnapshotHeader = SnapshotHeader {
        cluster: 0x0123_4567_89ab_cdef,
        members: Members {
            voters: Seats(7),
            outgoing: Seats(14),
            replaced: Seats(2),
            learners: Seats(16),
            witnesses: Seats(4),
        },
        snapshot: Snapshot {
            position: Position { term: Term(3), index: Index(1 << 40) },
            bytes: 1 << 33,
            check: 0x1234_5678,
        },
    };

    #[track_caller]
    fn with_version(version: u32) -> Result<SnapshotHeader, HeaderError> {
        let mut bytes = HEADER_1.bytes();
        bytes[8..12].copy_from_slice(&version.to_le_bytes());
        let check = crc32c(&bytes[..COVERED]);
        bytes[COVERED..].copy_from_slice(&check.to_le_bytes());
        SnapshotHeader::parse(&bytes)
    }

    #[test]
    fn a_header_comes_back() {
        assert_eq!(SnapshotHeader::parse(&HEADER_1.bytes()), Ok(HEADER_1));
    }

    #[test]
    fn versions_are_told_apart_from_damage() {
        assert_eq!(with_version(2), Err(HeaderError::Later(2)));
        assert!(matches!(with_version(0), Err(HeaderError::Damaged(_))));
    }

    #[test]
    fn seats_that_do_not_exist_are_damage() {
        for set in [48, 56, 64, 72, 80] {
            let mut bytes = HEADER_1.bytes();
            bytes[set + 4] = 1;
            let check = crc32c(&bytes[..COVERED]);
            bytes[COVERED..].copy_from_slice(&check.to_le_bytes());
            assert!(matches!(SnapshotHeader::parse(&bytes), Err(HeaderError::Damaged(_))), "the set at {set}");
        }
    }

    #[test]
    fn a_changed_bit_is_damage() {
        for bit in 0..HEADER * 8 {
            let mut bytes = HEADER_1.bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(SnapshotHeader::parse(&bytes), Err(HeaderError::Damaged(_))), "bit {bit}");
        }
    }
}
