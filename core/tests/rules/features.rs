//! Two builds in one cluster, the older without a feature that the newer has: nothing is switched on before all members say
//! that they know it, and no build holds what it does not know.

use quorate::{
    Ballot, BootError, Change, Dismissal, Features, Identity, Incarnation, Index, Message, Outcome, Position, Refusal,
    Rejection, Roster, Seat, Seats, Settled, Snapshot, Unchanged,
};

use crate::cluster::Cluster;
use crate::common::seats;

const OLD: Features = Features::LEASES;
const NEW: Features = OLD.with(Features::of_app(3));
const ADDED: Features = Features::of_app(3);

/// A cluster of older builds that has a leader, and has done a command.
fn older() -> (Cluster, u8) {
    let mut cluster = Cluster::of_builds(3, OLD);
    cluster.run(1_000);
    assert!(cluster.put(1), "all are there");
    let leader = cluster.leader().expect("all are there").0;
    (cluster, leader)
}

/// The same once all of these were upgraded, one after the other.
fn upgraded(which: &[u8]) -> (Cluster, u8) {
    let (mut cluster, _) = older();
    for seat in which {
        cluster.restart_as(*seat, NEW).expect("a newer build takes it up");
        cluster.run(1_000);
    }
    let leader = cluster.leader().expect("all are there").0;
    (cluster, leader)
}

fn enable(cluster: &mut Cluster, leader: u8) -> Result<(), Rejection> {
    cluster.change(leader, Change::Enable { features: ADDED })
}

fn lacking(these: &[u8]) -> Result<(), Rejection> {
    Err(Unchanged::Outdated(seats(these)).into())
}

/// All have it on, where one of them was away: who, and who leads.
fn enabled_without_one() -> (Cluster, u8, u8) {
    let (mut cluster, leader) = upgraded(&[0, 1, 2]);
    let away = (0..3).find(|seat| *seat != leader).unwrap();
    cluster.cut(away);
    assert_eq!(enable(&mut cluster, leader), Ok(()));
    cluster.run(50);
    assert_eq!(cluster.on(leader), NEW);
    assert_eq!(cluster.on(away), OLD, "it has not heard of it");
    (cluster, leader, away)
}

#[test]
fn builds_that_are_equal_have_all_on_from_the_beginning() {
    let (cluster, leader) = older();
    assert!((0..3).all(|seat| cluster.on(seat) == OLD));
    let known = |cluster: &Cluster| cluster.node(leader).progress().map(|peer| peer.features).collect::<Vec<_>>();
    assert_eq!(known(&cluster), [OLD, OLD]);
    assert_eq!(cluster.node(leader).known_features(), OLD);
}

#[test]
fn nothing_is_switched_on_before_all_members_know_it() {
    for missing in 0..3 {
        let others: Vec<u8> = (0..3).filter(|seat| *seat != missing).collect();
        let (mut cluster, leader) = upgraded(&others);
        assert_eq!(enable(&mut cluster, leader), lacking(&[missing]));
        cluster.run(100);
        assert!((0..3).all(|seat| cluster.on(seat) == OLD));
        cluster.restart_as(missing, NEW).unwrap();
        cluster.run(1_000);
        let leader = cluster.leader().unwrap().0;
        assert_eq!(enable(&mut cluster, leader), Ok(()));
        cluster.run(100);
        assert!((0..3).all(|seat| cluster.on(seat) == NEW));
        assert!(cluster.put(2));
        let since = cluster.node(leader).roster().0;
        assert_eq!(enable(&mut cluster, leader), Ok(()), "what is on is on");
        assert_eq!(cluster.node(leader).roster().0, since, "and no entry says so again");
    }
}

#[test]
fn a_learner_has_to_know_it_too_and_what_is_on_stays_on_when_members_change() {
    let (mut cluster, _) = upgraded(&[0, 1, 2]);
    cluster.build(3, OLD);
    cluster.join(3);
    cluster.run(500);
    let leader = cluster.leader().unwrap().0;
    assert_eq!(cluster.change(leader, Change::Add { seat: Seat(3), address: b"" }), Ok(()));
    cluster.run(200);
    assert_eq!(enable(&mut cluster, leader), lacking(&[3]));
    cluster.restart_as(3, NEW).unwrap();
    cluster.run(200);
    assert_eq!(enable(&mut cluster, leader), Ok(()));
    cluster.run(200);
    assert_eq!(cluster.change(leader, Change::Remove { seat: Seat(3) }), Ok(()));
    cluster.run(200);
    assert_eq!(cluster.on(leader), NEW);
}

#[test]
fn what_a_member_has_said_to_an_earlier_leader_counts_for_nothing() {
    let (mut cluster, leader) = upgraded(&[0, 1, 2]);
    let others: Vec<u8> = (0..3).filter(|seat| *seat != leader).collect();
    cluster.cut(others[1]);
    cluster.transfer(leader, others[0]).unwrap();
    cluster.run(60);
    assert_eq!(cluster.leader(), Some(Seat(others[0])));
    assert_eq!(enable(&mut cluster, others[0]), lacking(&[others[1]]));
}

#[test]
fn what_a_member_said_before_it_started_as_an_older_build_may_come_late() {
    let (mut cluster, leader) = upgraded(&[0, 1, 2]);
    let other = (0..3).find(|seat| *seat != leader).unwrap();
    let term = cluster.node(leader).term();
    cluster.restart_as(other, OLD).unwrap();
    cluster.run(100);
    let outcome = Outcome::Matched(cluster.node(leader).last().index);
    cluster.hear(leader, Seat(other).into(), Message::Ack { term, stamp: 1, outcome, features: NEW });
    assert_eq!(enable(&mut cluster, leader), lacking(&[other]));
}

/// Another store asks in the place of one that is silent; the leader serves it, and this is what it was sent.
fn met(cluster: &mut Cluster, leader: u8, silent: u8) -> (Identity, u64) {
    cluster.lose(silent);
    cluster.run(150);
    let another = Identity { seat: Seat(silent), incarnation: Incarnation::drawn(77) };
    let term = cluster.node(leader).term();
    let request = Message::RequestVote { term, last: Position::default(), ballot: Ballot::Pre };
    let told = cluster.hear(leader, another, request);
    let sent = told.iter().find(|message| message.starts_with("AppendEntries")).expect("it is served");
    let stamp = sent.split("stamp: ").nth(1).and_then(|rest| rest.split(',').next());
    (another, stamp.expect("it has a stamp").parse().expect("a number"))
}

/// It answers that, and is known to have nothing.
fn answer(cluster: &mut Cluster, leader: u8, another: Identity, stamp: u64, features: Features) -> Incarnation {
    let (term, outcome) = (cluster.node(leader).term(), Outcome::Matched(Index(0)));
    cluster.hear(leader, another, Message::Ack { term, stamp, outcome, features });
    cluster.node(leader).roster().1.occupant(another.seat).expect("a member").incarnation
}

#[test]
fn another_life_speaks_for_no_member() {
    let (mut cluster, leader) = upgraded(&[0, 1, 2]);
    let other = (0..3).find(|seat| *seat != leader).unwrap();
    let (another, stamp) = met(&mut cluster, leader, other);
    // It was sent more meanwhile: whether it is there now is not known.
    cluster.run(30);
    assert_eq!(answer(&mut cluster, leader, another, stamp, NEW), Incarnation::FOUNDER);
    let said = cluster.node(leader).progress().find(|progress| progress.seat == Seat(other)).unwrap().features;
    assert_eq!((said, enable(&mut cluster, leader)), (NEW, lacking(&[other])));
}

#[test]
fn a_new_life_is_let_in_once_it_has_said_that_it_knows_what_is_on() {
    for (features, is_let_in) in [(OLD, false), (NEW, true)] {
        let (mut cluster, leader) = upgraded(&[0, 1, 2]);
        assert_eq!(enable(&mut cluster, leader), Ok(()));
        cluster.run(200);
        let other = (0..3).find(|seat| *seat != leader).unwrap();
        let (another, stamp) = met(&mut cluster, leader, other);
        let named = answer(&mut cluster, leader, another, stamp, features);
        assert_eq!(named == another.incarnation, is_let_in, "{features}");
    }
}

#[test]
fn it_is_on_once_that_is_committed() {
    let (mut cluster, leader) = upgraded(&[0, 1, 2]);
    (0..3).filter(|seat| *seat != leader).for_each(|seat| cluster.cut(seat));
    assert_eq!(enable(&mut cluster, leader), Ok(()));
    cluster.run(50);
    assert_eq!(cluster.node(leader).roster().1.least().features, NEW);
    assert_eq!(cluster.on(leader), OLD);
    cluster.go_on_without(leader);
    assert!((0..3).all(|seat| cluster.on(seat) == OLD));
    assert_eq!(cluster.node(leader).roster().1.least().features, OLD);
}

#[test]
fn an_older_build_does_not_take_up_a_store_whose_cluster_has_it_on() {
    let (mut cluster, leader) = upgraded(&[0, 1, 2]);
    assert_eq!(enable(&mut cluster, leader), Ok(()));
    cluster.run(200);
    for seat in 0..3 {
        assert_eq!(cluster.restart_as(seat, OLD), Err(BootError::Outdated { features: ADDED }));
        cluster.restart_as(seat, NEW).expect("nothing is lost");
    }
    cluster.run(1_000);
    assert!(cluster.put(2));
    // Of the founding.
    let mut founded = Cluster::of_builds(3, NEW);
    assert_eq!(founded.restart_as(0, OLD), Err(BootError::Outdated { features: ADDED }));
}

#[test]
fn an_older_build_does_not_take_up_a_log_that_names_it_though_nobody_knows_whether_it_is_on() {
    let (mut cluster, leader) = upgraded(&[0, 1, 2]);
    (0..3).filter(|seat| *seat != leader).for_each(|seat| cluster.cut(seat));
    assert_eq!(enable(&mut cluster, leader), Ok(()));
    assert_eq!(cluster.on(leader), OLD);
    assert_eq!(cluster.restart_as(leader, OLD), Err(BootError::Outdated { features: ADDED }));
}

#[test]
fn a_member_that_was_made_an_older_build_meanwhile_keeps_nothing_of_it_and_ends() {
    let (mut cluster, leader, away) = enabled_without_one();
    cluster.restart_as(away, OLD).expect("its store names nothing that it does not know");
    cluster.heal(away);
    cluster.run(200);
    assert_eq!(cluster.dismissed, [(Seat(away), Dismissal::Outdated(ADDED))]);
    assert_eq!(cluster.named(away), OLD);
    cluster.restart_as(away, NEW).expect("it goes on from where it is");
    cluster.run(500);
    assert_eq!((cluster.on(away), cluster.on(leader)), (NEW, NEW));
    assert_eq!(cluster.node(away).applied(), cluster.node(leader).applied());
}

#[test]
fn neither_an_offer_nor_word_of_the_members_brings_an_older_build_what_it_does_not_know() {
    let (mut cluster, leader, away) = enabled_without_one();
    let (term, settled_at) = (cluster.node(leader).term(), cluster.node(leader).settled().since);
    let bytes = cluster.node(leader).settled().roster.bytes().to_vec();
    let roster = Roster::parse(&bytes).unwrap();
    let settled = Settled { since: settled_at, roster };
    let position = Position { term, index: settled_at };
    let latest = Snapshot { position, bytes: 9, check: 0 };
    let before = Snapshot::default();
    let inherited = Index(0);
    let offer = Message::Offer { term, stamp: 1000, latest, before, inherited, settled };
    let incarnation = Incarnation::FOUNDER;
    let word = Message::Configured { term, incarnation, is_held: false, settled };
    for message in [offer, word] {
        cluster.restart_as(away, OLD).unwrap();
        let refused = cluster.node(away).refusals().count(Refusal::Outdated);
        assert_eq!(refused, 0);
        cluster.hear(away, Identity::from(Seat(leader)), message);
        assert_eq!(cluster.dismissed.pop(), Some((Seat(away), Dismissal::Outdated(ADDED))));
        assert_eq!(cluster.named(away), OLD);
    }
}

#[test]
fn features_are_named_as_people_read_them() {
    assert_eq!(NEW.to_string(), "leases, app feature 3");
    assert_eq!(Features(1 << 15).to_string(), "feature 15");
    assert_eq!(Features::of_app(0), Features(1 << 16));
    assert_eq!((NEW.without(OLD), NEW.common(ADDED), NEW.iter().count()), (ADDED, ADDED, 2));
    assert!(Seats::NONE.is_empty() && Features::NONE.is_empty() && !NEW.is_empty());
}
