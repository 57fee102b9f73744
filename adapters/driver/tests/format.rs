//! What a snapshot begins with, byte for byte.

mod bench;

use quorate::{Index, Session};
use quorate_driver::{FRONT_BYTES, Ledger, LedgerError};
use quorate_wire::client::RequestBody;

use crate::bench::{Bench, CLIENTS};

/// The bytes that the description shows.
fn described() -> Vec<u8> {
    let description = include_str!("../SNAPSHOT.md");
    let (_, block) = description.split_once("```snapshot\n").expect("there is an example");
    let (block, _) = block.split_once("\n```").expect("it is closed");
    let bytes = block.lines().flat_map(|line| {
        let (bytes, _remark) = line.split_once("  ").expect("every line has a remark");
        bytes.split(' ').map(|byte| u8::from_str_radix(byte, 16).expect("bytes are two hexadecimal digits"))
    });
    bytes.collect()
}

/// What is described has happened.
fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.ask(1, RequestBody::Open { client: 5, epoch: Index(0) });
    bench.ask(2, RequestBody::Open { client: 300, epoch: Index(0) });
    let session = Session { client: 5, epoch: Index(1), sequence: 1 };
    bench.ask(3, RequestBody::Command { session, command: &[42] });
    bench
}

#[test]
fn the_description_shows_what_is_written() {
    let bench = bench();
    let ledger = bench.driver.replica().ledger();
    let mut bytes = vec![0; ledger.bytes()];
    assert_eq!(ledger.write(&mut bytes), Some(bytes.len()));
    bytes.push(bench.driver.replica().app().0 as u8);
    assert_eq!(bytes, described());
}

#[test]
fn what_is_described_is_read_and_goes_on() {
    let bytes = described();
    let (ledger, state) = Ledger::<[u8; 4], CLIENTS>::split(&bytes).expect("it is sound");
    assert_eq!(
        (ledger.clients(), ledger.epoch(5), ledger.epoch(300), state),
        (2, Some(Index(1)), Some(Index(2)), &[42][..])
    );
    let (host, _) = Ledger::<Vec<u8>, 1024>::split(&bytes).expect("a host has room for more");
    assert_eq!((host.clients(), host.bytes()), (ledger.clients(), ledger.bytes()));
    let mut again = vec![0; ledger.bytes()];
    assert_eq!(ledger.write(&mut again), Some(again.len()));
    assert_eq!(again, bytes[..again.len()]);
}

#[test]
fn one_that_is_too_long_for_its_room_is_not_written() {
    let bench = bench();
    let ledger = bench.driver.replica().ledger();
    for room in 0..ledger.bytes() {
        assert_eq!(ledger.write(&mut vec![0; room]), None, "{room} bytes");
    }
}

#[test]
fn a_full_ledger_is_no_longer_than_is_said() {
    let mut bench = Bench::new();
    for number in 0..CLIENTS as u64 {
        let client = u64::MAX - number;
        bench.ask(0, RequestBody::Open { client, epoch: Index(0) });
        let session = Session { client, epoch: Index(2 * number + 1), sequence: u64::MAX };
        bench.ask(0, RequestBody::Command { session, command: &[42] });
    }
    let ledger = bench.driver.replica().ledger();
    assert_eq!(ledger.clients(), CLIENTS);
    assert!(ledger.bytes() <= Ledger::<[u8; 4], CLIENTS>::bytes_max(4), "{} bytes", ledger.bytes());
}

#[test]
fn what_is_of_another_version_or_cut_short_or_for_more_clients_is_refused() {
    let bytes = described();
    let read = |bytes: &[u8]| Ledger::<[u8; 4], CLIENTS>::split(bytes).map(|_| ()).expect_err("it is not sound");
    for end in 0..bytes.len() - 1 {
        assert_eq!(read(&bytes[..end]), LedgerError::Unreadable, "{end} bytes");
    }
    let mut other = bytes.clone();
    other[0] = 2;
    assert_eq!(read(&other), LedgerError::Version(2));
    let few = Ledger::<[u8; 4], 4>::split(&bytes).map(|_| ()).expect_err("there is room for four");
    let short = Ledger::<[u8; 3], CLIENTS>::split(&bytes).map(|_| ()).expect_err("an answer has three bytes");
    assert_eq!((few, short), (LedgerError::Unreadable, LedgerError::Unreadable));
    assert_eq!(LedgerError::Version(2).to_string(), "it is of version 2, and this program reads version 1");
    assert!(bytes.len() > FRONT_BYTES);
}

#[test]
fn nodes_that_agree_on_the_state_and_not_on_the_sessions_have_other_digests() {
    let (one, same, mut other) = (bench(), bench(), bench());
    other.ask(4, RequestBody::Open { client: 301, epoch: Index(0) });
    let digest = |bench: &Bench| bench.driver.replica().digest();
    assert_eq!(digest(&one), digest(&same));
    assert_ne!(digest(&one), digest(&other));
}
