//! A change of voters waits until it may enter the log: a learner has to catch up first (section 4.2.1 of the thesis), and
//! those that stay have to be there.

use quorate::{Change, Features, Index, Members, Message, Outcome, Rejection, Seat, Unchanged};

use crate::cluster::{Cluster, led};
use crate::common::seats;

/// A leader that is the only voter, and a learner in seat 1 that hears nothing any longer.
fn with_learner() -> Cluster {
    let (mut cluster, _) = led(1);
    cluster.join(1);
    cluster.run(300);
    assert_eq!(cluster.change(0, Change::Add { seat: Seat(1), address: b"x" }), Ok(()));
    cluster.run(100);
    assert!(cluster.node(1).is_member());
    cluster.cut(1);
    cluster
}

/// The learner has this by now.
fn acknowledge(cluster: &mut Cluster, index: Index) {
    let term = cluster.node(0).term();
    let from = cluster.node(1).identity();
    cluster.hear(0, from, Message::Ack { term, stamp: 1, outcome: Outcome::Matched(index), features: Features::OWN });
}

#[test]
fn a_learner_is_given_ten_rounds_to_catch_up_with_what_came_meanwhile() {
    let mut cluster = with_learner();
    assert!(cluster.put(1));
    assert_eq!(cluster.change(0, Change::Promote { seat: Seat(1) }), Ok(()));
    for round in 1..=10 {
        assert_eq!((cluster.node(0).pending_change(), cluster.failed.len()), (Some(Seat(1)), 0), "round {round}");
        let target = cluster.node(0).last().index;
        assert!(cluster.put(round));
        cluster.run(100);
        acknowledge(&mut cluster, target);
    }
    assert_eq!(cluster.failed, [(Seat(1), Unchanged::TooSlow)]);
    assert_eq!(cluster.node(0).members(), Members { learners: seats(&[1]), ..Members::of(seats(&[0])) });
}

#[test]
fn a_round_that_takes_an_election_time_out_is_followed_by_another() {
    let mut cluster = with_learner();
    assert!(cluster.put(1));
    assert_eq!(cluster.change(0, Change::Promote { seat: Seat(1) }), Ok(()));
    cluster.run(150);
    let target = cluster.node(0).last().index;
    assert!(cluster.put(2));
    acknowledge(&mut cluster, target);
    assert_eq!((cluster.node(0).pending_change(), cluster.node(0).members().is_joint()), (Some(Seat(1)), false));
    let target = cluster.node(0).last().index;
    acknowledge(&mut cluster, target);
    assert_eq!((cluster.node(0).pending_change(), cluster.node(0).members().is_joint()), (None, true));
}

#[test]
fn the_members_stay_while_a_learner_catches_up() {
    let mut cluster = with_learner();
    assert!(cluster.put(1));
    assert_eq!(cluster.change(0, Change::Promote { seat: Seat(1) }), Ok(()));
    let change = Change::Move { seat: Seat(1), address: b"y" };
    assert_eq!(cluster.change(0, change), Err(Rejection::Unchanged(Unchanged::UnderWay)));
}

#[test]
fn a_learner_that_has_all_and_is_silent_is_waited_for() {
    let mut cluster = with_learner();
    cluster.run(150);
    assert_eq!(cluster.change(0, Change::Promote { seat: Seat(1) }), Ok(()));
    assert!(!cluster.node(0).members().is_joint(), "the two of them would be no majority");
    cluster.heal(1);
    cluster.run(100);
    assert_eq!(cluster.node(0).members(), Members::of(seats(&[0, 1])));
}

/// Its disk may be lost since.
#[test]
fn an_answer_of_before_a_removal_was_asked_for_says_nothing() {
    let (mut cluster, leader) = led(3);
    let (gone, other) = ((leader + 1) % 3, (leader + 2) % 3);
    cluster.cut(other);
    assert_eq!(cluster.change(leader, Change::Remove { seat: Seat(gone) }), Ok(()));
    let (term, index) = (cluster.node(leader).term(), cluster.node(leader).last().index);
    let old = Message::Ack { term, stamp: 1, outcome: Outcome::Matched(index), features: Features::OWN };
    cluster.hear(leader, Seat(other).into(), old);
    assert_eq!((cluster.node(leader).pending_change(), cluster.node(leader).last().index), (Some(Seat(gone)), index));
    cluster.heal(other);
    cluster.run(100);
    assert_eq!(cluster.node(leader).members(), Members::of(seats(&[leader, other])));
}

/// Who is to take over would never have the whole log.
#[test]
fn nobody_goes_while_office_is_handed_over() {
    let (mut cluster, leader) = led(3);
    let (gone, other) = ((leader + 1) % 3, (leader + 2) % 3);
    cluster.cut(gone);
    cluster.cut(other);
    assert_eq!(cluster.change(leader, Change::Remove { seat: Seat(gone) }), Ok(()));
    assert_eq!(cluster.transfer(leader, gone), Ok(()));
    let last = cluster.node(leader).last();
    cluster.heal(other);
    cluster.run(60);
    assert_eq!((cluster.node(leader).successor(), cluster.node(leader).last()), (Some(Seat(gone)), last));
    cluster.run(200);
    assert_eq!(cluster.node(leader).members(), Members::of(seats(&[leader, other])), "then it goes");
}
