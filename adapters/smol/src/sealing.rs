use std::collections::BTreeMap;
use std::time::Duration;

use quorate::{Founding, Identity, Instant, Message, Seat, founding};
use quorate_wire::seal::{self, Channel, HELLO, Side};
use quorate_wire::{Cluster, DecodeError, EncodeError, FoundingEnvelope};

use crate::{Keyring, random};

/// How a node seals what it says to others, and opens what they say.
pub(crate) struct Sealing {
    keys: Keyring,
    side: Side,
    channels: BTreeMap<Seat, Channel>,
}

/// A Hello, ready to be sent.
pub(crate) type Hello = [u8; HELLO];

impl Sealing {
    /// Of a node of this cluster, before it knows its founding: it opens no frames of members yet.
    pub(crate) fn new(keys: Keyring, cluster: Cluster, seat: Seat, interval: Duration) -> Sealing {
        let interval_micros = u64::try_from(interval.as_micros()).unwrap_or(u64::MAX);
        let side = Side { cluster, founding: Founding(0), me: seat.into(), interval_micros };
        Sealing { keys, side, channels: BTreeMap::new() }
    }

    /// From now on it is this one, of this founding. It has spoken with no member before.
    pub(crate) fn join(&mut self, founding: Founding, me: Identity) {
        (self.side.founding, self.side.me) = (founding, me);
    }

    /// The frame of a message. None if there is no session yet: one is asked for.
    ///
    /// # Errors
    /// The buffer is too short.
    pub(crate) fn encode<'b>(
        &mut self,
        buffer: &'b mut [u8],
        to: Seat,
        message: &Message<'_>,
    ) -> Result<Option<&'b [u8]>, EncodeError> {
        seal::encode(buffer, &self.side, to, self.channels.entry(to).or_default(), message)
    }

    /// Who has sealed this frame, and the message in it.
    ///
    /// # Errors
    /// Why it is to be dropped.
    pub(crate) fn decode<'f>(
        &mut self,
        frame: &'f mut [u8],
        now: Instant,
    ) -> Result<(Identity, Message<'f>), DecodeError> {
        let channel = self.channels.entry(seal::sender(frame, &self.side)?).or_default();
        seal::decode(frame, &self.side, &*self.keys.ring(), channel, now)
    }

    /// The frame of a founding's message.
    ///
    /// # Errors
    /// The buffer is too short.
    pub(crate) fn encode_founding<'b>(
        &self,
        buffer: &'b mut [u8],
        envelope: &FoundingEnvelope,
        message: &founding::Message,
    ) -> Result<&'b [u8], EncodeError> {
        let number = [random::number(), random::number()];
        seal::encode_founding(buffer, &*self.keys.ring(), envelope, message, number)
    }

    /// Who has sealed this frame of a founding, and the message in it.
    ///
    /// # Errors
    /// Why it is to be dropped.
    pub(crate) fn decode_founding(&self, frame: &mut [u8]) -> Result<(Seat, founding::Message), DecodeError> {
        seal::decode_founding(frame, &*self.keys.ring(), self.side.cluster, self.side.me.seat)
    }

    /// Takes a Hello: what it is answered with, if with anything.
    ///
    /// # Errors
    /// Why it is to be dropped.
    pub(crate) fn hear(&mut self, frame: &[u8]) -> Result<Option<Hello>, DecodeError> {
        let ring = self.keys.ring();
        let hello = seal::decode_hello(frame, &self.side, &*ring)?;
        let channel = self.channels.entry(hello.from.seat).or_default();
        let answer = channel.hear(&self.side, &*ring, &hello, random::number);
        Ok(answer.and_then(|answer| seal::encode_hello(&self.side, &*ring, &answer)))
    }

    /// What there is to say to others to come to sessions with them.
    pub(crate) fn speak(&mut self, now: Instant) -> Vec<(Seat, Hello)> {
        let (ring, side) = (self.keys.ring(), &self.side);
        let hellos = self.channels.iter_mut().flat_map(|(seat, channel)| {
            let said = channel.speak(side, &*ring, now, *seat, random::number);
            said.into_iter().flatten().filter_map(|hello| Some((*seat, seal::encode_hello(side, &*ring, &hello)?)))
        });
        hellos.collect()
    }

    /// When there is something to say, if there is.
    pub(crate) fn due(&self) -> Option<Instant> {
        let ring = self.keys.ring();
        self.channels.values().filter_map(|channel| channel.due(&*ring)).min()
    }
}
