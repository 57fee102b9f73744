use quorate::Seat;
use quorate_serial::{Fault, Header, Receiver, Transmitter};

const HEADER: Header = Header { hops: 1, turned: false, hears: true, to: from(), from: from() };

const fn from() -> quorate_serial::Address {
    match quorate_serial::Address::guest(0) {
        Some(address) => address,
        None => unreachable!(),
    }
}

/// The longest frame that a line of this size takes, and comes out of it again.
fn longest<const FRAME: usize>() -> usize {
    let fits = |length: &usize| {
        let mut line = Transmitter::<FRAME>::new();
        // Something waits, so that there is room for one longest frame.
        let frame: Vec<u8> = (1..=255).cycle().take(*length).collect();
        line.push(&HEADER, &[0; 10]).expect("a short frame fits");
        let before = line.pending().len();
        line.sent(before);
        line.push(&HEADER, &frame).is_ok() && line.pending().len() - 1 <= FRAME && {
            let (mut receiver, mut rest) = (Receiver::<FRAME>::new(), line.pending());
            receiver.take(&mut rest) == Some(Ok((HEADER, &mut frame.to_vec()[..])))
        }
    };
    (0..2 * FRAME).rev().find(fits).expect("some frame fits")
}

#[test]
fn a_line_carries_frames_as_long_as_its_size_says() {
    // A delimiter, a byte of encoding for each 254 that are begun, four of the header.
    assert_eq!(longest::<64>(), 64 - 1 - 1 - 4);
    assert_eq!(longest::<255>(), 255 - 1 - 1 - 4);
    assert_eq!(longest::<256>(), 256 - 1 - 1 - 4);
    assert_eq!(longest::<257>(), 257 - 1 - 2 - 4);
    assert_eq!(longest::<512>(), 512 - 1 - 3 - 4);
}

#[test]
fn two_longest_frames_wait_and_a_third_does_not() {
    let frame = [1; 58];
    let mut line = Transmitter::<64>::new();
    assert!(line.has_room());
    line.push(&HEADER, &frame[..57]).expect("the first fits, with the delimiter before it");
    assert!(line.has_room());
    line.push(&HEADER, &frame).expect("so does the second");
    assert!(!line.has_room());
    assert_eq!(line.push(&HEADER, &[]), Err(Fault::NoRoom));
    line.sent(63);
    assert!(!line.has_room());
    line.sent(1);
    assert!(line.has_room());
    line.push(&HEADER, &frame).expect("there is room again");
}

#[test]
fn bytes_are_sent_in_any_portions() {
    let header = Header { to: Seat(3).into(), ..HEADER };
    for portion in 1..40 {
        let (mut line, mut receiver) = (Transmitter::<64>::new(), Receiver::<64>::new());
        for number in 0..20 {
            line.push(&header, &[number; 30]).expect("there is room");
            let mut taken = 0;
            while !line.pending().is_empty() {
                let bytes = line.pending();
                let bytes = bytes[..bytes.len().min(portion)].to_vec();
                line.sent(bytes.len());
                let mut rest = &bytes[..];
                while let Some(frame) = receiver.take(&mut rest) {
                    assert_eq!(frame, Ok((header, &mut [number; 30][..])));
                    taken += 1;
                }
            }
            assert_eq!(taken, 1);
        }
    }
}
