//! FORMAT.md, held down by bytes. A change here is a new format version.

mod common;

use std::fmt::Write as _;

use common::{SCRATCH, entries, layout, position, record};
use quorate::founding::{Prepared, Record};
use quorate::{
    Charter, Entries, Founding, HardState, Identity, Incarnation, Members, Seat, Seats, Snapshot, Term, crc32c,
};
use quorate_flash::double::Double;
use quorate_flash::{Flash, FlashError, Owner, Recovered};

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
    let identity = Identity { seat: Seat(5), incarnation: Incarnation(0x0a0b_0c0d) };
    let owner = Owner { cluster: 0x1122_3344_5566_7788, identity };
    let nothing = |_: Recovered<'_>| Ok::<(), FlashError>(());
    let layout = layout::<WORD, PAGE>(5, 1);
    let (mut flash, _) = Flash::open(Double::<WORD, PAGE>::new(8), layout, owner, &mut [0; SCRATCH], nothing).unwrap();
    let members = Members { voters: Seats(7), outgoing: Seats(14), learners: Seats(16), witnesses: Seats(4) };
    let founding = Founding(0x99aa_bbcc_ddee_ff01);
    flash.record(Record::Prepared(Prepared { founding, members })).unwrap();
    flash.record(Record::Complete(Charter { founding, members, log_bytes_least: 0x0203_0405 })).unwrap();
    let voted = HardState { term: Term(3), vote: Some(Seat(5)) };
    flash.write(Some(voted), None, entries(&record(1, &[b'x'; 300]))).unwrap();
    flash.write(None, None, entries(&record(2, b"follows"))).unwrap();
    flash.take(position(1), members, b"the state").unwrap();
    flash.take(position(2), members, b"a later state").unwrap();
    let snapshot = Snapshot { position: position(0x0102), bytes: 7, check: crc32c(b"another") };
    flash.store(snapshot, members, 0, b"another").unwrap();
    flash.write(None, Some(snapshot), Entries::default()).unwrap();
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
0000: 00 00 00 00 87 e8 30 d9 64 00 c3 fd 71 75 6f 66
0010: 6c 61 73 68 01 04 05 00 0d 0c 0b 0a 00 02 00 00
0020: 88 77 66 55 05 00 00 00 44 33 22 11 00 00 00 00
0030: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0040: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0050: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0060: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0070: 86 96 48 f8 00 01 7d f4 05 00 00 00 03 00 00 00
0080: 00 00 00 00 01 05 01 01 00 00 00 00 00 00 00 01
0090: 00 00 00 00 00 00 00 2c 01 78 78 78 78 78 78 78
0170: 78 78 78 78 78 78 78 78 4e 84 d8 d8 55 00 96 f0
0180: 06 00 01 00 78 78 78 78 78 78 78 78 78 78 78 78
01d0: 78 62 2f 83 90 00 00 00 11 11 11 11 00 00 03 e2
0200: 00 00 00 00 bf cd f8 15 64 00 c3 fd 71 75 6f 66
0210: 6c 61 73 68 01 04 05 00 0d 0c 0b 0a 00 02 00 00
0220: 88 77 66 55 05 00 00 00 44 33 22 11 01 00 00 00
0230: 02 00 03 00 00 00 00 00 00 00 01 05 01 00 00 00
0240: 00 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00
0250: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0260: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0270: f8 dd 26 38 12 00 15 f8 03 00 00 00 81 07 00 66
0280: 6f 6c 6c 6f 77 73 b5 3f 63 e2 00 00 11 11 11 11
0290: 00 00 03 e2 e0 0c 4c 84 28 00 a6 e8 0b 00 01 00
02a0: 01 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00
02b0: 09 00 00 00 00 00 00 00 b4 e8 9d 52 00 0a 00 00
02c0: 00 0a 00 00 11 11 11 11 00 00 03 e2 dd 13 13 a1
02d0: 28 00 a6 e8 0b 00 02 00 02 00 00 00 00 00 00 00
02e0: 01 00 00 00 00 00 00 00 0d 00 00 00 00 00 00 00
02f0: d6 e9 04 2c 6c 0a 00 00 00 0a 00 00 11 11 11 11
0300: 00 00 03 e2 7f 68 a3 ff 28 00 a6 e8 13 00 03 00
0310: 02 01 00 00 00 00 00 00 01 00 00 00 00 00 00 00
0320: 07 00 00 00 00 00 00 00 7e ac 14 ea 00 0c 00 00
0330: 6c 0a 00 00 11 11 11 11 00 00 03 e2 ff ff ff ff
0a00: 71 75 6f 73 6e 61 70 0a 01 00 00 00 88 77 66 55
0a10: 44 33 22 11 07 00 00 00 00 00 00 00 0e 00 00 00
0a20: 00 00 00 00 10 00 00 00 00 00 00 00 04 00 00 00
0a30: 00 00 00 00 01 00 00 00 00 00 00 00 01 00 00 00
0a40: 00 00 00 00 09 00 00 00 00 00 00 00 b4 e8 9d 52
0a50: 00 00 00 00 00 00 00 00 00 00 00 00 65 5d 96 2f
0a60: 74 68 65 20 73 74 61 74 65 ff ff ff 71 75 6f 73
0a70: 6e 61 70 0a 01 00 00 00 88 77 66 55 44 33 22 11
0a80: 07 00 00 00 00 00 00 00 0e 00 00 00 00 00 00 00
0a90: 10 00 00 00 00 00 00 00 04 00 00 00 00 00 00 00
0aa0: 02 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00
0ab0: 0d 00 00 00 00 00 00 00 d6 e9 04 2c 00 00 00 00
0ac0: 00 00 00 00 00 00 00 00 78 2a d5 43 61 20 6c 61
0ad0: 74 65 72 20 73 74 61 74 65 ff ff ff ff ff ff ff
0c00: 71 75 6f 73 6e 61 70 0a 01 01 00 00 88 77 66 55
0c10: 44 33 22 11 07 00 00 00 00 00 00 00 0e 00 00 00
0c20: 00 00 00 00 10 00 00 00 00 00 00 00 04 00 00 00
0c30: 00 00 00 00 02 01 00 00 00 00 00 00 01 00 00 00
0c40: 00 00 00 00 07 00 00 00 00 00 00 00 7e ac 14 ea
0c50: 00 00 00 00 00 00 00 00 00 00 00 00 91 7c a2 6d
0c60: 61 6e 6f 74 68 65 72 ff ff ff ff ff ff ff ff ff";

const WORDS_OF_32: &str = "
0000: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0010: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0020: a0 99 6d 7b 64 00 c3 fd ff ff ff ff ff ff ff ff
0040: 71 75 6f 66 6c 61 73 68 01 20 05 00 0d 0c 0b 0a
0050: 00 04 00 00 88 77 66 55 05 00 00 00 44 33 22 11
0060: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0070: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0080: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0090: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
00a0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
00b0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
00c0: 86 96 48 f8 00 01 7d f4 ff ff ff ff ff ff ff ff
00e0: 05 00 00 00 03 00 00 00 00 00 00 00 01 05 01 01
00f0: 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 2c
0100: 01 78 78 78 78 78 78 78 78 78 78 78 78 78 78 78
01e0: 4e 84 d8 d8 55 00 96 f0 ff ff ff ff ff ff ff ff
0200: 06 00 01 00 78 78 78 78 78 78 78 78 78 78 78 78
0250: 78 62 2f 83 90 00 00 00 00 00 00 00 00 00 00 00
0260: 11 11 11 11 00 00 03 e2 ff ff ff ff ff ff ff ff
0280: f5 b0 d2 d9 12 00 15 f8 ff ff ff ff ff ff ff ff
02a0: 03 00 02 00 81 07 00 66 6f 6c 6c 6f 77 73 b5 3f
02b0: 63 e2 00 00 00 00 00 00 00 00 00 00 00 00 00 00
02c0: 11 11 11 11 00 00 03 e2 ff ff ff ff ff ff ff ff
02e0: 4c 62 81 3d 28 00 a6 e8 ff ff ff ff ff ff ff ff
0300: 0b 00 03 00 01 00 00 00 00 00 00 00 01 00 00 00
0310: 00 00 00 00 09 00 00 00 00 00 00 00 b4 e8 9d 52
0320: 00 14 00 00 00 14 00 00 00 00 00 00 00 00 00 00
0330: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0340: 11 11 11 11 00 00 03 e2 ff ff ff ff ff ff ff ff
0360: 78 35 2b 53 28 00 a6 e8 ff ff ff ff ff ff ff ff
0380: 0b 00 04 00 02 00 00 00 00 00 00 00 01 00 00 00
0390: 00 00 00 00 0d 00 00 00 00 00 00 00 d6 e9 04 2c
03a0: 80 14 00 00 00 14 00 00 00 00 00 00 00 00 00 00
03b0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
03c0: 11 11 11 11 00 00 03 e2 ff ff ff ff ff ff ff ff
0400: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0410: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0420: 2d cd 74 cc 64 00 c3 fd ff ff ff ff ff ff ff ff
0440: 71 75 6f 66 6c 61 73 68 01 20 05 00 0d 0c 0b 0a
0450: 00 04 00 00 88 77 66 55 05 00 00 00 44 33 22 11
0460: 01 00 00 00 05 00 03 00 00 00 00 00 00 00 01 05
0470: 02 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00
0480: 02 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00
0490: 0d 00 00 00 00 00 00 00 d6 e9 04 2c 80 14 00 00
04a0: 00 14 00 00 00 00 00 00 00 00 00 00 00 00 00 00
04b0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
04c0: 76 d2 8f 38 28 00 a6 e8 ff ff ff ff ff ff ff ff
04e0: 13 00 00 00 02 01 00 00 00 00 00 00 01 00 00 00
04f0: 00 00 00 00 07 00 00 00 00 00 00 00 7e ac 14 ea
0500: 00 18 00 00 80 14 00 00 00 00 00 00 00 00 00 00
0510: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0520: 11 11 11 11 00 00 03 e2 ff ff ff ff ff ff ff ff
1400: 71 75 6f 73 6e 61 70 0a 01 00 00 00 88 77 66 55
1410: 44 33 22 11 07 00 00 00 00 00 00 00 0e 00 00 00
1420: 00 00 00 00 10 00 00 00 00 00 00 00 04 00 00 00
1430: 00 00 00 00 01 00 00 00 00 00 00 00 01 00 00 00
1440: 00 00 00 00 09 00 00 00 00 00 00 00 b4 e8 9d 52
1450: 00 00 00 00 00 00 00 00 00 00 00 00 65 5d 96 2f
1460: 74 68 65 20 73 74 61 74 65 ff ff ff ff ff ff ff
1480: 71 75 6f 73 6e 61 70 0a 01 00 00 00 88 77 66 55
1490: 44 33 22 11 07 00 00 00 00 00 00 00 0e 00 00 00
14a0: 00 00 00 00 10 00 00 00 00 00 00 00 04 00 00 00
14b0: 00 00 00 00 02 00 00 00 00 00 00 00 01 00 00 00
14c0: 00 00 00 00 0d 00 00 00 00 00 00 00 d6 e9 04 2c
14d0: 00 00 00 00 00 00 00 00 00 00 00 00 78 2a d5 43
14e0: 61 20 6c 61 74 65 72 20 73 74 61 74 65 ff ff ff
1800: 71 75 6f 73 6e 61 70 0a 01 01 00 00 88 77 66 55
1810: 44 33 22 11 07 00 00 00 00 00 00 00 0e 00 00 00
1820: 00 00 00 00 10 00 00 00 00 00 00 00 04 00 00 00
1830: 00 00 00 00 02 01 00 00 00 00 00 00 01 00 00 00
1840: 00 00 00 00 07 00 00 00 00 00 00 00 7e ac 14 ea
1850: 00 00 00 00 00 00 00 00 00 00 00 00 91 7c a2 6d
1860: 61 6e 6f 74 68 65 72 ff ff ff ff ff ff ff ff ff";
