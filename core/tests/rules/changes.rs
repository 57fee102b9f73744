//! Members change, by the rules of section 6 and of the thesis's chapter 4.

use quorate::{
    Ballot, Change, Dismissal, Identity, Incarnation, Index, Members, Message, Position, Refusal, Rejection, Role,
    Roster, Seat, Seats, Settled, Term, Unchanged,
};

use crate::cluster::{Cluster, led};
use crate::common::seats;

/// Who takes part as all of these see it, committed.
#[track_caller]
fn agreed(cluster: &Cluster, by: &[u8]) -> Members {
    let members = cluster.node(by[0]).members();
    for seat in by {
        let node = cluster.node(*seat);
        assert_eq!((node.members(), node.settled().roster.members()), (members, members), "n{seat}");
    }
    members
}

#[track_caller]
fn add_voter(cluster: &mut Cluster, seat: u8) {
    cluster.join(seat);
    cluster.run(200);
    let leader = cluster.leader().expect("a majority is there").0;
    assert_eq!(cluster.change(leader, Change::Add { seat: Seat(seat), address: &[seat] }), Ok(()));
    cluster.run(100);
    assert_eq!(cluster.change(leader, Change::Promote { seat: Seat(seat) }), Ok(()));
    cluster.run(200);
}

#[test]
fn a_member_is_added_catches_up_and_votes() {
    let (mut cluster, _) = led(3);
    add_voter(&mut cluster, 3);
    assert_eq!(agreed(&cluster, &[0, 1, 2, 3]), Members::of(Seats::first(4)));
    assert!(cluster.node(3).is_member());
    let roster = cluster.node(0).roster().1;
    assert_eq!(roster.occupant(Seat(3)).unwrap().address, [3], "all learn where it is from the log");
    assert_ne!(roster.occupant(Seat(3)).unwrap().incarnation, Incarnation::FOUNDER);
    // It is needed now.
    let leader = cluster.leader().unwrap().0;
    let other = (0..3).find(|seat| *seat != leader).unwrap();
    cluster.cut(other);
    assert!(cluster.put(2));
}

#[test]
fn every_size_is_reached_one_by_one_and_left_again() {
    let (mut cluster, _) = led(1);
    let most = Seat::COUNT_MAX as u8;
    for seat in 1..most {
        add_voter(&mut cluster, seat);
        assert_eq!(agreed(&cluster, &[0, seat]), Members::of(Seats::first(usize::from(seat) + 1)));
        assert!(cluster.put(seat.into()));
    }
    // The leader goes each time: it commits its own removal, and makes way.
    for left in (1..usize::from(most)).rev() {
        let leader = cluster.leader().expect("a majority is there");
        assert_eq!(cluster.change(leader.0, Change::Remove { seat: leader }), Ok(()));
        cluster.run(800);
        assert_eq!(cluster.dismissed.pop(), Some((leader, Dismissal::Removed)), "{left} are left");
        cluster.lose(leader.0);
        let next = cluster.leader().expect("the others go on");
        assert_eq!(cluster.node(next.0).members().all().count(), left);
        assert!(cluster.put(100 + left as u32));
    }
}

#[test]
fn a_leader_that_crashes_in_between_does_not_wedge_two_that_become_one() {
    for steps in 0..12 {
        let (mut cluster, leader) = led(2);
        let other = 1 - leader;
        assert_eq!(cluster.change(leader, Change::Remove { seat: Seat(leader) }), Ok(()));
        cluster.run(steps);
        if cluster.dismissed.is_empty() {
            cluster.restart(leader);
        }
        cluster.run(3_000);
        assert_eq!(cluster.dismissed, [(Seat(leader), Dismissal::Removed)], "after {steps} ms");
        assert_eq!(cluster.leader(), Some(Seat(other)), "after {steps} ms");
        assert_eq!(cluster.node(other).members(), Members::of(seats(&[other])));
        assert!(cluster.put(9));
    }
}

#[test]
fn a_lost_disk_heals_by_itself() {
    let (mut cluster, leader) = led(3);
    let lost = (leader + 1) % 3;
    cluster.lose(lost);
    assert!(cluster.put(2));
    let life = cluster.join(lost);
    cluster.run(1_000);
    let roster = cluster.node(leader).settled().roster;
    assert_eq!(roster.members(), Members::of(Seats::first(3)));
    assert_eq!(roster.occupant(Seat(lost)).unwrap().incarnation, life);
    assert!(cluster.node(lost).is_member());
    // It is needed now, and has what was done.
    cluster.cut((leader + 2) % 3);
    assert!(cluster.put(3));
}

#[test]
fn all_disks_are_lost_one_after_the_other() {
    let (mut cluster, _) = led(3);
    for round in 0..2 {
        for lost in 0..3 {
            cluster.lose(lost);
            cluster.join(lost);
            cluster.run(3_000);
            assert!(cluster.node(lost).is_member(), "n{lost} in round {round}");
            assert!(cluster.put(10 * round + u32::from(lost)));
        }
    }
    assert_eq!(agreed(&cluster, &[0, 1, 2]), Members::of(Seats::first(3)));
}

#[test]
fn what_is_acknowledged_under_a_life_does_not_count_before_the_members_name_it() {
    let (mut cluster, leader) = led(3);
    let (lost, other) = ((leader + 1) % 3, (leader + 2) % 3);
    cluster.lose(lost);
    cluster.cut(other);
    cluster.join(lost);
    cluster.run(60);
    assert!(!cluster.put(2), "a store without a past is no majority with the leader");
    cluster.heal(other);
    cluster.run(1_000);
    assert!(cluster.put(3));
}

#[test]
fn a_change_is_refused_with_its_reason() {
    let (mut cluster, leader) = led(3);
    let follower = (leader + 1) % 3;
    let refused = |cluster: &mut Cluster, at: u8, change: Change<'_>| match cluster.change(at, change) {
        Err(Rejection::Unchanged(reason)) => reason,
        other => panic!("{other:?}"),
    };
    let add = |seat| Change::Add { seat: Seat(seat), address: b"a" };
    assert_eq!(cluster.change(follower, add(3)), Err(Rejection::NotLeader { leader: Some(Seat(leader)) }));
    assert_eq!(refused(&mut cluster, leader, add(3)), Unchanged::Unheard(seats(&[3])));
    assert_eq!(refused(&mut cluster, leader, add(1)), Unchanged::Known);
    assert_eq!(refused(&mut cluster, leader, add(32)), Unchanged::NoSeat);
    assert_eq!(refused(&mut cluster, leader, Change::Promote { seat: Seat(1) }), Unchanged::Unknown);
    assert_eq!(refused(&mut cluster, leader, Change::Remove { seat: Seat(4) }), Unchanged::Unknown);
    assert_eq!(refused(&mut cluster, leader, Change::Move { seat: Seat(4), address: b"a" }), Unchanged::Unknown);
    let long = Change::Move { seat: Seat(1), address: &[7; 19] };
    assert_eq!(refused(&mut cluster, leader, long), Unchanged::TooLarge);
    cluster.join(3);
    cluster.run(300);
    assert_eq!(cluster.change(leader, add(3)), Ok(()));
    assert_eq!(refused(&mut cluster, leader, Change::Remove { seat: Seat(3) }), Unchanged::UnderWay);
    cluster.run(100);
    let taken = Change::Move { seat: Seat(1), address: b"a" };
    assert_eq!(refused(&mut cluster, leader, taken), Unchanged::AddressInUse(Seat(3)));
    assert_eq!(cluster.change(leader, Change::Promote { seat: Seat(3) }), Ok(()));
    let (mut alone, leader) = led(1);
    assert_eq!(refused(&mut alone, leader, Change::Remove { seat: Seat(leader) }), Unchanged::LastVoter);
}

#[test]
fn a_change_that_would_lose_the_majority_is_refused() {
    let (mut cluster, leader) = led(3);
    let (gone, other) = ((leader + 1) % 3, (leader + 2) % 3);
    cluster.cut(gone);
    // However lately it was heard: it has to answer anew.
    assert_eq!(cluster.change(leader, Change::Remove { seat: Seat(other) }), Ok(()));
    assert_eq!(cluster.node(leader).pending_change(), Some(Seat(other)));
    assert_eq!(cluster.node(leader).roster().0, Index(0), "nothing is in the log before");
    cluster.run(300);
    assert_eq!(cluster.failed, [(Seat(other), Unchanged::Unheard(seats(&[gone])))]);
    assert_eq!(cluster.node(leader).pending_change(), None);
    assert_eq!(cluster.change(leader, Change::Remove { seat: Seat(gone) }), Ok(()));
    cluster.run(300);
    assert_eq!(agreed(&cluster, &[leader, other]), Members::of(seats(&[leader, other])));
    cluster.heal(gone);
    cluster.run(1_000);
    assert_eq!(cluster.dismissed, [(Seat(gone), Dismissal::Removed)]);
    assert_eq!(cluster.leader(), Some(Seat(leader)), "whoever was removed disturbs nobody");
}

/// One of three disks is lost, and the leader, which does not know it yet, is to remove another member: an entry that names
/// the lost store would be one that nobody could be elected under.
#[test]
fn a_disk_that_is_lost_right_before_a_removal_wedges_nobody() {
    for steps in [0, 1, 2, 5, 10, 40] {
        let (mut cluster, leader) = led(3);
        let (lost, other) = ((leader + 1) % 3, (leader + 2) % 3);
        cluster.lose(lost);
        assert_eq!(cluster.change(leader, Change::Remove { seat: Seat(other) }), Ok(()));
        cluster.run(steps);
        cluster.restart(leader);
        cluster.join(lost);
        cluster.run(3_000);
        assert!(cluster.leader().is_some(), "after {steps} ms");
        assert!(cluster.node(lost).is_member(), "after {steps} ms");
        assert!(cluster.put(9));
    }
}

/// A copied directory, or a node that was started twice.
#[test]
fn a_second_store_in_the_seat_of_a_living_one_is_refused_and_told() {
    let (mut cluster, leader) = led(3);
    let seat = Seat((leader + 1) % 3);
    let second = Identity { seat, incarnation: Incarnation::drawn(7) };
    let greeting = |term| Message::RequestVote { term, last: Position::default(), ballot: Ballot::Pre };
    for count in 1..20 {
        let term = cluster.node(leader).term();
        let answers = cluster.hear(leader, second, greeting(term));
        assert!(answers[0].contains("is_held: true") && answers[0].contains("Incarnation(7)"), "{answers:?}");
        assert_eq!(cluster.node(leader).refusals().count(Refusal::Incarnation), count);
        cluster.run(40);
    }
    let named = cluster.node(leader).settled().roster.occupant(seat).unwrap().incarnation;
    assert_eq!(named, Incarnation::FOUNDER, "the seat is whose it was");
    assert!(cluster.put(2));
}

#[test]
fn a_store_that_is_told_again_and_again_that_its_seat_is_held_stops() {
    let (mut cluster, leader) = led(3);
    let seat = (leader + 1) % 3;
    let incarnation = cluster.join(seat);
    cluster.cut(seat);
    let roster = cluster.node(leader).settled().roster.bytes().to_vec();
    let settled = Settled { since: Index(0), roster: Roster::parse(&roster).unwrap() };
    let from = cluster.node(leader).identity();
    for _ in 1..8 {
        cluster.hear(seat, from, Message::Configured { term: Term(1), incarnation, is_held: true, settled });
        let other = Incarnation::drawn(incarnation.0 + 1);
        cluster.hear(seat, from, Message::Configured { term: Term(1), incarnation: other, is_held: true, settled });
    }
    assert_eq!(cluster.dismissed, [], "the other one may have died just now");
    cluster.hear(seat, from, Message::Configured { term: Term(1), incarnation, is_held: true, settled });
    assert_eq!(cluster.dismissed, [(Seat(seat), Dismissal::Replaced)]);
}

#[test]
fn a_learner_that_never_catches_up_is_given_up() {
    let (mut cluster, leader) = led(3);
    cluster.join(3);
    cluster.run(300);
    assert_eq!(cluster.change(leader, Change::Add { seat: Seat(3), address: b"x" }), Ok(()));
    cluster.cut(3);
    cluster.run(50);
    assert_eq!(cluster.change(leader, Change::Promote { seat: Seat(3) }), Ok(()));
    assert_eq!(cluster.node(leader).pending_change(), Some(Seat(3)));
    cluster.run(2_000);
    assert_eq!(cluster.failed, [(Seat(3), Unchanged::Unheard(seats(&[3])))]);
    assert_eq!(cluster.node(leader).pending_change(), None);
    let learners = Members { learners: seats(&[3]), ..Members::of(Seats::first(3)) };
    assert_eq!(agreed(&cluster, &[0, 1, 2]), learners, "it stays a learner");
    assert!(cluster.put(7), "and nobody waits for it");
}

#[test]
fn a_learner_that_loses_its_disk_is_replaced_in_one_step() {
    let (mut cluster, leader) = led(3);
    cluster.join(3);
    cluster.run(300);
    assert_eq!(cluster.change(leader, Change::Add { seat: Seat(3), address: b"x" }), Ok(()));
    cluster.run(200);
    let last = cluster.node(leader).last().index;
    cluster.lose(3);
    let life = cluster.join(3);
    cluster.run(500);
    let node = cluster.node(leader);
    assert_eq!(node.settled().roster.occupant(Seat(3)).unwrap().incarnation, life);
    assert_eq!(node.last().index.0, last.0 + 1);
    assert!(cluster.node(3).is_member());
}

#[test]
fn a_change_that_can_not_come_about_is_taken_back() {
    let (mut cluster, _) = led(1);
    cluster.join(1);
    cluster.run(300);
    assert_eq!(cluster.change(0, Change::Add { seat: Seat(1), address: b"x" }), Ok(()));
    cluster.run(200);
    // It is lost in the very moment in which it was to count.
    assert_eq!(cluster.change(0, Change::Promote { seat: Seat(1) }), Ok(()));
    assert!(cluster.node(0).members().is_joint());
    cluster.lose(1);
    cluster.run(1_000);
    assert_eq!(cluster.node(0).role(), Role::Leader);
    assert_eq!(agreed(&cluster, &[0]), Members { learners: seats(&[1]), ..Members::of(seats(&[0])) });
    assert!(cluster.put(5));
    cluster.join(1);
    cluster.run(1_000);
    assert_eq!(cluster.change(0, Change::Promote { seat: Seat(1) }), Ok(()));
    cluster.run(500);
    assert_eq!(agreed(&cluster, &[0, 1]), Members::of(Seats::first(2)));
}

#[test]
fn who_takes_part_is_known_after_a_restart() {
    let (mut cluster, _) = led(3);
    add_voter(&mut cluster, 3);
    for seat in 0..4 {
        cluster.restart(seat);
    }
    cluster.run(1_000);
    assert_eq!(agreed(&cluster, &[0, 1, 2, 3]), Members::of(Seats::first(4)));
    assert!(cluster.put(4));
}

#[test]
fn members_change_though_three_messages_of_ten_are_lost() {
    for lives in 0..8 {
        let (mut cluster, _) = led(3);
        cluster.loss_percent = 30;
        // Each run is another one: what is drawn follows from the lives.
        (0..=lives).for_each(|_| _ = cluster.join(3));
        let add = Change::Add { seat: Seat(3), address: b"x" };
        insist(&mut cluster, add, |members| members.learners.contains(Seat(3)));
        insist(&mut cluster, Change::Promote { seat: Seat(3) }, |members| members.voters.count() == 4);
        cluster.lose(0);
        let life = cluster.join(0);
        let named = |cluster: &Cluster| cluster.node(0).settled().roster.occupant(Seat(0)).map(|own| own.incarnation);
        for _ in 0..200 {
            cluster.run(if named(&cluster) == Some(life) { 0 } else { 50 });
        }
        assert_eq!(named(&cluster), Some(life), "the lost disk heals");
        insist(&mut cluster, Change::Remove { seat: Seat(0) }, |members| !members.all().contains(Seat(0)));
        cluster.loss_percent = 0;
        cluster.run(2_000);
        assert_eq!(agreed(&cluster, &[1, 2, 3]), Members::of(seats(&[1, 2, 3])));
        assert_eq!(cluster.dismissed, [(Seat(0), Dismissal::Removed)]);
        assert!(cluster.put(3));
    }
}

/// An operator asks again until the members are so, and settled.
#[track_caller]
fn insist(cluster: &mut Cluster, change: Change<'_>, is_so: impl Fn(&Members) -> bool) {
    for _ in 0..200 {
        let Some(leader) = cluster.leader() else {
            cluster.run(50);
            continue;
        };
        let members = cluster.node(leader.0).settled().roster.members();
        if is_so(&members) && !members.is_joint() {
            return;
        }
        _ = cluster.change(leader.0, change);
        cluster.run(50);
    }
    panic!("{change:?} does not come about");
}
