use std::time::Duration;

use quorate::{Founding, Identity, Instant, Message, Seat, Seats, founding};
use quorate_wire::client::{Reply, Request};
use quorate_wire::seal::client::{CLIENT_HELLO, Guest, Guests, SessionNumber, decode_request, encode_reply};
use quorate_wire::seal::{self, Channels, HELLO, KeyId, Profile, Side};
use quorate_wire::{DecodeError, EncodeError, FoundingEnvelope};

use crate::keyring::KEYS;
use crate::{Keyring, ServerConfig, random};

/// The most clients' sessions that there is room for: one that was silent for long makes way.
const SESSIONS: usize = 1024;

/// How a node seals what it says to others, and opens what they say.
pub(crate) struct Sealing {
    keys: Keyring,
    side: Side,
    /// A member that is not heard for so long, though it was spoken to, may not hear this node either.
    patience: Duration,
    channels: Box<Channels<PLACES>>,
    guests: Box<Guests<SESSIONS>>,
    /// The removals of keys of which it knows.
    removals: [u32; KEYS],
}

/// Two channels for each seat that there can be: another life may speak for it as well.
const PLACES: usize = 64;

/// A Hello, ready to be sent.
pub(crate) type Hello = [u8; HELLO];

impl Sealing {
    /// Of a node that is run so, with these keys, before it knows its founding: it opens no frames of members yet.
    pub(crate) fn new(keys: Keyring, config: &ServerConfig) -> Sealing {
        let ServerConfig { cluster, seat, heartbeat_interval, election_timeout, .. } = *config;
        let interval_micros = u64::try_from(heartbeat_interval.as_micros()).unwrap_or(u64::MAX);
        let side = Side { cluster, founding: Founding(0), me: seat.into(), interval_micros, profile: Profile::Full };
        let (guests, removals) = (Box::new(Guests::new(random::key())), keys.keys().removals);
        Sealing { keys, side, patience: election_timeout, channels: Box::default(), guests, removals }
    }

    /// From now on it is this one, of this founding. It has spoken with no member before; clients begin anew, as its clock
    /// does.
    pub(crate) fn join(&mut self, founding: Founding, me: Identity) {
        (self.side.founding, self.side.me) = (founding, me);
        *self.guests = Guests::new(random::key());
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
        self.revoke();
        self.channels.encode(buffer, &self.side, to, message)
    }

    /// The seat that this frame claims to be from.
    ///
    /// # Errors
    /// Why it is to be dropped.
    pub(crate) fn sender(&self, frame: &[u8]) -> Result<Seat, DecodeError> {
        seal::sender(frame, &self.side)
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
        self.revoke();
        self.channels.decode(frame, &self.side, &self.keys.keys().ring, now)
    }

    /// This life speaks for its seat from now on.
    pub(crate) fn accept(&mut self, from: Identity, now: Instant) {
        self.channels.accept(from, now);
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
        seal::encode_founding(buffer, &self.keys.keys().ring, envelope, message, number)
    }

    /// Who has sealed this frame of a founding, and the message in it.
    ///
    /// # Errors
    /// Why it is to be dropped.
    pub(crate) fn decode_founding(&self, frame: &mut [u8]) -> Result<(Seat, founding::Message), DecodeError> {
        seal::decode_founding(frame, &self.keys.keys().ring, self.side.cluster, self.side.me.seat)
    }

    /// Takes a Hello: what it is answered with, if with anything.
    ///
    /// # Errors
    /// Why it is to be dropped.
    pub(crate) fn hear(&mut self, frame: &[u8], now: Instant) -> Result<Option<Hello>, DecodeError> {
        self.revoke();
        let keys = self.keys.keys();
        let hello = seal::decode_hello(frame, &self.side, &keys.ring)?;
        let answer = self.channels.hear(&self.side, &keys.ring, &hello, now, random::number);
        Ok(answer.and_then(|answer| seal::encode_hello(&self.side, &keys.ring, &answer)))
    }

    /// What there is to say to others to come to sessions with them: with members, before there is anything else to say, so that
    /// those who follow one leader can elect another one at once.
    pub(crate) fn speak(&mut self, now: Instant, members: Seats) -> Vec<(Seat, Hello)> {
        self.revoke();
        let (keys, mut hellos) = (self.keys.keys(), Vec::new());
        let side = &self.side;
        let say = |hello: seal::Hello| {
            hellos.extend(seal::encode_hello(side, &keys.ring, &hello).map(|frame| (hello.to, frame)));
        };
        self.channels.speak(side, &keys.ring, now, (members, self.patience), random::number, say);
        hellos
    }

    /// Nothing is opened or sealed under keys that were removed: looked at for each frame, as another key may have the same number.
    fn revoke(&mut self) {
        let removals = self.keys.keys().removals;
        if removals == self.removals {
            return;
        }
        let before = std::mem::replace(&mut self.removals, removals);
        let is_removed = |id: &KeyId| before[usize::from(id.number())] != removals[usize::from(id.number())];
        for id in (0..KeyId::COUNT).filter_map(KeyId::new).filter(is_removed) {
            self.channels.revoke(id);
            self.guests.revoke(id);
        }
    }

    /// When there is something to say, if there is.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.channels.due(&self.keys.keys().ring)
    }

    /// Takes a client's Hello: what it is answered with, if with anything.
    ///
    /// # Errors
    /// Why it is to be dropped.
    pub(crate) fn hear_client(
        &mut self,
        frame: &[u8],
        now: Instant,
    ) -> Result<Option<[u8; CLIENT_HELLO]>, DecodeError> {
        self.revoke();
        let keys = self.keys.keys();
        self.guests.hear(frame, self.side.cluster, &keys.ring, now, |name| keys.admit(name))
    }

    /// Which client has sealed this request, and the request in it.
    ///
    /// # Errors
    /// Why it is to be dropped.
    pub(crate) fn decode_request<'f>(
        &mut self,
        frame: &'f mut [u8],
        now: Instant,
    ) -> Result<(SessionNumber, Guest, Request<'f>), DecodeError> {
        self.revoke();
        let keys = self.keys.keys();
        let (session, guest, request) = decode_request(frame, self.side.cluster, &keys.ring, &mut self.guests, now)?;
        if keys.admit(guest.name) {
            Ok((session, guest, request))
        } else {
            Err(DecodeError::Sealed(session.key().number()))
        }
    }

    /// The frame of a reply to a client. None if its session is not there any more.
    ///
    /// # Errors
    /// The buffer is too short.
    pub(crate) fn encode_reply<'b>(
        &mut self,
        buffer: &'b mut [u8],
        session: SessionNumber,
        reply: &Reply<'_>,
    ) -> Result<Option<&'b [u8]>, EncodeError> {
        self.revoke();
        encode_reply(buffer, &mut self.guests, session, reply)
    }
}

#[cfg(test)]
mod tests;
