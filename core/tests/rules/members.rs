//! Section 6: who takes part is a set of seats, and no seat is left out of it without a word.

use quorate::{Seat, Seats};

#[test]
fn a_set_holds_every_seat_that_there_can_be() {
    let all: Seats = (0..32).filter_map(Seat::new).collect();
    assert_eq!(all, Seats::first(Seat::COUNT_MAX));
    assert!(all.iter().all(|seat| Seats::NONE.with(seat).contains(seat)));
    assert_eq!((Seat::new(32), Seat::new(u8::MAX)), (None, None));
    assert!(!all.contains(Seat(32)));
}

#[test]
#[should_panic(expected = "numbered from 0 to 31")]
fn a_set_takes_no_other_seat() {
    let _ = Seats::NONE.with(Seat(1)).with(Seat(32));
}

#[test]
#[should_panic(expected = "numbered from 0 to 31")]
fn nor_is_one_left_out_of_many() {
    let _ = [Seat(1), Seat(2), Seat(40)].into_iter().collect::<Seats>();
}
