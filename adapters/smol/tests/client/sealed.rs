use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use quorate::{Index, Instant, Seat};
use quorate_smol::{Client, Cluster, Key, KeyId, Keyring, Rights};
use quorate_wire::DecodeError;
use quorate_wire::client::{Reply, ReplyBody, RequestBody};
use quorate_wire::seal::client::{Guests, decode_request, encode_reply};
use quorate_wire::seal::{Form, Refusal, Ring};
use smol::block_on;
use smol::future::poll_once;

const CLUSTER: Cluster = Cluster(7);

fn id() -> KeyId {
    KeyId::new(1).expect("it is below 16")
}

fn key(byte: u8) -> Key {
    Key::new([byte; Key::BYTES])
}

/// A node that answers requests, but when the second one comes, it forgets all sessions, and says so. It tells the numbers of all,
/// and says all that it says from its other socket.
fn forgetful(socket: &UdpSocket, other: &UdpSocket, told: &Sender<u64>) {
    let ring = Ring::<1>::new(id(), key(1));
    let (mut guests, mut buffer, mut starts) = (Guests::<4>::new(key(100)), [0; 1500], 0);
    while let Ok((length, from)) = socket.recv_from(&mut buffer) {
        let frame = &mut buffer[..length];
        if let Ok(Form::ClientHello) = Form::of(frame) {
            let answer = guests.hear(frame, CLUSTER, &ring, Instant::START, |_| true).ok().flatten();
            answer.iter().for_each(|answer| assert!(other.send_to(answer, from).is_ok()));
            continue;
        }
        let refusal = Refusal::of(frame, DecodeError::Session).expect("it is long enough");
        let Ok((session, _, request)) = decode_request(frame, CLUSTER, &ring, &mut guests, Instant::START) else {
            other.send_to(&refusal.encode(), from).expect("loopback takes it");
            continue;
        };
        told.send(request.number).expect("somebody listens");
        starts += 1;
        if starts == 2 {
            guests = Guests::new(key(101));
            other.send_to(&refusal.encode(), from).expect("loopback takes it");
            continue;
        }
        let (client, number, body) =
            (request.client, request.number, ReplyBody::Value { index: Index(9), answer: b"3" });
        let reply = Reply { client, number, from: Seat(1), founding: None, body };
        let mut room = [0; 200];
        let reply =
            encode_reply(&mut room, &mut guests, session, &reply).expect("it fits").expect("the session is here");
        other.send_to(reply, from).expect("loopback takes it");
    }
}

/// Somebody who sees what a client says, and says of each frame that the node lacks its key, before the node has heard it.
fn liar(socket: &UdpSocket, node: SocketAddr) {
    let (mut buffer, mut client) = ([0; 1500], node);
    while let Ok((length, from)) = socket.recv_from(&mut buffer) {
        let frame = &buffer[..length];
        if from == node {
            socket.send_to(frame, client).expect("loopback takes it");
            continue;
        }
        client = from;
        let word = Refusal::of(frame, DecodeError::Sealed(1)).expect("it is long enough").encode();
        socket.send_to(&word, client).expect("loopback takes it");
        socket.send_to(frame, node).expect("loopback takes it");
        socket.send_to(&word, client).expect("loopback takes it");
    }
}

#[test]
fn a_client_with_two_keys_is_answered_though_somebody_says_that_neither_is_taken() {
    let (node, between) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    let (to, address) = (node.local_addr().unwrap(), between.local_addr().unwrap());
    let (told, _numbers) = channel();
    thread::spawn(move || forgetful(&node, &node, &told));
    thread::spawn(move || liar(&between, to));
    let mut client =
        block_on(Client::new(CLUSTER, [(Seat(1), address)].into(), Duration::from_secs(10))).expect("a socket");
    let keys = Keyring::new(id(), key(1));
    keys.install(KeyId::new(2).expect("it is below 16"), key(2)).expect("there is room");
    client.seal(keys.client_keys(CLUSTER, "one".parse().expect("a name"), Rights::Read));
    for _ in 0..20 {
        assert_eq!(block_on(client.read_local(Seat(1), b"apples")).ok(), Some((Index(9), b"3".to_vec())));
    }
}

#[test]
fn a_request_that_goes_out_once_more_has_a_number_of_its_own() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let address = socket.local_addr().expect("it is bound");
    let (told, numbers) = channel();
    thread::spawn(move || forgetful(&socket, &socket, &told));
    let mut client =
        block_on(Client::new(CLUSTER, [(Seat(1), address)].into(), Duration::from_secs(10))).expect("a socket");
    client.seal(Keyring::new(id(), key(1)).client_keys(CLUSTER, "one".parse().expect("a name"), Rights::Read));
    let mut read = || block_on(client.read_local(Seat(1), b"apples")).ok();
    assert_eq!(read(), Some((Index(9), b"3".to_vec())));
    // It asks for another session at once, as it has not done so for long.
    thread::sleep(Duration::from_millis(500));
    assert_eq!(read(), Some((Index(9), b"3".to_vec())));
    let numbers: Vec<u64> = numbers.try_iter().collect();
    assert!(
        numbers.len() > 2 && numbers.windows(2).all(|two| two[1] > two[0]),
        "one tells nothing of another: {numbers:?}"
    );
}

#[test]
fn what_a_call_has_not_sent_before_it_ended_is_not_sent_by_the_next_one() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let address = socket.local_addr().expect("it is bound");
    let (told, bodies) = channel();
    let is_there = Arc::new(AtomicBool::new(false));
    let hears = is_there.clone();
    thread::spawn(move || {
        let ring = Ring::<1>::new(id(), key(1));
        let (mut guests, mut buffer) = (Guests::<4>::new(key(100)), [0; 1500]);
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let frame = &mut buffer[..length];
            if !hears.load(Ordering::Relaxed) {
                continue;
            }
            if let Ok(Form::ClientHello) = Form::of(frame) {
                let answer = guests.hear(frame, CLUSTER, &ring, Instant::START, |_| true).expect("it has the key");
                answer.iter().for_each(|answer| assert!(socket.send_to(answer, from).is_ok()));
            } else if let Ok((.., request)) = decode_request(frame, CLUSTER, &ring, &mut guests, Instant::START) {
                told.send(request.body == RequestBody::Status).expect("somebody listens");
            }
        }
    });
    let mut client =
        block_on(Client::new(CLUSTER, [(Seat(1), address)].into(), Duration::from_millis(500))).expect("a socket");
    client.seal(Keyring::new(id(), key(1)).client_keys(CLUSTER, "one".parse().expect("a name"), Rights::Read));
    assert!(block_on(client.read_local(Seat(1), b"apples")).is_err(), "nobody is there");
    is_there.store(true, Ordering::Relaxed);
    assert!(block_on(client.status(Seat(1))).is_err(), "it does not answer");
    let asked: Vec<bool> = bodies.try_iter().collect();
    assert!(!asked.is_empty() && asked.iter().all(|is_status| *is_status), "{asked:?}");
}

/// Its machine has several addresses, and the client knows more than one.
#[test]
fn a_node_may_answer_from_where_another_one_was_asked() {
    let sockets = [1, 2].map(|seat| (Seat(seat), UdpSocket::bind("127.0.0.1:0").expect("a free port")));
    let members = sockets.iter().map(|(seat, socket)| (*seat, socket.local_addr().expect("it is bound"))).collect();
    let mut client = block_on(Client::new(CLUSTER, members, Duration::from_secs(10))).expect("a socket");
    client.seal(Keyring::new(id(), key(1)).client_keys(CLUSTER, "one".parse().expect("a name"), Rights::Read));
    assert!(block_on(poll_once(client.status(Seat(2)))).is_none(), "nobody attends there yet");
    let [(_, one), (_, other)] = sockets;
    let (told, _numbers) = channel();
    thread::spawn(move || forgetful(&one, &other, &told));
    assert_eq!(block_on(client.read_local(Seat(1), b"apples")).ok(), Some((Index(9), b"3".to_vec())));
}
