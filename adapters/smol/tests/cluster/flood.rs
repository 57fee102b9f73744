use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use quorate::{Founding, Identity, Incarnation, Seat};
use quorate_wire::seal::{HELLO, Hello, Profile, Ring, Side, Word, decode_hello, encode_hello};

use crate::damage::refused;
use crate::harness::{CLUSTER, House, key, key_id};

/// Somebody who sends as fast as he can, until he is dropped.
struct Flood {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<u64>>,
}

impl Flood {
    /// From this socket: what is said in each turn.
    fn begin(socket: UdpSocket, mut turn: impl FnMut(&UdpSocket, u64) + Send + 'static) -> Flood {
        let is_over = Arc::new(AtomicBool::new(false));
        let stops = is_over.clone();
        let thread = thread::spawn(move || {
            let turns = (0..).take_while(|_| !stops.load(Ordering::Relaxed));
            turns.map(|number| turn(&socket, number)).count() as u64
        });
        Flood { is_over, thread: Some(thread) }
    }

    /// How many turns there were.
    fn end(mut self) -> u64 {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.take().map_or(0, |thread| thread.join().expect("it only sends"))
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

fn anywhere() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").expect("a free port")
}

#[test]
fn commands_go_on_and_the_leader_stays_while_its_port_is_flooded() {
    let house = House::of(3);
    let (mut client, mut sum) = (house.client(), 0);
    client.count_on(&mut sum, 10);
    house.settle();
    let (leader, follower) = house.leader();
    let term = client.status(leader).term;
    for seat in [leader, follower] {
        let to = house.members[&Seat(seat)];
        let flood = Flood::begin(anywhere(), move |socket, number| {
            let mut frame = [0; 200];
            frame[..5].copy_from_slice(&[1, 0x40, 0x01, follower, leader]);
            frame[5..13].copy_from_slice(&number.to_le_bytes());
            let _ = socket.send_to(&frame, to);
        });
        client.count_on(&mut sum, 200);
        // Who comes anew finds his way as well.
        house.client().add("pears", 1);
        assert!(flood.end() > 1000);
    }
    let status = client.status(leader);
    assert_eq!(status.term, term);
    let counts = refused(&status);
    assert!(["session", "tag", "repeated"].iter().filter_map(|reason| counts.get(reason)).sum::<u64>() > 200);
}

/// The member of a seat that is started again and again, and comes to a session each time.
fn restarts(founding: Founding, seat: u8, leader: u8, to: SocketAddr) -> impl FnMut(&UdpSocket, u64) + Send + 'static {
    let ring = Ring::<1>::new(key_id(1), key(1));
    let me = Identity { seat: Seat(seat), incarnation: Incarnation::FOUNDER };
    let side = Side { cluster: CLUSTER, founding, me, interval_micros: 0, profile: Profile::Full };
    let say = move |socket: &UdpSocket, ring: &Ring<1>, word| {
        let hello = Hello { from: me, to: Seat(leader), key: key_id(1), word };
        let frame = encode_hello(&side, ring, &hello).expect("the key is here");
        let _ = socket.send_to(&frame, to);
    };
    move |socket, number| {
        socket.set_nonblocking(true).expect("it is a socket");
        say(socket, &ring, Word::Ask(number << 8 | 1));
        let mut frame = [0; 1500];
        while let Ok((HELLO, _)) = socket.recv_from(&mut frame) {
            if let Ok(Hello { word: Word::Answer(yours, mine), .. }) = decode_hello(&frame[..HELLO], &side, &ring) {
                say(socket, &ring, Word::Done(mine, yours));
            }
        }
    }
}

#[test]
fn a_member_that_starts_again_and_again_costs_the_others_neither_elections_nor_commands() {
    let mut house = House::of(3);
    let (mut client, mut sum) = (house.client(), 0);
    client.count_on(&mut sum, 10);
    house.settle();
    let (leader, follower) = house.leader();
    let (term, founding) = (client.status(leader).term, house.founding());
    house.kill(follower);
    let [to, own] = [leader, follower].map(|seat| house.members[&Seat(seat)]);
    let socket = UdpSocket::bind(own).expect("its port is free");
    let storm = Flood::begin(socket, restarts(founding, follower, leader, to));
    client.count_on(&mut sum, 200);
    assert!(storm.end() > 1000);
    assert_eq!(client.status(leader).term, term);
    house.start(follower);
    let (last, _) = client.add("pears", 1);
    house.converge(last);
    assert_eq!(client.status(leader).term, term, "it has followed");
}
