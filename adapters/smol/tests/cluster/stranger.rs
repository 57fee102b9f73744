use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use quorate::{Index, Session};
use quorate_smol::Cluster;
use quorate_wire::client::{AsOf, Reply, ReplyBody, Request, RequestBody, decode_reply, encode_request};

use crate::tally::Add;

const CLIENT: u64 = 99;

/// Sends what it likes, byte by byte.
pub(crate) struct Stranger {
    socket: UdpSocket,
}

impl Stranger {
    pub(crate) fn new() -> Stranger {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let timeout = Some(Duration::from_secs(10));
        socket.set_read_timeout(timeout).expect("a time above zero");
        Stranger { socket }
    }

    pub(crate) fn send(&self, datagram: &[u8], to: SocketAddr) {
        self.socket.send_to(datagram, to).expect("loopback takes it");
    }

    /// Asks for a session of this client until there is one.
    pub(crate) fn open(&self, cluster: Cluster, client: u64, to: SocketAddr) {
        let is_open = |body: ReplyBody<'_>| matches!(body, ReplyBody::Opened { .. } | ReplyBody::Held { .. });
        while {
            self.send(&open(cluster, client, client), to);
            !self.hear(client, is_open)
        } {}
    }

    /// Waits for the answer to this number.
    #[track_caller]
    pub(crate) fn hear<T>(&self, number: u64, read: impl Fn(ReplyBody<'_>) -> T) -> T {
        let mut buffer = [0; 1200];
        loop {
            let (length, _) = self.socket.recv_from(&mut buffer).expect("an answer in time");
            let reply = decode_reply(&buffer[..length], CLIENT);
            let Reply { number: found, body, .. } = reply.expect("an answer to this client");
            if found == number {
                return read(body);
            }
        }
    }
}

/// The datagram of a command that adds two apples.
pub(crate) fn command(cluster: Cluster, number: u64, session: Session) -> Vec<u8> {
    add(cluster, number, session, "apples")
}

/// The datagram of a command that adds two pears.
pub(crate) fn other_command(cluster: Cluster, number: u64, session: Session) -> Vec<u8> {
    add(cluster, number, session, "pears")
}

fn add(cluster: Cluster, number: u64, session: Session, name: &str) -> Vec<u8> {
    let add = Add { name, number: 2 };
    let command = &add.bytes();
    request(cluster, number, RequestBody::Command { session, command })
}

/// The datagram that asks for a session of this client.
pub(crate) fn open(cluster: Cluster, number: u64, client: u64) -> Vec<u8> {
    request(cluster, number, RequestBody::Open { client, epoch: Index(0) })
}

/// The datagram of a question how many apples there are, as of now or later.
pub(crate) fn read(cluster: Cluster, number: u64) -> Vec<u8> {
    let query = b"apples";
    request(cluster, number, RequestBody::Read { query, as_of: AsOf::Now })
}

fn request(cluster: Cluster, number: u64, body: RequestBody<'_>) -> Vec<u8> {
    let request = Request { cluster, client: CLIENT, number, body };
    encode_request(&mut [0; 1200], &request).expect("it fits").to_vec()
}
