use std::collections::BTreeMap;
use std::time::Duration;

use fastrand::Rng;
use quorate::{Founding, Identity, Incarnation, Instant, Message, Seat, Seats, founding};
use quorate_wire::seal::{self, Channel, HELLO, Hello, Side};
use quorate_wire::{DecodeError, FoundingEnvelope};

use super::CLUSTER;
use super::keyring::Keyring;
use super::shape::{ELECTION_MICROS, HEARTBEAT_MICROS};

/// A life that has spoken for a seat is there for so many intervals, in which others do not take its sessions.
const THERE_INTERVALS: u32 = 20;
/// No frame of the simulator is longer.
pub(crate) const FRAME_MAX: usize = 1200;

/// How a machine seals what it says to others, and opens what they say: as the node on hosts does.
pub(crate) struct Sealing {
    pub(crate) keys: Keyring,
    numbers: Numbers,
    /// What its process has in memory.
    links: Links,
}

/// Numbers that a machine never draws again, in no boot.
pub(crate) enum Numbers {
    /// As hosts draw them.
    Random(Rng),
    /// One after the other, as others do: two machines draw the same.
    Counted(u64),
}

#[derive(Default)]
struct Links {
    channels: BTreeMap<Seat, Channel>,
    /// Which life has spoken for a seat last, of those that may, and when.
    lives: BTreeMap<Seat, (Incarnation, Instant)>,
    /// Another life that speaks for a seat meanwhile.
    twins: BTreeMap<Seat, (Incarnation, Channel)>,
}

/// What is said to come to a session, to whom and in which bytes.
pub(crate) type Said = (Hello, [u8; HELLO]);

impl Sealing {
    pub(crate) fn new(keys: Keyring, numbers: Numbers) -> Sealing {
        Sealing { keys, numbers, links: Links::default() }
    }

    /// The process is gone, and its sessions with it.
    pub(crate) fn forget(&mut self) {
        self.links = Links::default();
    }

    /// The frame of a message. None if there is no session yet: one is asked for.
    pub(crate) fn encode(&mut self, side: &Side, to: Seat, message: &Message<'_>) -> Option<Vec<u8>> {
        let Links { channels, twins, .. } = &mut self.links;
        let channel = match (message, twins.get_mut(&to)) {
            (Message::Vote { incarnation, .. } | Message::Configured { incarnation, .. }, Some((life, channel)))
                if incarnation == life =>
            {
                channel
            }
            _ => channels.entry(to).or_default(),
        };
        let mut buffer = [0; FRAME_MAX];
        let frame = seal::encode(&mut buffer, side, to, channel, message);
        frame.expect("every message fits into a frame").map(<[u8]>::to_vec)
    }

    /// Who has sealed this frame, and the message in it.
    pub(crate) fn decode<'f>(
        &mut self,
        side: &Side,
        frame: &'f mut [u8],
        now: Instant,
    ) -> Result<(Identity, Message<'f>), DecodeError> {
        let seat = seal::sender(frame, side)?;
        let Links { channels, twins, .. } = &mut self.links;
        let twin = twins.get_mut(&seat).map(|(_, channel)| channel);
        let channels = std::iter::once(channels.entry(seat).or_default()).chain(twin);
        seal::decode_by_any(frame, side, &self.keys.ring, channels, now)
    }

    /// This life speaks for its seat from now on.
    pub(crate) fn accept(&mut self, Identity { seat, incarnation }: Identity, now: Instant) {
        let Links { channels, lives, twins } = &mut self.links;
        lives.insert(seat, (incarnation, now));
        if twins.get(&seat).is_some_and(|(life, _)| *life == incarnation)
            && let Some((_, channel)) = twins.remove(&seat)
        {
            channels.insert(seat, channel);
        }
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
        let Links { channels, lives, twins } = &mut self.links;
        let Identity { seat, incarnation } = hello.from;
        let there = Duration::from_micros(side.interval_micros) * THERE_INTERVALS;
        let is_there = |heard: Instant| heard <= now && now < heard + there;
        let is_twin = lives.get(&seat).is_some_and(|(life, heard)| *life != incarnation && is_there(*heard));
        let channel = if is_twin {
            let (life, channel) = twins.entry(seat).or_insert_with(|| (incarnation, Channel::default()));
            if *life != incarnation {
                (*life, *channel) = (incarnation, Channel::default());
            }
            channel
        } else {
            channels.entry(seat).or_default()
        };
        let answer = channel.hear(side, &self.keys.ring, hello, || self.numbers.draw())?;
        Some((answer, seal::encode_hello(side, &self.keys.ring, &answer)?))
    }

    /// What there is to say to others to come to sessions with them.
    pub(crate) fn speak(&mut self, side: &Side, now: Instant, members: Seats) -> Vec<Said> {
        let (ring, channels) = (&self.keys.ring, &mut self.links.channels);
        for seat in members.iter() {
            channels.entry(seat).or_default().want(now, Duration::from_micros(ELECTION_MICROS));
        }
        let hellos = channels.iter_mut().flat_map(|(seat, channel)| {
            let said = channel.speak(side, ring, now, *seat, || self.numbers.draw());
            said.into_iter().flatten().filter_map(|hello| Some((hello, seal::encode_hello(side, ring, &hello)?)))
        });
        hellos.collect()
    }

    /// Takes nothing under this key any longer.
    pub(crate) fn remove(&mut self, serial: u64) {
        self.keys.remove(serial).expect("it is here, and not used");
        let id = self.keys.id(serial);
        let twins = self.links.twins.values_mut().map(|(_, channel)| channel);
        self.links.channels.values_mut().chain(twins).for_each(|channel| channel.revoke(id));
    }

    /// When there is something to say, if there is.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.links.channels.values().filter_map(|channel| channel.due(&self.keys.ring)).min()
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
