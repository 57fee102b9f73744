//! FORMAT.md, held down by bytes. A change here is a new format version.

mod common;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;

use common::{members, names, open, position, record, settled, state};
use quorate::founding::{Prepared, Record};
use quorate::{
    Charter, Entries, Features, Founding, Identity, Incarnation, Index, KeyId, Least, Mark, Members, Occupant, Roster,
    Seat, Seats, Settled, Snapshot, Term, crc32c,
};
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
    let owner = Owner { cluster: 0x1122_3344_5566_7788, seat: Seat(5) };
    let options = Options { segment_bytes: 2_048 };
    let (mut disk, _) = Disk::open(scratch.path(), owner, options, |_| Ok::<(), DiskError>(())).unwrap();
    let mut voted = state(3).unwrap();
    voted.vote = Some(Identity { seat: Seat(5), incarnation: LIFE });
    let entry = record(1, &[b'x'; 500]);
    disk.write(Some(voted), None, Entries::parse(&entry).unwrap(), None, None).unwrap();
    let mark = Mark { term: Term(4), last: position(1) };
    disk.write(state(4), None, Entries::default(), settled(0x0102, members()).settled(), Some(mark)).unwrap();
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
    let (outgoing, replaced, learners, witnesses) = (Seats(0x0e), Seats(0x02), Seats(0x10), Seats(0x04));
    let members = Members { voters, outgoing, replaced, learners, witnesses };
    let charter = Charter {
        founding: FOUNDING,
        members,
        least: Least { log_bytes: 0x0a0b_0c0d, election_micros: 250_000, features: Features::OWN },
    };
    disk.record(Record::Joined(charter, LIFE)).unwrap();
    let mark = Some(Mark { term: Term(2), last: position(1) });
    let mut room = [0; 100];
    let occupant = |seat| match seat {
        Seat(1) => Occupant { incarnation: LIFE, address: b"one" },
        _ => Occupant::default(),
    };
    let roster = Roster::write(
        &mut room,
        members,
        Least { log_bytes: 0x0a0b_0c0d, election_micros: 250_000, features: Features::OWN },
        KeyId::new(6),
        occupant,
    )
    .unwrap();
    let settled = Settled { since: Index(1), roster };
    disk.write(state(3), None, Entries::parse(&record(1, &[b'x'; 1_300])).unwrap(), Some(settled), mark).unwrap();
    let mut writer = disk.snapshots().create(position(1), members).unwrap();
    writer.write_all(b"the state").unwrap();
    disk.mark(writer.finish().unwrap()).unwrap();
    let check = crc32c(b"another");
    let snapshot = Snapshot { position: position(0x0102), bytes: 7, check };
    disk.snapshots().store(snapshot, members, 0, b"another").unwrap();
    disk.write(None, Some(snapshot), Entries::default(), None, None).unwrap();
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
    let charter = Charter {
        founding: FOUNDING,
        members: members(),
        least: Least { log_bytes: 4096, election_micros: 250_000, features: Features::OWN },
    };
    disk.record(Record::Complete(charter)).unwrap();
    disk.record(Record::Joined(charter, LIFE)).unwrap();
    let bytes = fs::read(scratch.path().join("0000000001.segment")).unwrap();
    assert_eq!(dump(&bytes[512..]), RECORDS);
    drop(disk);
    assert_eq!(open(scratch.path()).unwrap().2, ["joined 1122334455667788 as 0123456789abcdef"]);
}

const FOUNDING: Founding = Founding(0x1122_3344_5566_7788);
const LIFE: Incarnation = Incarnation(0x0123_4567_89ab_cdef);

const RECORDS: &str = "
0000: 71 62 61 74 2f b2 62 66 01 00 00 00 00 00 00 00
0010: 39 00 00 00 00 00 00 00 c7 70 ea 60 07 30 00 00
0020: 00 00 00 00 00 88 77 66 55 44 33 22 11 07 00 00
01f0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 b5
0200: 71 62 61 74 2a c0 d1 ca 02 00 00 00 00 00 00 00
0210: 39 00 00 00 00 00 00 00 7e 60 c1 ad 08 30 00 00
0220: 00 00 00 00 00 88 77 66 55 44 33 22 11 07 00 00
0240: 00 00 10 00 00 90 d0 03 00 01 00 00 00 00 00 00
03f0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 b5
0400: 71 62 61 74 83 aa 49 23 03 00 00 00 00 00 00 00
0410: 39 00 00 00 00 00 00 00 01 7a 28 f0 08 30 00 00
0420: 00 00 00 00 00 88 77 66 55 44 33 22 11 07 00 00
0440: 00 00 10 00 00 90 d0 03 00 01 00 00 00 ef cd ab
0450: 89 67 45 23 01 00 00 00 00 00 00 00 00 00 00 00
05f0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 b5";

const SNAPSHOT: &str = "
0000: 73 6e 61 70 73 68 6f 74 01 00 00 00 7e ac 14 ea
0010: 07 00 00 00 00 00 00 00 02 01 00 00 00 00 00 00
0020: 01 00 00 00 00 00 00 00 07 00 00 00 00 00 00 00
0030: 07 00 00 00 00 00 00 00 0e 00 00 00 00 00 00 00
0040: 02 00 00 00 00 00 00 00 10 00 00 00 00 00 00 00
0050: 04 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0070: 00 00 00 00 00 00 00 00 00 00 00 00 7a c6 1f 2d
0080: 61 6e 6f 74 68 65 72";

const SECOND_SEGMENT: &str = "
0000: 71 75 6f 72 61 74 65 0a 01 00 00 00 01 00 00 00
0010: 07 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0020: 02 00 00 00 00 00 00 00 03 00 00 00 00 00 00 00
0030: 00 0a 00 00 00 00 00 00 00 00 00 00 6a b9 21 9e
0200: 71 62 61 74 e8 89 f5 31 03 00 00 00 00 00 00 00
0210: de 00 00 00 00 00 00 00 ac bf 47 b8 05 b0 00 00
0220: 00 00 00 00 00 03 00 00 00 00 00 00 00 00 00 00
0230: 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00 01
0240: 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 00
0260: 00 00 00 00 00 00 00 00 00 00 00 08 88 77 66 55
0270: 44 33 22 11 07 00 00 00 0e 00 00 00 02 00 00 00
0280: 10 00 00 00 04 00 00 00 0d 0c 0b 0a 90 d0 03 00
0290: 01 00 00 00 ef cd ab 89 67 45 23 01 01 00 00 00
02a0: 00 00 00 00 0d 0c 0b 0a 90 d0 03 00 01 00 00 00
02b0: 07 00 00 00 0e 00 00 00 02 00 00 00 10 00 00 00
02c0: 04 00 00 00 07 00 83 ef cd ab 89 67 45 23 01 6f
02d0: 6e 65 00 00 00 03 1c 00 00 00 00 00 00 00 01 00
02e0: 00 00 00 00 00 00 01 00 00 00 00 00 00 00 09 00
02f0: 00 00 00 00 00 00 b4 e8 9d 52 00 00 00 00 00 00
03f0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 b5
0400: 71 62 61 74 a4 78 f2 d9 04 00 00 00 00 00 00 00
0410: 25 00 00 00 00 00 00 00 fb 8e 4d 92 04 1c 00 00
0420: 00 00 00 00 00 02 01 00 00 00 00 00 00 01 00 00
0430: 00 00 00 00 00 07 00 00 00 00 00 00 00 7e ac 14
0440: ea 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
05f0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 b5";

const GOLDEN: &str = "
0000: 71 75 6f 72 61 74 65 0a 01 00 00 00 05 00 00 00
0010: 88 77 66 55 44 33 22 11 00 00 00 00 00 00 00 00
0020: 01 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00
0030: 00 0a 00 00 00 00 00 00 00 00 00 00 cf 11 cc 20
0200: 71 62 61 74 f2 61 f3 7f 01 00 00 00 00 00 00 00
0210: 2f 02 00 00 00 00 00 00 c0 9a 9b 15 01 12 00 00
0220: 00 00 00 00 00 03 00 00 00 00 00 00 00 01 05 ef
0230: cd ab 89 67 45 23 01 02 0b 02 00 00 00 00 00 00
0240: 01 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00
0250: 01 f4 01 78 78 78 78 78 78 78 78 78 78 78 78 78
03f0: 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78 b5
0440: 78 78 78 78 78 78 78 78 5e 73 3e 2e 00 00 00 00
05f0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 b5
0600: 71 62 61 74 21 36 4a 70 02 00 00 00 00 00 00 00
0610: 71 00 00 00 00 00 00 00 30 74 a9 bd 01 12 00 00
0620: 00 00 00 00 00 04 00 00 00 00 00 00 00 00 00 00
0630: 00 00 00 00 00 00 00 09 2c 00 00 00 00 00 00 00
0640: 02 01 00 00 00 00 00 00 01 00 00 00 90 d0 03 00
0650: 01 00 00 00 07 00 00 00 00 00 00 00 00 00 00 00
0660: 00 00 00 00 00 00 00 00 00 00 00 00 06 18 00 00
0670: 00 00 00 00 00 04 00 00 00 00 00 00 00 01 00 00
0680: 00 00 00 00 00 01 00 00 00 00 00 00 00 00 00 00
07f0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 b5";
