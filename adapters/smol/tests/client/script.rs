use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use quorate::{Features, Founding, Incarnation, Index, Members, Role, Seat, Seats, Term};
use quorate_smol::{Client, Cluster, Status};
use quorate_wire::client::{Condition, Reply, ReplyBody, RequestBody, decode_request, encode_reply};
use smol::block_on;

pub(crate) const LEADER: Seat = Seat(1);
pub(crate) const OTHER: Seat = Seat(2);
const CLUSTER: Cluster = Cluster(0x5c21);

/// Two nodes that answer as a test tells them to, but do not say who takes part. They are gone when the process is.
pub(crate) struct Script {
    commands: AtomicUsize,
    repeats: AtomicBool,
    /// The identity that the nodes give; 0 if none.
    founding: AtomicU64,
}

impl Script {
    /// Starts nodes that answer so, and a client of theirs.
    pub(crate) fn run(
        mut answer: impl FnMut(Seat, RequestBody<'_>) -> Option<ReplyBody<'static>> + Send + 'static,
    ) -> (Client, Arc<Script>) {
        let script = Arc::new(Script {
            commands: AtomicUsize::new(0),
            repeats: AtomicBool::new(false),
            founding: AtomicU64::new(0),
        });
        let sockets = [LEADER, OTHER].map(|seat| (seat, UdpSocket::bind("127.0.0.1:0").expect("a socket")));
        let members = sockets.iter().map(|(seat, socket)| {
            socket.set_nonblocking(true).expect("sockets can do that");
            (*seat, socket.local_addr().expect("it is bound"))
        });
        let members: BTreeMap<_, _> = members.collect();
        let heard = script.clone();
        thread::spawn(move || {
            loop {
                for (seat, socket) in &sockets {
                    heard.attend(*seat, socket, &mut answer);
                }
                thread::sleep(Duration::from_micros(200));
            }
        });
        let client = block_on(Client::new(CLUSTER, members, Duration::from_secs(1)));
        (client.expect("a socket"), script)
    }

    /// How many requests came that were not about the status.
    pub(crate) fn commands(&self) -> usize {
        self.commands.load(Ordering::Relaxed)
    }

    /// From now on, the nodes are of this cluster.
    pub(crate) fn speak_for(&self, founding: u64) {
        self.founding.store(founding, Ordering::Relaxed);
    }

    /// From now on, every answer goes out twice.
    pub(crate) fn repeat_everything(&self) {
        self.repeats.store(true, Ordering::Relaxed);
    }

    fn attend(
        &self,
        seat: Seat,
        socket: &UdpSocket,
        answer: &mut impl FnMut(Seat, RequestBody<'_>) -> Option<ReplyBody<'static>>,
    ) {
        let mut frame = [0; 1200];
        let Ok((length, from)) = socket.recv_from(&mut frame) else {
            return;
        };
        let request = decode_request(&frame[..length], CLUSTER).expect("clients send whole requests");
        if let RequestBody::Members = request.body {
            return;
        }
        let is_status = matches!(request.body, RequestBody::Status);
        self.commands.fetch_add(usize::from(!is_status), Ordering::Relaxed);
        let Some(body) = answer(seat, request.body) else { return };
        let founding = Some(Founding(self.founding.load(Ordering::Relaxed))).filter(|founding| founding.0 > 0);
        let reply = Reply { client: request.client, number: request.number, from: seat, founding, body };
        let mut frame = [0; 1200];
        let frame = encode_reply(&mut frame, &reply).expect("answers are short");
        for _ in 0..=usize::from(self.repeats.load(Ordering::Relaxed)) {
            socket.send_to(frame, from).expect("loopback takes it");
        }
    }
}

/// The status of a node that leads, or follows nobody.
pub(crate) fn leads(seat: Seat, leads: bool) -> ReplyBody<'static> {
    ReplyBody::Status(Status {
        seat,
        incarnation: Incarnation(0),
        role: if leads { Role::Leader } else { Role::Follower },
        term: Term(1),
        leader: leads.then_some(seat),
        commit: Index(0),
        applied: Index(0),
        first: Index(1),
        last: Index(0),
        durable: Index(0),
        digest: 0,
        members: Members::of(Seats::NONE.with(LEADER).with(OTHER)),
        since: Index(0),
        is_settled: true,
        on: Features::OWN,
        known: Features::OWN,
        condition: Condition::default(),
        preferred: Seats::NONE,
        lease_ms: None,
        others: Default::default(),
        refused: Default::default(),
    })
}
