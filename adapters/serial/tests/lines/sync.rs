use fastrand::Rng;
use quorate::{Founding, Incarnation, Message, Seat, Term, crc32c};
use quorate_serial::{Fault, Header, Receiver, Transmitter};
use quorate_wire::{Envelope, encode, verify};

const FRAME: usize = 200;

fn frame(number: u64) -> Vec<u8> {
    let envelope = Envelope { founding: Founding(number), from: Seat(1), to: Seat(2), incarnation: Incarnation(0) };
    let mut buffer = [0; 64];
    encode(&mut buffer, &envelope, &Message::CampaignNow { term: Term(number) }).expect("it fits").to_vec()
}

fn line(frame: &[u8]) -> Vec<u8> {
    let header = Header { hops: 7, turned: false, hears: true, to: Seat(2).into(), from: Seat(1).into() };
    let mut line = Transmitter::<FRAME>::new();
    line.push(&header, frame).expect("it fits");
    line.pending().to_vec()
}

/// What a receiver makes of bytes: sound frames, and faults.
fn receive(bytes: &[u8], rng: &mut Rng) -> (Vec<Vec<u8>>, Vec<Fault>) {
    let (mut receiver, mut rest) = (Receiver::<FRAME>::new(), bytes);
    let (mut frames, mut faults) = (Vec::new(), Vec::new());
    while !rest.is_empty() {
        let (mut portion, behind) = rest.split_at(rng.usize(1..=rest.len()));
        rest = behind;
        while let Some(taken) = receiver.take(&mut portion) {
            match taken {
                Ok((_, frame)) if verify(frame).is_ok() => frames.push(frame.to_vec()),
                Ok(_) => faults.push(Fault::Checksum),
                Err(fault) => faults.push(fault),
            }
        }
    }
    (frames, faults)
}

/// Changes, loses or adds bytes.
fn damage(bytes: &mut Vec<u8>, rng: &mut Rng) {
    let at = rng.usize(..bytes.len());
    match rng.u8(0..5) {
        0 => bytes[at] ^= 1 << rng.u8(0..8),
        1 => bytes.truncate(at),
        2 => drop(bytes.drain(..at)),
        3 => bytes.insert(at, rng.u8(..)),
        _ => bytes.splice(at.., (0..rng.usize(0..400)).map(|_| rng.u8(..))).for_each(drop),
    }
}

#[test]
fn every_unharmed_frame_behind_a_delimiter_comes_through() {
    for seed in 0..3_000 {
        let mut rng = Rng::with_seed(seed);
        let (mut stream, mut expected, mut sent) = (Vec::new(), Vec::new(), Vec::new());
        for number in 1..30 {
            let frame = frame(number);
            let mut bytes = line(&frame);
            // Where the line was not idle, no delimiter comes first.
            if rng.bool() {
                bytes.remove(0);
            }
            let is_harmed = rng.u8(0..4) == 0;
            if is_harmed {
                damage(&mut bytes, &mut rng);
            }
            let is_clean = bytes.first() == Some(&0) || stream.last().is_none_or(|last| *last == 0);
            if is_clean && !is_harmed {
                expected.push(frame.clone());
            }
            stream.extend(bytes);
            sent.push(frame);
        }
        let (found, faults) = receive(&stream, &mut rng);
        let mut rest = found.iter();
        assert!(expected.iter().all(|frame| rest.any(|other| other == frame)), "seed {seed}: {faults:?}");
        assert!(found.iter().all(|frame| sent.contains(frame)), "seed {seed}: a frame that nobody sent");
    }
}

#[test]
fn a_frame_that_is_cut_anywhere_takes_no_other_with_it() {
    let (first, second) = (frame(1), frame(2));
    for cut in 0..line(&first).len() {
        let mut bytes = line(&first);
        bytes.truncate(cut);
        bytes.extend(line(&second));
        let (found, _) = receive(&bytes, &mut Rng::with_seed(cut as u64));
        // All but the last delimiter is there: the next frame brings it.
        let whole = cut == line(&first).len() - 1;
        assert_eq!(found, if whole { vec![first.clone(), second.clone()] } else { vec![second.clone()] }, "{cut}");
    }
}

#[test]
fn what_is_longer_than_any_frame_is_dropped_as_a_whole() {
    let mut bytes = vec![7; 3 * FRAME];
    bytes.push(0);
    bytes.extend(line(&frame(1)));
    let (found, faults) = receive(&bytes, &mut Rng::with_seed(1));
    assert_eq!((found, faults), (vec![frame(1)], vec![Fault::Long]));
}

#[test]
fn no_bytes_are_too_strange() {
    for seed in 0..2_000 {
        let mut rng = Rng::with_seed(seed);
        let zeros = rng.u8(1..30);
        let bytes: Vec<u8> = (0..2_000).map(|_| if rng.u8(0..zeros) == 0 { 0 } else { rng.u8(..) }).collect();
        let (found, _) = receive(&bytes, &mut rng);
        assert!(found.is_empty(), "seed {seed}: a checksum of {:x}", crc32c(&found[0]));
    }
}
