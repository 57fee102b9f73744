use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::thread;

use quorate::{Features, Index, Seat};
use quorate_smol::{Change, ClientError, Keyring, Reason, Rights, ServerConfig};
use quorate_wire::{Class, DecodeError};

use crate::caller::Caller;
use crate::damage::refused;
use crate::harness::{House, eventually, key, key_id, keyring};
use crate::stranger::Stranger;

/// Why a node takes nothing of a client.
#[track_caller]
fn turned_away<T>(result: Result<T, ClientError>) -> DecodeError {
    match result {
        Err(ClientError::TurnedAway { reason, .. }) => reason,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was answered"),
    }
}

#[test]
fn a_client_without_a_key_that_counts_is_told_and_changes_nothing() {
    let mut house = House::of(3);
    let mut client = house.client();
    client.add("apples", 2);
    let (leader, _) = house.leader();
    let mut try_with = |keys: Option<Keyring>| {
        house.client_keys = keys;
        let mut other = house.hasty_client();
        let reason = turned_away(other.try_status(leader));
        assert_eq!(turned_away(other.try_next()), reason);
        reason
    };
    assert_eq!(try_with(None), DecodeError::Plain);
    assert_eq!(try_with(Some(Keyring::new(key_id(1), key(2)))), DecodeError::Tag);
    assert_eq!(try_with(Some(keyring(9))), DecodeError::Sealed(9));
    assert_eq!(client.add("apples", 2).1, 4);
    let counts = refused(&client.status(leader));
    assert!(["plain", "tag", "sealed"].iter().all(|reason| counts.contains_key(reason)), "{counts:?}");
}

#[test]
fn a_client_with_a_key_learns_that_nodes_have_none() {
    let mut house = House::plain(1);
    house.client().add("apples", 2);
    house.client_keys = Some(keyring(1));
    assert_eq!(turned_away(house.hasty_client().try_status(1)), DecodeError::Sealed(1));
}

#[test]
fn a_client_may_do_what_its_key_is_for() {
    let house = House::of(1);
    let mut admin = house.client();
    admin.add("apples", 2);
    let forbidden = |result: Result<(), ClientError>| matches!(result, Err(ClientError::Refused(Reason::Forbidden)));
    for rights in Rights::ALL {
        let mut client = house.client_with("someone", rights);
        assert_eq!(client.read("apples"), 2);
        assert_eq!(client.status(1).seat, Seat(1));
        assert!(client.try_members().is_ok());
        assert_eq!(forbidden(client.try_next().map(|_| ())), rights == Rights::Read);
        let change = Change::Enable { features: Features::OWN };
        let change = client.try_change_since(Index(u64::MAX), change);
        let word = client.try_change_since(Index(u64::MAX), Change::UseKey { key: key_id(1) });
        let transfer = client.try_transfer(Some(Seat(9)));
        let snapshot = client.try_snapshot(1);
        for result in [change, word, transfer, snapshot] {
            assert_eq!(forbidden(result), rights != Rights::Admin, "{rights}");
        }
    }
}

#[test]
fn a_client_whose_key_was_taken_back_is_not_heard_from_then_on() {
    let house = House::of(1);
    house.client().add("pears", 2);
    let (mut one, mut other) = (house.client_with("one", Rights::Write), house.client_with("other", Rights::Write));
    assert_eq!((one.add("apples", 2).1, other.add("apples", 2).1), (2, 4));
    let keys = house.keys.as_ref().expect("it seals");
    keys.deny("one".parse().expect("a name"));
    let session = one.next();
    assert_eq!(turned_away(one.try_status(1)), DecodeError::Sealed(1));
    assert!(matches!(one.try_add(session, "apples", 2), Err(ClientError::Unknown { .. })), "it may be lost as well");
    assert_eq!(other.add("apples", 2).1, 6);
    keys.allow("one".parse().expect("a name"));
    assert_eq!(one.add("apples", 2).1, 8);
}

#[test]
fn a_client_goes_on_with_nodes_that_were_started_anew() {
    let mut house = House::of(3);
    let mut client = house.client();
    for round in 1..=3 {
        assert_eq!(client.add("apples", 1).1, 2 * round - 1);
        for seat in 1..=3 {
            house.kill(seat);
            house.start(seat);
        }
        assert_eq!(client.add("apples", 1).1, 2 * round);
    }
}

/// Someone between a client and a node, who writes down all that they say.
struct Tap {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Tap {
    fn before(node: SocketAddr) -> Tap {
        let (socket, own) = (bound(), bound());
        let address = socket.local_addr().expect("an address");
        let heard = Arc::new(Mutex::new(Vec::new()));
        let tap = Tap { address, heard: heard.clone() };
        let client = Arc::new(Mutex::new(None));
        let (out, back) = (own.try_clone().expect("a socket"), socket.try_clone().expect("a socket"));
        let (asker, answers) = (client.clone(), heard.clone());
        thread::spawn(move || {
            let mut buffer = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                *client.lock().expect("nobody panics") = Some(from);
                heard.lock().expect("nobody panics").push(buffer[..length].to_vec());
                let _ = out.send_to(&buffer[..length], node);
            }
        });
        thread::spawn(move || {
            let mut buffer = [0; 1500];
            while let Ok((length, _)) = own.recv_from(&mut buffer) {
                answers.lock().expect("nobody panics").push(buffer[..length].to_vec());
                let to = *asker.lock().expect("nobody panics");
                let _ = back.send_to(&buffer[..length], to.expect("nobody answers before he is asked"));
            }
        });
        tap
    }

    fn heard(&self) -> Vec<Vec<u8>> {
        self.heard.lock().expect("nobody panics").clone()
    }
}

fn bound() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").expect("a socket")
}

#[test]
fn what_a_client_says_and_hears_cannot_be_read_and_does_nothing_when_it_comes_again() {
    let mut house = House::of(1);
    let node = house.members[&Seat(1)];
    let tap = Tap::before(node);
    let mut client = house.client_at([(Seat(1), tap.address)].into());
    let name = "a name that is not to be seen";
    assert_eq!((client.add(name, 2).1, client.add(name, 2).1, client.read(name)), (2, 4, 4));
    let heard = tap.heard();
    assert!(heard.iter().all(|frame| matches!(Class::of(frame), Err(DecodeError::Sealed(_)))), "nothing is plain");
    let is_seen = |frame: &Vec<u8>| frame.windows(name.len()).any(|bytes| bytes == name.as_bytes());
    assert!(!heard.iter().any(is_seen));
    // What was said before the cluster was founded was said to another session.
    let is_dropped = |client: &mut Caller, reasons: &[&str], count: u64| {
        let counts = refused(&client.status(1));
        reasons.iter().filter_map(|reason| counts.get(reason)).sum::<u64>() >= count
    };
    let stranger = Stranger::new();
    heard.iter().for_each(|frame| stranger.send(frame, node));
    // Counts are true to within an eighth.
    let requests = heard.iter().filter(|frame| frame[1] == 0x41).count() as u64 * 7 / 8;
    let reasons = ["repeated", "session"];
    eventually("all of it to be dropped", || is_dropped(&mut client, &reasons, requests).then_some(()));
    // A node that was started anew takes nothing of it either.
    house.kill(1);
    house.start(1);
    client.status(1);
    heard.iter().for_each(|frame| stranger.send(frame, node));
    eventually("all of it to be dropped", || is_dropped(&mut client, &["session"], requests).then_some(()));
    assert_eq!(client.read(name), 4);
}

/// A node whose keys change is told of the client's latest one.
#[test]
fn a_client_uses_whichever_of_its_keys_a_node_takes() {
    let mut house = House::with_log(1, 1 << 20);
    let keys = keyring(1);
    house.run(ServerConfig { keys: Some(keys.clone()), ..house.config(1) });
    let both = keyring(2);
    both.install(key_id(1), key(1)).expect("there is room");
    house.client_keys = Some(both);
    let mut client = house.client();
    assert_eq!(client.add("apples", 2).1, 2);
    keys.install(key_id(2), key(2)).expect("there is room");
    keys.use_key(key_id(2)).expect("it is there");
    keys.remove(key_id(1)).expect("nobody uses it");
    assert_eq!(client.add("apples", 2).1, 4);
    house.client_keys = Some(keyring(1));
    assert_eq!(turned_away(house.hasty_client().try_status(1)), DecodeError::Sealed(1));
}
