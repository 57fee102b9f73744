//! What no service of three processes can do without, by UDP on one machine: the first appends and syncs and sends to two that
//! append, sync and acknowledge, and it answers once it has synced and one of them has acknowledged. No terms, no
//! elections, no retries: a datagram that is lost ends it.
//!
//! `service_floor node 0|1|2 DIRECTORY PORT` is one of them, with the first port of three; `service_floor load CLIENTS SECONDS
//! BYTES PORT` is so many clients, each of which has one put on its way, and prints `puts`, and the median `p50` in
//! microseconds.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::RecvFlags;

/// The most bytes of a datagram to a follower: as many as quorate's have, by default.
const DATAGRAM: usize = 1200;
const PUT: u8 = 1;
const APPEND: u8 = 2;
const ACK: u8 = 3;
/// Bytes of a put before its value: kind, client, number, key.
const HEAD: usize = 1 + 4 + 4 + KEY;
const KEY: usize = 8;
/// Bytes that may wait at a node.
const QUEUE: usize = 4 << 20;
const PATIENCE: Duration = Duration::from_secs(5);

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |word: &String| word.parse::<u32>().expect("a number");
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["node", _, directory, _] => {
            let (me, first) = (number(&words[1]) as u16, number(&words[3]) as u16);
            let node = Node::new(me, Path::new(directory), first);
            if me == 0 { node.lead() } else { node.follow() }
        }
        ["load", ..] => {
            let [clients, seconds, bytes, port] = [1, 2, 3, 4].map(|at| number(&words[at]));
            load(clients, Duration::from_secs(seconds.into()), bytes as usize, port as u16);
        }
        _ => panic!("usage: service_floor node 0|1|2 DIRECTORY PORT | load CLIENTS SECONDS BYTES PORT"),
    }
}

fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// The next datagram; none if none is there, and nobody is to wait.
fn receive(socket: &UdpSocket, room: &mut [u8], waits: bool) -> Option<(usize, SocketAddr)> {
    let flags = if waits { RecvFlags::empty() } else { RecvFlags::DONTWAIT };
    match rustix::net::recvfrom(socket, &mut *room, flags) {
        Ok((length, _, from)) => Some((length, from?.try_into().expect("an address of the internet"))),
        Err(Errno::AGAIN | Errno::INTR) => None,
        Err(error) => panic!("receiving: {error}"),
    }
}

struct Node {
    me: u16,
    first: u16,
    socket: UdpSocket,
    log: File,
    map: HashMap<[u8; KEY], Vec<u8>>,
    room: Vec<u8>,
}

/// Puts as they came, each behind its length, and whom to answer.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    askers: Vec<(SocketAddr, [u8; 9])>,
}

impl Node {
    fn new(me: u16, directory: &Path, first: u16) -> Node {
        let log = File::create(directory.join(format!("floor-{me}.log"))).expect("a directory to write to");
        let socket = UdpSocket::bind(local(first + me)).expect("a free port");
        // As much as the system lets anybody have: nothing is sent again.
        rustix::net::sockopt::set_socket_recv_buffer_size(&socket, QUEUE).expect("a socket has a queue");
        Node { me, first, socket, log, map: HashMap::new(), room: vec![0; 1 << 16] }
    }

    fn sync(&mut self, bytes: &[u8]) {
        self.log.write_all(bytes).expect("the disk has room");
        self.log.sync_data().expect("the disk syncs");
    }

    fn apply(&mut self, mut bytes: &[u8]) {
        while let Some((length, rest)) = bytes.split_first_chunk() {
            let (put, rest) = rest.split_at(u16::from_le_bytes(*length).into());
            let (key, value) = put[HEAD - KEY..].split_first_chunk().expect("it has a key");
            let place = self.map.entry(*key).or_default();
            place.clear();
            place.extend_from_slice(value);
            bytes = rest;
        }
    }

    fn follow(mut self) -> ! {
        let (mut batch, mut has) = (Vec::new(), 0_u64);
        loop {
            batch.clear();
            let mut waits = true;
            while let Some((length, _)) = receive(&self.socket, &mut self.room, waits) {
                waits = false;
                if let [APPEND, count, puts @ ..] = &self.room[..length] {
                    batch.extend_from_slice(puts);
                    has += u64::from(*count);
                }
            }
            let bytes = std::mem::take(&mut batch);
            self.sync(&bytes);
            let mut ack = [ACK; 10];
            ack[1] = self.me as u8;
            ack[2..].copy_from_slice(&has.to_le_bytes());
            self.socket.send_to(&ack, local(self.first)).expect("the first one is there");
            self.apply(&bytes);
            batch = bytes;
        }
    }

    fn lead(mut self) -> ! {
        let (mut batch, mut next) = (Batch::default(), Batch::default());
        let (mut sent, mut acked) = (0_u64, [0_u64; 3]);
        loop {
            std::mem::swap(&mut batch, &mut next);
            next.bytes.clear();
            next.askers.clear();
            while let Some((length, from)) = receive(&self.socket, &mut self.room, batch.askers.is_empty()) {
                take(&self.room[..length], from, &mut batch, &mut acked);
            }
            self.send(&batch.bytes);
            sent += batch.askers.len() as u64;
            self.sync(&batch.bytes);
            let since = Instant::now();
            while acked.iter().all(|acked| *acked < sent) {
                if let Some((length, from)) = receive(&self.socket, &mut self.room, true) {
                    take(&self.room[..length], from, &mut next, &mut acked);
                }
                assert!(since.elapsed() < PATIENCE, "a datagram was lost");
            }
            self.apply(&batch.bytes);
            for (asker, answer) in &batch.askers {
                self.socket.send_to(answer, asker).expect("it is there");
            }
        }
    }

    /// Sends puts to both others, as many in a datagram as go into it.
    fn send(&self, mut bytes: &[u8]) {
        let mut datagram = Vec::with_capacity(DATAGRAM);
        while !bytes.is_empty() {
            datagram.clear();
            datagram.extend_from_slice(&[APPEND, 0]);
            while let Some((length, _)) = bytes.split_first_chunk() {
                let (put, rest) = bytes.split_at(2 + usize::from(u16::from_le_bytes(*length)));
                if datagram[1] > 0 && (datagram.len() + put.len() > DATAGRAM || datagram[1] == u8::MAX) {
                    break;
                }
                datagram.extend_from_slice(put);
                datagram[1] += 1;
                bytes = rest;
            }
            for other in 1..3 {
                self.socket.send_to(&datagram, local(self.first + other)).expect("it is there");
            }
        }
    }
}

fn take(frame: &[u8], from: SocketAddr, batch: &mut Batch, acked: &mut [u64; 3]) {
    match frame {
        [PUT, ..] => {
            batch.bytes.extend_from_slice(&(frame.len() as u16).to_le_bytes());
            batch.bytes.extend_from_slice(frame);
            let answer = frame.first_chunk().expect("it says who asks, and what");
            batch.askers.push((from, *answer));
        }
        [ACK, who, has @ ..] => {
            acked[usize::from(*who)] = u64::from_le_bytes(has.try_into().expect("a number"));
        }
        _ => {}
    }
}

/// Each client has a socket of its own, as clients of quorate-kv have.
fn load(clients: u32, duration: Duration, bytes: usize, port: u16) {
    let socket = |_| {
        let socket = UdpSocket::bind(local(0)).expect("a free port");
        socket.connect(local(port)).expect("the first one is there");
        socket
    };
    let sockets: Vec<UdpSocket> = (0..clients).map(socket).collect();
    let mut since = vec![Instant::now(); sockets.len()];
    let mut put = vec![b'v'; HEAD + bytes];
    put[0] = PUT;
    let mut numbers = vec![0_u32; sockets.len()];
    let mut send = |client: usize, numbers: &mut [u32]| {
        numbers[client] += 1;
        put[1..5].copy_from_slice(&(client as u32).to_le_bytes());
        put[5..9].copy_from_slice(&numbers[client].to_le_bytes());
        put[9..13].copy_from_slice(&(client as u32).to_le_bytes());
        sockets[client].send(&put).expect("the first one is there");
    };
    let begun = Instant::now();
    (0..sockets.len()).for_each(|client| send(client, &mut numbers));
    let (mut waiting, mut times, mut room) = (sockets.len(), Vec::new(), [0; 64]);
    while waiting > 0 {
        let mut polled: Vec<rustix::event::PollFd<'_>> =
            sockets.iter().map(|socket| rustix::event::PollFd::new(socket, rustix::event::PollFlags::IN)).collect();
        let patience = rustix::event::Timespec { tv_sec: PATIENCE.as_secs() as i64, tv_nsec: 0 };
        let ready = rustix::event::poll(&mut polled, Some(&patience)).expect("sockets can be waited for");
        assert!(ready > 0, "a datagram was lost");
        let ready: Vec<usize> =
            polled.iter().enumerate().filter(|(_, polled)| !polled.revents().is_empty()).map(|(at, _)| at).collect();
        for client in ready {
            if receive(&sockets[client], &mut room, false).is_none() {
                continue;
            }
            times.push(since[client].elapsed().as_micros() as u64);
            if begun.elapsed() < duration {
                since[client] = Instant::now();
                send(client, &mut numbers);
            } else {
                waiting -= 1;
            }
        }
    }
    times.sort_unstable();
    println!("puts {}\nseconds {}\np50 {}", times.len(), begun.elapsed().as_secs_f64(), times[times.len() / 2]);
}
