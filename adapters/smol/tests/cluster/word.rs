//! The word for a key goes through the log, and each node follows it with the keys that it has.

use std::collections::BTreeMap;

use quorate::KeyId;
use quorate_smol::{Change, ClientError, Event, KeyReport, Keyring, Reason, ServerConfig};

use crate::harness::{House, eventually, key, key_id, keyring};

const WORD: Change = Change::UseKey { key: KeyId::of_bits(2) };

/// A cluster of three, each node with a keyring of its own, and a client that has both keys.
fn house() -> (House, BTreeMap<u8, Keyring>) {
    let mut house = House::with_log(3, 1 << 20);
    let keyrings: BTreeMap<u8, _> = (1..=3).map(|seat| (seat, keyring(1))).collect();
    keyrings.iter().for_each(|(seat, keys)| run(&mut house, *seat, keys));
    let both = keyring(1);
    install(&both);
    house.client_keys = Some(both);
    house.client().add("apples", 1);
    house.settle();
    (house, keyrings)
}

fn run(house: &mut House, seat: u8, keys: &Keyring) {
    house.run(ServerConfig { keys: Some(keys.clone()), ..house.config(seat) });
}

fn install(keys: &Keyring) {
    keys.install(key_id(2), key(2)).expect("there is room");
}

#[track_caller]
fn say(house: &House, of: &[u8]) {
    let mut client = house.client_of(of.iter().copied());
    eventually("the word to be taken up", || match client.try_change(WORD) {
        Ok(()) => Some(()),
        Err(ClientError::Refused(Reason::Outdated | Reason::Unchanged(_))) => None,
        Err(error) => panic!("{error:?}"),
    });
}

#[track_caller]
fn hears(house: &House, seat: u8, what: &str, is_it: impl Fn(&Event) -> bool) {
    eventually(what, || house.events(seat).iter().any(&is_it).then_some(()));
}

fn is_followed(event: &Event) -> bool {
    matches!(event, Event::SealsUnder { key } if *key == key_id(2))
}

fn is_lacked(event: &Event) -> bool {
    matches!(event, Event::LacksKey { key, used } if (*key, *used) == (key_id(2), key_id(1)))
}

/// What a node says of its keys: which it has, as a mask, and which it uses.
#[track_caller]
fn keys(house: &House, seat: u8) -> (u16, u8) {
    let KeyReport { held, used } = house.client().status(seat).condition.keys.expect("it has some");
    (held.0, used.number())
}

#[test]
fn all_switch_together_while_commands_go_on_and_the_leader_stays() {
    let (house, keyrings) = house();
    let mut client = house.client();
    let (leader, _) = house.leader();
    let term = client.status(leader).term;
    let mut sum = 1;
    let mut add = |count| client.count_on(&mut sum, count);
    for keys in keyrings.values() {
        add(20);
        install(keys);
    }
    assert_eq!((keys(&house, 1), house.client().try_members().expect("it answers").key), ((0b110, 1), None));
    say(&house, &[1, 2, 3]);
    add(50);
    for (seat, keyring) in &keyrings {
        hears(&house, *seat, "it follows the word", is_followed);
        assert_eq!((keyring.used(), keyring.word(), keys(&house, *seat)), (key_id(2), Some(key_id(2)), (0b110, 2)));
    }
    assert_eq!(house.client().try_members().expect("it answers").key, Some(key_id(2)));
    // What a process tells its own node does not hold against it.
    keyrings[&leader].use_key(key_id(1)).expect("it is there");
    assert_eq!(keyrings[&leader].used(), key_id(2));
    for keys in keyrings.values() {
        add(20);
        keys.remove(key_id(1)).expect("nobody uses it");
    }
    add(100);
    assert_eq!(house.client().status(leader).term, term, "nobody was cut off for long");
    let unknown = |event: &Event| matches!(event, Event::LacksKey { .. });
    assert!((1..=3).all(|seat| !house.events(seat).iter().any(unknown)), "nobody lacked anything");
}

#[test]
fn a_node_that_lacks_the_key_says_so_goes_on_and_follows_once_it_has_it() {
    let (house, keyrings) = house();
    let (_, lacks) = house.leader();
    keyrings.iter().filter(|(seat, _)| **seat != lacks).for_each(|(_, keys)| install(keys));
    say(&house, &[1, 2, 3]);
    hears(&house, lacks, "it says that it lacks the key", is_lacked);
    let (last, _) = house.client().add("apples", 1);
    house.converge(last);
    assert_eq!(keys(&house, lacks), (0b10, 1));
    assert_eq!(keyrings[&lacks].word(), Some(key_id(2)));
    install(&keyrings[&lacks]);
    assert_eq!(keyrings[&lacks].used(), key_id(2), "at once");
    hears(&house, lacks, "it follows the word", is_followed);
    for keys in keyrings.values() {
        eventually("nobody uses it", || keys.remove(key_id(1)).ok());
    }
    let (last, _) = house.client().add("apples", 1);
    house.converge(last);
}

#[test]
fn what_the_data_say_holds_at_a_start_over_what_the_keyring_was_told() {
    let (mut house, keyrings) = house();
    keyrings.values().for_each(install);
    say(&house, &[1, 2, 3]);
    (1..=3).for_each(|seat| hears(&house, seat, "it follows the word", is_followed));
    // Nobody is there to tell it.
    (1..=3).for_each(|seat| house.kill(seat));
    let told = keyring(1);
    install(&told);
    run(&mut house, 1, &told);
    hears(&house, 1, "it follows the word", is_followed);
    assert_eq!((told.used(), keys(&house, 1)), (key_id(2), (0b110, 2)));
    let lacks = keyring(1);
    run(&mut house, 2, &lacks);
    hears(&house, 2, "it says that it lacks the key", is_lacked);
    let (last, _) = house.client_of([1, 2]).add("apples", 1);
    install(&lacks);
    run(&mut house, 3, &keyrings[&3]);
    house.converge(last);
}

#[test]
fn a_node_that_was_away_during_a_whole_change_says_which_key_it_lacks() {
    let (mut house, keyrings) = house();
    let (_, away) = house.leader();
    house.kill(away);
    let others: Vec<u8> = (1..=3).filter(|seat| *seat != away).collect();
    others.iter().for_each(|seat| install(&keyrings[seat]));
    say(&house, &others);
    for seat in &others {
        hears(&house, *seat, "it follows the word", is_followed);
        keyrings[seat].remove(key_id(1)).expect("nobody uses it");
    }
    let place = house.members[&quorate::Seat(away)];
    run(&mut house, away, &keyrings[&away]);
    hears(
        &house,
        away,
        "it says which key it lacks",
        |event| matches!(event, Event::UnknownKey { key, is_cut_off: true, .. } if *key == key_id(2)),
    );
    let (leader, _) = house.leader_of(&others);
    hears(
        &house,
        leader,
        "the others say which key it has",
        |event| matches!(event, Event::UnknownKey { key, from, is_cut_off: false } if (*key, *from) == (key_id(1), place)),
    );
    install(&keyrings[&away]);
    hears(&house, away, "it follows the word", is_followed);
    let (last, _) = house.client_of(others).add("apples", 1);
    house.converge(last);
}
