use proptest::prelude::*;
use quorate::founding;
use quorate::{Founding, Seat};
use quorate_wire::seal::{FOUNDING_SEAL, Profile, decode_founding, encode_founding};
use quorate_wire::{Cluster, DecodeError, FoundingEnvelope};

use crate::pair::{Node, conclude, pair, pair_of, settle, side};

pub(crate) fn flips(frame: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..frame.len() * 8).map(|bit| {
        let mut flipped = frame.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        flipped
    })
}

#[test]
fn no_frame_with_a_bit_flipped_is_taken_and_none_that_is_cut() {
    [Profile::Full, Profile::Bus].into_iter().for_each(no_frame_that_is_changed_is_taken);
}

fn no_frame_that_is_changed_is_taken(profile: Profile) {
    let (mut one, mut other) = pair_of(profile);
    assert_eq!(one.seal(2, 1), None);
    let ask = one.speak(2).expect("it asks");
    assert!(flips(&ask).all(|frame| other.hear(&frame).is_err()));
    let answer = other.hear(&ask).unwrap().unwrap();
    assert!(flips(&answer).all(|frame| one.hear(&frame).is_err()));
    let done = one.hear(&answer).unwrap().unwrap();
    assert!(flips(&done).all(|frame| other.hear(&frame).is_err()));
    conclude(&mut one, &mut other, &done);
    let frame = one.seal(2, 300).expect("there is a session");
    assert!(flips(&frame).all(|frame| other.open(&frame).is_err()));
    for hello in [&ask, &answer, &done] {
        assert!((0..hello.len()).all(|length| one.hear(&hello[..length]) == Err(DecodeError::Length)));
    }
    assert!((0..frame.len()).all(|length| other.open(&frame[..length]).is_err()));
    assert_eq!(other.open(&frame).map(|(_, term)| term), Ok(300));
}

#[test]
fn a_founding_s_frame_is_sealed_whole() {
    let ring = Node::new(1).ring;
    let message = founding::Message::Prepare { founding: Founding(77), token: 5 };
    let envelope = FoundingEnvelope { cluster: Cluster(42), from: Seat(1), to: Seat(2) };
    let mut buffer = [0; 200];
    let frame = encode_founding(&mut buffer, &ring, &envelope, &message, [3, 4]).expect("there is room").to_vec();
    let open = |frame: &[u8], cluster, me| decode_founding(&mut frame.to_vec(), &ring, Cluster(cluster), Seat(me));
    assert_eq!(open(&frame, 42, 2), Ok((Seat(1), message)));
    assert_eq!(open(&frame, 42, 3), Err(DecodeError::Destination));
    assert_eq!(open(&frame, 43, 2), Err(DecodeError::Cluster));
    assert!(flips(&frame).all(|frame| open(&frame, 42, 2).is_err()));
    assert!((0..frame.len()).all(|length| open(&frame[..length], 42, 2).is_err()));
    let mut plain = [0; 200];
    let plain = quorate_wire::encode_founding(&mut plain, &envelope, &message).expect("there is room");
    assert_eq!(frame.len() + 6, plain.len() + FOUNDING_SEAL, "header and check make way");
    assert!(!frame.windows(8).any(|bytes| bytes == 77u64.to_le_bytes()), "nothing of it is to be seen");
}

/// Frames of another founding, to another seat, of oneself.
#[test]
fn what_is_meant_for_others_is_refused_by_its_name() {
    let (mut one, mut other) = pair();
    assert_eq!(one.seal(2, 1), None);
    let ask = one.speak(2).expect("it asks");
    let mut third = Node::new(3);
    assert_eq!(third.hear(&ask), Err(DecodeError::Destination));
    assert_eq!(one.hear(&ask), Err(DecodeError::Destination), "said back");
    other.side.founding = Founding(1);
    assert_eq!(other.hear(&ask), Err(DecodeError::Founding));
    other.side = side(2, 0);
    other.side.cluster = Cluster(43);
    assert_eq!(other.hear(&ask), Err(DecodeError::Tag));
    let (mut one, mut other) = pair();
    settle(&mut one, &mut other);
    let frame = (0..9).filter_map(|_| one.seal(2, 1)).last().expect("there is a session");
    assert_eq!(one.open(&frame), Err(DecodeError::Destination), "said back");
    let mut turned = frame.clone();
    turned.swap(3, 4);
    assert_eq!(one.open(&turned), Err(DecodeError::Tag), "said back as if it were the other's");
    assert_eq!(third.open(&frame), Err(DecodeError::Destination));
}

#[derive(Clone, Copy, Debug)]
enum Act {
    /// A side has something to send.
    Seal(bool),
    /// An interval is over.
    Speak(bool),
    Restart(bool),
    /// An attacker delivers what was once said, to either side.
    Deliver(usize, bool),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => any::<bool>().prop_map(Act::Seal),
        3 => any::<bool>().prop_map(Act::Speak),
        1 => any::<bool>().prop_map(Act::Restart),
        12 => (any::<usize>(), any::<bool>()).prop_map(|(which, to)| Act::Deliver(which, to)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever an attacker delivers, and however often: each frame opens once, for the boot that it was sealed for; no counter is
    /// used twice; and once he is gone both come together.
    #[test]
    fn whoever_records_and_repeats_gets_nothing_opened_twice(
        acts in prop::collection::vec(act(), 1..120),
        profile in prop_oneof![Just(Profile::Full), Just(Profile::Bus)],
    ) {
        let (mut one, mut other) = pair_of(profile);
        let mut said: Vec<(bool, Vec<u8>)> = Vec::new();
        let (mut term, mut boots, mut boot_of, mut opened) = (0, [0; 2], Vec::new(), Vec::new());
        for act in acts {
            let node = |second: bool| if second { 2u8 } else { 1 };
            match act {
                Act::Seal(second) => {
                    let from = if second { &mut other } else { &mut one };
                    term += 1;
                    boot_of.push((boots[usize::from(!second)], second));
                    said.extend(from.seal(3 - node(second), term).map(|frame| (second, frame)));
                }
                Act::Speak(second) => {
                    let from = if second { &mut other } else { &mut one };
                    from.wait();
                    said.extend(from.say(3 - node(second)).into_iter().map(|frame| (second, frame)));
                }
                Act::Restart(second) => {
                    boots[usize::from(second)] += 1;
                    if second { other.restart() } else { one.restart() }
                }
                Act::Deliver(which, second) => {
                    if said.is_empty() {
                        continue;
                    }
                    let (by, frame) = said[which % said.len()].clone();
                    let to = if second { &mut other } else { &mut one };
                    let (taken, answer) = to.take(&frame);
                    prop_assert!(by != second || taken.is_err(), "what is said back is refused");
                    said.extend(answer.map(|answer| (second, answer)));
                    if let Ok(Some(term)) = taken {
                        prop_assert!(!opened.contains(&term), "opened twice");
                        opened.push(term);
                        let (boot, of_second) = boot_of[term as usize - 1];
                        prop_assert!(of_second != second && boot == boots[usize::from(second)], "of another boot");
                    }
                }
            }
        }
        settle(&mut one, &mut other);
    }
}
