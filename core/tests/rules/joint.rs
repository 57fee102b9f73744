//! A change of voters goes through a joint phase, under a leader that knows all that was before (section 6).

use std::time::Duration;

use quorate::{
    Boot, Change, Entries, Entry, Features, Index, Input, Instant, Kind, Least, Members, Message, Node, Occupant,
    Outcome, Position, Recovered, Refusal, Rejection, Role, Roster, Seat, Seats, Settled, Term, Transfer, Unchanged,
};

use crate::cluster::{Cluster, led};
use crate::common::{command, config, drive, elected, founded, position, record, recovering, seats};

type Machine = Node<u32, Vec<u8>, 3>;

const ROOM: usize = 200;

fn roster(room: &mut [u8; ROOM], members: Members) -> Roster<'_> {
    Roster::write(
        room,
        members,
        Least { log_bytes: 1024, election_micros: 250_000, features: Features::OWN },
        None,
        |_| Occupant::default(),
    )
    .expect("the members are sound")
}

/// An entry that makes these the members.
fn making(index: u64, term: u64, members: Members) -> Vec<u8> {
    let (mut room, mut bytes) = ([0; ROOM], [0; ROOM]);
    let payload = roster(&mut room, members).bytes();
    let entry = Entry::write(&mut bytes, position(index, term), Kind::Members, payload).expect("there is room");
    entry.record().to_vec()
}

fn give(boot: &mut Boot<u32, Vec<u8>, 3>, record: &[u8]) {
    boot.take(Recovered::Entry(Entry::parse(record).expect("the record is whole").0)).unwrap();
}

fn acknowledge(node: &mut Machine, now: Instant, from: u8, index: u64) -> Vec<String> {
    let message =
        Message::Ack { term: node.term(), stamp: 1, outcome: Outcome::Matched(Index(index)), features: Features::OWN };
    drive(node, now, Input::Receive { from: Seat(from).into(), message })
}

/// Known 15.
#[test]
fn no_member_changes_before_all_that_was_inherited_is_committed() {
    let mut boot = recovering(3, 1024);
    give(&mut boot, &record(1, 1, &[0]));
    let (mut node, now) = elected(boot);
    let change = Change::Move { seat: Seat(1), address: b"there" };
    let refused = Err(Rejection::Unchanged(Unchanged::NotEstablished));
    assert_eq!((node.step(now, change).answer, node.is_established()), (refused, false));
    acknowledge(&mut node, now, 1, 1);
    assert_eq!((node.step(now, change).answer, node.is_established()), (Ok(()), true));
}

#[test]
fn the_joint_phase_of_an_earlier_leader_ends_once_all_that_was_inherited_is_committed() {
    let mut boot = recovering(3, 1024);
    let joint = Members { outgoing: Seats::first(3), ..Members::of(Seats::first(2)) };
    give(&mut boot, &making(1, 1, joint));
    give(&mut boot, &record(2, 1, &[0]));
    let mut room = [0; ROOM];
    let roster = roster(&mut room, joint);
    boot.take(Recovered::Settled(Settled { since: Index(1), roster })).unwrap();
    let (mut node, now) = elected(boot);
    assert_eq!((node.last().index, node.members()), (Index(2), joint));
    acknowledge(&mut node, now, 1, 2);
    assert_eq!((node.last().index, node.members()), (Index(3), Members::of(Seats::first(2))));
}

/// Known 13: who is to take over would not have all.
#[test]
fn the_joint_phase_does_not_end_while_office_is_handed_over() {
    let mut boot = recovering(3, 1024);
    let joint = Members { outgoing: Seats::first(3), ..Members::of(Seats::first(2)) };
    give(&mut boot, &making(1, 1, joint));
    let (mut node, now) = elected(boot);
    assert_eq!(node.step(now, Transfer { to: Some(Seat(1)) }).answer, Ok(()));
    acknowledge(&mut node, now, 1, 1);
    assert_eq!((node.commit(), node.members()), (Index(1), joint));
    let told = drive(&mut node, now + Duration::from_millis(250), Input::Tick);
    assert!(told.contains(&"no transfer to 1".into()), "{told:?}");
    assert_eq!(node.members(), Members::of(Seats::first(2)));
}

/// It may be committed, by another leader.
#[test]
fn a_change_that_was_inherited_is_not_taken_back() {
    let mut boot = recovering(1, 1024);
    let joint = Members { outgoing: Seats::first(1), ..Members::of(Seats::first(3)) };
    give(&mut boot, &making(1, 1, joint));
    let (mut node, _) = elected(boot);
    while node.role() == Role::Leader {
        let now = node.deadline().unwrap();
        drive(&mut node, now, Input::Tick);
        assert_eq!((node.last().index, node.members()), (Index(1), joint));
    }
}

#[test]
fn no_change_is_taken_back_without_those_who_voted_before() {
    let (mut cluster, leader) = led(3);
    cluster.join(3);
    cluster.run(300);
    assert_eq!(cluster.change(leader, Change::Add { seat: Seat(3), address: b"x" }), Ok(()));
    cluster.run(100);
    assert_eq!(cluster.change(leader, Change::Promote { seat: Seat(3) }), Ok(()));
    let joint = cluster.node(leader).members();
    assert!(joint.is_joint());
    (0..3).filter(|seat| *seat != leader).for_each(|seat| cluster.cut(seat));
    cluster.run(500);
    assert_ne!(cluster.node(leader).role(), Role::Leader);
    assert_eq!(cluster.node(leader).members(), joint);
}

/// Known 46: it only commits what is there.
#[test]
fn a_leader_that_is_none_of_the_voters_takes_neither_commands_nor_changes() {
    let mut boot = recovering(3, 1024);
    let others = Members::of(seats(&[1, 2]));
    give(&mut boot, &making(1, 1, Members { outgoing: Seats::first(3), ..others }));
    let (mut node, now) = elected(boot);
    acknowledge(&mut node, now, 1, 1);
    assert!(node.members().is_joint(), "a majority of each half has to have it");
    acknowledge(&mut node, now, 2, 1);
    assert_eq!((node.role(), node.members()), (Role::Leader, others));
    assert_eq!(drive(&mut node, now, command(5)), ["InTransfer"]);
    let change = Change::Move { seat: Seat(1), address: b"there" };
    assert_eq!(node.step(now, change).answer, Err(Rejection::Unchanged(Unchanged::NotEstablished)));
    // Nor does it count itself: one of the two is not enough.
    acknowledge(&mut node, now, 1, 2);
    assert_eq!((node.role(), node.commit()), (Role::Leader, Index(1)));
    let told = acknowledge(&mut node, now, 2, 2);
    assert_eq!((node.role(), node.commit()), (Role::Follower, Index(2)), "it makes way");
    assert!(told.contains(&"dismissed: Removed".into()), "{told:?}");
}

/// Whoever is to go may have to be there for the others until they have it.
#[test]
fn who_is_removed_goes_once_that_is_committed() {
    let mut boot = recovering(2, 1024);
    let other = Members::of(seats(&[1]));
    give(&mut boot, &making(1, 1, Members { outgoing: Seats::first(2), ..other }));
    give(&mut boot, &making(2, 1, other));
    let mut node = boot.start(Instant::START).unwrap();
    while node.role() == Role::Follower {
        let now = node.deadline().unwrap();
        assert!(now < Instant::from_millis(5_000), "its log may be the latest");
        let told = drive(&mut node, now, Input::Tick);
        assert!(!told.iter().any(|told| told.contains("dismissed")), "{told:?}");
    }
}

/// Known 44: each time, what was before is found.
#[test]
fn members_that_are_cut_off_the_log_are_the_members_no_longer() {
    let (mut cluster, _) = led(3);
    cluster.join(3);
    cluster.run(300);
    for round in 0..3 {
        let leader = cluster.leader().expect("a majority is there").0;
        cluster.cut(leader);
        assert_eq!(cluster.change(leader, Change::Add { seat: Seat(3), address: b"x" }), Ok(()));
        assert_eq!(cluster.node(leader).members().learners, seats(&[3]), "they count at once");
        cluster.run(1_000);
        assert!(cluster.put(round));
        cluster.heal(leader);
        cluster.run(300);
        assert_eq!(cluster.node(leader).roster().0, Index(0), "in round {round}");
        assert_eq!(cluster.node(leader).members(), Members::of(Seats::first(3)));
    }
}

#[test]
fn members_for_whom_there_is_no_room_are_refused() {
    let mut node: Machine = founded(3, config(), vec![0; 1024]);
    let bytes = making(1, 1, Members::of(Seats::first(4)));
    let (previous, index) = (Position::default(), Index(0));
    let entries = Entries::parse(&bytes).unwrap();
    let message =
        Message::AppendEntries { term: Term(1), stamp: 1, previous, commit: index, inherited: index, entries };
    drive(&mut node, Instant::START, Input::Receive { from: Seat(1).into(), message });
    assert_eq!((node.last().index, node.refusals().count(Refusal::Members)), (Index(0), 1));
}

/// Rule 9: else neither a snapshot nor a leader to come could make the room that is missing.
#[test]
fn no_joint_phase_begins_without_room_to_take_it_back() {
    let (command_bytes, change_bytes) = (28, 63);
    for (spare, begins) in [(2 * change_bytes, true), (2 * change_bytes - 1, false), (change_bytes, false)] {
        let mut boot = recovering(3, 10 * command_bytes + spare);
        (1..=10).for_each(|index| give(&mut boot, &record(index, 1, &[0])));
        let (mut node, now) = elected(boot);
        acknowledge(&mut node, now, 1, 10);
        assert_eq!(node.step(now, Change::Remove { seat: Seat(2) }).answer, Ok(()));
        drive(&mut node, now, Input::Tick);
        let message =
            Message::Ack { term: node.term(), stamp: 2, outcome: Outcome::Matched(Index(10)), features: Features::OWN };
        let told = drive(&mut node, now, Input::Receive { from: Seat(1).into(), message });
        assert_eq!(node.members().is_joint(), begins, "with {spare} bytes: {told:?}");
    }
}

/// Rule 9: else a disk that is lost later would stay lost, and nobody would be told.
#[test]
fn no_members_are_taken_whose_stores_could_not_be_replaced() {
    let (change_bytes, drawn) = (63, 8);
    for (room, is_taken) in
        [(2 * (change_bytes + 3 * drawn + 2), true), (2 * (change_bytes + 3 * drawn + 2) - 1, false)]
    {
        let (mut node, now) = elected(recovering(3, room));
        acknowledge(&mut node, now, 1, 0);
        let answer = node.step(now, Change::Move { seat: Seat(1), address: b"at" }).answer;
        let expected = if is_taken { Ok(()) } else { Err(Rejection::Unchanged(Unchanged::TooLarge)) };
        assert_eq!(answer, expected, "with a log of {room} bytes");
    }
}

#[test]
fn each_who_takes_part_is_told_of_every_change_once() {
    let (mut cluster, leader): (Cluster, u8) = led(3);
    cluster.told.clear();
    let change = Change::Move { seat: Seat(leader), address: b"there" };
    assert_eq!(cluster.change(leader, change), Ok(()));
    cluster.run(100);
    let since = format!("members of {}", cluster.node(leader).roster().0.0);
    cluster.told.sort();
    assert_eq!(cluster.told, [0, 1, 2].map(|seat| (Seat(seat), since.clone())));
}
