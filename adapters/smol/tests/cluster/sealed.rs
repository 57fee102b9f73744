use std::collections::BTreeMap;
use std::time::Duration;

use quorate::{Identity, Incarnation, Seat};
use quorate_smol::{ClientError, Event, Keyring, ServerConfig};
use quorate_wire::DecodeError;
use quorate_wire::seal::{Hello, Profile, Ring, Side, Word, encode_hello};

use crate::caller::Caller;
use crate::damage::{essence, forged_ack, refused};
use crate::harness::{CLUSTER, House, eventually, key, key_id, keyring};
use crate::stranger::Stranger;

/// A question for a session, by somebody who has this key.
fn ask(house: &House, number: u8, of: u8, from: u8, to: u8) -> [u8; 53] {
    let me = Identity { seat: Seat(from), incarnation: Incarnation::FOUNDER };
    let side = Side { cluster: CLUSTER, founding: house.founding(), me, interval_micros: 0, profile: Profile::Full };
    let hello = Hello { from: me, to: Seat(to), key: key_id(number), word: Word::Ask(7) };
    encode_hello(&side, &Ring::<1>::new(key_id(number), key(of)), &hello).expect("the key is here")
}

#[test]
fn whoever_has_no_key_is_not_heard_and_is_counted() {
    let house = House::of(3);
    let mut client = house.client();
    client.add("apples", 2);
    let (leader, follower) = house.leader();
    house.settle();
    let before = client.status(leader);
    let (stranger, to) = (Stranger::new(), house.members[&Seat(leader)]);
    stranger.send(&forged_ack(house.founding(), Seat(follower), Seat(leader)), to);
    stranger.send(&ask(&house, 1, 9, follower, leader), to);
    stranger.send(&ask(&house, 9, 9, follower, leader), to);
    let mut sealed = [0; 60];
    sealed[..5].copy_from_slice(&[1, 0x40, 0x01, follower, leader]);
    stranger.send(&sealed, to);
    let after = eventually("all of them to be counted", || {
        let status = client.status(leader);
        let counts = refused(&status);
        // The mark of the forged frame may be that of the session, and its counter one that has come; and what members had
        // sealed for a session before is counted as well.
        let forged: u64 = ["tag", "session", "repeated"].iter().filter_map(|reason| counts.get(reason)).sum();
        let others = (counts.get("plain").copied(), counts.get("sealed").copied());
        (forged >= 2 && others == (Some(1), Some(1))).then_some(status)
    });
    assert_eq!(essence(&after), essence(&before));
    assert_eq!(client.add("apples", 2).1, 4);
}

#[test]
fn a_node_with_another_key_or_none_takes_no_part_until_it_has_the_right_one() {
    let mut house = House::with_log(3, 1 << 20);
    [1, 2].into_iter().for_each(|seat| house.start(seat));
    for keys in [Some(Keyring::new(key_id(1), key(2))), Some(keyring(3)), None] {
        house.run(ServerConfig { keys, ..house.config(3) });
        let waits = |event: &Event| matches!(event, Event::Founding { .. });
        eventually("it waits for the others", || house.events(3).iter().any(waits).then_some(()));
        let is_dropped = |event: &Event| matches!(event, Event::FrameRefused { .. } | Event::UnknownKey { .. });
        eventually("it says what it drops", || house.events(3).iter().any(is_dropped).then_some(()));
        house.kill(3);
    }
    house.start(3);
    let (last, _) = house.client().add("apples", 2);
    house.converge(last);
    // With data it is no better off without the key.
    house.kill(3);
    house.run(ServerConfig { keys: Some(keyring(4)), ..house.config(3) });
    let (last, sum) = house.client_of([1, 2]).add("apples", 2);
    assert_eq!(sum, 4);
    let (leader, _) = house.leader_of(&[1, 2]);
    eventually("others hear of it", || {
        let status = house.client().try_status(leader).ok()?;
        refused(&status).contains_key("sealed").then_some(())
    });
    house.client_keys = Some(keyring(4));
    assert!(house.client().status(3).applied.0 < last);
    house.client_keys = Some(keyring(1));
    house.kill(3);
    house.start(3);
    house.converge(last);
}

#[test]
fn a_key_is_changed_while_commands_go_on_and_the_leader_stays() {
    let mut house = House::with_log(3, 1 << 20);
    let keyrings: BTreeMap<u8, _> = (1..=3).map(|seat| (seat, keyring(1))).collect();
    for (seat, keys) in &keyrings {
        house.run(ServerConfig { keys: Some(keys.clone()), ..house.config(*seat) });
    }
    let both = keyring(1);
    both.install(key_id(2), key(2)).expect("there is room");
    house.client_keys = Some(both);
    let mut client = house.client();
    client.add("apples", 1);
    house.settle();
    let (leader, _) = house.leader();
    let term = client.status(leader).term;
    let mut sum = 1;
    let mut add = |count| client.count_on(&mut sum, count);
    for keys in keyrings.values() {
        add(20);
        keys.install(key_id(2), key(2)).expect("there is room");
    }
    for keys in keyrings.values() {
        add(20);
        keys.use_key(key_id(2)).expect("it is installed");
    }
    for keys in keyrings.values() {
        add(20);
        keys.remove(key_id(1)).expect("nobody uses it");
    }
    add(100);
    assert_eq!(house.client().status(leader).term, term, "nobody was cut off for long");
    // Who comes back with the old key alone is none of them any longer.
    let follower = (1..=3).find(|seat| *seat != leader).expect("there are three");
    house.kill(follower);
    house.start(follower);
    let asks = |event: &Event| matches!(event, Event::UnknownKey { key, .. } if *key == key_id(2));
    eventually("it lacks the key", || house.events(follower).iter().any(asks).then_some(()));
}

/// Nodes are started with keys one after the other, while clients go on; one is taken back meanwhile.
#[test]
fn a_cluster_that_runs_plainly_is_sealed_node_by_node() {
    let mut house = House::plain(3);
    let mut sum = 0;
    let mut add = |client: &mut Caller| client.count_on(&mut sum, 10);
    let mut plain = house.client();
    add(&mut plain);
    let founding = house.founding();
    house.settle();
    let mixed = |house: &House, seat| ServerConfig {
        keys: Some(keyring(1)),
        plain_for: Duration::from_secs(8),
        ..house.config(seat)
    };
    for (seat, with_keys) in [(1, true), (2, true), (3, true), (1, false), (1, true)] {
        house.kill(seat);
        let config = if with_keys { mixed(&house, seat) } else { house.config(seat) };
        house.run(config);
        add(&mut plain);
        house.leader();
        house.converge(1);
    }
    house.client_keys = Some(keyring(1));
    let mut sealed = house.client();
    add(&mut sealed);
    add(&mut plain);
    for seat in 1..=3 {
        let ends = |event: &Event| matches!(event, Event::TakesSealedOnly { plain } if plain.is_empty());
        eventually("it takes sealed frames only", || house.events(seat).iter().any(ends).then_some(()));
    }
    let (leader, follower) = house.leader();
    let before = refused(&sealed.status(leader)).get("plain").copied();
    let stranger = Stranger::new();
    stranger.send(&forged_ack(founding, Seat(follower), Seat(leader)), house.members[&Seat(leader)]);
    eventually("a plain frame to be dropped", || {
        (refused(&sealed.status(leader)).get("plain").copied() > before).then_some(())
    });
    add(&mut sealed);
    house.client_keys = None;
    let result = house.hasty_client().try_status(1);
    assert!(matches!(result, Err(ClientError::TurnedAway { reason: DecodeError::Plain, .. })), "{result:?}");
}

/// It waits for the others, for whoever knows how long.
#[test]
fn a_store_that_waits_to_be_founded_takes_what_is_not_sealed_no_longer_than_it_was_told() {
    let mut house = House::with_log(3, 1 << 20);
    house.run(ServerConfig { plain_for: Duration::from_millis(300), ..house.config(1) });
    let ends = |event: &Event| matches!(event, Event::TakesSealedOnly { .. });
    eventually("it takes sealed frames only", || house.events(1).iter().any(ends).then_some(()));
    [2, 3].into_iter().for_each(|seat| house.start(seat));
    house.client().add("apples", 2);
    let takes = |event: &Event| matches!(event, Event::TakesPlain { .. });
    assert!(!house.events(1).iter().any(takes), "not for another time");
}
