use allocation_counter::measure;
use proptest::prelude::*;
use quorate::{Identity, Incarnation, Message, Seat, Term};
use quorate_wire::DecodeError;
use quorate_wire::seal::many::{Broadcast, Listener, WORD, decode, encode};
use quorate_wire::seal::{Form, Profile};

use crate::attacks::flips;
use crate::pair::{id, key, side};
use crate::station::{STATIONS, Station, line, settle, tell};

const PROFILES: [Profile; 2] = [Profile::Full, Profile::Bus];

fn opens(station: &mut Station, frame: &[u8]) -> bool {
    station.open(frame).is_ok()
}

#[test]
fn one_frame_opens_at_all_who_have_called_once_at_each() {
    for profile in PROFILES {
        let [mut one, mut two, mut three] = line(profile);
        for other in [&mut two, &mut three] {
            let words = tell(other, &mut one);
            assert!(words.iter().all(|word| word.len() == WORD), "an answer is as long as its question");
        }
        for term in 1..200 {
            let frame = one.seal(term);
            let head = if profile == Profile::Full { 24 } else { 14 };
            assert_eq!(frame.len(), head + if term < 128 { 2 } else { 3 });
            for other in [&mut two, &mut three] {
                assert_eq!(other.open(&frame), Ok((Seat(0).into(), term)));
                assert_eq!(other.open(&frame), Err(DecodeError::Repeated));
                assert_eq!(other.speak(0), None, "there is nothing to say");
            }
        }
    }
}

#[test]
fn no_frame_and_no_word_with_a_bit_flipped_is_taken_and_none_that_is_cut() {
    for profile in PROFILES {
        let [mut one, mut two, _] = line(profile);
        let lost = one.seal(1);
        assert_eq!(two.open(&lost), Err(DecodeError::Session));
        let call = two.speak(0).expect("it calls");
        assert!(flips(&call).all(|word| one.hear(&word).is_err()));
        let notice = one.hear(&call).unwrap().unwrap();
        assert!(flips(&notice).all(|word| two.hear(&word).is_err()));
        assert!([&call, &notice].iter().all(|word| (0..WORD).all(|length| one.hear(&word[..length]).is_err())));
        assert_eq!(two.hear(&notice), Ok(None));
        let frame = one.seal(300);
        assert!(flips(&frame).all(|frame| two.open(&frame).is_err()));
        assert!((0..frame.len()).all(|length| two.open(&frame[..length]).is_err()));
        assert_eq!(two.open(&frame).map(|(_, term)| term), Ok(300));
    }
}

#[test]
fn who_has_started_again_opens_nothing_that_was_sealed_before() {
    for profile in PROFILES {
        let [mut one, mut two, _] = line(profile);
        let words = tell(&mut two, &mut one);
        let recorded: Vec<_> = (0..5).map(|term| one.seal(term)).collect();
        two.restart();
        assert!(recorded.iter().all(|frame| two.open(frame) == Err(DecodeError::Session)));
        assert!(words.iter().all(|word| !matches!(two.hear(word), Ok(Some(_)))), "that Notice was of before");
        assert!(!recorded.iter().any(|frame| opens(&mut two, frame)));
        tell(&mut two, &mut one);
        assert!(recorded.iter().all(|frame| two.open(frame) == Err(DecodeError::Repeated)));
        let frame = one.seal(7);
        assert!(opens(&mut two, &frame));
    }
}

#[test]
fn a_notice_to_the_number_of_an_earlier_call_does_nothing() {
    let [mut one, mut two, _] = line(Profile::Bus);
    let [_, notice] = tell(&mut two, &mut one);
    let recorded = one.seal(1);
    two.restart();
    assert_eq!(two.open(&recorded), Err(DecodeError::Session));
    let call = two.speak(0).expect("it calls");
    assert_eq!(two.hear(&notice), Ok(None));
    assert_eq!(two.open(&recorded), Err(DecodeError::Session), "it has not been told yet");
    let notice = one.hear(&call).unwrap().unwrap();
    assert_eq!(two.hear(&notice), Ok(None));
    assert_eq!(two.open(&recorded), Err(DecodeError::Repeated));
}

#[test]
fn a_number_takes_one_notice_and_leads_back_to_nothing() {
    let [mut one, mut two, _] = line(Profile::Bus);
    assert!(!opens(&mut two, &one.seal(1)));
    let call = two.speak(0).expect("it calls");
    let earlier = one.hear(&call).unwrap().unwrap();
    let recorded = one.seal(1);
    one.broadcast = Broadcast::default();
    let later = one.hear(&call).unwrap().unwrap();
    assert_eq!((two.hear(&later), two.hear(&earlier)), (Ok(None), Ok(None)));
    assert!(!opens(&mut two, &recorded), "it was sealed under the number before");
    assert!(opens(&mut two, &one.seal(1)));
}

#[test]
fn who_has_started_again_is_heard_and_nothing_of_before_any_more() {
    let mut stations = line(Profile::Bus);
    settle(&mut stations, 0);
    let recorded: Vec<_> = (0..5).map(|term| stations[0].seal(term)).collect();
    assert!(opens(&mut stations[1], &recorded[3]), "it was sealed since it has called");
    stations[0].restart();
    assert!(settle(&mut stations, 0) <= 2);
    for frame in &recorded {
        assert!(matches!(stations[1].open(frame), Err(DecodeError::Session | DecodeError::Tag)));
    }
}

/// Words and frames to others, said back, of another founding or life.
#[test]
fn what_is_meant_for_others_is_refused() {
    let [mut one, mut two, mut three] = line(Profile::Full);
    let [call, notice] = tell(&mut two, &mut one);
    // The third has called with the same number.
    assert!(!opens(&mut three, &one.seal(1)));
    three.speak(0).expect("it calls");
    assert_eq!(three.hear(&notice), Err(DecodeError::Destination));
    let mut turned = notice.clone();
    turned[4] = 2;
    assert_eq!(three.hear(&turned), Err(DecodeError::Tag));
    assert_eq!(two.hear(&call), Err(DecodeError::Destination), "said back");
    let mut turned = call.clone();
    turned.swap(3, 4);
    assert_eq!(two.hear(&turned), Err(DecodeError::Tag));
    let frame = one.seal(1);
    assert_eq!(one.open(&frame), Err(DecodeError::Malformed), "its own");
    let mut turned = frame.clone();
    turned[3] = 1;
    assert_eq!(one.open(&turned), Err(DecodeError::Session));
    assert!(opens(&mut two, &frame));
    two.side.founding = quorate::Founding(1);
    assert_eq!(two.hear(&notice), Err(DecodeError::Founding));
    assert_eq!(two.open(&one.seal(1)), Err(DecodeError::Tag));
    assert!(Form::of(&frame).is_err() && Form::of(&call).is_err(), "a host without listeners drops them");
}

#[test]
fn no_profile_opens_a_frame_of_the_other() {
    for profile in PROFILES {
        let [mut one, mut two, _] = line(profile);
        tell(&mut two, &mut one);
        let frame = one.seal(3);
        two.side.profile = if profile == Profile::Full { Profile::Bus } else { Profile::Full };
        assert_eq!(two.open(&frame), Err(DecodeError::Class(frame[1])));
        let mut turned = frame.clone();
        turned[1] ^= 0xc0;
        assert!(matches!(two.open(&turned), Err(DecodeError::Tag | DecodeError::Length)));
        two.side.profile = profile;
        assert_eq!(two.open(&turned), Err(DecodeError::Class(turned[1])));
        assert!(opens(&mut two, &frame));
    }
}

#[test]
fn the_life_of_who_speaks_comes_with_its_notice() {
    let [mut one, mut two, _] = line(Profile::Bus);
    tell(&mut two, &mut one);
    one.side.me = side(0, 0x99).me;
    assert_eq!(two.open(&one.seal(1)), Err(DecodeError::Tag), "another life has another key");
    one.restart();
    tell(&mut two, &mut one);
    let identity = Identity { seat: Seat(0), incarnation: Incarnation(0x99) };
    assert_eq!(two.open(&one.seal(3)), Ok((identity, 3)));
}

#[test]
fn a_notice_that_comes_late_opens_nothing_again() {
    let [mut one, mut two, _] = line(Profile::Bus);
    tell(&mut two, &mut one);
    (0..3).for_each(|_| two.wait());
    let mut forged = one.seal(1);
    forged[6] ^= 1;
    assert_eq!(two.open(&forged), Err(DecodeError::Tag));
    let call = two.speak(0).expect("it has not heard anything for long");
    let notice = one.hear(&call).unwrap().unwrap();
    let frames: Vec<_> = (0..9).map(|term| one.seal(term)).collect();
    assert!(frames.iter().all(|frame| opens(&mut two, frame)));
    assert_eq!(two.hear(&notice), Ok(None));
    assert!(frames.iter().all(|frame| two.open(frame) == Err(DecodeError::Repeated)));
    assert!(opens(&mut two, &one.seal(1)));
}

#[test]
fn who_hears_does_not_call_because_of_what_does_not_open() {
    let [mut one, mut two, _] = line(Profile::Bus);
    tell(&mut two, &mut one);
    two.wait();
    let frame = one.seal(1);
    assert!(opens(&mut two, &frame));
    let mut forged = one.seal(1);
    forged[6] ^= 1;
    assert_eq!(two.open(&forged), Err(DecodeError::Tag));
    assert_eq!(two.speak(0), None);
    two.wait();
    assert_eq!(two.open(&frame), Err(DecodeError::Repeated));
    assert_eq!(two.speak(0), None, "it has come before");
    assert_eq!(two.open(&forged), Err(DecodeError::Tag));
    assert!(two.speak(0).is_some(), "it has not heard the sender for an interval");
    assert_eq!(two.open(&forged), Err(DecodeError::Tag));
    assert_eq!(two.speak(0), None, "once in an interval");
    two.wait();
    assert!(two.speak(0).is_some());
}

#[test]
fn a_key_is_changed_without_a_frame_that_does_not_open() {
    let [mut one, mut two, _] = line(Profile::Full);
    tell(&mut two, &mut one);
    for station in [&mut one, &mut two] {
        station.ring.install(id(2), key(2)).expect("there is room");
    }
    let before = one.seal(1);
    one.ring.use_key(id(2)).expect("it is here");
    assert!(opens(&mut two, &one.seal(2)), "its number makes a key of the new one as well");
    assert!(opens(&mut two, &before));
    two.ring.use_key(id(2)).expect("it is here");
    one.ring.remove(id(1)).expect("nobody uses it");
    let late = one.seal(3);
    two.ring.remove(id(1)).expect("nobody uses it");
    assert!(opens(&mut two, &late));
    assert_eq!(two.open(&before), Err(DecodeError::Sealed(1)));
    two.restart();
    let [call, notice] = tell(&mut two, &mut one);
    assert_eq!((call[2], notice[2]), (2, 2));
}

#[test]
fn nothing_is_allocated_and_a_listener_is_small() {
    const { assert!(size_of::<Listener>() == 88 && size_of::<Broadcast>() == 24) };
    let [mut one, mut two, _] = line(Profile::Full);
    tell(&mut two, &mut one);
    let (message, mut buffer) = (Message::CampaignNow { term: Term(3) }, [0; 200]);
    let allocations = measure(|| {
        let frame = encode(&mut buffer, &one.side, &one.ring, &mut one.broadcast, &message, || 1);
        let length = frame.expect("the buffer is long enough").len();
        let opened = decode(&mut buffer[..length], &two.side, &two.ring, &mut two.listeners[0], two.now);
        opened.expect("it opens");
    });
    assert_eq!(allocations.count_total, 0);
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Seal(usize),
    /// An interval is over, and one says to another what it has to say.
    Speak(usize, usize),
    Restart(usize),
    /// One begins with another number.
    Leave(usize),
    /// An attacker delivers what was once said, to anybody.
    Deliver(usize, usize),
}

fn act() -> impl Strategy<Value = Act> {
    let station = || 0..STATIONS;
    prop_oneof![
        4 => station().prop_map(Act::Seal),
        4 => (station(), station()).prop_map(|(by, to)| Act::Speak(by, to)),
        1 => station().prop_map(Act::Restart),
        1 => station().prop_map(Act::Leave),
        14 => (any::<usize>(), station()).prop_map(|(which, to)| Act::Deliver(which, to)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever an attacker delivers, and however often: each frame opens once at each, as who has sealed it, and none that was sealed
    /// before a receiver has started. Once he is gone all hear.
    #[test]
    fn whoever_records_and_repeats_gets_nothing_opened_twice(
        acts in prop::collection::vec(act(), 1..150),
        profile in prop_oneof![Just(Profile::Full), Just(Profile::Bus)],
    ) {
        let mut stations = line(profile);
        let (mut said, mut started, mut opened) = (Vec::<Vec<u8>>::new(), [0; STATIONS], Vec::new());
        // By whom the frame of each term was sealed.
        let mut sealed = Vec::new();
        for act in acts {
            match act {
                Act::Seal(by) => {
                    said.push(stations[by].seal(sealed.len() as u64));
                    sealed.push(by);
                }
                Act::Speak(by, to) if by != to => {
                    stations[by].wait();
                    said.extend(stations[by].speak(to as u8));
                }
                Act::Speak(..) => {}
                Act::Restart(which) => {
                    stations[which].restart();
                    started[which] = sealed.len();
                }
                Act::Leave(which) => stations[which].broadcast = Broadcast::default(),
                Act::Deliver(which, to) => {
                    let Some(frame) = said.get(which % said.len().max(1)).cloned() else { continue };
                    let (taken, answer) = stations[to].take(&frame);
                    said.extend(answer);
                    if let Ok(Some(term)) = taken {
                        prop_assert!(!opened.contains(&(to, term)), "opened twice");
                        opened.push((to, term));
                        let by = sealed[term as usize];
                        prop_assert!(by != to && frame[3] == by as u8, "as somebody else's");
                        prop_assert!(term as usize >= started[to], "of before");
                    }
                }
            }
        }
        for from in 0..STATIONS {
            settle(&mut stations, from);
        }
    }
}
