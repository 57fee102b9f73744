//! FORMAT.md, held down by bytes. A change here is a new format version.

mod common;

use std::fmt::Write as _;

use common::{SCRATCH, entries, layout, position, record};
use quorate::{Entries, HardState, Identity, Incarnation, Members, Seat, Seats, Snapshot, Term, crc32c};
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
    let voted = HardState { term: Term(3), vote: Some(Seat(5)) };
    flash.write(Some(voted), None, entries(&record(1, &[b'x'; 300]))).unwrap();
    let members = Members { voters: Seats(7), outgoing: Seats(14), learners: Seats(16), witnesses: Seats(4) };
    flash.take(position(1), members, b"the state").unwrap();
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
0000: 00 00 00 00 39 d3 01 40 60 00 44 e8 71 75 6f 66
0010: 6c 61 73 68 01 04 05 00 0d 0c 0b 0a 00 02 00 00
0020: 88 77 66 55 05 00 00 00 44 33 22 11 00 00 00 00
0030: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0040: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0050: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0060: 00 00 00 00 00 00 00 00 00 00 00 00 13 94 4e 93
0070: 00 01 7d f4 01 01 00 00 00 00 00 00 03 00 00 00
0080: 00 00 00 00 01 05 01 00 00 00 00 00 00 00 01 00
0090: 00 00 00 00 00 00 01 2c 01 78 78 78 78 78 78 78
0170: 78 78 78 78 86 79 ac d7 5d 00 c5 ef 02 01 01 00
0180: 00 00 00 00 78 78 78 78 78 78 78 78 78 78 78 78
01d0: 78 78 78 78 78 62 2f 83 90 00 00 00 11 11 11 11
01e0: 00 00 03 e2 ff ff ff ff ff ff ff ff ff ff ff ff
0200: 00 00 00 00 1f 42 b7 f2 60 00 44 e8 71 75 6f 66
0210: 6c 61 73 68 01 04 05 00 0d 0c 0b 0a 00 02 00 00
0220: 88 77 66 55 05 00 00 00 44 33 22 11 01 00 00 00
0230: 02 00 03 00 00 00 00 00 00 00 01 05 01 00 00 00
0240: 00 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00
0250: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0260: 00 00 00 00 00 00 00 00 00 00 00 00 4f 5d 26 98
0270: 24 00 72 e2 03 02 00 00 01 00 00 00 01 00 00 00
0280: 00 00 00 00 01 00 00 00 00 00 00 00 09 00 00 00
0290: 00 00 00 00 b4 e8 9d 52 11 11 11 11 00 00 03 e2
02a0: c4 8d c8 12 24 00 72 e2 03 04 01 00 01 00 00 00
02b0: 02 01 00 00 00 00 00 00 01 00 00 00 00 00 00 00
02c0: 07 00 00 00 00 00 00 00 7e ac 14 ea 11 11 11 11
02d0: 00 00 03 e2 ff ff ff ff ff ff ff ff ff ff ff ff
0a00: 71 75 6f 73 6e 61 70 0a 01 00 00 00 88 77 66 55
0a10: 44 33 22 11 07 00 00 00 00 00 00 00 0e 00 00 00
0a20: 00 00 00 00 10 00 00 00 00 00 00 00 04 00 00 00
0a30: 00 00 00 00 01 00 00 00 00 00 00 00 01 00 00 00
0a40: 00 00 00 00 09 00 00 00 00 00 00 00 b4 e8 9d 52
0a50: 00 00 00 00 00 00 00 00 00 00 00 00 65 5d 96 2f
0a60: 74 68 65 20 73 74 61 74 65 ff ff ff ff ff ff ff
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
0020: 44 49 8c 83 60 00 44 e8 ff ff ff ff ff ff ff ff
0040: 71 75 6f 66 6c 61 73 68 01 20 05 00 0d 0c 0b 0a
0050: 00 04 00 00 88 77 66 55 05 00 00 00 44 33 22 11
0060: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0070: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0080: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0090: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
00a0: 13 94 4e 93 00 01 7d f4 ff ff ff ff ff ff ff ff
00c0: 01 01 00 00 00 00 00 00 03 00 00 00 00 00 00 00
00d0: 01 05 01 00 00 00 00 00 00 00 01 00 00 00 00 00
00e0: 00 00 01 2c 01 78 78 78 78 78 78 78 78 78 78 78
01c0: 86 79 ac d7 5d 00 c5 ef ff ff ff ff ff ff ff ff
01e0: 02 01 01 00 00 00 00 00 78 78 78 78 78 78 78 78
0230: 78 78 78 78 78 78 78 78 78 62 2f 83 90 00 00 00
0240: 11 11 11 11 00 00 03 e2 ff ff ff ff ff ff ff ff
0260: 26 9a 69 58 24 00 72 e2 ff ff ff ff ff ff ff ff
0280: 03 02 02 00 00 00 00 00 01 00 00 00 00 00 00 00
0290: 01 00 00 00 00 00 00 00 09 00 00 00 00 00 00 00
02a0: b4 e8 9d 52 00 00 00 00 00 00 00 00 00 00 00 00
02b0: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
02c0: 11 11 11 11 00 00 03 e2 ff ff ff ff ff ff ff ff
02e0: ad 4a 87 d2 24 00 72 e2 ff ff ff ff ff ff ff ff
0300: 03 04 03 00 00 00 00 00 02 01 00 00 00 00 00 00
0310: 01 00 00 00 00 00 00 00 07 00 00 00 00 00 00 00
0320: 7e ac 14 ea 00 00 00 00 00 00 00 00 00 00 00 00
0330: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
0340: 11 11 11 11 00 00 03 e2 ff ff ff ff ff ff ff ff
1400: 71 75 6f 73 6e 61 70 0a 01 00 00 00 88 77 66 55
1410: 44 33 22 11 07 00 00 00 00 00 00 00 0e 00 00 00
1420: 00 00 00 00 10 00 00 00 00 00 00 00 04 00 00 00
1430: 00 00 00 00 01 00 00 00 00 00 00 00 01 00 00 00
1440: 00 00 00 00 09 00 00 00 00 00 00 00 b4 e8 9d 52
1450: 00 00 00 00 00 00 00 00 00 00 00 00 65 5d 96 2f
1460: 74 68 65 20 73 74 61 74 65 ff ff ff ff ff ff ff
1800: 71 75 6f 73 6e 61 70 0a 01 01 00 00 88 77 66 55
1810: 44 33 22 11 07 00 00 00 00 00 00 00 0e 00 00 00
1820: 00 00 00 00 10 00 00 00 00 00 00 00 04 00 00 00
1830: 00 00 00 00 02 01 00 00 00 00 00 00 01 00 00 00
1840: 00 00 00 00 07 00 00 00 00 00 00 00 7e ac 14 ea
1850: 00 00 00 00 00 00 00 00 00 00 00 00 91 7c a2 6d
1860: 61 6e 6f 74 68 65 72 ff ff ff ff ff ff ff ff ff";
