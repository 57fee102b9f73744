//! Section 6: who takes part is a set of seats, and no seat is left out of it without a word.

use quorate::{ConfigError, Features, Incarnation, KeyId, Least, Members, Occupant, Roster, Seat, Seats};

use crate::common::seats;

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

/// Known 16: one counter for both halves would be content with three of five.
#[test]
fn a_majority_of_each_half_is_needed_while_voters_change() {
    let joint = Members { outgoing: seats(&[0, 1, 2]), ..Members::of(seats(&[2, 3, 4])) };
    let is_quorum = |numbers| joint.is_quorum(seats(numbers));
    assert!(!is_quorum(&[0, 1, 2]), "the old half alone");
    assert!(!is_quorum(&[2, 3, 4]), "the new half alone");
    assert!(!is_quorum(&[0, 1, 3]), "most of all");
    assert!(is_quorum(&[0, 2, 3]));
    assert!(!Members::of(seats(&[0, 1, 2])).is_quorum(seats(&[2, 5, 6, 7])), "strangers do not count");
}

#[test]
fn who_goes_does_not_count_among_those_who_stay() {
    let joint = Members { outgoing: seats(&[0, 1, 2]), ..Members::of(seats(&[1, 2])) };
    assert!(!joint.is_quorum(seats(&[0, 1])));
    assert!(joint.is_quorum(seats(&[1, 2])));
}

#[test]
fn a_life_that_is_new_does_not_count_among_the_old() {
    let joint = Members { outgoing: Seats::first(3), replaced: seats(&[1]), ..Members::of(Seats::first(3)) };
    assert!(!joint.is_quorum(seats(&[0, 1])));
    assert!(joint.is_quorum(seats(&[0, 2])));
}

const HERE: &[u8] = b"here";
const LEAST: Least = Least { log_bytes: 64, election_micros: 250_000, features: Features::OWN };

fn written(members: Members) -> Result<Vec<u8>, ConfigError> {
    let occupant = |seat| Occupant { incarnation: Incarnation(u64::from(seat == Seat(1))), address: HERE };
    Roster::write(&mut [0; 200], members, LEAST, None, occupant).map(|roster| roster.bytes().to_vec())
}

#[test]
fn a_roster_is_read_as_it_was_written_and_only_as_a_whole() {
    let bytes = written(Members { learners: seats(&[2]), ..Members::of(seats(&[0, 1])) }).unwrap();
    let roster = Roster::parse(&bytes).unwrap();
    assert_eq!((roster.members().learners, roster.least()), (seats(&[2]), LEAST));
    assert_eq!(roster.occupant(Seat(1)), Some(Occupant { incarnation: Incarnation(1), address: HERE }));
    assert_eq!(roster.occupant(Seat(3)), None);
    assert_eq!(Roster::parse(&[&bytes[..], &[0]].concat()), None);
    assert!((0..bytes.len()).all(|length| Roster::parse(&bytes[..length]).is_none()));
}

#[test]
fn a_roster_of_members_that_cannot_be_is_none() {
    let of_two = Members::of(seats(&[0, 1]));
    let none = Err(ConfigError::NoVoters);
    assert_eq!(written(Members { learners: seats(&[2]), ..Members::of(Seats::NONE) }), none);
    assert_eq!(written(Members { learners: seats(&[1]), ..of_two }), none, "a voter is no learner");
    let outgoing = seats(&[1, 2]);
    assert_eq!(written(Members { outgoing, learners: seats(&[2]), ..of_two }), none, "nor is one that goes");
    assert!(written(Members { outgoing, replaced: seats(&[1]), ..of_two }).is_ok());
    assert_eq!(written(Members { outgoing, replaced: seats(&[2]), ..of_two }), none, "who is replaced stays");
    assert_eq!(written(Members { witnesses: seats(&[2]), ..of_two }), none, "a witness votes");
}

#[test]
fn a_roster_is_written_in_one_way_alone() {
    let of_one = |occupant: &[u8]| {
        let mut bytes = vec![0; 33];
        bytes[12] = 1;
        bytes.extend(occupant);
        Roster::parse(&bytes).is_some()
    };
    let address = |length: u8| [&[length][..], &vec![7; usize::from(length)]].concat();
    assert!(of_one(&address(18)));
    assert!(!of_one(&address(19)), "no address is longer than 18 bytes");
    assert!(of_one(&[0x80, 1, 0, 0, 0, 0, 0, 0, 0]));
    assert!(!of_one(&[0x80, 0, 0, 0, 0, 0, 0, 0, 0]), "a founder's life is not drawn");
}

#[test]
fn a_roster_says_under_which_key_the_members_seal_if_somebody_has_said_so() {
    let written = |key| {
        let mut room = [0; 64];
        let members = Members::of(seats(&[0, 1]));
        Roster::write(&mut room, members, LEAST, key, |_| Occupant::default()).unwrap().bytes().to_vec()
    };
    let keys = (0..KeyId::COUNT).map(KeyId::new).chain([None]);
    for key in keys {
        let bytes = written(key);
        assert_eq!((bytes[32], bytes.len()), (key.map_or(0, |key| key.number() + 1), written(None).len()));
        assert_eq!(Roster::parse(&bytes).unwrap().key(), key);
    }
    for number in 17..=u8::MAX {
        let mut bytes = written(None);
        bytes[32] = number;
        assert_eq!(Roster::parse(&bytes), None, "there is no such key");
    }
}
