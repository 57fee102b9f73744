//! Sealed frames: encrypted, and made by nobody who does not have the key.
//!
//! Each pair of seats comes to a session by a [`Hello`], for which both draw a number; a frame between members is sealed
//! under a session's key, so that what was recorded before either side started anew means nothing. Nothing of this is
//! durable, and nothing here allocates. The protocol is specified and searched in `tests/spec/SEAL.md`; the bytes stand in
//! WIRE.md. Clients have keys and sessions of another kind: see [`client`]. On a line that all share, one frame can be for
//! all of them: see [`many`].
//!
//! A key that is shared by all does not tell one member from another: whoever has it can pose as each of them. And whoever
//! gets hold of it later can read what was recorded with the Hellos before it.
//!
//! ```rust
//! use quorate::{Founding, Instant, Message, Seat, Term};
//! use quorate_wire::Cluster;
//! use quorate_wire::seal::{Channel, Key, KeyId, Profile, Ring, Side, decode, decode_hello, encode, encode_hello};
//!
//! let ring = || Ring::<1>::new(KeyId::new(1).expect("0 to 15"), Key::new([7; 32])); // 32 random bytes, the same for all
//! let (cluster, founding, interval_micros) = (Cluster(1), Founding(42), 50_000);
//! let profile = Profile::Full; // or that of a bus: its frames are 10 bytes shorter
//! let side = |seat| Side { cluster, founding, me: Seat(seat).into(), interval_micros, profile };
//! let (one, other, ring, now) = (side(1), side(2), ring(), Instant::START);
//! let (mut to_other, mut to_one) = (Channel::default(), Channel::default());
//! let message = Message::CampaignNow { term: Term(7) };
//! let mut buffer = [0; 1200];
//!
//! // There is no session yet: the channel wants one, and says so.
//! assert_eq!(encode(&mut buffer, &one, Seat(2), &mut to_other, &message), Ok(None));
//! let [_, ask] = to_other.speak(&one, &ring, now, Seat(2), || 0x1234); // a number that is never drawn again
//! let ask = encode_hello(&one, &ring, &ask.expect("it asks")).expect("the key is here");
//!
//! // Each side answers what it hears.
//! let ask = decode_hello(&ask, &other, &ring).expect("its sender has the key");
//! let answer = to_one.hear(&other, &ring, &ask, || 0x5678).expect("a question is answered");
//! let done = to_other.hear(&one, &ring, &answer, || unreachable!()).expect("the session is there");
//! let here = to_one.hear(&other, &ring, &done, || unreachable!()).expect("it is here as well");
//! assert_eq!(to_other.hear(&one, &ring, &here, || unreachable!()), None);
//!
//! let frame = encode(&mut buffer, &one, Seat(2), &mut to_other, &message);
//! let length = frame.expect("1,200 bytes hold it").expect("there is a session").len();
//! let frame = &mut buffer[..length];
//! assert_eq!(decode(frame, &other, &ring, &mut to_one, now), Ok((Seat(1).into(), message)));
//! ```

mod channel;
mod channels;
pub mod client;
mod founding;
mod hello;
mod key;
pub mod many;
mod member;
mod name;
mod numbers;
mod profile;
mod refusal;
mod rights;
mod ring;
mod sealed;
mod session;
mod tagged;
mod window;

pub use quorate::KeyId;
use quorate::{Founding, Identity, Instant};

pub use self::channel::Channel;
pub use self::channels::Channels;
pub use self::founding::{FOUNDING_SEAL, decode_founding, encode_founding};
pub use self::hello::{HELLO, Hello, Word, decode_hello, encode_hello};
pub use self::key::Key;
pub use self::member::{decode, decode_by_any, encode, sender};
pub use self::name::{Name, NameError};
pub use self::numbers::Numbers;
use self::profile::BUS_BITS;
pub use self::profile::Profile;
pub use self::refusal::{REFUSAL, Refusal};
pub use self::rights::{Rights, RightsError};
pub use self::ring::{Ring, RingError};
use crate::frame::SEAL_BITS;
use crate::{Class, Cluster, DecodeError};

/// Who a node is: what goes into each key of its sealed links beside the key that is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    /// The cluster that all of them were told to be of.
    pub cluster: Cluster,
    /// The founding of that cluster.
    pub founding: Founding,
    /// This node.
    pub me: Identity,
    /// A side says nothing of its own accord more often than once in so many microseconds: a heartbeat interval, say.
    pub interval_micros: u64,
    /// What the seal of a frame takes: the same at both ends of each link.
    pub profile: Profile,
}

impl Side {
    /// Whether it is not that time yet, an interval at most being left. If more is, the clock has jumped back since.
    fn is_within_interval(&self, time: Instant, now: Instant) -> bool {
        now < time && time <= self.interval_after(now)
    }

    fn interval_after(&self, now: Instant) -> Instant {
        Instant::from_micros(now.as_micros().saturating_add(self.interval_micros))
    }
}

/// What a frame is, as its header claims: which decoder to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Plain, of this class.
    Plain(Class),
    /// Sealed, of this class; between members by either [`Profile`].
    Sealed(Class),
    /// A [`Hello`].
    Hello,
    /// A Hello between a client and a node: see [`client`].
    ClientHello,
    /// A [`Refusal`].
    Refusal,
}

impl Form {
    /// Looks at two bytes: nothing is opened yet.
    ///
    /// # Errors
    /// [`DecodeError::Length`], [`DecodeError::Version`] or [`DecodeError::Class`].
    pub fn of(frame: &[u8]) -> Result<Form, DecodeError> {
        match (Class::of(frame), frame.get(1)) {
            (Err(DecodeError::Sealed(_)), Some(class)) => match class & SEAL_BITS {
                SEALED_BITS => Class::of_bits(class & !SEAL_BITS).map(Form::Sealed),
                BUS_BITS if class & !SEAL_BITS == Class::Member as u8 => Ok(Form::Sealed(Class::Member)),
                HELLO_BITS => match class & !SEAL_BITS {
                    ..CLIENT_KIND => Ok(Form::Hello),
                    CLIENT_KIND..REFUSAL_KIND => Ok(Form::ClientHello),
                    REFUSAL_KIND => Ok(Form::Refusal),
                    _ => Err(DecodeError::Class(*class)),
                },
                _ => Err(DecodeError::Class(*class)),
            },
            (class, _) => class.map(Form::Plain),
        }
    }
}

/// In the class byte: the body is sealed.
const SEALED_BITS: u8 = 0b0100_0000;

/// In the class byte: a Hello, whose kind takes the other bits.
const HELLO_BITS: u8 = 0b1100_0000;

/// The first of the kinds of Hello between clients and nodes.
const CLIENT_KIND: u8 = 3;

/// Behind the kinds of Hello.
const REFUSAL_KIND: u8 = 6;
