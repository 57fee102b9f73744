use core::fmt;
use core::time::Duration;

use quorate::{Identity, Incarnation, Instant, Message, Seat, Seats};

use super::{Channel, Hello, KeyId, Ring, Side, decode_by_any, encode, sender};
use crate::{DecodeError, EncodeError};

/// A node's side of the sealed links to all other seats: a [`Channel`] to each. There is room for `PLACES`, of which every other
/// seat takes one; what is left is for seats of which two lives speak.
///
/// A life that has [spoken](Channels::accept) for a seat keeps its channel for as long as it is there: another one that says
/// Hello meanwhile has a channel of its own, so that it can be told that it is one too many.
///
/// It lives in memory alone. Whoever starts again, or becomes another life, begins with a new one.
pub struct Channels<const PLACES: usize>([Option<Place>; PLACES]);

/// A channel, and whom it is to.
struct Place {
    seat: Seat,
    holder: Holder,
    channel: Channel,
}

/// Which life a channel is to.
#[derive(Clone, Copy)]
enum Holder {
    /// That of the seat, whichever: nothing of it was taken yet.
    Anyone,
    /// The life that speaks for the seat, and when it has spoken last.
    Speaker(Incarnation, Instant),
    /// Another one, while the first is there.
    Twin(Incarnation),
}

/// A life that has spoken for a seat is there for so many intervals.
const THERE_INTERVALS: u32 = 20;

impl<const PLACES: usize> Default for Channels<PLACES> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const PLACES: usize> Channels<PLACES> {
    /// No sessions.
    pub const fn new() -> Channels<PLACES> {
        Channels([const { None }; PLACES])
    }

    /// Writes a message to the seat `to` into a sealed frame at the front of `buffer`, and returns it: what is said to one life
    /// of a seat goes to that one. None if there is no session to seal it under: one is asked for.
    ///
    /// # Errors
    /// As [`encode`].
    pub fn encode<'b>(
        &mut self,
        buffer: &'b mut [u8],
        side: &Side,
        to: Seat,
        message: &Message<'_>,
    ) -> Result<Option<&'b [u8]>, EncodeError> {
        let life = match *message {
            Message::Vote { incarnation, .. } | Message::Configured { incarnation, .. } => Some(incarnation),
            _ => None,
        };
        let twin = life.filter(|life| self.find(|place| place.is_twin_of(to, *life)).is_some());
        let place = self.place(to, twin);
        place.map_or(Ok(None), |place| encode(buffer, side, to, &mut place.channel, message))
    }

    /// Opens a sealed frame to this side in place: who sent it, and the message. A frame opens once.
    ///
    /// # Errors
    /// As [`decode`](super::decode).
    pub fn decode<'f, const KEYS: usize>(
        &mut self,
        frame: &'f mut [u8],
        side: &Side,
        ring: &Ring<KEYS>,
        now: Instant,
    ) -> Result<(Identity, Message<'f>), DecodeError> {
        let from = sender(frame, side)?;
        let mut channels = [None, None];
        for place in self.0.iter_mut().flatten().filter(|place| place.seat == from) {
            let [first, second] = &mut channels;
            let channel = if place.is_twin() { second } else { first };
            *channel = Some(&mut place.channel);
        }
        decode_by_any(frame, side, ring, channels.into_iter().flatten(), now)
    }

    /// This life speaks for its seat from now on: what was opened of it is not refused.
    pub fn accept(&mut self, Identity { seat, incarnation }: Identity, now: Instant) {
        self.promote(seat, incarnation);
        if let Some(place) = self.place(seat, None) {
            place.holder = Holder::Speaker(incarnation, now);
        }
    }

    /// Takes a Hello, and says what it is answered with, if with anything: see [`Channel::hear`]. If there is no room, it is not heard.
    pub fn hear<const KEYS: usize>(
        &mut self,
        side: &Side,
        ring: &Ring<KEYS>,
        hello: &Hello,
        now: Instant,
        number: impl FnOnce() -> u64,
    ) -> Option<Hello> {
        let Identity { seat, incarnation } = hello.from;
        let there = Duration::from_micros(side.interval_micros) * THERE_INTERVALS;
        let is_held = self.0.iter().flatten().any(|place| match place.holder {
            Holder::Speaker(life, heard) => {
                place.seat == seat && life != incarnation && heard <= now && now < heard + there
            }
            _ => false,
        });
        if !is_held {
            self.promote(seat, incarnation);
        }
        let place = self.place(seat, is_held.then_some(incarnation))?;
        place.channel.hear(side, ring, hello, number)
    }

    /// Says what there is to say to come to sessions, with all `others` before there is anything else to say to them, so that
    /// those who follow one leader can elect another one at once: `say` is given the Hellos. Who is not
    /// heard for `patience` though it was spoken to may not hear this side either. `number` is that of [`Channel::speak`].
    pub fn speak<const KEYS: usize>(
        &mut self,
        side: &Side,
        ring: &Ring<KEYS>,
        now: Instant,
        (others, patience): (Seats, Duration),
        mut number: impl FnMut() -> u64,
        mut say: impl FnMut(Hello),
    ) {
        for seat in others.iter().filter(|seat| *seat != side.me.seat) {
            if let Some(place) = self.place(seat, None) {
                place.channel.want(now, patience);
            }
        }
        // A twin asks for itself.
        for Place { seat, channel, .. } in self.0.iter_mut().flatten().filter(|place| !place.is_twin()) {
            let said = channel.speak(side, ring, now, *seat, &mut number);
            said.into_iter().flatten().for_each(&mut say);
        }
    }

    /// When there is something to [say](Channels::speak), if there is.
    pub fn due<const KEYS: usize>(&self, ring: &Ring<KEYS>) -> Option<Instant> {
        let seated = self.0.iter().flatten().filter(|place| !place.is_twin());
        seated.filter_map(|place| place.channel.due(ring)).min()
    }

    /// No session under this key is used any longer: it was removed from the ring.
    pub fn revoke(&mut self, id: KeyId) {
        self.0.iter_mut().flatten().for_each(|place| place.channel.revoke(id));
    }

    /// If this life is a twin, its channel is the seat's from now on, and the other one is gone: one life has no two channels.
    fn promote(&mut self, seat: Seat, life: Incarnation) {
        if self.find(|place| place.is_twin_of(seat, life)).is_some() {
            self.0.iter_mut().for_each(|place| drop(place.take_if(|place| place.is_to(seat, false))));
            let twin = self.0.iter_mut().flatten().find(|place| place.is_to(seat, true));
            twin.into_iter().for_each(|place| place.holder = Holder::Anyone);
        }
    }

    /// Where the channel to a seat is: to whoever speaks for it or, of a twin, to that life. One that is not there takes a place that
    /// is free, or another twin's. None if there is none.
    fn place(&mut self, seat: Seat, twin: Option<Incarnation>) -> Option<&mut Place> {
        let found = self.find(|place| place.is_to(seat, twin.is_some()));
        let at = found.or_else(|| self.0.iter().position(Option::is_none)).or_else(|| self.find(Place::is_twin))?;
        let place = self.0.get_mut(at)?;
        let is_it = place.as_ref().is_some_and(|place| match twin {
            Some(life) => place.is_twin_of(seat, life),
            None => place.is_to(seat, false),
        });
        if !is_it {
            let holder = twin.map_or(Holder::Anyone, Holder::Twin);
            *place = Some(Place { seat, holder, channel: Channel::default() });
        }
        place.as_mut()
    }

    fn find(&self, is_it: impl Fn(&Place) -> bool) -> Option<usize> {
        self.0.iter().position(|place| place.as_ref().is_some_and(&is_it))
    }
}

impl Place {
    fn is_to(&self, seat: Seat, is_twin: bool) -> bool {
        self.seat == seat && self.is_twin() == is_twin
    }

    fn is_twin_of(&self, seat: Seat, life: Incarnation) -> bool {
        self.seat == seat && matches!(self.holder, Holder::Twin(twin) if twin == life)
    }

    fn is_twin(&self) -> bool {
        matches!(self.holder, Holder::Twin(_))
    }
}

impl<const PLACES: usize> fmt::Debug for Channels<PLACES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let channels = self.0.iter().flatten().map(|place| (place.seat, &place.channel));
        f.debug_map().entries(channels).finish()
    }
}
