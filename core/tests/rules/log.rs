//! Rule 9: memory is what the node says it is. Rule 10: a command that cannot be taken is refused with the reason.

use super::common::{command, config, drive, fresh, leader, position, record, snapshot};
use quorate::{
    Boot, Config, Entries, Index, Input, Instant, Message, Node, RECORD_OVERHEAD, Rejection, Role, Seat, Term,
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
    let (mut node, now) = leader::<Bytes>(config(1), 1024);
    let room = node.log_room();
    assert_eq!(room, 1024 - RECORD_OVERHEAD - SLOT, "a no-op is a record without payload");
    assert_eq!(drive(&mut node, now, command(&[1; 9][..])), ["accept 2", "apply 2"]);
    assert_eq!(room - node.log_room(), RECORD_OVERHEAD + 10 + SLOT);
}

#[test]
fn a_small_log_keeps_room_for_two_terms_to_come() {
    for length in 1..60 {
        let (mut node, now) = leader::<Bytes>(config(1), 512);
        assert_eq!(refusal(&mut node, now, &[1; 60][..length]), "Full");
        assert!(node.log_room() >= 2 * (RECORD_OVERHEAD + SLOT), "{} bytes are left", node.log_room());
    }
}

#[test]
fn a_full_log_refuses_and_keeps_a_reserve_for_leaders_to_come() {
    let (mut node, now) = leader::<Bytes>(config(1), 1024);
    assert_eq!(refusal(&mut node, now, &[1; 9]), "Full");
    let (last, room) = (node.last(), node.log_room());
    assert!(room >= 1024 / 16, "a sixteenth is left, not {room} bytes");
    assert!(room < 1024 / 16 + RECORD_OVERHEAD + 10 + SLOT, "nothing more is set aside than that");
    assert_eq!(drive(&mut node, now, command(&[1; 9][..])), ["Full"]);
    assert_eq!((node.last(), node.log_room()), (last, room), "a refusal leaves nothing behind");

    // The same log with another leader: it opens its term with a no-op.
    let mut boot = Boot::<Bytes, _, 3>::new(config(1), vec![0; 1024]).unwrap();
    boot.hard_state(node.durable_hard_state());
    node.log().try_for_each(|entry| boot.entry(entry)).unwrap();
    let mut next = boot.start(now);
    let due = next.deadline().unwrap();
    drive(&mut next, due, Input::Tick);
    assert_eq!((next.role(), next.last().term, next.commit()), (Role::Leader, Term(2), Index(last.index.0 + 1)));
}

#[test]
fn a_record_may_be_as_long_as_a_frame_holds() {
    let config = Config { entry_bytes_max: 100, ..config(1) };
    let (mut node, now) = leader::<Bytes>(config, 4096);
    const MOST: usize = 100 - RECORD_OVERHEAD - 1;
    assert_eq!(drive(&mut node, now, command(&[1; MOST][..])), ["accept 2", "apply 2"]);
    assert_eq!(drive(&mut node, now, command(&[1; MOST + 1][..])), ["TooLarge { limit: 100 }"]);
    assert_eq!(node.last().index, Index(2));
}

#[test]
fn a_record_may_be_as_long_as_its_length_field_can_say() {
    let config = Config { entry_bytes_max: 1 << 20, inflight_bytes_max: 1 << 20, ..config(1) };
    let (mut node, now) = leader::<Bytes>(config, 1 << 20);
    let limit = RECORD_OVERHEAD + usize::from(u16::MAX);
    assert_eq!(drive(&mut node, now, command(&[1; 65_532][..])), ["accept 2", "apply 2"]);
    assert_eq!(drive(&mut node, now, command(&[1; 65_533][..])), [format!("TooLarge {{ limit: {limit} }}")]);
}

#[test]
fn a_command_that_fits_a_frame_but_not_the_log_is_not_too_large() {
    let (mut node, now) = leader::<Bytes>(config(1), 300);
    assert_eq!(drive(&mut node, now, command(&[1; 500][..])), [format!("{:?}", Rejection::Full), "snapshot 1".into()]);
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
    let (mut node, now) = leader::<Odd>(config(1), 300);
    assert_eq!(drive(&mut node, now, command(Odd(true))), ["Unencodable"]);
    assert_eq!(drive(&mut node, now, command(Odd(false))), ["accept 2", "apply 2"]);
}

#[test]
fn a_node_without_any_memory_for_its_log_still_votes_and_never_panics() {
    let mut node = fresh::<Bytes>(config(3), 0);
    let entries = record(1, 1, b"");
    let entries = Entries::parse(&entries).unwrap();
    let message =
        Message::AppendEntries { term: Term(1), stamp: 1, previous: position(0, 0), commit: Index(1), entries };
    let told = drive(&mut node, Instant::START, Input::Receive { from: Seat(1).into(), message });
    assert_eq!(told, ["to 1: Ack { term: Term(1), stamp: 1, outcome: Full(Index(0)) }"]);
}

/// A machine whose `usize` has 32 bits counts as far as any other (sailing d939e1a).
#[test]
fn indices_beyond_32_bits_are_as_good_as_any() {
    const BASE: u64 = 5 << 32;
    let mut boot = Boot::<Bytes, _, 3>::new(config(1), vec![0; 1024]).unwrap();
    boot.snapshot(snapshot(BASE, 1 << 40));
    boot.entry(quorate::Entry::parse(&record(BASE + 1, 1 << 40, b"\0")).unwrap().0).unwrap();
    let mut node: Node<_, _, 3> = boot.start(Instant::START);
    assert_eq!((node.commit(), node.applied()), (Index(BASE), Index(BASE)));
    let due = node.deadline().unwrap();
    drive(&mut node, due, Input::Tick);
    assert_eq!(node.term(), Term((1 << 40) + 1));
    let next = BASE + 3;
    assert_eq!(drive(&mut node, due, command(&[1][..])), [format!("accept {next}"), format!("apply {next}")]);
    assert_eq!(node.log().next().map(|entry| entry.position()), Some(position(BASE + 1, 1 << 40)));
}

#[test]
fn a_node_whose_log_is_full_to_the_last_bytes_does_not_campaign() {
    let noop = RECORD_OVERHEAD + SLOT;
    for (room, campaigns) in [(noop - 1, false), (noop, true)] {
        let first = record(1, 1, &[1; 9]);
        let mut boot = Boot::<Bytes, _, 3>::new(config(1), vec![0; first.len() + SLOT + room]).unwrap();
        boot.entry(Entries::parse(&first).unwrap().first().unwrap()).unwrap();
        let mut node = boot.start(Instant::START);
        assert_eq!(node.log_room(), room);
        drive(&mut node, Instant::START, Input::Tick);
        assert_eq!(node.deadline().is_some(), campaigns, "with room for {room} bytes");
        drive(&mut node, Instant::from_millis(10_000), Input::Tick);
        assert_eq!(node.role() == Role::Leader, campaigns, "with room for {room} bytes");
    }
}
