use quorate::{Message, Term};
use quorate_wire::DecodeError;
use quorate_wire::seal::Profile;

use crate::pair::{Node, pair_of, settle};

/// Seals so many frames that nobody gets, and one more.
fn after(lost: u64, node: &mut Node) -> Vec<u8> {
    (0..lost).for_each(|_| drop(node.seal(2, 1)));
    node.seal(2, 2).expect("there is a session")
}

#[test]
fn a_sealed_frame_on_a_bus_is_shorter_than_a_plain_one() {
    let message = Message::CampaignNow { term: Term(2) };
    let envelope = |side: &quorate_wire::seal::Side| quorate_wire::Envelope {
        founding: side.founding,
        from: side.me.seat,
        to: quorate::Seat(2),
        incarnation: side.me.incarnation,
    };
    let lengths = [Profile::Full, Profile::Bus].map(|profile| {
        let (mut one, mut other) = pair_of(profile);
        settle(&mut one, &mut other);
        let mut buffer = [0; 100];
        let plain = quorate_wire::encode(&mut buffer, &envelope(&one.side), &message).expect("there is room");
        (plain.len() - 2, after(0, &mut one).len() - 2)
    });
    assert_eq!(lengths, [(17, 25), (17, 15)], "beside the two bytes of the message");
}

#[test]
fn no_profile_opens_a_frame_of_the_other() {
    for profile in [Profile::Full, Profile::Bus] {
        let (mut one, mut other) = pair_of(profile);
        settle(&mut one, &mut other);
        let frame = after(0, &mut one);
        let mut turned = frame.clone();
        turned[1] ^= 0xc0;
        let class = frame[1];
        assert_eq!(other.open(&turned), Err(DecodeError::Class(class ^ 0xc0)));
        other.side.profile = if profile == Profile::Full { Profile::Bus } else { Profile::Full };
        assert_eq!(other.open(&frame), Err(DecodeError::Class(class)));
        let shorter = if profile == Profile::Full { DecodeError::Tag } else { DecodeError::Length };
        assert_eq!(other.open(&turned), Err(shorter));
        // What it has of the counter and the tag, put together as the other profile has it.
        let split = frame.len() - if profile == Profile::Full { 16 } else { 8 };
        let recut = match profile {
            Profile::Full => [&turned[..7], &turned[9..split + 8]].concat(),
            Profile::Bus => [&turned[..7], &[0; 2], &turned[7..], &[0; 8]].concat(),
        };
        assert_eq!(other.open(&recut), Err(DecodeError::Tag));
        other.side.profile = profile;
        assert_eq!(other.open(&frame).map(|(_, term)| term), Ok(2));
    }
}

#[test]
fn on_a_bus_a_counter_is_told_by_its_low_half_over_its_end_and_over_what_is_lost() {
    let (mut one, mut other) = pair_of(Profile::Bus);
    settle(&mut one, &mut other);
    let mut late = after(0, &mut one);
    for lost in [0, 5, 65_278, 0, 1, 65_277, 97] {
        let frame = after(lost, &mut one);
        assert_eq!(other.open(&frame).map(|(_, term)| term), Ok(2), "{lost} were lost");
        assert_eq!(other.open(&frame), Err(DecodeError::Repeated));
        // Sealed just before those that were lost.
        assert_eq!(other.open(&late).is_ok(), lost < 96);
        late = after(0, &mut one);
    }
}

#[test]
fn on_a_bus_whoever_has_lost_all_low_halves_of_a_counter_comes_to_another_session() {
    let (mut one, mut other) = pair_of(Profile::Bus);
    settle(&mut one, &mut other);
    let frame = after(65_536, &mut one);
    other.wait();
    other.wait();
    assert_eq!(other.open(&frame), Err(DecodeError::Tag));
    assert!(settle(&mut one, &mut other) <= 2);
}
