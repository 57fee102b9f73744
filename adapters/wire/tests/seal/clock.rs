//! Clocks that jump back, as a counter of 32 bits does that wraps: a link goes on as a node does.

use std::time::Duration;

use quorate::Instant;
use quorate_wire::DecodeError;

use crate::pair::{INTERVAL, Node, pair, settle};

const HOUR: u64 = 3_600_000_000;

/// A pair with a session, one of whose clocks is an hour old.
fn settled() -> (Node, Node) {
    let (mut one, mut other) = pair();
    one.now = Instant::from_micros(HOUR);
    settle(&mut one, &mut other);
    (one, other)
}

fn jump_back(node: &mut Node) {
    node.now = Instant::from_micros(node.now.as_micros() - HOUR);
}

#[test]
fn a_side_that_has_asked_asks_again() {
    let (mut one, _) = settled();
    one.restart();
    assert_eq!(one.seal(2, 1), None);
    assert!(one.speak(2).is_some(), "nobody hears it");
    jump_back(&mut one);
    assert_eq!(one.seal(2, 1), None);
    assert!(one.speak(2).is_some(), "it asks again");
    assert_eq!(one.seal(2, 1), None);
    assert_eq!(one.speak(2), None, "once in an interval");
}

#[test]
fn a_side_asks_for_what_does_not_open() {
    let (mut one, mut other) = settled();
    let frame = one.seal(2, 1).expect("there is a session");
    let mut changed = other.seal(1, 1).expect("there is a session");
    assert!(other.open(&frame).is_ok());
    jump_back(&mut one);
    one.wait();
    if let Some(last) = changed.last_mut() {
        *last ^= 1;
    }
    assert_eq!(one.open(&changed), Err(DecodeError::Tag));
    assert!(one.speak(2).is_some(), "it has not heard the other since");
}

#[test]
fn a_side_that_is_not_heard_asks() {
    let (mut one, _) = settled();
    jump_back(&mut one);
    let patience = Duration::from_micros(5 * INTERVAL);
    let mut asks = false;
    for _ in 0..10 {
        one.wait();
        assert!(one.seal(2, 1).is_some());
        one.channel.want(one.now, patience);
        asks |= one.speak(2).is_some();
    }
    assert!(asks);
}
