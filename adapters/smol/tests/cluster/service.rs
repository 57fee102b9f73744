use quorate::{RECORD_OVERHEAD, Session};
use quorate_smol::{ClientError, Reason};

use crate::harness::House;
use crate::tally::Add;

#[test]
fn what_one_client_does_another_reads_from_any_node() {
    let house = House::of(3);
    let mut writer = house.client();
    assert_eq!(writer.open(7), 0);
    let (first, sum) = writer.add(7, 1, "apples", 2);
    assert_eq!(sum, 2);
    let (second, sum) = writer.add(7, 2, "apples", 3);
    assert_eq!(sum, 5);
    assert!(second > first);
    for seat in 1..=3 {
        assert_eq!(house.client_of([seat]).read("apples"), 5, "at node {seat}");
    }
    house.converge(second);
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
    client.open(7);
    assert_eq!(client.add(7, 1, "apples", 2).1, 2);
}

#[test]
fn a_single_node_is_a_cluster() {
    let mut house = House::of(1);
    let mut client = house.client();
    client.open(7);
    assert_eq!(client.add(7, 1, "apples", 2).1, 2);
    assert_eq!(client.read("apples"), 2);
    house.stop(1).expect("it stops in good order");
}

#[test]
fn a_repeated_command_is_done_once_and_answered_alike() {
    let house = House::of(3);
    let mut client = house.client();
    client.open(7);
    let done = client.add(7, 1, "apples", 2);
    let repeated = house.client().add(7, 1, "apples", 2);
    assert_eq!(repeated.1, done.1);
    assert_eq!(house.client().open(7), 1);
    client.add(7, 2, "apples", 2);
    let late = client.try_add(Session { client: 7, sequence: 1 }, "apples", 2);
    assert!(matches!(late, Err(ClientError::Outdated { last: 2 })), "{late:?}");
    let unopened = client.try_add(Session { client: 8, sequence: 1 }, "apples", 2);
    assert!(matches!(unopened, Err(ClientError::Expired)), "{unopened:?}");
    assert_eq!(client.read("apples"), 4);
}

#[test]
fn what_cannot_be_done_is_refused_with_the_reason() {
    let house = House::of(1);
    let mut client = house.client();
    client.open(7);
    let session = Session { client: 7, sequence: 1 };

    let large = client.try_add(session, &"x".repeat(1200), 2);
    let Err(ClientError::Refused(Reason::TooLarge { limit })) = large else {
        panic!("{large:?}");
    };
    let rest = RECORD_OVERHEAD + 2 + Add { name: "", number: 2 }.bytes().len();
    let longest = "x".repeat(limit as usize - rest - 1);
    assert_eq!(client.add(7, 1, &longest, 2).1, 2);

    let session = Session { client: 7, sequence: 2 };
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
