//! A vote or an ack is of a store, not of a seat: what one life has said counts for no other (known 18).

use std::time::Duration;

use quorate::{
    Ballot, Change, Features, Identity, Incarnation, Index, Input, Message, Node, Occupant, Outcome, Position,
    Recovered, Refusal, Rejection, Role, Roster, Seat, Settled, Term, Unchanged,
};

use crate::cluster::{Cluster, led};
use crate::common::{command, config, drive, elected, founded, recovering, seats, snapshot};

/// Another store than the founder's, in the same seat.
fn another(seat: u8) -> Identity {
    Identity { seat: Seat(seat), incarnation: Incarnation::drawn(77) }
}

fn founder(seat: u8) -> Identity {
    Seat(seat).into()
}

fn pre_vote(term: Term) -> Message<'static> {
    Message::Vote { term: Term(term.0 + 1), ballot: Ballot::Pre, granted: true, incarnation: Incarnation::FOUNDER }
}

fn request(term: u64, ballot: Ballot) -> Message<'static> {
    Message::RequestVote { term: Term(term), last: Position::default(), ballot }
}

/// Node 0 of five, which hears nobody and asks around.
fn asking() -> (Cluster, Term) {
    let mut cluster = Cluster::of(5);
    (1..5).for_each(|seat| cluster.cut(seat));
    cluster.run(500);
    assert_eq!(cluster.node(0).role(), Role::PreCandidate);
    let term = cluster.node(0).term();
    (cluster, term)
}

#[test]
fn a_vote_of_a_life_that_is_no_members_does_not_count() {
    let (mut cluster, term) = asking();
    for seat in 1..4 {
        cluster.hear(0, another(seat), pre_vote(term));
    }
    assert_eq!(cluster.node(0).role(), Role::PreCandidate);
    // Theirs do, who are there again.
    cluster.hear(0, founder(1), pre_vote(term));
    assert_eq!(cluster.node(0).role(), Role::PreCandidate, "two of five");
    cluster.hear(0, founder(2), pre_vote(term));
    assert_eq!(cluster.node(0).role(), Role::Candidate);
}

#[test]
fn the_vote_of_another_life_is_not_taken_for_that_of_the_one_that_comes_back() {
    let (mut cluster, term) = asking();
    cluster.hear(0, another(1), pre_vote(term));
    cluster.hear(0, founder(1), request(1, Ballot::Pre));
    cluster.hear(0, founder(2), pre_vote(term));
    assert_eq!(cluster.node(0).role(), Role::PreCandidate);
    assert_eq!(cluster.node(0).refusals().count(Refusal::Incarnation), 0, "a member is heard at any time");
}

/// Known 45: votes are counted under the members in force.
#[test]
fn a_vote_counts_no_longer_once_the_members_name_another_life() {
    let (mut cluster, term) = asking();
    cluster.hear(0, founder(1), pre_vote(term));
    let mut bytes = [0; 200];
    let node = cluster.node(0);
    let incarnation = |seat| if seat == Seat(1) { another(1).incarnation } else { Incarnation::FOUNDER };
    let occupant = |seat| Occupant { incarnation: incarnation(seat), address: &[] };
    let roster = Roster::write(&mut bytes, node.members(), node.roster().1.least(), None, occupant).unwrap();
    let settled = Settled { since: Index(9), roster };
    let incarnation = Incarnation::FOUNDER;
    cluster.hear(0, founder(2), Message::Configured { term: Term(1), incarnation, is_held: false, settled });
    assert_eq!(cluster.node(0).roster().0, Index(9));
    cluster.hear(0, founder(3), pre_vote(term));
    assert_eq!(cluster.node(0).role(), Role::PreCandidate, "two of five, and one who is no member any longer");
    cluster.hear(0, founder(4), pre_vote(term));
    assert_eq!(cluster.node(0).role(), Role::Candidate);
}

#[test]
fn two_lives_of_one_seat_do_not_get_the_same_vote() {
    let mut cluster = Cluster::of(3);
    let told = cluster.hear(0, founder(1), request(5, Ballot::Transfer));
    assert!(told[0].contains("granted: true"), "{told:?}");
    cluster.now = cluster.now + Duration::from_millis(150);
    let told = cluster.hear(0, another(1), request(5, Ballot::Transfer));
    assert!(told[0].contains("granted: false"), "{told:?}");
    assert_eq!(cluster.node(0).vote(), Some(founder(1)));
}

#[test]
fn a_vote_for_another_life_of_the_candidate_does_not_count() {
    let mut node: Node<u32, Vec<u8>, 3> = founded(3, config(), vec![0; 1024]);
    let now = node.deadline().unwrap();
    drive(&mut node, now, Input::Tick);
    for (ballot, before, then) in
        [(Ballot::Pre, Role::PreCandidate, Role::Candidate), (Ballot::Real, Role::Candidate, Role::Leader)]
    {
        for (incarnation, role) in [(Incarnation::drawn(9), before), (Incarnation::FOUNDER, then)] {
            let message = Message::Vote { term: Term(1), ballot, granted: true, incarnation };
            drive(&mut node, now, Input::Receive { from: founder(1), message });
            assert_eq!(node.role(), role);
        }
    }
}

/// A leader of three, to whom a follower has not spoken for so long that another store may speak for its seat.
fn without_one() -> (Cluster, u8, u8) {
    let (mut cluster, leader) = led(3);
    let silent = (leader + 1) % 3;
    cluster.cut(silent);
    cluster.run(150);
    (cluster, leader, silent)
}

/// An ack of what the founder's life was sent.
fn old_ack(cluster: &Cluster, leader: u8) -> Message<'static> {
    let term = cluster.node(leader).term();
    Message::Ack {
        term,
        stamp: 1,
        outcome: Outcome::Matched(cluster.node(leader).last().index),
        features: Features::OWN,
    }
}

#[test]
fn what_a_store_had_is_not_taken_for_what_another_one_has() {
    let (mut cluster, leader, silent) = without_one();
    let matched = |cluster: &Cluster| {
        let progress = cluster.node(leader).progress().find(|progress| progress.seat == Seat(silent));
        progress.expect("it is a member").matched
    };
    assert_eq!(matched(&cluster), cluster.node(leader).last().index);
    let term = cluster.node(leader).term();
    cluster.hear(
        leader,
        another(silent),
        Message::Ack { term, stamp: 0, outcome: Outcome::Stale, features: Features::OWN },
    );
    assert_eq!(matched(&cluster), Index(0));
}

#[test]
fn an_old_ack_is_no_word_that_a_store_is_there_now() {
    let (mut cluster, leader, silent) = without_one();
    let last = cluster.node(leader).last();
    let ack = old_ack(&cluster, leader);
    cluster.hear(leader, another(silent), ack);
    assert_eq!(cluster.node(leader).last(), last, "it is not made a member by that");
    assert_eq!(cluster.node(leader).refusals().count(Refusal::Incarnation), 0);
}

/// Nothing is wrong with a snapshot that each of two stores asks for from its start.
#[test]
fn what_a_store_was_sent_is_not_taken_for_what_another_one_could_not_use() {
    let mut boot = recovering(3, 1024);
    let snapshot = snapshot(5, 1);
    boot.take(Recovered::Snapshot(snapshot)).unwrap();
    let (mut node, mut now) = elected(boot);
    let term = node.term();
    let ack = |stamp, outcome| Message::Ack { term, stamp, outcome, features: Features::OWN };
    drive(&mut node, now, command(1));
    let matched = |index| ack(1, Outcome::Matched(Index(index)));
    drive(&mut node, now, Input::Receive { from: founder(2), message: matched(6) });
    assert_eq!(node.applied(), Index(6), "there could be a later snapshot");
    let wants = Outcome::Wants { index: Index(5), check: snapshot.check, offset: 0, again: u32::MAX };
    let told = drive(&mut node, now, Input::Receive { from: founder(1), message: ack(1, wants) });
    assert!(told.iter().any(|told| told.contains("Piece")), "{told:?}");
    for _ in 0..2 {
        now = now + Duration::from_millis(200);
        drive(&mut node, now, Input::Receive { from: founder(2), message: matched(6) });
    }
    let told = drive(&mut node, now, Input::Receive { from: another(1), message: ack(1, wants) });
    assert!(told.iter().any(|told| told.contains("Piece")), "{told:?}");
    assert!(!told.iter().any(|told| told.starts_with("snapshot")), "{told:?}");
}

/// Known 39.
#[test]
fn the_first_command_waits_until_the_members_name_who_has_marked_the_term() {
    let mut cluster = Cluster::of(3);
    cluster.cut(2);
    cluster.run(1_000);
    let leader = cluster.leader().expect("two are enough").0;
    let ack = old_ack(&cluster, leader);
    cluster.hear(leader, another(2), ack);
    assert_eq!(cluster.propose(leader, 5), Err(Rejection::Founding { waits_for: seats(&[2]) }));
}

/// Known 13.
#[test]
fn no_office_is_handed_to_a_life_that_is_no_members() {
    let (mut cluster, leader, silent) = without_one();
    let ack = old_ack(&cluster, leader);
    cluster.hear(leader, another(silent), ack);
    assert_eq!(cluster.transfer(leader, silent), Err(Rejection::NoTarget));
    // That of the founder's life is heard at once, though another one was heard just now; and it may take over.
    let ack = old_ack(&cluster, leader);
    cluster.hear(leader, founder(silent), ack);
    assert_eq!(cluster.transfer(leader, silent), Ok(()));
}

/// In the half before nobody counts for its seat: whoever did may have voted, and has taken with it for what.
#[test]
fn the_entry_that_names_a_life_is_not_committed_by_that_one_and_the_leader() {
    let (mut cluster, leader) = led(3);
    let (lost, other) = ((leader + 1) % 3, (leader + 2) % 3);
    cluster.lose(lost);
    cluster.run(150);
    cluster.join(lost);
    cluster.cut(other);
    cluster.run(40);
    let node = cluster.node(leader);
    assert_eq!((node.members().is_joint(), node.settled().since), (true, Index(0)));
    assert_eq!(cluster.node(lost).last(), node.last(), "it has the entry");
    cluster.heal(other);
    cluster.run(100);
    assert!(!cluster.node(leader).settled().roster.members().is_joint());
    assert!(cluster.node(lost).is_member());
}

/// Its entry would come behind all that the successor is to have.
#[test]
fn no_life_is_replaced_while_office_is_handed_over() {
    let (mut cluster, leader) = led(3);
    let (lost, other) = ((leader + 1) % 3, (leader + 2) % 3);
    cluster.lose(lost);
    cluster.run(150);
    cluster.cut(other);
    assert_eq!(cluster.transfer(leader, other), Ok(()));
    assert_eq!(cluster.node(leader).successor(), Some(Seat(other)));
    let last = cluster.node(leader).last();
    cluster.join(lost);
    cluster.run(40);
    assert_eq!(cluster.node(leader).last(), last);
    cluster.heal(other);
    cluster.run(2_000);
    assert!(cluster.node(lost).is_member(), "later it is");
    assert_eq!(cluster.node(leader).successor(), None);
}

/// Of the others the disks may be gone as well: whoever is named then may be alone.
#[test]
fn no_life_is_replaced_without_a_majority_of_those_that_are_named() {
    let (mut cluster, leader, lost) = without_one();
    cluster.lose(lost);
    cluster.heal(lost);
    cluster.cut((leader + 2) % 3);
    cluster.run(101);
    let last = cluster.node(leader).last();
    cluster.join(lost);
    cluster.run(2);
    assert_eq!((cluster.node(leader).role(), cluster.node(leader).last()), (Role::Leader, last));
    assert_eq!(cluster.node(leader).refusals().count(Refusal::Incarnation), 0, "it is heard");
}

#[test]
fn a_life_that_is_no_members_never_stands() {
    let (mut cluster, leader) = led(3);
    let lost = (leader + 1) % 3;
    cluster.lose(lost);
    cluster.cut(leader);
    cluster.cut((leader + 2) % 3);
    cluster.join(lost);
    cluster.run(2_000);
    let node = cluster.node(lost);
    assert_eq!((node.role(), node.term(), node.is_member()), (Role::Follower, Term(0), false));
}

/// A leader has served it since: the other store has gone.
#[test]
fn old_words_that_a_seat_is_held_do_not_add_up() {
    let (mut cluster, leader) = led(3);
    let seat = (leader + 1) % 3;
    let incarnation = cluster.join(seat);
    cluster.cut(seat);
    let (from, term) = (cluster.node(leader).identity(), cluster.node(leader).term());
    let roster = cluster.node(leader).settled().roster.bytes().to_vec();
    let settled = Settled { since: Index(0), roster: Roster::parse(&roster).unwrap() };
    for stamp in 1..4 {
        for _ in 1..8 {
            cluster.hear(seat, from, Message::Configured { term, incarnation, is_held: true, settled });
        }
        let (previous, index) = (Position::default(), Index(0));
        let entries = quorate::Entries::parse(&[]).unwrap();
        let heartbeat = Message::AppendEntries { term, stamp, previous, commit: index, inherited: index, entries };
        cluster.hear(seat, from, heartbeat);
    }
    assert_eq!(cluster.dismissed, []);
}

#[test]
fn only_a_store_that_is_there_in_a_life_that_was_drawn_is_added() {
    let (mut cluster, leader) = led(3);
    let add = |seat| Change::Add { seat: Seat(seat), address: b"a" };
    let unheard = |seat| Err(Rejection::Unchanged(Unchanged::Unheard(seats(&[seat]))));
    cluster.join(3);
    cluster.run(300);
    cluster.cut(3);
    cluster.run(150);
    assert_eq!(cluster.change(leader, add(3)), unheard(3), "it may have another life by now");
    let term = cluster.node(leader).term();
    cluster.hear(leader, founder(4), request(term.0, Ballot::Pre));
    assert_eq!(cluster.change(leader, add(4)), unheard(4), "a founder's life may have voted");
    cluster.run(150);
    cluster.hear(leader, another(4), request(term.0, Ballot::Pre));
    assert_eq!(cluster.change(leader, add(4)), Ok(()));
}
