use quorate_wire::DecodeError;
use quorate_wire::seal::RingError;

use crate::pair::{Node, conclude, id, key, pair, settle};

/// One frame each way, which must open.
fn talk(one: &mut Node, other: &mut Node) {
    let frame = one.seal(2, 5).expect("there is a session");
    other.open(&frame).expect("it opens");
    let frame = other.seal(1, 5).expect("there is a session");
    one.open(&frame).expect("it opens");
}

#[test]
fn a_key_is_changed_without_a_frame_that_does_not_open() {
    let (mut one, mut other) = pair();
    settle(&mut one, &mut other);
    for node in [&mut one, &mut other] {
        node.ring.install(id(2), key(2)).expect("there is room");
    }
    talk(&mut one, &mut other);
    one.ring.use_key(id(2)).expect("it is here");
    one.wait();
    let ask = one.speak(2).expect("it wants a session under the other key");
    talk(&mut one, &mut other);
    let answer = other.hear(&ask).unwrap().unwrap();
    talk(&mut one, &mut other);
    let done = one.hear(&answer).unwrap().unwrap();
    talk(&mut one, &mut other);
    conclude(&mut one, &mut other, &done);
    talk(&mut one, &mut other);
    other.ring.use_key(id(2)).expect("it is here");
    for node in [&mut one, &mut other] {
        assert_eq!(node.ring.remove(id(1)), Ok(()));
        node.channel.revoke(id(1));
        node.wait();
    }
    talk(&mut one, &mut other);
    assert_eq!((one.speak(2), other.speak(1)), (None, None), "all is done");
}

#[test]
fn a_side_that_lacks_a_key_says_which() {
    let (mut one, mut other) = pair();
    settle(&mut one, &mut other);
    assert_eq!(one.ring.install(id(2), key(2)), Ok(()));
    assert_eq!(one.ring.use_key(id(2)), Ok(()));
    one.wait();
    let ask = one.speak(2).expect("it wants a session under the other key");
    assert_eq!(other.hear(&ask), Err(DecodeError::Sealed(2)));
    talk(&mut one, &mut other);
    // Away while the key was changed: nothing of it opens.
    assert_eq!((one.ring.remove(id(1)), one.ring.remove(id(2))), (Ok(()), Err(RingError::Used)));
    one.channel.revoke(id(1));
    assert_eq!(one.seal(2, 1), None);
    assert_eq!(one.open(&other.seal(1, 1).expect("it has its session")), Err(DecodeError::Sealed(1)));
}

#[test]
fn another_key_of_the_same_number_opens_nothing() {
    let (mut one, mut other) = pair();
    other.ring = quorate_wire::seal::Ring::new(id(1), key(2));
    assert_eq!(one.seal(2, 1), None);
    let ask = one.speak(2).expect("it asks");
    assert_eq!(other.hear(&ask), Err(DecodeError::Tag));
}

#[test]
fn a_key_is_changed_though_the_last_word_is_lost() {
    let (mut one, mut other) = pair();
    settle(&mut one, &mut other);
    for node in [&mut one, &mut other] {
        node.ring.install(id(2), key(2)).expect("there is room");
    }
    one.ring.use_key(id(2)).expect("it is here");
    one.wait();
    let ask = one.speak(2).expect("it wants a session under the other key");
    let answer = other.hear(&ask).unwrap().unwrap();
    let _lost = one.hear(&answer).unwrap().unwrap();
    talk(&mut one, &mut other);
    one.wait();
    let done = one.speak(2).expect("it says it again");
    conclude(&mut one, &mut other, &done);
    talk(&mut one, &mut other);
    for node in [&mut one, &mut other] {
        node.channel.revoke(id(1));
    }
    talk(&mut one, &mut other);
}

/// An operator goes from node to node, and that may take long.
#[test]
fn two_sides_that_use_different_keys_for_long_talk_on_under_one_of_them() {
    let (mut one, mut other) = pair();
    settle(&mut one, &mut other);
    for node in [&mut one, &mut other] {
        node.ring.install(id(2), key(2)).expect("there is room");
    }
    one.ring.use_key(id(2)).expect("it is here");
    let (mut hellos, mut closed) = (0, 0);
    for round in 0..100 {
        let first = round % 2 == 0;
        for forth in [first, !first] {
            let (from, to) = if forth { (&mut one, &mut other) } else { (&mut other, &mut one) };
            from.wait();
            let (mut said, mut by) = (from.say(to.side.me.seat.0), false);
            // It is on its way meanwhile.
            let frame = from.seal(to.side.me.seat.0, 5).expect("there is a session");
            while !said.is_empty() {
                hellos += said.len();
                let hearer = if by { &mut *from } else { &mut *to };
                said = said.iter().filter_map(|hello| hearer.hear(hello).expect("it has the key")).collect();
                by = !by;
            }
            closed += usize::from(to.open(&frame).is_err());
        }
    }
    assert_eq!((hellos, closed), (4, 0), "one session is made, and no frame is lost");
}

/// Neither has heard the other's question when it asks, time after time.
#[test]
fn two_sides_that_ask_at_once_under_different_keys_come_together() {
    let (mut one, mut other) = pair();
    for node in [&mut one, &mut other] {
        node.ring.install(id(2), key(2)).expect("there is room");
    }
    one.ring.use_key(id(2)).expect("it is here");
    let hear = |node: &mut Node, said: &[Vec<u8>]| -> Vec<Vec<u8>> {
        said.iter().filter_map(|hello| node.hear(hello).expect("it has the key")).collect()
    };
    let mut open = [false; 2];
    for _ in 0..5 {
        one.wait();
        other.wait();
        let (mut to_other, mut to_one) = (one.say(2), other.say(1));
        while !(to_other.is_empty() && to_one.is_empty()) {
            (to_one, to_other) = (hear(&mut other, &to_other), hear(&mut one, &to_one));
        }
        let (forth, back) = (one.seal(2, 5), other.seal(1, 5));
        open =
            [forth.is_some_and(|frame| other.open(&frame).is_ok()), back.is_some_and(|frame| one.open(&frame).is_ok())];
    }
    assert_eq!(open, [true; 2]);
    one.wait();
    other.wait();
    assert_eq!((one.say(2), other.say(1)), (vec![], vec![]), "all is done");
}

/// The question was on its way when a session was made of its number, under the key of the other side's.
#[test]
fn a_question_is_answered_with_the_session_that_is_there_under_whatever_key() {
    let (mut one, mut other) = pair();
    for node in [&mut one, &mut other] {
        node.ring.install(id(2), key(2)).expect("there is room");
    }
    one.ring.use_key(id(2)).expect("it is here");
    assert_eq!((one.seal(2, 1), other.seal(1, 1)), (None, None));
    let (late, ask) = (one.speak(2).expect("it asks"), other.speak(1).expect("it asks"));
    let answer = one.hear(&ask).unwrap().unwrap();
    let _lost = other.hear(&answer).unwrap().unwrap();
    let done = other.hear(&late).unwrap().unwrap();
    conclude(&mut other, &mut one, &done);
    talk(&mut one, &mut other);
}
