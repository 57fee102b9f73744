use std::net::{SocketAddr, UdpSocket};

use quorate::{Founding, Identity, Incarnation, Seat};
use quorate_wire::seal::{HELLO, Hello, Profile, Ring, Side, Word, decode_hello, encode_hello};

use crate::house::{CLUSTER, key, key_id};

/// A member with the key that is started again and again, and comes to a session each time.
pub(crate) struct Restarts {
    side: Side,
    to: Seat,
    ring: Ring<1>,
    number: u64,
}

impl Restarts {
    pub(crate) fn new(founding: Founding, seat: Seat, to: Seat) -> Restarts {
        let me = Identity { seat, incarnation: Incarnation::FOUNDER };
        let side = Side { cluster: CLUSTER, founding, me, interval_micros: 0, profile: Profile::Full };
        Restarts { side, to, ring: Ring::new(key_id(), key()), number: fastrand::u64(..) }
    }

    /// Starts once more, and says what is to be said to those that have answered.
    pub(crate) fn turn(&mut self, socket: &UdpSocket, to: SocketAddr) {
        self.number = self.number.wrapping_add(1);
        self.say(Word::Ask(self.number), socket, to);
        let mut frame = [0; 1500];
        while let Ok((length, _)) = socket.recv_from(&mut frame) {
            let hello = frame.get(..length.min(HELLO)).map(|frame| decode_hello(frame, &self.side, &self.ring));
            if let Some(Ok(Hello { word: Word::Answer(yours, mine), .. })) = hello {
                self.say(Word::Done(mine, yours), socket, to);
            }
        }
    }

    fn say(&self, word: Word, socket: &UdpSocket, to: SocketAddr) {
        let hello = Hello { from: self.side.me, to: self.to, key: key_id(), word };
        let frame = encode_hello(&self.side, &self.ring, &hello).expect("the key is here");
        let _ = socket.send_to(&frame, to);
    }
}
