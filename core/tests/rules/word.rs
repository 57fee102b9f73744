//! The word for the key under which the members seal: an entry says it, and it holds where that is known to be committed, until
//! another one does.

use quorate::{
    Change, Features, Identity, Incarnation, Index, KeyId, Message, Position, Rejection, Roster, Seat, Settled,
    Snapshot, Unchanged,
};

use crate::cluster::{Cluster, led};

fn key(number: u8) -> KeyId {
    KeyId::new(number).expect("it is below 16")
}

fn say(cluster: &mut Cluster, leader: u8, number: u8) -> Result<(), Rejection> {
    cluster.change(leader, Change::UseKey { key: key(number) })
}

/// The same, to a cluster of three: who leads.
fn said(number: u8) -> (Cluster, u8) {
    let (mut cluster, leader) = led(3);
    assert_eq!(say(&mut cluster, leader, number), Ok(()));
    cluster.run(100);
    (cluster, leader)
}

#[track_caller]
fn all_say(cluster: &Cluster, number: u8) {
    let keys: Vec<_> = (0..3).map(|seat| cluster.node(seat).key()).collect();
    assert_eq!(keys, [Some(key(number)); 3]);
}

#[test]
fn a_key_has_one_of_sixteen_numbers() {
    assert_eq!((KeyId::new(15).map(KeyId::number), KeyId::new(16)), (Some(15), None));
    assert_eq!((KeyId::of_bits(0xf3), KeyId::try_from(16).is_err()), (key(3), true));
    assert_eq!(key(12).to_string(), "12");
}

#[test]
fn nobody_has_said_anything_until_somebody_does() {
    let (mut cluster, leader) = led(3);
    assert!((0..3).all(|seat| cluster.node(seat).key().is_none()));
    for number in [0, 15, 7] {
        assert_eq!(say(&mut cluster, leader, number), Ok(()));
        cluster.run(100);
        all_say(&cluster, number);
    }
    let since = cluster.node(leader).roster().0;
    assert_eq!(say(&mut cluster, leader, 7), Ok(()), "what is said is said");
    assert_eq!(cluster.node(leader).roster().0, since, "and no entry says so again");
    let features = cluster.node(leader).features();
    assert_eq!((features, cluster.node(leader).members().is_joint()), (Features::OWN, false), "all else is as it was");
}

#[test]
fn it_stands_through_every_other_change() {
    let (mut cluster, mut leader) = said(2);
    let other = (0..3).find(|seat| *seat != leader).unwrap();
    let change = |cluster: &mut Cluster, leader: u8, change: Change<'_>| {
        assert_eq!(cluster.change(leader, change), Ok(()), "{change:?}");
        cluster.run(300);
        assert!(cluster.node(leader).is_settled(), "{change:?}");
        all_say(cluster, 2);
    };
    change(&mut cluster, leader, Change::Move { seat: Seat(other), address: b"there" });
    cluster.join(3);
    cluster.run(300);
    change(&mut cluster, leader, Change::Add { seat: Seat(3), address: b"" });
    change(&mut cluster, leader, Change::Promote { seat: Seat(3) });
    assert_eq!(cluster.node(3).key(), Some(key(2)), "who comes later hears it");
    change(&mut cluster, leader, Change::Remove { seat: Seat(3) });
    // A store that is lost, and the one that takes its place.
    cluster.lose(other);
    cluster.run(300);
    leader = cluster.leader().unwrap().0;
    cluster.join(other);
    cluster.run(1_000);
    assert_ne!(cluster.node(leader).settled().roster.occupant(Seat(other)).unwrap().incarnation, Incarnation::FOUNDER);
    all_say(&cluster, 2);
}

#[test]
fn it_comes_back_from_the_disk() {
    let (mut cluster, _) = said(2);
    for seat in 0..3 {
        cluster.restart(seat);
        assert_eq!(cluster.node(seat).key(), Some(key(2)), "before it has heard of anybody");
    }
    cluster.run(1_000);
    all_say(&cluster, 2);
}

#[test]
fn it_holds_once_that_is_committed() {
    let (mut cluster, leader) = said(1);
    (0..3).filter(|seat| *seat != leader).for_each(|seat| cluster.cut(seat));
    assert_eq!(say(&mut cluster, leader, 2), Ok(()));
    cluster.run(50);
    assert_eq!(cluster.node(leader).roster().1.key(), Some(key(2)));
    assert_eq!(cluster.node(leader).key(), Some(key(1)), "nobody else may ever hear of it");
    cluster.go_on_without(leader);
    all_say(&cluster, 1);
}

#[test]
fn it_is_said_beside_no_other_change_and_by_a_leader_alone() {
    let (mut cluster, leader) = led(3);
    let other = (0..3).find(|seat| *seat != leader).unwrap();
    let refused = Err(Rejection::NotLeader { leader: Some(Seat(leader)) });
    assert_eq!(say(&mut cluster, other, 2), refused);
    (0..3).filter(|seat| *seat != leader).for_each(|seat| cluster.cut(seat));
    assert_eq!(cluster.change(leader, Change::Move { seat: Seat(other), address: b"there" }), Ok(()));
    assert_eq!(say(&mut cluster, leader, 2), Err(Unchanged::UnderWay.into()));
}

/// Who was away is told by a snapshot, or by word of the members, where the log has forgotten.
#[test]
fn an_offer_and_word_of_the_members_bring_it() {
    for is_offer in [true, false] {
        let (mut cluster, leader) = led(3);
        let away = (0..3).find(|seat| *seat != leader).unwrap();
        cluster.cut(away);
        assert_eq!(say(&mut cluster, leader, 9), Ok(()));
        cluster.run(50);
        assert_eq!((cluster.node(leader).key(), cluster.node(away).key()), (Some(key(9)), None));
        let (term, since) = (cluster.node(leader).term(), cluster.node(leader).settled().since);
        let bytes = cluster.node(leader).settled().roster.bytes().to_vec();
        let settled = Settled { since, roster: Roster::parse(&bytes).unwrap() };
        let latest = Snapshot { position: Position { term, index: since }, bytes: 9, check: 0 };
        let (before, inherited) = (Snapshot::default(), Index(0));
        let offer = Message::Offer { term, stamp: 1000, latest, before, inherited, settled };
        let word = Message::Configured { term, incarnation: Incarnation::FOUNDER, is_held: false, settled };
        cluster.hear(away, Identity::from(Seat(leader)), if is_offer { offer } else { word });
        assert_eq!(cluster.node(away).key(), Some(key(9)));
    }
}
