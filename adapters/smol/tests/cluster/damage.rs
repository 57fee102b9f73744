use std::collections::BTreeMap;

use quorate::{Features, Founding, Incarnation, Index, Message, Outcome, Seat, Term};
use quorate_smol::{Cluster, Status};
use quorate_wire::client::ReplyBody;
use quorate_wire::{Envelope, encode};

use crate::harness::{CLUSTER, House, eventually};
use crate::stranger::{Stranger, command};
use crate::tally::sum;

/// An ack that would commit everything, if anybody believed it.
pub(crate) fn forged_ack(founding: Founding, from: Seat, to: Seat) -> Vec<u8> {
    let envelope = Envelope { founding, from, to, incarnation: Incarnation(0) };
    let message = Message::Ack {
        term: Term(1 << 40),
        stamp: 1,
        outcome: Outcome::Matched(Index(1 << 40)),
        features: Features::OWN,
    };
    encode(&mut [0; 1200], &envelope, &message).expect("it fits").to_vec()
}

pub(crate) fn refused(status: &Status) -> BTreeMap<&'static str, u64> {
    status.refused.iter().filter(|(_, count)| *count > 0).collect()
}

/// What must stay the same whatever comes in.
pub(crate) fn essence(status: &Status) -> impl PartialEq + std::fmt::Debug + use<> {
    (status.term, status.role, status.last, status.applied, status.digest)
}

#[test]
fn damaged_and_foreign_datagrams_change_nothing_and_are_counted() {
    let house = House::plain(3);
    let mut client = house.client();
    client.add("apples", 2);
    let (leader, follower) = house.leader();
    house.settle();
    let before = client.status(leader);

    let session = client.next();
    let whole = command(CLUSTER, 1, session);
    let truncated = &whole[..whole.len() - 1];
    let mut flipped = whole.clone();
    flipped[9] ^= 0x10;
    let mut later = whole.clone();
    later[0] = 9;
    let datagrams = [
        &b"hi"[..],
        &[0xa5; 3000],
        truncated,
        &flipped,
        &later,
        &command(Cluster(1), 1, session),
        &forged_ack(Founding(1), Seat(follower), Seat(leader)),
        &forged_ack(house.founding(), Seat(leader), Seat(follower)),
    ];
    let stranger = Stranger::new();
    for datagram in datagrams {
        stranger.send(datagram, house.members[&Seat(leader)]);
    }
    let expected = BTreeMap::from([
        ("length", 1),
        ("version", 2),
        ("checksum", 2),
        ("cluster", 1),
        ("destination", 1),
        ("founding", 1),
    ]);
    let after = eventually("all of them to be counted", || {
        let status = client.status(leader);
        (refused(&status) == expected).then_some(status)
    });
    assert_eq!(essence(&after), essence(&before));
    assert_eq!(client.add_as(session, "apples", 2).1, 4, "the cluster goes on");
}

#[test]
fn a_datagram_that_the_network_repeats_is_done_once() {
    let house = House::plain(3);
    let mut client = house.client();
    let (leader, _) = house.leader();
    let stranger = Stranger::new();
    let to = house.members[&Seat(leader)];
    let session = client.next();
    for number in 1..=20 {
        for _ in 0..2 {
            stranger.send(&command(CLUSTER, number, session), to);
        }
    }
    let answer = stranger.hear(20, |body| match body {
        ReplyBody::Done { answer, .. } => sum(answer),
        body => panic!("{body:?}"),
    });
    assert_eq!(answer, 2);
    assert_eq!(client.read("apples"), 2);
    assert_eq!(client.add("apples", 2).1, 4);
}
