use std::time::Duration;

use allocation_counter::measure;
use quorate::{Identity, Incarnation, Message, Seat, Term};
use quorate_wire::DecodeError;
use quorate_wire::seal::{Channel, HELLO, decode, encode};

use crate::pair::{INTERVAL, Node, conclude, pair, settle, side};

/// The question, its answer and the last word.
fn hellos(one: &mut Node, other: &mut Node) -> [Vec<u8>; 3] {
    one.wait();
    assert_eq!(one.seal(2, 1), None, "there is nothing to seal under");
    let ask = one.speak(2).expect("it wants a session");
    let answer = other.hear(&ask).expect("it is sound").expect("it is answered");
    let done = one.hear(&answer).expect("it is sound").expect("it is answered");
    conclude(one, other, &done);
    [ask, answer, done]
}

#[test]
fn a_round_trip_makes_a_session_and_each_hello_is_as_long_as_the_next() {
    let (mut one, mut other) = pair();
    let hellos = hellos(&mut one, &mut other);
    assert!(hellos.iter().all(|hello| hello.len() == HELLO));
    for term in 1..100 {
        let frame = one.seal(2, term).expect("there is a session");
        assert_eq!(other.open(&frame), Ok((Seat(1).into(), term)));
        let frame = other.seal(1, term).expect("there is a session");
        assert_eq!(one.open(&frame), Ok((Seat(2).into(), term)));
    }
    one.wait();
    assert_eq!(one.speak(2), None, "there is nothing to say");
}

#[test]
fn questions_that_cross_make_one_session() {
    let (mut one, mut other) = pair();
    assert_eq!((one.seal(2, 1), other.seal(1, 1)), (None, None));
    let (ask, question) = (one.speak(2).expect("it asks"), other.speak(1).expect("it asks"));
    let (answer, reply) = (other.hear(&ask).unwrap().unwrap(), one.hear(&question).unwrap().unwrap());
    let (done, end) = (one.hear(&answer).unwrap().unwrap(), other.hear(&reply).unwrap().unwrap());
    assert_eq!((other.hear(&done), one.hear(&end)), (Ok(None), Ok(None)));
    assert_eq!(settle(&mut one, &mut other), 1);
}

#[test]
fn what_is_lost_is_said_again_once_in_an_interval() {
    for lost in 0..3 {
        let (mut one, mut other) = pair();
        assert_eq!(one.seal(2, 1), None);
        let ask = one.speak(2).expect("it asks");
        assert_eq!(one.speak(2), None, "once in an interval");
        if lost > 0 {
            let answer = other.hear(&ask).unwrap().unwrap();
            if lost > 1 {
                let _done = one.hear(&answer).unwrap().unwrap();
            }
        }
        assert!(settle(&mut one, &mut other) <= 3, "{lost}");
    }
}

#[test]
fn a_side_that_has_started_again_gets_another_session_and_opens_nothing_old() {
    let (mut one, mut other) = pair();
    settle(&mut one, &mut other);
    let recorded: Vec<_> = (0..5).filter_map(|term| one.seal(2, term)).collect();
    let answers: Vec<_> = (0..5).filter_map(|term| other.seal(1, term)).collect();
    other.restart();
    assert!(recorded.iter().all(|frame| other.open(frame) == Err(DecodeError::Session)));
    settle(&mut one, &mut other);
    for frame in &recorded {
        assert!(matches!(other.open(frame), Err(DecodeError::Session | DecodeError::Tag)));
    }
    for frame in &answers {
        assert!(matches!(one.open(frame), Err(DecodeError::Session | DecodeError::Tag)), "an earlier boot is over");
    }
}

#[test]
fn the_life_of_who_speaks_comes_with_the_session() {
    let (mut one, mut other) = pair();
    other.side = side(2, 0x99);
    settle(&mut one, &mut other);
    let frame = other.seal(1, 3).expect("there is a session");
    let identity = Identity { seat: Seat(2), incarnation: Incarnation(0x99) };
    assert_eq!(one.open(&frame), Ok((identity, 3)));
}

#[test]
fn a_side_that_hears_the_other_does_not_ask_because_of_what_does_not_open() {
    let (mut one, mut other) = pair();
    settle(&mut one, &mut other);
    let mut frame = other.seal(1, 3).expect("there is a session");
    assert_eq!(one.open(&frame), Ok((Seat(2).into(), 3)));
    assert_eq!(one.open(&frame), Err(DecodeError::Repeated));
    *frame.last_mut().expect("there are bytes") ^= 1;
    frame[5] ^= 0x40;
    assert_eq!(one.open(&frame), Err(DecodeError::Tag));
    one.wait();
    assert_eq!(one.speak(2), None);
    assert_eq!(one.open(&frame), Err(DecodeError::Tag));
    assert!(one.speak(2).is_some(), "it has not heard the other for an interval");
}

#[test]
fn nothing_is_allocated_and_a_channel_is_small() {
    const { assert!(size_of::<Channel>() == 232) };
    let (mut one, mut other) = pair();
    settle(&mut one, &mut other);
    let message = Message::CampaignNow { term: Term(3) };
    let mut buffer = [0; 200];
    let allocations = measure(|| {
        let frame = encode(&mut buffer, &one.side, Seat(2), &mut one.channel, &message);
        let length = frame.expect("the buffer is long enough").expect("there is a session").len();
        let opened = decode(&mut buffer[..length], &other.side, &other.ring, &mut other.channel, other.now);
        opened.expect("it opens");
    });
    assert_eq!(allocations.count_total, 0);
}

/// Somebody else may have taken its place there: it is not heard any longer, and no frame that fails tells it so.
#[test]
fn a_side_that_speaks_and_is_not_heard_asks_for_another_session() {
    let (mut one, mut other) = pair();
    let patience = Duration::from_micros(5 * INTERVAL);
    let wants = |node: &mut Node| {
        node.channel.want(node.now, patience);
        node.speak(2).is_some()
    };
    assert!(wants(&mut one), "there is none");
    settle(&mut one, &mut other);
    (0..10).for_each(|_| one.wait());
    assert!(!wants(&mut one), "it has said nothing");
    let frame = other.seal(1, 1).expect("there is a session");
    assert!(one.open(&frame).is_ok());
    one.seal(2, 2).expect("there is a session");
    (0..5).for_each(|_| one.wait());
    assert!(!wants(&mut one), "it is not long ago that it was heard");
    one.wait();
    assert!(wants(&mut one));
    one.wait();
    assert!(!wants(&mut one), "it has just asked");
    // So does one that was never heard under its session.
    let (mut one, mut other) = pair();
    one.wait();
    assert_eq!(one.seal(2, 1), None);
    let answer = other.hear(&one.speak(2).expect("it asks")).unwrap().unwrap();
    one.hear(&answer).expect("it is sound").expect("the session is there");
    one.seal(2, 2).expect("there is a session");
    let asks = |node: &mut Node| {
        node.channel.want(node.now, patience);
        node.say(2).len() > 1
    };
    assert!(!asks(&mut one));
    (0..6).for_each(|_| one.wait());
    assert!(asks(&mut one), "beside its last word");
}

/// Two that follow the same leader have nothing to say to each other. Once they have a session, they say no Hello either, though
/// some were lost.
#[test]
fn two_sides_that_seal_nothing_fall_silent() {
    for lost in 0..4 {
        let (mut one, mut other) = pair();
        let mut said = 0;
        for interval in 0..10 {
            let mut hellos = Vec::new();
            for (node, to, by) in [(&mut one, 2, true), (&mut other, 1, false)] {
                node.wait();
                node.channel.want(node.now, Duration::from_secs(1_000));
                hellos.extend(node.speak(to).map(|hello| (by, hello)));
            }
            while let Some((by, hello)) = hellos.pop() {
                said += 1;
                let hearer = if by { &mut other } else { &mut one };
                if said - 1 != lost {
                    let answer = hearer.hear(&hello).expect("it is sound");
                    hellos.extend(answer.map(|answer| (!by, answer)));
                }
                assert!(interval < 5, "{hello:02x?} is said though {lost} was lost");
            }
        }
        assert!(one.seal(2, 1).is_some() && other.seal(1, 1).is_some());
    }
}
