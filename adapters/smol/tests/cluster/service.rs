use std::time::Instant;

use quorate::{RECORD_OVERHEAD, Seat, Session};
use quorate_smol::{ClientError, Reason};
use quorate_wire::client::ReplyBody;

use crate::harness::{CLUSTER, House};
use crate::stranger::{Stranger, command, open, other_command};
use crate::tally::Add;

#[test]
fn what_one_client_does_another_reads_from_any_node() {
    let house = House::of(3);
    let mut writer = house.client();
    let (first, sum) = writer.add("apples", 2);
    assert_eq!(sum, 2);
    let (second, sum) = writer.add("apples", 3);
    assert_eq!(sum, 5);
    assert!(second > first);
    for seat in 1..=3 {
        assert_eq!(house.client_of([seat]).read("apples"), 5, "at node {seat}");
    }
    house.converge(second);
    house.settle();
    for seat in 1..=3 {
        assert_eq!(writer.read_local(seat, "apples"), 5);
        let status = writer.status(seat);
        assert_eq!((status.last, status.durable), (status.applied, status.applied));
    }
}

#[test]
fn a_client_that_knows_a_follower_only_finds_the_leader() {
    let house = House::of(3);
    let (_, follower) = house.leader();
    let mut client = house.client_of([follower]);
    assert_eq!(client.add("apples", 2).1, 2);
}

#[test]
fn a_single_node_is_a_cluster() {
    let mut house = House::of(1);
    let mut client = house.client();
    assert_eq!(client.add("apples", 2).1, 2);
    assert_eq!(client.read("apples"), 2);
    house.stop(1).expect("it stops in good order");
}

#[test]
fn a_repeated_command_is_done_once_and_answered_alike() {
    let house = House::of(3);
    let mut client = house.client();
    let session = client.next();
    let done = client.add_as(session, "apples", 2);
    let repeated = house.client().add_as(session, "apples", 2);
    assert_eq!(repeated.1, done.1);
    client.add("apples", 2);
    let late = client.try_add(session, "apples", 2);
    assert!(matches!(late, Err(ClientError::Outdated { last: 2 })), "{late:?}");
    let unopened = client.try_add(Session { client: 8, ..session }, "apples", 2);
    assert!(matches!(unopened, Err(ClientError::Expired)), "{unopened:?}");
    assert_eq!(client.read("apples"), 4);
}

#[test]
fn another_command_in_the_session_of_one_that_was_done_is_told_so() {
    let house = House::plain(3);
    let mut client = house.client();
    let session = client.next();
    assert_eq!(client.add_as(session, "apples", 2).1, 2);
    let copied = house.client().try_add(session, "pears", 3);
    assert!(matches!(copied, Err(ClientError::Mismatch)), "{copied:?}");
    assert_eq!((client.read("pears"), client.read("apples")), (0, 2));
    // Both at once, and the first is still under way: each has an answer of its own.
    let session = client.next();
    let stranger = Stranger::new();
    let (leader, _) = house.leader();
    let to = house.members[&Seat(leader)];
    stranger.send(&command(CLUSTER, 1, session), to);
    stranger.send(&other_command(CLUSTER, 2, session), to);
    assert!(stranger.hear(1, |body| matches!(body, ReplyBody::Done { .. })));
    assert!(stranger.hear(2, |body| body == ReplyBody::Mismatch));
    assert_eq!((client.read("pears"), client.read("apples")), (0, 4));
}

#[test]
fn a_command_of_sequence_zero_is_refused_at_once() {
    let house = House::plain(1);
    let mut client = house.client();
    let session = Session { sequence: 0, ..client.next() };
    let begun = Instant::now();
    let refused = client.try_add(session, "apples", 2);
    assert!(matches!(refused, Err(ClientError::Refused(Reason::Unnumbered))), "{refused:?}");
    let stranger = Stranger::new();
    stranger.send(&command(CLUSTER, 1, session), house.members[&Seat(1)]);
    assert!(stranger.hear(1, |body| body == ReplyBody::Refused(Reason::Unnumbered)));
    assert!(begun.elapsed().as_secs() < 2);
}

#[test]
fn a_flood_of_openings_takes_no_place_of_a_session_that_is_used() {
    let house = House::plain(3);
    let mut client = house.client();
    let session = client.next();
    assert_eq!(client.add_as(session, "apples", 2).1, 2);
    let (leader, _) = house.leader();
    let (stranger, to) = (Stranger::new(), house.members[&Seat(leader)]);
    // More than there are places, each of them opened.
    for number in 1..=1100 {
        stranger.open(CLUSTER, number, to);
    }
    assert_eq!(client.add_as(session, "apples", 2).1, 2, "its answer is still known");
    // And as fast as they can be asked for: there is room for commands meanwhile.
    let mut busy = house.client();
    for number in 2000..6000 {
        stranger.send(&open(CLUSTER, number, number), to);
        if number % 256 == 0 {
            busy.add("pears", 1);
        }
    }
    assert_eq!(client.add("apples", 1).1, 3);
}

#[test]
fn what_cannot_be_done_is_refused_with_the_reason() {
    let house = House::of(1);
    let mut client = house.client();
    let session = client.next();

    let large = client.try_add(session, &"x".repeat(1200), 2);
    let Err(ClientError::Refused(Reason::TooLarge { limit })) = large else {
        panic!("{large:?}");
    };
    // A number of 63 bits, epoch and sequence.
    let rest = RECORD_OVERHEAD + 9 + 1 + 1 + Add { name: "", number: 2 }.bytes().len();
    let longest = "x".repeat(limit as usize - rest - 1);
    assert_eq!(client.add_as(session, &longest, 2).1, 2);

    let session = client.next();
    let mut trailing = Add { name: "x", number: 2 }.bytes();
    trailing.push(0);
    for bytes in [&[9][..], &trailing] {
        let refused = client.try_command(session, bytes);
        assert!(matches!(refused, Err(ClientError::Refused(Reason::Malformed))), "{refused:?}");
    }
    let endless = client.try_command(session, &[0; 70_000]);
    assert!(matches!(endless, Err(ClientError::Refused(Reason::TooLarge { .. }))), "{endless:?}");
    for query in ["".into(), "x".repeat(1201)] {
        let refused = client.try_read(&query);
        assert!(matches!(refused, Err(ClientError::Refused(Reason::TooLarge { .. }))), "{refused:?}");
    }
}
