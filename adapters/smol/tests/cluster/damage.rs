use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::time::Duration;

use quorate::{Incarnation, Index, Message, Outcome, Seat, Session, Term};
use quorate_smol::{Cluster, Status};
use quorate_wire::client::{ReplyBody, Request, RequestBody, decode_reply, encode_request};
use quorate_wire::{Envelope, encode};

use crate::harness::{CLUSTER, Caller, House, eventually};
use crate::tally::{Add, sum};

/// What identifies a datagram of a test's own client.
const CLIENT: u64 = 99;

fn command(cluster: Cluster, number: u64, sequence: u64) -> Vec<u8> {
    let command = Add {
        name: "apples",
        number: 2,
    };
    let command = &command.bytes();
    let session = Session { client: 7, sequence };
    let request = Request {
        cluster,
        client: CLIENT,
        number,
        body: RequestBody::Command { session, command },
    };
    encode_request(&mut [0; 1200], &request).expect("it fits").to_vec()
}

/// An ack that would commit everything, if anybody believed it.
fn forged_ack(cluster: Cluster, from: Seat, to: Seat) -> Vec<u8> {
    let envelope = Envelope {
        cluster,
        from,
        to,
        incarnation: Incarnation(0),
    };
    let message = Message::Ack {
        term: Term(1 << 40),
        stamp: 1,
        outcome: Outcome::Matched(Index(1 << 40)),
    };
    encode(&mut [0; 1200], &envelope, &message).expect("it fits").to_vec()
}

fn refused(status: &Status) -> BTreeMap<&'static str, u64> {
    status.refused.iter().filter(|(_, count)| *count > 0).collect()
}

/// What must stay the same whatever comes in.
fn essence(status: &Status) -> impl PartialEq + std::fmt::Debug + use<> {
    (status.term, status.role, status.last, status.applied, status.digest)
}

#[test]
fn damaged_and_foreign_datagrams_change_nothing_and_are_counted() {
    let house = House::of(3);
    let mut client = house.client();
    client.open(7);
    client.add(7, 1, "apples", 2);
    let (leader, follower) = house.leader();
    house.converge(1);
    let before = client.status(leader);

    let whole = command(CLUSTER, 1, 2);
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
        &command(Cluster(1), 1, 2),
        &forged_ack(Cluster(1), Seat(follower), Seat(leader)),
        &forged_ack(CLUSTER, Seat(leader), Seat(follower)),
    ];
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    for datagram in datagrams {
        let sent = socket.send_to(datagram, house.members[&Seat(leader)]);
        sent.expect("loopback takes it");
    }
    let expected = BTreeMap::from([
        ("length", 1),
        ("version", 2),
        ("checksum", 2),
        ("cluster", 2),
        ("destination", 1),
    ]);
    let after = eventually("all of them to be counted", || {
        let status = client.status(leader);
        (refused(&status) == expected).then_some(status)
    });
    assert_eq!(essence(&after), essence(&before));
    assert_eq!(client.add(7, 2, "apples", 2).1, 4, "the cluster goes on");
}

/// Reads answers until there is one to this number.
fn answer(socket: &UdpSocket, wanted: u64) -> Vec<u8> {
    let mut buffer = [0; 1200];
    loop {
        let (length, _) = socket.recv_from(&mut buffer).expect("an answer in time");
        let reply = decode_reply(&buffer[..length], CLIENT).expect("an answer to this client");
        match reply.body {
            ReplyBody::Done { answer, .. } if reply.number == wanted => return answer.to_vec(),
            ReplyBody::Done { .. } => {}
            body => panic!("{body:?}"),
        }
    }
}

#[test]
fn a_datagram_that_the_network_repeats_is_done_once() {
    let house = House::of(3);
    let mut client = house.client();
    client.open(7);
    let (leader, _) = house.leader();
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let timeout = Some(Duration::from_secs(10));
    socket.set_read_timeout(timeout).expect("a time above zero");
    let to = house.members[&Seat(leader)];
    for number in 1..=20 {
        let datagram = command(CLUSTER, number, 1);
        for _ in 0..2 {
            socket.send_to(&datagram, to).expect("loopback takes it");
        }
    }
    assert_eq!(sum(&answer(&socket, 20)), 2);
    assert_eq!(client.read("apples"), 2);
    assert_goes_on(&mut client);
}

fn assert_goes_on(client: &mut Caller) {
    assert_eq!(client.add(7, 2, "apples", 2).1, 4);
}
