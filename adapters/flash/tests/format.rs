//! FORMAT.md, held down by bytes. A change here is a new format version.

mod common;

use std::fmt::Write as _;

use common::{SCRATCH, entries, layout, position, record};
use quorate::founding::{Prepared, Record};
use quorate::{
    Charter, Entries, Founding, HardState, Identity, Incarnation, Index, Least, Mark, Members, Occupant, Roster, Seat,
    Seats, Settled, Snapshot, Term, crc32c,
};
use quorate_flash::double::Double;
use quorate_flash::{Flash, FlashError, Layout, Owner, Recovered};

/// Every line of 16 bytes that are not all erased or all of the payload: its offset, then the bytes.
fn dump(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (line, at) in bytes.chunks(16).zip((0..).step_by(16)) {
        if line != [0xff; 16] && line != [b'x'; 16] {
            write!(text, "\n{at:04x}:").unwrap();
            for byte in line {
                write!(text, " {byte:02x}").unwrap();
            }
        }
    }
    text
}

fn bytes<const WORD: usize, const PAGE: usize>() -> String {
    let identity = Identity { seat: Seat(5), incarnation: Incarnation(0x0a0b_0c0d_0e0f_1011) };
    let owner = Owner { cluster: 0x1122_3344_5566_7788, seat: Seat(5) };
    let nothing = |_: Recovered<'_>| Ok::<(), FlashError>(());
    let layout = Layout { seats: 3, ..layout::<WORD, PAGE>(6, 1) };
    let (mut flash, _) = Flash::open(Double::<WORD, PAGE>::new(9), layout, owner, &mut [0; SCRATCH], nothing).unwrap();
    let (voters, outgoing, replaced, learners, witnesses) = (Seats(7), Seats(14), Seats(2), Seats(16), Seats(4));
    let members = Members { voters, outgoing, replaced, learners, witnesses };
    let founding = Founding(0x99aa_bbcc_ddee_ff01);
    flash.record(Record::Prepared(Prepared { founding, members })).unwrap();
    let charter = Charter { founding, members, least: Least { log_bytes: 0x0203_0405, election_micros: 250_000 } };
    flash.record(Record::Joined(charter, identity.incarnation)).unwrap();
    let voted = HardState { term: Term(3), vote: Some(identity) };
    flash.write(Some(voted), None, entries(&record(1, &[b'x'; 300])), None, None).unwrap();
    let mark = Mark { term: Term(3), last: position(2) };
    let mut room = [0; 132];
    let occupant = |seat| match seat {
        Seat(1) => Occupant { incarnation: identity.incarnation, address: b"one" },
        _ => Occupant::default(),
    };
    let roster =
        Roster::write(&mut room, members, Least { log_bytes: 0x0203_0405, election_micros: 250_000 }, occupant)
            .unwrap();
    let settled = Some(Settled { since: Index(2), roster });
    flash.write(None, None, entries(&record(2, b"follows")), settled, Some(mark)).unwrap();
    flash.take(position(1), members, b"the state").unwrap();
    flash.take(position(2), members, b"a later state").unwrap();
    let snapshot = Snapshot { position: position(0x0102), bytes: 7, check: crc32c(b"another") };
    flash.store(snapshot, members, 0, b"another").unwrap();
    flash.write(None, Some(snapshot), Entries::default(), None, None).unwrap();
    dump(flash.release().bytes())
}

#[test]
fn a_flash_with_words_of_4_bytes_has_these_bytes() {
    assert_eq!(bytes::<4, 512>(), WORDS_OF_4);
}

#[test]
fn a_flash_with_words_of_32_bytes_has_these_bytes() {
    assert_eq!(bytes::<32, 1024>(), WORDS_OF_32);
}

const WORDS_OF_4: &str = "
0000: 00 00 00 00 8f d2 d0 d5 9f 00 a6 eb 71 75 6f 66
0010: 6c 61 73 68 01 04 05 00 00 02 00 00 88 77 66 55
0020: 06 00 00 00 44 33 22 11 00 00 00 00 00 00 00 00
0030: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0040: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0050: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0060: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0070: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0080: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0090: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
00a0: 00 00 00 00 00 00 00 00 00 00 00 00 49 47 b5 1a
00b0: 31 00 56 ef 1b 00 00 00 01 01 ff ee dd cc bb aa
00c0: 99 07 00 00 00 0e 00 00 00 02 00 00 00 10 00 00
00d0: 00 04 00 00 00 00 00 00 00 00 00 00 00 00 00 00
00e0: 00 00 00 00 00 00 00 00 11 11 11 11 00 00 03 e2
00f0: b0 7a 8e 43 31 00 56 ef 1b 00 01 00 02 01 ff ee
0100: dd cc bb aa 99 07 00 00 00 0e 00 00 00 02 00 00
0110: 00 10 00 00 00 04 00 00 00 05 04 03 02 90 d0 03
0120: 00 11 10 0f 0e 0d 0c 0b 0a 00 00 00 11 11 11 11
0130: 00 00 03 e2 34 ba f6 2f b8 00 62 e9 05 00 02 00
0140: 03 00 00 00 00 00 00 00 01 05 11 10 0f 0e 0d 0c
0150: 0b 0a 01 01 00 00 00 00 00 00 00 01 00 00 00 00
0160: 00 00 00 2c 01 78 78 78 78 78 78 78 78 78 78 78
01f0: 78 78 78 78 ff ff ff ff ff ff ff ff ff ff ff ff
0200: 00 00 00 00 65 6c 22 2a 9f 00 a6 eb 71 75 6f 66
0210: 6c 61 73 68 01 04 05 01 00 02 00 00 88 77 66 55
0220: 06 00 00 00 44 33 22 11 01 00 00 00 03 00 00 00
0230: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0240: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0250: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0260: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0270: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 02 01
0280: ff ee dd cc bb aa 99 07 00 00 00 0e 00 00 00 02
0290: 00 00 00 10 00 00 00 04 00 00 00 05 04 03 02 90
02a0: d0 03 00 11 10 0f 0e 0d 0c 0b 0a 00 a5 84 94 42
02b0: a5 00 15 fb 06 00 00 00 78 78 78 78 78 78 78 78
0350: 78 78 78 78 78 62 2f 83 90 00 00 00 11 11 11 11
0360: 00 00 03 e2 1e 43 b7 07 60 00 44 e8 63 00 01 00
0370: 02 00 00 00 00 00 00 00 2c 00 03 00 00 00 00 00
0380: 00 00 02 00 00 00 00 00 00 00 01 00 00 00 00 00
0390: 00 00 05 04 03 02 90 d0 03 00 07 00 00 00 0e 00
03a0: 00 00 02 00 00 00 10 00 00 00 04 00 00 00 00 83
03b0: 11 10 0f 0e 0d 0c 0b 0a 6f 6e 65 00 00 00 81 07
03c0: 00 66 6f 6c 6c 6f 77 73 b5 3f 63 e2 11 11 11 11
03d0: 00 00 03 e2 ff ff ff ff ff ff ff ff ff ff ff ff
0400: 00 00 00 00 52 f9 3e 25 9f 00 a6 eb 71 75 6f 66
0410: 6c 61 73 68 01 04 05 00 00 02 00 00 88 77 66 55
0420: 06 00 00 00 44 33 22 11 02 00 00 00 02 00 2c 00
0430: 03 00 00 00 00 00 00 00 01 05 11 10 0f 0e 0d 0c
0440: 0b 0a 02 00 00 00 00 00 00 00 01 00 00 00 00 00
0450: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0460: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0470: 00 00 00 00 00 00 03 00 00 00 00 00 00 00 02 01
0480: ff ee dd cc bb aa 99 07 00 00 00 0e 00 00 00 02
0490: 00 00 00 10 00 00 00 04 00 00 00 05 04 03 02 90
04a0: d0 03 00 11 10 0f 0e 0d 0c 0b 0a 00 9b ca c5 18
04b0: 3a 00 b0 f2 43 00 00 00 02 00 00 00 00 00 00 00
04c0: 2c 00 05 04 03 02 90 d0 03 00 07 00 00 00 0e 00
04d0: 00 00 02 00 00 00 10 00 00 00 04 00 00 00 00 83
04e0: 11 10 0f 0e 0d 0c 0b 0a 6f 6e 65 00 00 00 00 00
04f0: 11 11 11 11 00 00 03 e2 b6 66 1b 20 28 00 a6 e8
0500: 0b 00 01 00 01 00 00 00 00 00 00 00 01 00 00 00
0510: 00 00 00 00 09 00 00 00 00 00 00 00 b4 e8 9d 52
0520: 00 0c 00 00 00 0c 00 00 11 11 11 11 00 00 03 e2
0530: 8b 79 44 05 28 00 a6 e8 0b 00 02 00 02 00 00 00
0540: 00 00 00 00 01 00 00 00 00 00 00 00 0d 00 00 00
0550: 00 00 00 00 d6 e9 04 2c 6c 0c 00 00 00 0c 00 00
0560: 11 11 11 11 00 00 03 e2 f8 c7 14 fe 28 00 a6 e8
0570: 13 00 03 00 02 01 00 00 00 00 00 00 01 00 00 00
0580: 00 00 00 00 07 00 00 00 00 00 00 00 7e ac 14 ea
0590: 00 0e 00 00 6c 0c 00 00 11 11 11 11 00 00 03 e2
0c00: 71 75 6f 73 6e 61 70 0a 01 00 00 00 88 77 66 55
0c10: 44 33 22 11 07 00 00 00 0e 00 00 00 02 00 00 00
0c20: 10 00 00 00 04 00 00 00 01 00 00 00 00 00 00 00
0c30: 01 00 00 00 00 00 00 00 09 00 00 00 00 00 00 00
0c40: b4 e8 9d 52 00 00 00 00 00 00 00 00 00 00 00 00
0c50: 00 00 00 00 00 00 00 00 00 00 00 00 9a ee 1d ce
0c60: 74 68 65 20 73 74 61 74 65 ff ff ff 71 75 6f 73
0c70: 6e 61 70 0a 01 00 00 00 88 77 66 55 44 33 22 11
0c80: 07 00 00 00 0e 00 00 00 02 00 00 00 10 00 00 00
0c90: 04 00 00 00 02 00 00 00 00 00 00 00 01 00 00 00
0ca0: 00 00 00 00 0d 00 00 00 00 00 00 00 d6 e9 04 2c
0cb0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0cc0: 00 00 00 00 00 00 00 00 a9 1c ee ea 61 20 6c 61
0cd0: 74 65 72 20 73 74 61 74 65 ff ff ff ff ff ff ff
0e00: 71 75 6f 73 6e 61 70 0a 01 01 00 00 88 77 66 55
0e10: 44 33 22 11 07 00 00 00 0e 00 00 00 02 00 00 00
0e20: 10 00 00 00 04 00 00 00 02 01 00 00 00 00 00 00
0e30: 01 00 00 00 00 00 00 00 07 00 00 00 00 00 00 00
0e40: 7e ac 14 ea 00 00 00 00 00 00 00 00 00 00 00 00
0e50: 00 00 00 00 00 00 00 00 00 00 00 00 5d c2 36 02
0e60: 61 6e 6f 74 68 65 72 ff ff ff ff ff ff ff ff ff";

const WORDS_OF_32: &str = "
0000: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0010: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0020: 89 39 cf 0c 9f 00 a6 eb ff ff ff ff ff ff ff ff
0040: 71 75 6f 66 6c 61 73 68 01 20 05 00 00 04 00 00
0050: 88 77 66 55 06 00 00 00 44 33 22 11 00 00 00 00
0060: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0070: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0080: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0090: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
00a0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
00b0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
00c0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
00d0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
00e0: 49 47 b5 1a 31 00 56 ef ff ff ff ff ff ff ff ff
0100: 1b 00 00 00 01 01 ff ee dd cc bb aa 99 07 00 00
0110: 00 0e 00 00 00 02 00 00 00 10 00 00 00 04 00 00
0120: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0130: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0140: 11 11 11 11 00 00 03 e2 ff ff ff ff ff ff ff ff
0160: b0 7a 8e 43 31 00 56 ef ff ff ff ff ff ff ff ff
0180: 1b 00 01 00 02 01 ff ee dd cc bb aa 99 07 00 00
0190: 00 0e 00 00 00 02 00 00 00 10 00 00 00 04 00 00
01a0: 00 05 04 03 02 90 d0 03 00 11 10 0f 0e 0d 0c 0b
01b0: 0a 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
01c0: 11 11 11 11 00 00 03 e2 ff ff ff ff ff ff ff ff
01e0: 8f f8 23 69 00 01 7d f4 ff ff ff ff ff ff ff ff
0200: 05 00 02 00 03 00 00 00 00 00 00 00 01 05 11 10
0210: 0f 0e 0d 0c 0b 0a 01 01 00 00 00 00 00 00 00 01
0220: 00 00 00 00 00 00 00 2c 01 78 78 78 78 78 78 78
0300: 01 51 fd 67 5d 00 c5 ef ff ff ff ff ff ff ff ff
0320: 06 00 03 00 78 78 78 78 78 78 78 78 78 78 78 78
0370: 78 78 78 78 78 78 78 78 78 62 2f 83 90 00 00 00
0380: 11 11 11 11 00 00 03 e2 ff ff ff ff ff ff ff ff
0400: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0410: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0420: 20 83 2e 33 9f 00 a6 eb ff ff ff ff ff ff ff ff
0440: 71 75 6f 66 6c 61 73 68 01 20 05 00 00 04 00 00
0450: 88 77 66 55 06 00 00 00 44 33 22 11 01 00 00 00
0460: 04 00 00 00 03 00 00 00 00 00 00 00 01 05 11 10
0470: 0f 0e 0d 0c 0b 0a 01 00 00 00 00 00 00 00 01 00
0480: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0490: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
04a0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
04b0: 00 00 02 01 ff ee dd cc bb aa 99 07 00 00 00 0e
04c0: 00 00 00 02 00 00 00 10 00 00 00 04 00 00 00 05
04d0: 04 03 02 90 d0 03 00 11 10 0f 0e 0d 0c 0b 0a 00
04e0: 85 78 03 ca 60 00 44 e8 ff ff ff ff ff ff ff ff
0500: 63 00 00 00 02 00 00 00 00 00 00 00 2c 00 03 00
0510: 00 00 00 00 00 00 02 00 00 00 00 00 00 00 01 00
0520: 00 00 00 00 00 00 05 04 03 02 90 d0 03 00 07 00
0530: 00 00 0e 00 00 00 02 00 00 00 10 00 00 00 04 00
0540: 00 00 00 83 11 10 0f 0e 0d 0c 0b 0a 6f 6e 65 00
0550: 00 00 81 07 00 66 6f 6c 6c 6f 77 73 b5 3f 63 e2
0560: 11 11 11 11 00 00 03 e2 ff ff ff ff ff ff ff ff
0580: 51 80 dc f7 28 00 a6 e8 ff ff ff ff ff ff ff ff
05a0: 0b 00 01 00 01 00 00 00 00 00 00 00 01 00 00 00
05b0: 00 00 00 00 09 00 00 00 00 00 00 00 b4 e8 9d 52
05c0: 00 18 00 00 00 18 00 00 00 00 00 00 00 00 00 00
05d0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
05e0: 11 11 11 11 00 00 03 e2 ff ff ff ff ff ff ff ff
0600: 14 21 a4 92 28 00 a6 e8 ff ff ff ff ff ff ff ff
0620: 0b 00 02 00 02 00 00 00 00 00 00 00 01 00 00 00
0630: 00 00 00 00 0d 00 00 00 00 00 00 00 d6 e9 04 2c
0640: 80 18 00 00 00 18 00 00 00 00 00 00 00 00 00 00
0650: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0660: 11 11 11 11 00 00 03 e2 ff ff ff ff ff ff ff ff
0680: 18 6d 70 ff 28 00 a6 e8 ff ff ff ff ff ff ff ff
06a0: 13 00 03 00 02 01 00 00 00 00 00 00 01 00 00 00
06b0: 00 00 00 00 07 00 00 00 00 00 00 00 7e ac 14 ea
06c0: 00 1c 00 00 80 18 00 00 00 00 00 00 00 00 00 00
06d0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
06e0: 11 11 11 11 00 00 03 e2 ff ff ff ff ff ff ff ff
1800: 71 75 6f 73 6e 61 70 0a 01 00 00 00 88 77 66 55
1810: 44 33 22 11 07 00 00 00 0e 00 00 00 02 00 00 00
1820: 10 00 00 00 04 00 00 00 01 00 00 00 00 00 00 00
1830: 01 00 00 00 00 00 00 00 09 00 00 00 00 00 00 00
1840: b4 e8 9d 52 00 00 00 00 00 00 00 00 00 00 00 00
1850: 00 00 00 00 00 00 00 00 00 00 00 00 9a ee 1d ce
1860: 74 68 65 20 73 74 61 74 65 ff ff ff ff ff ff ff
1880: 71 75 6f 73 6e 61 70 0a 01 00 00 00 88 77 66 55
1890: 44 33 22 11 07 00 00 00 0e 00 00 00 02 00 00 00
18a0: 10 00 00 00 04 00 00 00 02 00 00 00 00 00 00 00
18b0: 01 00 00 00 00 00 00 00 0d 00 00 00 00 00 00 00
18c0: d6 e9 04 2c 00 00 00 00 00 00 00 00 00 00 00 00
18d0: 00 00 00 00 00 00 00 00 00 00 00 00 a9 1c ee ea
18e0: 61 20 6c 61 74 65 72 20 73 74 61 74 65 ff ff ff
1c00: 71 75 6f 73 6e 61 70 0a 01 01 00 00 88 77 66 55
1c10: 44 33 22 11 07 00 00 00 0e 00 00 00 02 00 00 00
1c20: 10 00 00 00 04 00 00 00 02 01 00 00 00 00 00 00
1c30: 01 00 00 00 00 00 00 00 07 00 00 00 00 00 00 00
1c40: 7e ac 14 ea 00 00 00 00 00 00 00 00 00 00 00 00
1c50: 00 00 00 00 00 00 00 00 00 00 00 00 5d c2 36 02
1c60: 61 6e 6f 74 68 65 72 ff ff ff ff ff ff ff ff ff";
