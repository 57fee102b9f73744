//! FORMAT.md, held down by bytes. A change here is a new format version.

mod common;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;

use common::{members, names, open, position, record, state};
use quorate::founding::{Prepared, Record};
use quorate::{Charter, Entries, Founding, Identity, Incarnation, Mark, Members, Seat, Seats, Snapshot, Term, crc32c};
use quorate_disk::{Disk, DiskError, Options, Owner};
use tempfile::tempdir;

/// Every line of 16 bytes that are not all zeros or all of the payload: its offset, then the bytes.
fn dump(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (line, at) in bytes.chunks(16).zip((0..).step_by(16)) {
        if line != [0; 16] && line != [b'x'; 16] {
            write!(text, "\n{at:04x}:").unwrap();
            for byte in line {
                write!(text, " {byte:02x}").unwrap();
            }
        }
    }
    text
}

#[test]
fn a_segment_has_these_bytes() {
    let scratch = tempdir().unwrap();
    let owner = Owner {
        cluster: 0x1122_3344_5566_7788,
        identity: Identity { seat: Seat(5), incarnation: Incarnation(0x0a0b_0c0d) },
    };
    let options = Options { segment_bytes: 2_048 };
    let (mut disk, _) = Disk::open(scratch.path(), owner, options, |_| Ok::<(), DiskError>(())).unwrap();
    let mut voted = state(3).unwrap();
    voted.vote = Some(Seat(5));
    let entry = record(1, &[b'x'; 500]);
    disk.write(Some(voted), None, Entries::parse(&entry).unwrap(), None).unwrap();
    let mark = Mark { term: Term(4), last: position(1) };
    disk.write(state(4), None, Entries::default(), Some(mark)).unwrap();
    let names: Vec<_> = fs::read_dir(scratch.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["0000000001.segment"]);
    let bytes = fs::read(scratch.path().join("0000000001.segment")).unwrap();
    assert_eq!(bytes.len(), 2_560);
    assert_eq!(dump(&bytes), GOLDEN);
}

#[test]
fn a_snapshot_and_what_the_log_says_of_it_have_these_bytes() {
    let scratch = tempdir().unwrap();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    let Members { voters, .. } = members();
    let (outgoing, learners, witnesses) = (Seats(0x0e), Seats(0x10), Seats(0x04));
    let members = Members { voters, outgoing, learners, witnesses };
    disk.record(Record::Complete(Charter { founding: FOUNDING, members, log_bytes_least: 0x0a0b_0c0d })).unwrap();
    let mark = Some(Mark { term: Term(2), last: position(1) });
    disk.write(state(3), None, Entries::parse(&record(1, &[b'x'; 1_400])).unwrap(), mark).unwrap();
    let mut writer = disk.snapshots().create(position(1), members).unwrap();
    writer.write_all(b"the state").unwrap();
    disk.mark(writer.finish().unwrap()).unwrap();
    let check = crc32c(b"another");
    let snapshot = Snapshot { position: position(0x0102), bytes: 7, check };
    disk.snapshots().store(snapshot, members, 0, b"another").unwrap();
    disk.write(None, Some(snapshot), Entries::default(), None).unwrap();
    assert_eq!(names(scratch.path()), ["0000000002.segment", "0000000258-ea14ac7e.snapshot"]);
    let bytes = |name: &str| fs::read(scratch.path().join(name)).unwrap();
    assert_eq!(dump(&bytes("0000000258-ea14ac7e.snapshot")), SNAPSHOT);
    assert_eq!(dump(&bytes("0000000002.segment")), SECOND_SEGMENT);
}

#[test]
fn founding_records_have_these_bytes() {
    let scratch = tempdir().unwrap();
    let (mut disk, ..) = open(scratch.path()).unwrap();
    disk.record(Record::Prepared(Prepared { founding: FOUNDING, members: members() })).unwrap();
    disk.record(Record::Complete(Charter { founding: FOUNDING, members: members(), log_bytes_least: 4096 })).unwrap();
    let bytes = fs::read(scratch.path().join("0000000001.segment")).unwrap();
    assert_eq!(dump(&bytes[512..]), RECORDS);
    drop(disk);
    assert_eq!(open(scratch.path()).unwrap().2, ["complete 1122334455667788"]);
}

const FOUNDING: Founding = Founding(0x1122_3344_5566_7788);

const RECORDS: &str = "
0000: 71 62 61 74 1c 9b a1 a0 01 00 00 00 00 00 00 00
0010: 25 00 00 00 00 00 00 00 46 21 86 2f 07 1c 00 00
0020: 00 00 00 00 00 88 77 66 55 44 33 22 11 07 00 00
01f0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 b5
0200: 71 62 61 74 dd 92 4f c5 02 00 00 00 00 00 00 00
0210: 25 00 00 00 00 00 00 00 64 d0 9d a7 08 1c 00 00
0220: 00 00 00 00 00 88 77 66 55 44 33 22 11 07 00 00
0230: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 10 00
03f0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 b5";

const SNAPSHOT: &str = "
0000: 73 6e 61 70 73 68 6f 74 01 00 00 00 7e ac 14 ea
0010: 07 00 00 00 00 00 00 00 02 01 00 00 00 00 00 00
0020: 01 00 00 00 00 00 00 00 07 00 00 00 00 00 00 00
0030: 07 00 00 00 00 00 00 00 0e 00 00 00 00 00 00 00
0040: 10 00 00 00 00 00 00 00 04 00 00 00 00 00 00 00
0070: 00 00 00 00 00 00 00 00 00 00 00 00 26 42 c8 f8
0080: 61 6e 6f 74 68 65 72";

const SECOND_SEGMENT: &str = "
0000: 71 75 6f 72 61 74 65 0a 01 00 00 00 01 00 00 00
0010: 07 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0020: 02 00 00 00 00 00 00 00 03 00 00 00 00 00 00 00
0030: 00 0a 00 00 00 00 00 00 00 00 00 00 6a b9 21 9e
0200: 71 62 61 74 b6 32 57 df 03 00 00 00 00 00 00 00
0210: 89 00 00 00 00 00 00 00 d6 d4 ca 23 05 5b 00 00
0220: 00 00 00 00 00 03 00 00 00 00 00 00 00 00 00 02
0230: 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 01
0260: 00 00 00 08 88 77 66 55 44 33 22 11 07 00 00 00
0270: 0e 00 00 00 10 00 00 00 04 00 00 00 0d 0c 0b 0a
0280: 03 1c 00 00 00 00 00 00 00 01 00 00 00 00 00 00
0290: 00 01 00 00 00 00 00 00 00 09 00 00 00 00 00 00
02a0: 00 b4 e8 9d 52 00 00 00 00 00 00 00 00 00 00 00
03f0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 b5
0400: 71 62 61 74 a4 78 f2 d9 04 00 00 00 00 00 00 00
0410: 25 00 00 00 00 00 00 00 fb 8e 4d 92 04 1c 00 00
0420: 00 00 00 00 00 02 01 00 00 00 00 00 00 01 00 00
0430: 00 00 00 00 00 07 00 00 00 00 00 00 00 7e ac 14
0440: ea 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
05f0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 b5";

const GOLDEN: &str = "
0000: 71 75 6f 72 61 74 65 0a 01 00 00 00 05 00 00 00
0010: 88 77 66 55 44 33 22 11 0d 0c 0b 0a 00 00 00 00
0020: 01 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00
0030: 00 0a 00 00 00 00 00 00 00 00 00 00 db cb 97 df
0200: 71 62 61 74 9c 3b 64 68 01 00 00 00 00 00 00 00
0210: 27 02 00 00 00 00 00 00 36 28 43 33 01 0a 00 00
0220: 00 00 00 00 00 03 00 00 00 00 00 00 00 01 05 02
0230: 0b 02 00 00 00 00 00 00 01 00 00 00 00 00 00 00
0240: 01 00 00 00 00 00 00 00 01 f4 01 78 78 78 78 78
03f0: 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 b5
0440: 5e 73 3e 2e 00 00 00 00 00 00 00 00 00 00 00 00
05f0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 b5
0600: 71 62 61 74 11 96 6f 8f 02 00 00 00 00 00 00 00
0610: 34 00 00 00 00 00 00 00 32 f5 69 f2 01 0a 00 00
0620: 00 00 00 00 00 04 00 00 00 00 00 00 00 00 00 06
0630: 18 00 00 00 00 00 00 00 04 00 00 00 00 00 00 00
0640: 01 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00
07f0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 b5";
