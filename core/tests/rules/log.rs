//! Rule 9: memory is what the node says it is. Rule 10: a command that cannot be taken is refused with the reason.

use super::common::{charter, command, config, drive, founded, leader, position, record, recovering, snapshot};
use quorate::{
    Boot, Config, Entries, Index, Input, Instant, Message, Node, RECORD_OVERHEAD, Recovered, Rejection, Role, Seat,
    Term,
};
use serde::{Deserialize, Serialize};

/// Commands that are bytes.
struct Bytes;

impl quorate::Command for Bytes {
    type View<'a> = &'a [u8];
}

/// The bytes that an entry takes beside its record.
const SLOT: usize = 4;

/// Has the same command done until it is refused.
fn refusal(node: &mut Node<Bytes, Vec<u8>, 3>, now: Instant, bytes: &[u8]) -> String {
    loop {
        let answer = drive(node, now, command(bytes)).swap_remove(0);
        if !answer.starts_with("accept") {
            return answer;
        }
    }
}

#[test]
fn a_record_takes_its_length_and_four_bytes() {
    let (mut node, now) = leader::<Bytes>(config(), 1024);
    let room = node.log_room();
    assert_eq!(room, 1024, "a reign takes no room");
    assert_eq!(drive(&mut node, now, command(&[1; 9][..])), ["accept 1", "apply 1"]);
    assert_eq!(room - node.log_room(), RECORD_OVERHEAD + 10 + SLOT);
}

#[test]
fn a_full_log_refuses_and_leaves_nothing_behind() {
    let (mut node, now) = leader::<Bytes>(config(), 1024);
    assert_eq!(refusal(&mut node, now, &[1; 9]), "Full");
    let (last, room) = (node.last(), node.log_room());
    assert!(room < RECORD_OVERHEAD + 10 + SLOT, "nothing is set aside");
    assert_eq!(drive(&mut node, now, command(&[1; 9][..])), ["Full"]);
    assert_eq!((node.last(), node.log_room()), (last, room), "a refusal leaves nothing behind");
}

#[test]
fn a_record_may_be_as_long_as_a_frame_holds() {
    let config = Config { entry_bytes_max: 100, ..config() };
    let (mut node, now) = leader::<Bytes>(config, 4096);
    const MOST: usize = 100 - RECORD_OVERHEAD - 1;
    assert_eq!(drive(&mut node, now, command(&[1; MOST][..])), ["accept 1", "apply 1"]);
    assert_eq!(drive(&mut node, now, command(&[1; MOST + 1][..])), ["TooLarge { limit: 100 }"]);
    assert_eq!(node.last().index, Index(1));
}

#[test]
fn a_record_may_be_as_long_as_its_length_field_can_say() {
    let config = Config { entry_bytes_max: 1 << 20, inflight_bytes_max: 1 << 20, ..config() };
    let (mut node, now) = leader::<Bytes>(config, 1 << 20);
    let limit = RECORD_OVERHEAD + usize::from(u16::MAX);
    assert_eq!(drive(&mut node, now, command(&[1; 65_532][..])), ["accept 1", "apply 1"]);
    assert_eq!(drive(&mut node, now, command(&[1; 65_533][..])), [format!("TooLarge {{ limit: {limit} }}")]);
}

#[test]
fn a_command_that_fits_a_frame_but_not_the_log_is_not_too_large() {
    let (mut node, now) = leader::<Bytes>(config(), 300);
    assert_eq!(drive(&mut node, now, command(&[1; 500][..])), ["TooLarge { limit: 296 }"], "no snapshot helps");
    assert_eq!(drive(&mut node, now, command(&[1; 9][..])), ["accept 1", "apply 1"]);
    assert_eq!(drive(&mut node, now, command(&[1; 250][..])), [format!("{:?}", Rejection::Full), "snapshot 1".into()]);
}

/// Fails to be encoded if it is true.
#[derive(Deserialize)]
struct Odd(bool);

impl Serialize for Odd {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 { Err(serde::ser::Error::custom("odd")) } else { serializer.serialize_bool(self.0) }
    }
}

#[test]
fn a_command_that_cannot_be_encoded_is_refused() {
    let (mut node, now) = leader::<Odd>(config(), 300);
    assert_eq!(drive(&mut node, now, command(Odd(true))), ["Unencodable"]);
    assert_eq!(drive(&mut node, now, command(Odd(false))), ["accept 1", "apply 1"]);
}

#[test]
fn a_node_without_any_memory_for_its_log_still_votes_and_never_panics() {
    let mut node = founded::<Bytes>(3, config(), vec![0; 0]);
    let entries = record(1, 1, b"");
    let entries = Entries::parse(&entries).unwrap();
    let message = Message::AppendEntries {
        term: Term(1),
        stamp: 1,
        previous: position(0, 0),
        commit: Index(1),
        inherited: Index(0),
        entries,
    };
    let told = drive(&mut node, Instant::START, Input::Receive { from: Seat(1).into(), message });
    assert_eq!(told, ["to 1: Ack { term: Term(1), stamp: 1, outcome: Full(Index(0)), features: Features(1) }"]);
}

/// A machine whose `usize` has 32 bits counts as far as any other (sailing d939e1a).
#[test]
fn indices_beyond_32_bits_are_as_good_as_any() {
    const BASE: u64 = 5 << 32;
    let mut boot = recovering::<Bytes>(1, 1024);
    boot.take(Recovered::Snapshot(snapshot(BASE, 1 << 40))).unwrap();
    boot.take(Recovered::Entry(quorate::Entry::parse(&record(BASE + 1, 1 << 40, b"\0")).unwrap().0)).unwrap();
    let mut node: Node<_, _, 3> = boot.start(Instant::START).unwrap();
    assert_eq!((node.commit(), node.applied()), (Index(BASE), Index(BASE)));
    let due = node.deadline().unwrap();
    drive(&mut node, due, Input::Tick);
    assert_eq!(node.term(), Term((1 << 40) + 1));
    let next = BASE + 2;
    assert_eq!(drive(&mut node, due, command(&[1][..])), [format!("accept {next}"), format!("apply {next}")]);
    assert_eq!(node.log().next().map(|entry| entry.position()), Some(position(BASE + 1, 1 << 40)));
}

/// Known 35: a reign that is opened by an entry cannot begin in a log that is full.
#[test]
fn a_node_whose_log_is_full_to_the_last_byte_is_elected_and_commits_what_it_has() {
    let first = record(1, 1, &[1; 9]);
    let mut boot = recovering::<Bytes>(1, first.len() + SLOT);
    boot.take(Recovered::Entry(Entries::parse(&first).unwrap().first().unwrap())).unwrap();
    let mut node = boot.start(Instant::START).unwrap();
    assert_eq!(node.log_room(), 0);
    let due = node.deadline().unwrap();
    assert_eq!(drive(&mut node, due, Input::Tick), ["apply 1", "snapshot 1"]);
    assert_eq!((node.role(), node.commit(), node.durable_mark()), (Role::Leader, Index(1), Term(2)));
}

/// What one member holds above its snapshot, a majority of others has to have room for.
#[test]
fn no_more_is_held_above_the_snapshot_than_the_smallest_log_takes() {
    let bytes = RECORD_OVERHEAD + 10 + SLOT;
    let boot = Boot::<Bytes, _, 3>::found(config(), &charter(1, 2 * bytes), vec![0; 10 * bytes]).unwrap();
    let mut node = boot.start(Instant::START).unwrap();
    let now = node.deadline().unwrap();
    drive(&mut node, now, Input::Tick);
    for index in 1..=2 {
        assert_eq!(drive(&mut node, now, command(&[1; 9][..]))[0], format!("accept {index}"));
    }
    assert_eq!(drive(&mut node, now, command(&[1; 9][..])), ["Full"]);
    assert_eq!(drive(&mut node, now, Input::Snapshotted(snapshot(2, 1))), [""; 0]);
    assert_eq!(drive(&mut node, now, command(&[1; 9][..])), ["accept 3", "apply 3"]);
}

/// Index, term, kind, length, payload, and a check of all of that: the same in every log, frame, file and flash.
#[test]
fn a_record_has_these_bytes() {
    let bytes = record(0x0102, 3, b"set");
    let golden = [&[2, 1, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1, 3, 0][..], b"set"].concat();
    let check = quorate::crc32c(&golden).to_le_bytes();
    assert_eq!(bytes, [&golden[..], &check].concat());
    for byte in 0..bytes.len() {
        let mut changed = [&bytes[..], &bytes].concat();
        changed[byte] ^= 1;
        assert!(quorate::Entry::parse(&changed).is_err(), "byte {byte} may change");
    }
}
