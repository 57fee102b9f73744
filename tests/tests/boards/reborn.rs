//! A board whose flash was erased, and that hears of its cluster.

use quorate::founding::{Message, Obstacle, Standing};
use quorate::{Charter, Identity, Incarnation, Instant, Members, Role, Seat};
use quorate_tests::boards::{Chip, FOUNDING, Simulated, charter};
use quorate_wire::decode;

use crate::founding::{LOG, ME, all, asked, frames, said, start, start_if};

#[test]
fn a_board_that_comes_back_without_its_flash_begins_a_life_that_it_keeps_and_has_no_vote_by_itself() {
    let chip = Chip::new(LOG);
    let mut station = start(&chip, all(), LOG).expect("an erased flash");
    hear_of_cluster(&mut station);
    assert_eq!(station.charter().map(|charter| charter.founding), Some(FOUNDING));
    let Identity { incarnation, .. } = station.node().expect("a node").identity();
    assert_ne!(incarnation, Incarnation::FOUNDER);
    let mut said = 0;
    for millis in 1..100 {
        station.turn(Instant::from_millis(100 * millis)).expect("it runs");
        assert_ne!(station.node().expect("a node").role(), Role::Leader);
        assert!(!station.node().expect("a node").is_member(), "nobody has let it in");
        for frame in frames(&mut station) {
            let sender = decode(&frame, FOUNDING, Seat(0)).or_else(|_| decode(&frame, FOUNDING, Seat(2)));
            assert_eq!(sender.expect("it speaks to members").0, Identity { seat: ME, incarnation });
            said += 1;
        }
    }
    assert!(said > 0, "it asks to be let in");
    drop(station);
    let mut again = start(&chip, all(), LOG).expect("it holds the charter now");
    assert_eq!(again.charter().map(|charter| charter.founding), Some(FOUNDING));
    assert_eq!(again.node().expect("a node").identity().incarnation, incarnation);
    again.turn(Instant::from_millis(100)).expect("it runs");
    let (sender, _) = decode(&frames(&mut again)[0], FOUNDING, Seat(0)).expect("it asks board 0");
    assert_eq!(sender.incarnation, incarnation);
}

#[test]
fn a_board_whose_seed_may_come_twice_waits_and_says_so() {
    let chip = Chip::new(LOG);
    let mut station = start_if(false, &chip, all(), LOG).expect("an erased flash");
    let charter = hear_of_cluster(&mut station);
    assert_eq!(station.obstacle(), Some(Obstacle::Cluster { from: Seat(0), charter }));
    assert!(station.node().is_none() && station.charter().is_none());
    // With a seed of its own it is let in.
    drop(station);
    let mut station = start(&chip, all(), LOG).expect("an erased flash");
    hear_of_cluster(&mut station);
    assert_eq!((station.obstacle(), station.charter()), (None, Some(charter)));
}

/// Board 0 answers that it is a member.
fn hear_of_cluster(station: &mut Simulated) -> Charter {
    station.turn(Instant::START).expect("it asks");
    let charter = charter(Members::of(all()), LOG);
    let answer = Message::Answer { echo: asked(station), standing: Standing::Complete(charter) };
    station.feed(Instant::START, 0, &said(&answer)).expect("it listens");
    station.turn(Instant::START).expect("it goes on");
    charter
}
