use std::thread;

use quorate::{Index, Seat, Snapshot, crc32c};
use quorate_smol::{ClientError, Event, Reason, restore};

use crate::caller::Caller;
use crate::harness::House;
use crate::tally::{GATE, HELD, SLOW, Tally, WRITING};

/// Far more than a log holds.
const MANY: u64 = 1200;
const LOG_BYTES: usize = 16 << 10;

/// Nodes with a small log. The first command needs all of them; then the first of them go on.
fn house(count: u8, running: u8) -> House {
    let mut house = House::with_log(count, LOG_BYTES);
    (1..=count).for_each(|seat| house.start(seat));
    let (first, _) = house.client().add("first", 1);
    house.converge(first);
    (running + 1..=count).for_each(|seat| house.kill(seat));
    house
}

/// Has a client add ones: the index of the last.
#[track_caller]
fn add_many(client: &mut Caller) -> u64 {
    (1..=MANY).map(|_| client.add("many", 1).0).last().expect("there are many")
}

fn taken(house: &House, seat: u8) -> Vec<Snapshot> {
    let events = house.events(seat).into_iter();
    let taken = events
        .filter_map(|event| if let Event::SnapshotTaken { snapshot, .. } = event { Some(snapshot) } else { None });
    taken.collect()
}

fn has_restored(house: &House, seat: u8) -> bool {
    house.events(seat).iter().any(|event| matches!(event, Event::SnapshotRestored { .. }))
}

#[test]
fn a_small_log_takes_many_commands_and_a_restart_begins_with_a_snapshot() {
    let mut house = house(3, 3);
    let mut client = house.client();
    let last = add_many(&mut client);
    house.converge(last);
    for seat in 1..=3 {
        let taken = taken(&house, seat);
        assert!(taken.len() > 2, "{taken:?}");
        assert!(taken.is_sorted_by_key(|snapshot| snapshot.position.index));
        house.kill(seat);
    }
    (1..=3).for_each(|seat| house.start(seat));
    house.converge(last);
    for seat in 1..=3 {
        assert!(client.status(seat).first > Index(1), "the log before the snapshot is not there any more");
        assert_eq!(client.read_local(seat, "many"), MANY);
        assert!(!has_restored(&house, seat), "its own snapshot was enough");
    }
}

#[test]
fn a_node_that_comes_late_is_given_a_snapshot() {
    let mut house = house(3, 2);
    let mut client = house.client();
    let last = add_many(&mut client);
    house.start(3);
    house.converge(last);
    assert_eq!(client.read_local(3, "many"), MANY);
    assert!(has_restored(&house, 3));

    // It takes part: with it and without another one there is still a majority.
    house.kill(1);
    let last = add_many(&mut client);
    house.converge(last);
    assert_eq!(client.read_local(3, "many"), 2 * MANY);
    // And once more, now from what it has itself.
    house.start(1);
    house.kill(3);
    house.start(3);
    house.converge(last);
    assert_eq!(client.read_local(3, "many"), 2 * MANY);
}

#[test]
fn a_session_survives_in_a_snapshot() {
    let mut house = house(3, 2);
    let mut client = house.client();
    let session = client.next();
    let (index, sum) = client.add_as(session, "apples", 5);
    let mut client = house.client();
    let last = add_many(&mut client);
    for seat in 1..=2 {
        assert!(client.status(seat).first.0 > index, "the log has forgotten the command");
        house.kill(seat);
    }
    // One that has it from its own snapshot, and one that has it from that one.
    house.start(1);
    house.start(2);
    house.converge(last);
    house.kill(2);
    house.start(3);
    let (_, again) = client.add_as(session, "apples", 5);
    assert_eq!((again, client.read("apples")), (sum, 5), "it is not done twice");
    house.converge(last);
    assert!(has_restored(&house, 3));
    assert_eq!(client.read_local(3, "apples"), 5);
}

/// The one that was begun before does not hold what was applied before the client asked.
#[test]
fn a_client_that_asks_while_a_snapshot_is_written_gets_one_of_all_that_was_applied_when_it_asked() {
    let house = house(1, 1);
    let (mut client, mut first) = (house.client(), house.client());
    client.add(HELD, 1);
    let first = thread::spawn(move || first.snapshot(1).0);
    WRITING.await_arrival();
    let (last, _) = client.add("apples", 1);
    let second = house.client().snapshot_before(1, &mut client, || WRITING.open());
    assert_eq!(second.position.index, Index(last));
    let first = first.join().expect("it is answered");
    assert!(first.position.index < Index(last), "{first:?}");
}

/// What takes long does not take a node out of the cluster: it acknowledges what it cannot apply yet.
#[test]
fn a_node_goes_on_while_its_state_is_restored() {
    let mut house = house(3, 2);
    let mut client = house.client();
    client.add(SLOW, 1);
    add_many(&mut client);
    house.start(3);
    GATE.await_arrival();
    // Whoever leads can answer: the third one, if it led, could not before its state is restored.
    let (_, follower) = house.leader_of(&[1, 2]);
    house.kill(follower);
    let (last, _) = client.add("apples", 2);
    assert_eq!(client.read_local(3, "many"), 0, "what it had before answers until then");
    let status = client.status(3);
    assert!(status.durable >= Index(last) && status.applied < Index(last), "{status:?}");
    GATE.open();
    house.converge(last);
    assert_eq!((client.read_local(3, "many"), client.read_local(3, "apples")), (MANY, 2));
}

#[test]
fn a_client_can_have_a_snapshot_of_all_that_is_applied() {
    let mut house = house(1, 1);
    let mut client = house.client();
    add_many(&mut client);
    let (last, _) = house.client().add("apples", 1);
    let (snapshot, members, bytes) = client.snapshot(1);
    assert_eq!((snapshot.position.index, members.all()), (Index(last), [Seat(1)].into_iter().collect()));
    assert_eq!((snapshot.bytes, snapshot.check), (bytes.len() as u64, crc32c(&bytes)));
    assert_eq!(client.snapshot(1).0, snapshot, "nothing has come since");
    let (tally, sessions) = restore(&Tally::default(), &mut &bytes[..]).expect("it is whole");
    assert_eq!(sessions, 3, "three clients have a session");
    assert_eq!(quorate_smol::App::query(&tally, b"many"), MANY.to_le_bytes());
    for length in 0..bytes.len() {
        assert!(restore(&Tally::default(), &mut &bytes[..length]).is_err(), "cut at {length}");
    }

    house.kill(1);
    house.start(1);
    let pieces = client.try_piece(1, snapshot, 1);
    assert_eq!(pieces.expect("it is still there after a restart"), bytes[1..]);
    add_many(&mut client);
    let gone = client.try_piece(1, snapshot, 0);
    assert!(matches!(gone, Err(ClientError::Refused(Reason::NoSnapshot))), "{gone:?}");
}
