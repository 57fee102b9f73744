//! Linearizability by its definition: every order of every choice of operations is tried.

use quorate_tests::history::{Answer, Event, History, Outcome};

use crate::store::apply;

/// Whether a history of one key has an order. The time it takes is factorial in the number of events.
pub(crate) fn has_order(history: &History) -> bool {
    let events: Vec<&Event> = history.events().iter().filter(|event| event.outcome != Outcome::Fail).collect();
    extends(&events, &mut vec![false; events.len()], &None)
}

fn extends(events: &[&Event], placed: &mut [bool], value: &Option<String>) -> bool {
    let is_left = |(event, placed): &(&&Event, &bool)| !**placed && event.outcome != Outcome::Unknown;
    let left: Vec<&Event> = events.iter().zip(placed.iter()).filter(is_left).map(|(event, _)| *event).collect();
    if left.is_empty() {
        return true;
    }
    for place in 0..events.len() {
        let event = events[place];
        if placed[place] || left.iter().any(|other| other.returned.is_some_and(|returned| returned < event.invoked)) {
            continue;
        }
        let mut after = value.clone();
        let answer = apply(&mut after, &event.operation);
        let is_right = match &event.outcome {
            Outcome::Ok(told) => *told == answer || *told == Answer::Done,
            Outcome::Fail | Outcome::Unknown => true,
        };
        if is_right {
            placed[place] = true;
            let found = extends(events, placed, &after);
            placed[place] = false;
            if found {
                return true;
            }
        }
    }
    false
}
