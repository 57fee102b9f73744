//! Rule 9: a log that never ends goes on in the memory that it was given.

use std::time::Duration;

use super::common::{charter, command, config, drive, elected, founded, leader, position, recovering, snapshot};
use quorate::{
    Ballot, Boot, Config, Effect, Features, Incarnation, Index, Input, Instant, Message, Node, Outcome, Position,
    Recovered, Refusal, Roster, Seat, Settled, Snapshot, Stored, Term, crc32c, crc32c_append,
};

/// Takes a snapshot whenever the node asks for one.
fn obey<const SEATS: usize>(node: &mut Node<u64, Vec<u8>, SEATS>, now: Instant, told: &[String]) {
    if told.iter().any(|line| line.starts_with("snapshot ")) {
        let position = Position { term: node.term(), index: node.applied() };
        assert!(drive(node, now, Input::Snapshotted(Snapshot { position, bytes: 8, check: 0 })).is_empty());
    }
}

#[test]
fn a_log_of_512_bytes_takes_commands_for_ever() {
    let (mut node, now) = leader::<u64>(config(), 512);
    for number in 0..100_000u64 {
        let told = drive(&mut node, now + std::time::Duration::from_millis(300 * number), command(number));
        let index = number + 1;
        assert_eq!(told.first(), Some(&format!("accept {index}")));
        assert!(told.contains(&format!("apply {index}")), "{told:?}");
        obey(&mut node, now, &told);
    }
    assert!(node.log().count() < 20);
}

/// A command of 96 bytes.
type Wide = [[u8; 32]; 3];

fn acknowledge(from: u8, stamp: u64, index: u64) -> Input<'static, Wide> {
    let message =
        Message::Ack { term: Term(1), stamp, outcome: Outcome::Matched(Index(index)), features: Features::OWN };
    Input::Receive { from: Seat(from).into(), message }
}

/// A leader of three with a snapshot of all but the last of 20 entries, in a log that is more than half full. Seat 1
/// has acknowledged all of it, and seat 2, which was last heard so long ago, the first entry.
fn leader_with_a_slow_follower(silent: Duration) -> (Node<Wide, Vec<u8>, 3>, Instant) {
    let config = Config { entry_bytes_max: 150, inflight_bytes_max: 300, ..config() };
    let mut node = founded::<Wide>(3, config, vec![0; 4096]);
    let mut now = node.deadline().unwrap();
    drive(&mut node, now, Input::Tick);
    for ballot in [Ballot::Pre, Ballot::Real] {
        let message = Message::Vote { term: Term(1), ballot, granted: true, incarnation: Incarnation::FOUNDER };
        drive(&mut node, now, Input::Receive { from: Seat(1).into(), message });
    }
    for index in [0, 1] {
        for seat in [1, 2] {
            drive(&mut node, now, acknowledge(seat, index + 1, index));
        }
        drive(&mut node, now, command([[0; 32]; 3]));
    }
    for _ in 0..2 {
        now = now + silent / 2;
        drive(&mut node, now, acknowledge(1, 2, 2));
    }
    for index in 3..=20 {
        drive(&mut node, now, command([[0; 32]; 3]));
        drive(&mut node, now, acknowledge(1, index, index));
    }
    assert_eq!((node.applied(), node.base().index), (Index(20), Index(0)));
    drive(&mut node, now, Input::Snapshotted(snapshot(19, 1)));
    (node, now)
}

#[test]
fn what_a_slow_follower_lacks_stays_as_long_as_there_is_room() {
    let (mut node, now) = leader_with_a_slow_follower(Duration::from_millis(100));
    let mut index = 20;
    while node.base().index == Index(0) {
        index += 1;
        let told = [drive(&mut node, now, command([[0; 32]; 3])), drive(&mut node, now, acknowledge(1, index, index))];
        let told = told.concat();
        assert_eq!(told[0], format!("accept {index}"), "none is refused");
        assert!(!told.iter().any(|line| line.starts_with("snapshot")), "a later one would be in its way: {told:?}");
    }
    assert!(index > 23, "it stayed for a while");
    assert!(node.base().index > Index(1), "then it goes");
}

#[test]
fn nothing_stays_for_a_follower_that_is_silent() {
    let (node, _) = leader_with_a_slow_follower(Duration::from_millis(300));
    assert!(node.base().index > Index(1), "{:?}", node.base());
}

/// It would need the snapshot if it waited for long.
#[test]
fn a_slow_follower_does_not_give_way_while_the_log_is_crowded() {
    let (mut node, now) = leader_with_a_slow_follower(Duration::from_millis(100));
    let told = drive(&mut node, now + Duration::from_millis(5), acknowledge(2, 3, 3));
    assert!(told.iter().any(|line| line.starts_with("to 2: AppendEntries")), "{told:?}");
}

/// A follower is given a snapshot piece by piece, and there would be none.
#[test]
fn a_snapshot_of_no_bytes_is_refused() {
    let (mut node, now) = leader::<u64>(config(), 512);
    drive(&mut node, now, command(1));
    let empty = Snapshot { position: position(1, 1), bytes: 0, check: 0 };
    assert_eq!(drive(&mut node, now, Input::Snapshotted(empty)), ["BadSnapshot"]);
    assert!(drive(&mut node, now, Input::Snapshotted(Snapshot { bytes: 1, ..empty })).is_empty());
}

#[test]
fn a_snapshot_is_asked_for_again_as_soon_as_the_last_one_is_there() {
    let (mut node, now) = leader::<u64>(config(), 512);
    for number in 0..1000u64 {
        let told = drive(&mut node, now, command(number));
        assert_eq!(told.first(), Some(&format!("accept {}", number + 1)), "no time passes, and there is room");
        obey(&mut node, now, &told);
    }
}

#[test]
fn what_is_applied_after_entries_were_forgotten_is_what_was_written() {
    let (mut node, mut now) = leader::<u64>(Config { snapshot_fill_percent: 30, ..config() }, 700);
    let mut applied = Vec::new();
    for number in 0..1000u64 {
        now = now + std::time::Duration::from_millis(300);
        let (mut ticket, mut due) = (None, None);
        for effect in node.step(now, command(number * 0x0101_0101)) {
            match effect {
                Effect::Persist(write) => ticket = Some(write.ticket),
                Effect::TakeSnapshot { position, .. } => due = Some(position),
                _ => {}
            }
        }
        for effect in node.step(now, Input::Persisted(ticket.expect("a command is written"))) {
            match effect {
                Effect::Apply(apply) => applied.push(apply.command().expect("a number").expect("a command")),
                Effect::TakeSnapshot { position, .. } => due = Some(position),
                _ => {}
            }
        }
        if let Some(position) = due {
            drive(&mut node, now, Input::Snapshotted(Snapshot { position, bytes: 8, check: 0 }));
        }
        let room = node.log_room();
        let used: usize = node.log().map(|entry| entry.record().len() + 4).sum();
        assert_eq!(room + used, 700, "every byte is accounted for");
    }
    assert!(applied.iter().zip(0..).all(|(found, number)| *found == number * 0x0101_0101));
    assert_eq!(applied.len(), 1000);
}

#[test]
fn entries_that_a_snapshot_covers_stay_while_there_is_room() {
    let (mut node, now) = leader::<u64>(config(), 4096);
    for number in 0..10 {
        drive(&mut node, now, command(number));
    }
    drive(&mut node, now, Input::Snapshotted(Snapshot { position: position(10, 1), bytes: 8, check: 0 }));
    assert_eq!(node.base(), Position::default(), "a follower that is a little behind is sent entries");
    assert_eq!(node.snapshots().map(|snapshot| snapshot.position).collect::<Vec<_>>(), [position(10, 1)]);
}

#[test]
fn a_snapshot_has_to_be_of_something_new_that_was_applied() {
    let (mut node, now) = leader::<u64>(config(), 4096);
    drive(&mut node, now, command(1));
    let rejected = ["BadSnapshot"];
    for wrong in [snapshot(2, 1), snapshot(1, 2), snapshot(0, 0)] {
        assert_eq!(drive(&mut node, now, Input::Snapshotted(wrong)), rejected, "{wrong:?}");
    }
    assert!(drive(&mut node, now, Input::Snapshotted(snapshot(1, 1))).is_empty());
    for old in [snapshot(1, 1), snapshot(0, 0)] {
        assert_eq!(drive(&mut node, now, Input::Snapshotted(old)), rejected, "{old:?}");
    }
}

#[test]
fn a_node_goes_on_from_two_snapshots_and_the_log_behind_them() {
    let mut boot = recovering::<u64>(1, 4096);
    boot.take(Recovered::Snapshot(snapshot(3, 1))).unwrap();
    boot.take(Recovered::Snapshot(snapshot(7, 2))).unwrap();
    let node = boot.start(Instant::START).unwrap();
    assert_eq!(node.snapshots().collect::<Vec<_>>(), [snapshot(7, 2), snapshot(3, 1)]);
    assert_eq!((node.base(), node.applied().0), (position(7, 2), 7));
}

/// Known 40: a driver that removes what is not named must not remove what its disk stands on.
#[test]
fn what_the_disk_stands_on_is_kept_until_an_installed_snapshot_is_durable() {
    let mut boot = recovering::<u64>(3, 4096);
    boot.take(Recovered::Snapshot(snapshot(3, 1))).unwrap();
    let mut node = boot.start(Instant::START).unwrap();
    let receive = |message| Input::Receive { from: quorate::Seat(1).into(), message };
    let mut room = [0; 120];
    let (latest, before, settled) = (snapshot(9, 2), Snapshot::default(), same_members(&node, &mut room));
    let inherited = quorate::Index(9);
    let offer = Message::Offer { term: Term(2), stamp: 1, latest, before, inherited, settled };
    drive(&mut node, Instant::START, receive(offer));
    let piece = Message::Piece { term: Term(2), index: inherited, check: latest.check, offset: 0, bytes: b"abc" };
    drive(&mut node, Instant::START, receive(piece));
    let mut ticket = None;
    for effect in node.step(Instant::START, Input::Tick) {
        if let Effect::Persist(write) = effect {
            assert_eq!(write.snapshot, Some(latest));
            ticket = Some(write.ticket);
        }
    }
    assert_eq!(node.snapshots().collect::<Vec<_>>(), [latest, snapshot(3, 1)]);
    drive(&mut node, Instant::START, Input::Persisted(ticket.expect("it is installed")));
    assert_eq!(node.snapshots().collect::<Vec<_>>(), [latest]);
}

#[test]
fn a_checksum_goes_on_where_it_was() {
    let bytes: Vec<u8> = (0..=255).collect();
    for cut in [0, 1, 100, 255, 256] {
        let (front, rest) = bytes.split_at(cut);
        assert_eq!(crc32c_append(crc32c(front), rest), crc32c(&bytes));
    }
}

/// Who takes part as the node knows it, in this room.
fn same_members<'r>(node: &Node<u64, Vec<u8>, 3>, room: &'r mut [u8]) -> Settled<'r> {
    let Settled { since, roster } = node.settled();
    let written =
        Roster::write(room, roster.members(), roster.least(), None, |seat| roster.occupant(seat).unwrap_or_default());
    Settled { since, roster: written.expect("there is room") }
}

fn from_second<'m>(message: Message<'m>) -> Input<'m, u64> {
    Input::Receive { from: Seat(1).into(), message }
}

#[test]
fn a_snapshot_that_has_no_place_any_more_is_not_fetched_on() {
    let started = |most| {
        let config = Config { snapshot_bytes_max: Some(most), ..config() };
        let mut boot = Boot::<u64, _, 3>::recover(config, vec![0; 512]).unwrap();
        boot.take(Recovered::Charter(charter(3, 512))).unwrap();
        boot.take(Recovered::Stored(Stored { snapshot: snapshot(4, 1), received: 1, check: crc32c(b"a") })).unwrap();
        boot.start(Instant::START).unwrap()
    };
    let offer = |node: &mut Node<u64, Vec<u8>, 3>| {
        let mut room = [0; 120];
        let (latest, before, settled) = (snapshot(4, 1), Snapshot::default(), same_members(node, &mut room));
        let message = Message::Offer { term: Term(1), stamp: 1, latest, before, inherited: Index(4), settled };
        drive(node, Instant::START, from_second(message));
        (node.fetching().is_some(), node.refusals().count(Refusal::SnapshotTooLarge))
    };
    assert_eq!(offer(&mut started(3)), (true, 0));
    assert_eq!(offer(&mut started(2)), (false, 1));
}

/// A node that has all of a snapshot from an earlier boot, and is offered one by its leader, which knows of later members.
/// What it writes, in turns: of which snapshot, and of members since when.
fn writes_when_offered(stored: Snapshot, latest: Snapshot) -> Vec<(Option<Snapshot>, Option<Index>)> {
    let mut boot = recovering::<u64>(3, 512);
    boot.take(Recovered::Stored(Stored { snapshot: stored, received: 3, check: stored.check })).unwrap();
    let mut node = boot.start(Instant::START).unwrap();
    let (mut room, before) = ([0; 120], Snapshot::default());
    let settled = Settled { since: Index(3), ..same_members(&node, &mut room) };
    let mut input =
        from_second(Message::Offer { term: Term(2), stamp: 1, latest, before, inherited: Index(4), settled });
    let mut writes = Vec::new();
    loop {
        let mut ticket = None;
        for effect in node.step(Instant::START, input) {
            if let Effect::Persist(write) = effect {
                writes.push((write.snapshot, write.settled.map(|settled| settled.since)));
                ticket = Some(write.ticket);
            }
        }
        let Some(ticket) = ticket else { return writes };
        input = Input::Persisted(ticket);
    }
}

/// Else a write that a crash cut leaves the snapshot under the members before, and two halves of the cluster may elect a
/// leader each.
#[test]
fn who_takes_part_is_durable_before_the_snapshot_is() {
    let here = snapshot(4, 1);
    assert_eq!(writes_when_offered(here, here), [(None, Some(Index(3))), (Some(here), None)]);
    assert_eq!(writes_when_offered(here, snapshot(5, 2)), [(None, Some(Index(3))), (Some(here), None)]);
}

#[test]
fn who_took_part_by_a_later_snapshot_than_the_leaders_is_not_known() {
    assert_eq!(writes_when_offered(snapshot(6, 2), snapshot(4, 1)), [(None, Some(Index(3)))]);
}

#[test]
fn who_has_no_place_for_a_snapshot_is_not_waited_for() {
    let mut boot = recovering::<u64>(3, 512);
    boot.take(Recovered::Snapshot(snapshot(4, 1))).unwrap();
    let mut node = boot.start(Instant::START).unwrap();
    let now = node.deadline().unwrap() + std::time::Duration::from_secs(1);
    drive(&mut node, now, Input::Tick);
    for ballot in [Ballot::Pre, Ballot::Real] {
        drive(
            &mut node,
            now,
            from_second(Message::Vote { term: Term(2), ballot, granted: true, incarnation: Incarnation::FOUNDER }),
        );
    }
    let mut answer = |outcome| {
        drive(&mut node, now, from_second(Message::Ack { term: Term(2), stamp: 1, outcome, features: Features::OWN }));
        node.is_serving()
    };
    assert!(answer(Outcome::Conflict(Position::default())), "it is there, and needs the snapshot");
    assert!(!answer(Outcome::TooSmall));
}

/// It may be one of a forger, or of a program with a mistake: who asks from the front is sent what follows from there.
#[test]
fn a_question_from_far_beyond_does_not_end_a_fetch() {
    let mut boot = recovering(3, 1024);
    let snapshot = Snapshot { bytes: 1 << 40, ..snapshot(5, 1) };
    boot.take(Recovered::Snapshot(snapshot)).unwrap();
    let (mut node, now) = elected(boot);
    let term = node.term();
    for offset in [1 << 39, 3] {
        let outcome = Outcome::Wants { index: Index(5), check: snapshot.check, offset, again: 0 };
        let message = Message::Ack { term, stamp: 1, outcome, features: Features::OWN };
        let told = drive(&mut node, now, Input::Receive { from: Seat(1).into(), message });
        let piece = format!("offset: {offset},");
        assert!(told.iter().any(|told| told.contains(&piece)), "{told:?}");
    }
}
