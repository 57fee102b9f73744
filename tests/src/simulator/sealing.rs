use std::time::Duration;

use fastrand::Rng;
use quorate::{Founding, Identity, Instant, Message, Seat, Seats, founding};
use quorate_wire::seal::{self, Channels, HELLO, Hello, Profile, Side};
use quorate_wire::{DecodeError, FoundingEnvelope};

use super::CLUSTER;
use super::keyring::Keyring;
use super::shape::{ELECTION_MICROS, HEARTBEAT_MICROS};

/// Two for each seat that there can be.
const PLACES: usize = 64;
/// No frame of the simulator is longer.
pub(crate) const FRAME_MAX: usize = 1200;

/// How a machine seals what it says to others, and opens what they say: as the node on hosts does.
pub(crate) struct Sealing {
    pub(crate) keys: Keyring,
    numbers: Numbers,
    /// What its process has in memory.
    channels: Box<Channels<PLACES>>,
}

/// Numbers that a machine never draws again, in no boot.
pub(crate) enum Numbers {
    /// As hosts draw them.
    Random(Rng),
    /// One after the other, as others do: two machines draw the same.
    Counted(u64),
}

/// What is said to come to a session, to whom and in which bytes.
pub(crate) type Said = (Hello, [u8; HELLO]);

impl Sealing {
    pub(crate) fn new(keys: Keyring, numbers: Numbers) -> Sealing {
        Sealing { keys, numbers, channels: Box::default() }
    }

    /// The process is gone, and its sessions with it.
    pub(crate) fn forget(&mut self) {
        *self.channels = Channels::default();
    }

    /// The frame of a message. None if there is no session yet: one is asked for.
    pub(crate) fn encode(&mut self, side: &Side, to: Seat, message: &Message<'_>) -> Option<Vec<u8>> {
        let mut buffer = [0; FRAME_MAX];
        let frame = self.channels.encode(&mut buffer, side, to, message);
        frame.expect("every message fits into a frame").map(<[u8]>::to_vec)
    }

    /// Who has sealed this frame, and the message in it.
    pub(crate) fn decode<'f>(
        &mut self,
        side: &Side,
        frame: &'f mut [u8],
        now: Instant,
    ) -> Result<(Identity, Message<'f>), DecodeError> {
        self.channels.decode(frame, side, &self.keys.ring, now)
    }

    /// This life speaks for its seat from now on.
    pub(crate) fn accept(&mut self, from: Identity, now: Instant) {
        self.channels.accept(from, now);
    }

    /// The frame of a founding's message.
    pub(crate) fn encode_founding(&mut self, envelope: &FoundingEnvelope, message: &founding::Message) -> Vec<u8> {
        // Others may have drawn the same.
        let number = [self.numbers.draw(), envelope.from.0.into()];
        let mut buffer = [0; FRAME_MAX];
        let frame = seal::encode_founding(&mut buffer, &self.keys.ring, envelope, message, number);
        frame.expect("every message fits into a frame").to_vec()
    }

    /// Who has sealed this frame of a founding, and the message in it.
    pub(crate) fn decode_founding(&self, frame: &mut [u8], me: Seat) -> Result<(Seat, founding::Message), DecodeError> {
        seal::decode_founding(frame, &self.keys.ring, CLUSTER, me)
    }

    /// Takes a Hello: what it is answered with, if with anything.
    pub(crate) fn hear(&mut self, side: &Side, hello: &Hello, now: Instant) -> Option<Said> {
        let answer = self.channels.hear(side, &self.keys.ring, hello, now, || self.numbers.draw())?;
        Some((answer, seal::encode_hello(side, &self.keys.ring, &answer)?))
    }

    /// What there is to say to others to come to sessions with them.
    pub(crate) fn speak(&mut self, side: &Side, now: Instant, members: Seats) -> Vec<Said> {
        let (ring, mut said) = (&self.keys.ring, Vec::new());
        let say = |hello| said.extend(seal::encode_hello(side, ring, &hello).map(|frame| (hello, frame)));
        let patience = Duration::from_micros(ELECTION_MICROS);
        self.channels.speak(side, ring, now, (members, patience), || self.numbers.draw(), say);
        said
    }

    /// Takes nothing under this key any longer.
    pub(crate) fn remove(&mut self, serial: u64) {
        self.keys.remove(serial).expect("it is here, and not used");
        self.channels.revoke(self.keys.id(serial));
    }

    /// When there is something to say, if there is.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.channels.due(&self.keys.ring)
    }
}

impl Numbers {
    fn draw(&mut self) -> u64 {
        match self {
            Numbers::Random(rng) => rng.u64(..),
            Numbers::Counted(count) => {
                *count += 1;
                *count
            }
        }
    }
}

/// Who a node is to those with whom it has sessions.
pub(crate) fn side(founding: Founding, me: Identity) -> Side {
    Side { cluster: CLUSTER, founding, me, interval_micros: HEARTBEAT_MICROS, profile: Profile::Full }
}
