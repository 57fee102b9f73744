use core::time::Duration;

use quorate::{Founding, Identity, Instant, Message, Seat, Seats, founding};
use quorate_wire::client::{KeyReport, Reason, Reply, Request};
use quorate_wire::seal::client::{self, ClientChannel, ClientKey, Guests};
use quorate_wire::seal::{
    self, Channels, Form, Hello, KeyId, Name, Numbers, Profile, Refusal, Rights, Ring, RingError, Side,
};
use quorate_wire::{Class, Cluster, DecodeError, EncodeError, FoundingEnvelope};

pub(crate) use quorate_wire::seal::client::SessionNumber;

use crate::wait::Wait;

/// How a station seals what it says over its lines, and opens what it hears.
pub(crate) struct Sealing<const SEATS: usize, const CLIENTS: usize> {
    ring: Ring<KEYS>,
    side: Side,
    numbers: Numbers,
    /// One more than there are others: that of another life.
    channels: Channels<SEATS>,
    guests: Guests<CLIENTS>,
    /// How this station's own app is a client of whoever leads.
    leader: Option<Seat>,
    key: Option<ClientKey>,
    channel: ClientChannel,
    /// Before then no client is told again that a frame of it was not taken.
    tells: Instant,
}

/// How many keys a station holds: one that is used, and one that takes its place or has made way.
pub const KEYS: usize = 2;

/// A member that is not heard for so many heartbeats, though it was spoken to, may not hear this station either.
const PATIENCE_INTERVALS: u32 = 16;

/// What a frame was.
pub(crate) enum Heard<'b> {
    /// One of this class, which is to be opened.
    Frame(Class),
    /// One about sessions, and what is said to it.
    Answer(&'b [u8]),
    /// The same, and this station's app can be heard by whoever leads.
    Session(&'b [u8]),
    /// One about sessions.
    Nothing,
}

impl<const SEATS: usize, const CLIENTS: usize> Sealing<SEATS, CLIENTS> {
    /// Of a station that does not know its founding: it opens no frames of members yet.
    #[inline(never)]
    pub(crate) fn new(
        ring: Ring<KEYS>,
        profile: Profile,
        cluster: Cluster,
        (me, seed): (Seat, u64),
        interval: Wait,
    ) -> Self {
        let mut numbers = Numbers::new(&ring, me, seed);
        let (founding, interval_micros) = (Founding(0), interval.micros());
        let side = Side { cluster, founding, me: me.into(), interval_micros, profile };
        Sealing {
            key: own_key(&ring, cluster, me),
            guests: Guests::new(numbers.draw_key()),
            ring,
            side,
            numbers,
            channels: Channels::new(),
            leader: None,
            channel: ClientChannel::default(),
            tells: Instant::START,
        }
    }

    /// From now on it is this one, of this founding. It has spoken with no member before.
    pub(crate) fn join(&mut self, founding: Founding, me: Identity) {
        (self.side.founding, self.side.me) = (founding, me);
    }

    /// Takes keys as [`Ring::install`] does.
    pub(crate) fn install(&mut self, id: KeyId, key: seal::Key) -> Result<(), RingError> {
        self.ring.install(id, key)
    }

    /// Uses a key as [`Ring::use_key`] does.
    pub(crate) fn use_key(&mut self, id: KeyId) -> Result<(), RingError> {
        self.ring.use_key(id)?;
        self.key = own_key(&self.ring, self.side.cluster, self.side.me.seat);
        self.channel = ClientChannel::default();
        Ok(())
    }

    /// Uses the key that the members have said to use, if it is here.
    pub(crate) fn follow(&mut self, key: KeyId) {
        if key != self.ring.used() {
            // Which one is missing, the station says: see `Station::lacks_key`.
            let _ = self.use_key(key);
        }
    }

    /// Whether this key is here.
    pub(crate) fn has(&self, id: KeyId) -> bool {
        self.ring.key(id).is_some()
    }

    /// The keys that are here, for a status.
    pub(crate) fn report(&self) -> KeyReport {
        self.ring.report()
    }

    /// Removes a key as [`Ring::remove`] does, and all sessions that were made of it.
    pub(crate) fn remove(&mut self, id: KeyId) -> Result<(), RingError> {
        self.ring.remove(id)?;
        self.channels.revoke(id);
        self.guests.revoke(id);
        Ok(())
    }

    /// What a frame is. One about sessions is taken; `room` is for what is said to it.
    ///
    /// # Errors
    /// It is to be dropped; so is what is not sealed.
    pub(crate) fn hear<'b>(
        &mut self,
        frame: &[u8],
        now: Instant,
        room: &'b mut [u8],
    ) -> Result<Heard<'b>, DecodeError> {
        let Sealing { ring, side, numbers, .. } = self;
        match Form::of(frame)? {
            Form::Plain(_) => Err(DecodeError::Plain),
            Form::Sealed(class) => Ok(Heard::Frame(class)),
            Form::Hello => {
                let hello = seal::decode_hello(frame, side, ring)?;
                let answer = self.channels.hear(side, ring, &hello, now, || numbers.draw());
                let answer = answer.and_then(|answer| seal::encode_hello(side, ring, &answer));
                Ok(answer.and_then(|answer| put(room, &answer)).map_or(Heard::Nothing, Heard::Answer))
            }
            Form::ClientHello => {
                let done = self.key.as_ref().and_then(|key| self.channel.hear(frame, key));
                if let Some(done) = done {
                    return Ok(put(room, &done).map_or(Heard::Nothing, Heard::Session));
                }
                let answer = self.guests.hear(frame, side.cluster, ring, now, |_| true)?;
                Ok(answer.and_then(|answer| put(room, &answer)).map_or(Heard::Nothing, Heard::Answer))
            }
            Form::Refusal => {
                // Whoever says so: it only has this station ask sooner.
                self.channel.turned_away();
                Ok(Heard::Nothing)
            }
        }
    }

    /// What is said to whoever has sent this frame, which is dropped: a client that could do something about it is told, once
    /// in an interval.
    pub(crate) fn refuse<'b>(
        &mut self,
        frame: &[u8],
        error: DecodeError,
        now: Instant,
        room: &'b mut [u8],
    ) -> Option<&'b [u8]> {
        let form = Form::of(frame);
        let is_of_client =
            matches!(form, Ok(Form::Plain(Class::Request) | Form::Sealed(Class::Request) | Form::ClientHello));
        let refusal = Refusal::of(frame, error).filter(|_| is_of_client && now >= self.tells)?;
        self.tells = now + Duration::from_micros(self.side.interval_micros);
        put(room, &refusal.encode())
    }

    /// What there is to say to come to sessions with the other members.
    pub(crate) fn speak(&mut self, now: Instant, members: Seats, mut say: impl FnMut(Seat, &[u8])) {
        let Sealing { ring, side, numbers, .. } = self;
        let patience = Duration::from_micros(side.interval_micros) * PATIENCE_INTERVALS;
        let hello = |hello: Hello| {
            seal::encode_hello(side, ring, &hello).into_iter().for_each(|frame| say(hello.to, &frame));
        };
        self.channels.speak(side, ring, now, (members, patience), || numbers.draw(), hello);
    }

    /// When there is something to say, if there is.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.channels.due(&self.ring)
    }

    pub(crate) fn encode<'b>(
        &mut self,
        room: &'b mut [u8],
        to: Seat,
        message: &Message<'_>,
    ) -> Result<Option<&'b [u8]>, EncodeError> {
        self.channels.encode(room, &self.side, to, message)
    }

    pub(crate) fn decode<'f>(
        &mut self,
        frame: &'f mut [u8],
        now: Instant,
    ) -> Result<(Identity, Message<'f>), DecodeError> {
        self.channels.decode(frame, &self.side, &self.ring, now)
    }

    /// This life speaks for its seat from now on.
    pub(crate) fn accept(&mut self, from: Identity, now: Instant) {
        self.channels.accept(from, now);
    }

    pub(crate) fn encode_founding<'b>(
        &mut self,
        room: &'b mut [u8],
        envelope: &FoundingEnvelope,
        message: &founding::Message,
    ) -> Result<&'b [u8], EncodeError> {
        let number = [self.numbers.draw(), self.numbers.draw()];
        seal::encode_founding(room, &self.ring, envelope, message, number)
    }

    pub(crate) fn decode_founding(&self, frame: &mut [u8]) -> Result<(Seat, founding::Message), DecodeError> {
        seal::decode_founding(frame, &self.ring, self.side.cluster, self.side.me.seat)
    }

    /// Which client has sealed this request, what it asks, and why it is not to have it, if it has no rights to it.
    pub(crate) fn decode_request<'f>(
        &mut self,
        frame: &'f mut [u8],
        now: Instant,
    ) -> Result<(SessionNumber, Request<'f>, Option<Reason>), DecodeError> {
        let (session, guest, request) =
            client::decode_request(frame, self.side.cluster, &self.ring, &mut self.guests, now)?;
        let forbidden = (!guest.rights.allow(&request.body)).then_some(Reason::Forbidden);
        Ok((session, request, forbidden))
    }

    pub(crate) fn encode_reply<'b>(
        &mut self,
        room: &'b mut [u8],
        session: SessionNumber,
        reply: &Reply<'_>,
    ) -> Result<Option<&'b [u8]>, EncodeError> {
        client::encode_reply(room, &mut self.guests, session, reply)
    }

    /// What is to be said so that whoever leads can hear this station's app, if it is time.
    pub(crate) fn ask<'b>(&mut self, leader: Seat, now: Instant, room: &'b mut [u8]) -> Option<&'b [u8]> {
        if self.leader.replace(leader) != Some(leader) {
            self.channel = ClientChannel::default();
        }
        let Sealing { key, channel, numbers, side, .. } = self;
        let ask = channel.speak(key.as_ref()?, now, side.interval_micros, || numbers.draw())?;
        put(room, &ask)
    }

    /// Whether whoever leads can hear this station's app.
    pub(crate) fn is_ready(&mut self, now: Instant) -> bool {
        self.key.as_ref().is_some_and(|key| self.channel.is_ready(key, now))
    }

    /// Before then nothing can be asked of whoever leads.
    pub(crate) fn ready_at(&self) -> Instant {
        self.channel.asks_at(self.side.interval_micros)
    }

    /// What is to be said before a request, if anything is.
    pub(crate) fn done<'b>(&self, room: &'b mut [u8]) -> Option<&'b [u8]> {
        put(room, &self.channel.done(self.key.as_ref()?)?)
    }

    pub(crate) fn encode_request<'b>(
        &mut self,
        room: &'b mut [u8],
        now: Instant,
        request: &Request<'_>,
    ) -> Result<Option<&'b [u8]>, EncodeError> {
        let Some(key) = &self.key else { return Ok(None) };
        client::encode_request(room, key, &mut self.channel, now, request)
    }

    pub(crate) fn decode_reply<'f>(&mut self, frame: &'f mut [u8], boot: u64) -> Result<Reply<'f>, DecodeError> {
        client::decode_reply(frame, &mut self.channel, boot)
    }
}

/// The key by which a station's own app is a client of whoever leads: it may read and write.
fn own_key(ring: &Ring<KEYS>, cluster: Cluster, Seat(number): Seat) -> Option<ClientKey> {
    let name = [b's', b'e', b'a', b't', b'-', b'0' + number / 10 % 10, b'0' + number % 10];
    let name: Name = str::from_utf8(&name).ok()?.parse().ok()?;
    ClientKey::of(ring, ring.used(), cluster, name, Rights::Write)
}

/// Writes a short frame to the front of `room`.
fn put<'b>(room: &'b mut [u8], frame: &[u8]) -> Option<&'b [u8]> {
    let place = room.get_mut(..frame.len())?;
    place.iter_mut().zip(frame).for_each(|(to, byte)| *to = *byte);
    Some(place)
}
