use std::collections::BTreeMap;
use std::net::UdpSocket;

use quorate::{Entries, Entry, Index, Kind, Message, Position, Term};
#[cfg(target_os = "linux")]
use quorate_wire::seal::{Hello, Profile, Ring, Side, Word, encode_hello};
use quorate_wire::{Cluster, decode};

use super::*;
#[cfg(target_os = "linux")]
use crate::{Key, KeyId, Keyring};

fn record(payload: usize) -> Vec<u8> {
    let mut room = vec![0; quorate::RECORD_OVERHEAD + payload];
    let position = Position { term: Term(1), index: Index(1) };
    let entry = Entry::write(&mut room, position, Kind::Command, &vec![7; payload]);
    entry.expect("there is room").record().to_vec()
}

/// Whatever their lengths and however they alternate: each message arrives, where it belongs, in order.
#[test]
fn messages_arrive_in_order_however_they_are_put_together() {
    let peers: BTreeMap<_, _> =
        (1..=3).map(|seat| (Seat(seat), UdpSocket::bind("127.0.0.1:0").expect("a free port"))).collect();
    let addresses = peers.iter().map(|(seat, socket)| (*seat, socket.local_addr().expect("an address"))).collect();
    let config = ServerConfig {
        listen: "127.0.0.1:0".parse().expect("an address"),
        ..ServerConfig::new(Cluster(7), Seat(1), addresses, "")
    };
    let mut link = Link::bind(config).expect("a socket");
    link.join(Founding(7), Incarnation::FOUNDER);
    let lengths = [900, 900, 40, 900, 1100, 1100, 3, 3, 3, 500];
    let to = |number: usize| Seat(if number % 7 < 5 { 2 } else { 3 });
    for round in 0..20 {
        for (number, length) in lengths.into_iter().enumerate() {
            let number = round * lengths.len() + number;
            let record = record(length);
            let entries = Entries::parse(&record).expect("one entry");
            let stamp = number as u64;
            let previous = Position::default();
            let (term, none) = (Term(1), Index(0));
            let message = Message::AppendEntries { term, stamp, previous, commit: none, inherited: none, entries };
            link.send(to(number), &message);
        }
        link.flush();
        for (number, length) in lengths.into_iter().enumerate() {
            let number = round * lengths.len() + number;
            let mut frame = [0; 1200];
            let (count, _) = peers[&to(number)].recv_from(&mut frame).expect("loopback is there");
            let (from, message) = decode(&frame[..count], Founding(7), to(number)).expect("a sound frame");
            let Message::AppendEntries { stamp, entries, .. } = message else { panic!("{message:?}") };
            assert_eq!((from, stamp), (Seat(1).into(), number as u64));
            assert_eq!(entries.bytes(), record(length));
        }
    }
}

/// Of a cluster that seals.
#[cfg(target_os = "linux")]
fn sealed() -> (Link, Ring<1>, Side) {
    let (id, key) = (KeyId::new(1).expect("it is below 16"), || Key::new([7; Key::BYTES]));
    let config = ServerConfig {
        listen: "127.0.0.1:0".parse().expect("an address"),
        keys: Some(Keyring::new(id, key())),
        ..ServerConfig::new(Cluster(7), Seat(1), BTreeMap::new(), "")
    };
    let mut link = Link::bind(config).expect("a socket");
    link.join(Founding(7), Incarnation::FOUNDER);
    let me = Identity { seat: Seat(2), incarnation: Incarnation::FOUNDER };
    let (cluster, founding, profile) = (Cluster(7), Founding(7), Profile::Full);
    (link, Ring::new(id, key()), Side { cluster, founding, me, interval_micros: 0, profile })
}

#[test]
#[cfg(target_os = "linux")]
fn what_is_dropped_and_what_is_answered_without_a_session_is_charged() {
    let (now, from) = (Instant::from_millis(1), "127.0.0.1:9".parse().expect("an address"));
    let (mut link, ring, side) = sealed();
    for number in 1..=41 {
        assert_eq!(link.port.due(now), None);
        let hello = Hello { from: side.me, to: Seat(1), key: ring.used(), word: Word::Ask(number) };
        let hello = encode_hello(&side, &ring, &hello).expect("the key is here");
        link.hear(&hello, from, now).expect("it is a good one");
    }
    assert!(link.port.due(now).is_some(), "a member that starts again and again");
    let (mut link, ..) = sealed();
    for _ in 0..=100 {
        assert_eq!(link.port.due(now), None);
        link.drop_frame(b"", from, DecodeError::Length, now);
    }
    assert!(link.port.due(now).is_some());
}
