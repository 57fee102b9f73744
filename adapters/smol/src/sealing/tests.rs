use std::collections::BTreeMap;

use quorate::Incarnation;
use quorate_wire::Cluster;
use quorate_wire::client::RequestBody;
use quorate_wire::seal::client::{ClientChannel, encode_request};
use quorate_wire::seal::{Key, Rights};

use super::*;

fn config(seat: u8) -> ServerConfig {
    ServerConfig::new(Cluster(7), Seat(seat), BTreeMap::new(), "")
}

/// Whoever changes a key by removing it, and puts another one in its place at once, does so between two frames.
#[test]
fn a_key_that_is_replaced_opens_and_seals_nothing_more() {
    let id = KeyId::new(1).expect("it is below 16");
    let other = KeyId::new(2).expect("it is below 16");
    let keys = Keyring::new(id, Key::new([1; Key::BYTES]));
    let key = keys.client_keys(Cluster(7), "one".parse().expect("a name"), Rights::Read).remove(0);
    let mut sealing = Sealing::new(keys.clone(), &config(1));
    let (mut channel, now) = (ClientChannel::default(), Instant::START);
    let ask = channel.speak(&key, now, 100_000, random::number).expect("it has no session");
    let answer = sealing.hear_client(&ask, now).expect("it has the key").expect("it is answered");
    let done = channel.hear(&answer, &key).expect("it has asked");
    assert_eq!(sealing.hear_client(&done, now), Ok(None));
    let (mut buffer, request) =
        ([0; 100], Request { cluster: Cluster(7), client: 1, number: 1, body: RequestBody::Status });
    let frame = encode_request(&mut buffer, &key, &mut channel, now, &request).expect("it fits");
    let length = frame.expect("there is a session").len();
    keys.install(other, Key::new([2; Key::BYTES])).expect("there is room");
    keys.use_key(other).expect("it is there");
    keys.remove(id).expect("it is not used");
    keys.install(id, Key::new([3; Key::BYTES])).expect("there is room");
    let taken = sealing.decode_request(&mut buffer[..length], now).map(|(_, guest, _)| guest.rights);
    assert_eq!(taken, Err(DecodeError::Session));
}

/// The clock of a member begins anew, and with it its challenges: what was said by one of before would hold again.
#[test]
fn clients_begin_anew_with_the_clock_of_a_member() {
    let id = KeyId::new(1).expect("it is below 16");
    let keys = Keyring::new(id, Key::new([1; Key::BYTES]));
    let key = keys.client_keys(Cluster(7), "one".parse().expect("a name"), Rights::Read).remove(0);
    let mut sealing = Sealing::new(keys, &config(1));
    let (mut channel, now) = (ClientChannel::default(), Instant::START);
    let ask = channel.speak(&key, now, 100_000, random::number).expect("it has no session");
    let answer = sealing.hear_client(&ask, now).expect("it has the key").expect("it is answered");
    let done = channel.hear(&answer, &key).expect("it has asked");
    assert_eq!(sealing.hear_client(&done, now), Ok(None));
    let mut request = |sealing: &mut Sealing| {
        let (mut buffer, request) =
            ([0; 100], Request { cluster: Cluster(7), client: 1, number: 1, body: RequestBody::Status });
        let frame = encode_request(&mut buffer, &key, &mut channel, now, &request).expect("it fits");
        let length = frame.expect("there is a session").len();
        sealing.decode_request(&mut buffer[..length], now).map(|(_, guest, _)| guest.rights)
    };
    assert_eq!(request(&mut sealing), Ok(Rights::Read));
    sealing.join(Founding(9), Identity { seat: Seat(1), incarnation: Incarnation::FOUNDER });
    assert_eq!(sealing.hear_client(&done, now), Ok(None));
    assert_eq!(request(&mut sealing), Err(DecodeError::Session));
}

#[test]
fn nothing_is_sealed_under_a_key_that_was_removed() {
    let (old, new) = (KeyId::new(1).expect("it is below 16"), KeyId::new(2).expect("it is below 16"));
    let keyring = || Keyring::new(old, Key::new([1; Key::BYTES]));
    let keys = keyring();
    let side = |keys, seat| {
        let mut sealing = Sealing::new(keys, &config(seat));
        sealing.join(Founding(9), Identity { seat: Seat(seat), incarnation: Incarnation::FOUNDER });
        sealing
    };
    let (mut one, mut other) = (side(keys.clone(), 1), side(keyring(), 2));
    let (mut buffer, message) = ([0; 100], Message::CampaignNow { term: quorate::Term(3) });
    let mut is_sealed = |one: &mut Sealing| one.encode(&mut buffer, Seat(2), &message).expect("it fits").is_some();
    assert!(!is_sealed(&mut one));
    let [(_, ask)] = one.speak(Instant::START, Seats::NONE)[..] else { panic!("it asks") };
    let answer = other.hear(&ask, Instant::START).expect("it has the key").expect("it is answered");
    let done = one.hear(&answer, Instant::START).expect("it has the key").expect("it is answered");
    let here = other.hear(&done, Instant::START).expect("it has the key").expect("it is answered");
    assert_eq!(one.hear(&here, Instant::START), Ok(None));
    assert!(is_sealed(&mut one));
    keys.install(new, Key::new([2; Key::BYTES])).expect("there is room");
    keys.use_key(new).expect("it is there");
    keys.remove(old).expect("it is not used");
    let _ = one.speak(Instant::START, Seats::NONE);
    assert!(!is_sealed(&mut one));
}

#[test]
fn members_come_to_sessions_before_there_is_anything_to_say() {
    let keys = Keyring::new(KeyId::new(1).expect("it is below 16"), Key::new([1; Key::BYTES]));
    let mut sealing = Sealing::new(keys, &config(1));
    sealing.join(Founding(9), Identity { seat: Seat(1), incarnation: Incarnation::FOUNDER });
    let members = [Seat(2), Seat(3)].into_iter().collect();
    let asked: Vec<_> = sealing.speak(Instant::START, members).into_iter().map(|(seat, _)| seat).collect();
    assert_eq!(asked, [Seat(2), Seat(3)]);
    assert!(sealing.speak(Instant::START, members).is_empty(), "it is soon to ask again");
    assert_eq!(sealing.due(), Some(Instant::START + Duration::from_millis(50)));
}

/// A store whose seat another one holds hears of that, and the other one goes on undisturbed.
#[test]
fn another_life_of_a_seat_does_not_take_the_sessions_of_the_one_that_is_there() {
    let now = Instant::START;
    let side = |seat, life| {
        let keys = Keyring::new(KeyId::new(1).expect("it is below 16"), Key::new([1; Key::BYTES]));
        let mut sealing = Sealing::new(keys, &config(seat));
        sealing.join(Founding(9), Identity { seat: Seat(seat), incarnation: Incarnation(life) });
        sealing
    };
    let (mut node, mut member, mut twin) = (side(1, 0), side(3, 5), side(3, 0));
    let message = Message::CampaignNow { term: quorate::Term(3) };
    let said = |from: &mut Sealing, to: &mut Sealing, seat| {
        let mut buffer = [0; 100];
        let length = from.encode(&mut buffer, Seat(seat), &message).expect("it fits")?.len();
        Some(to.decode(&mut buffer[..length], now).map(|(from, _)| from.incarnation))
    };
    for store in [&mut member, &mut twin] {
        let [(_, ask)] = store.speak(now, [Seat(1)].into_iter().collect())[..] else { panic!("it asks") };
        let answer = node.hear(&ask, now).expect("it has the key").expect("it is answered");
        let done = store.hear(&answer, now).expect("it has the key").expect("it is answered");
        let here = node.hear(&done, now).expect("it has the key").expect("it is answered");
        assert_eq!(store.hear(&here, now), Ok(None));
        let life = said(store, &mut node, 1).expect("there is a session").expect("it opens");
        if life == Incarnation(5) {
            node.accept(Identity { seat: Seat(3), incarnation: life }, now);
        }
    }
    for _ in 0..3 {
        assert_eq!(said(&mut twin, &mut node, 1), Some(Ok(Incarnation(0))));
        assert_eq!(said(&mut member, &mut node, 1), Some(Ok(Incarnation(5))));
        assert_eq!(said(&mut node, &mut member, 3), Some(Ok(Incarnation(0))));
    }
    node.accept(Identity { seat: Seat(3), incarnation: Incarnation(0) }, now);
    assert_eq!(said(&mut node, &mut twin, 3), Some(Ok(Incarnation(0))), "the seat is its own from then on");
}
