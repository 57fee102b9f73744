use std::net::UdpSocket;
use std::thread;

use quorate::{Boot, Charter, Config, Features, Founding, Input, Instant, Least, Members, Seat, Seats};
use quorate_wire::client::{Links, Reply, ReplyBody, RequestBody, StatusReport, decode_request, encode_reply};
use quorate_wire::{Cluster, Dropped};

/// Node 1 of cluster 1, which seals nothing and answers as a test tells it to, as long as the test's process lives: how a client
/// reaches it.
pub(crate) fn node(
    mut answer: impl FnMut(RequestBody<'_>) -> Option<ReplyBody<'static>> + Send + 'static,
) -> [String; 3] {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("there is a free port");
    let peer = format!("1={}", socket.local_addr().expect("it has an address"));
    thread::spawn(move || {
        let (mut heard, mut said) = ([0; 1500], [0; 1500]);
        while let Ok((length, from)) = socket.recv_from(&mut heard) {
            let request = decode_request(&heard[..length], Cluster(1)).expect("clients send whole requests");
            let Some(body) = answer(request.body) else { continue };
            let reply = Reply { client: request.client, number: request.number, from: Seat(1), founding: None, body };
            let frame = encode_reply(&mut said, &reply).expect("answers are short");
            socket.send_to(frame, from).expect("loopback takes it");
        }
    });
    ["--plain".to_owned(), "--peer".to_owned(), peer]
}

/// What node 1 says that leads alone.
pub(crate) fn leads() -> ReplyBody<'static> {
    let members = Members::of(Seats::NONE.with(Seat(1)));
    let charter = Charter {
        founding: Founding(1),
        members,
        least: Least { log_bytes: 1024, election_micros: 250_000, features: Features::OWN },
    };
    let boot = Boot::<u64, _, 2>::found(Config::new(Seat(1), 1), &charter, [0; 1024]).expect("a cluster of one");
    let mut node = boot.start(Instant::START).expect("it has nothing");
    let now = node.deadline().expect("it campaigns");
    let _ = node.step(now, Input::Tick);
    let report = StatusReport::of(&node, 0, Dropped::default(), Links::Plain);
    ReplyBody::Status(StatusReport { role: quorate::Role::Leader, leader: Some(Seat(1)), ..report })
}
