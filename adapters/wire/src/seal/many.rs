//! One sealed frame to many: on a line that all share, or by multicast.
//!
//! A sender draws a number, and seals for all under a key that this makes of the one that all have. Whoever listens asks
//! it for that number by a [Call](Kind::Call), and is told it by a [Notice](Kind::Notice), with the counter of the next
//! frame: nothing opens that was sealed before, and what opens does so once. No session is needed for that, and nothing of
//! it is durable. The protocol is specified and searched in `tests/spec/MANY.md`; the bytes stand in WIRE.md.
//!
//! Who is to hear it all is for the host to know, and what to do where a frame is lost: the first ones after a start are
//! lost to each. [`seal::Form`](super::Form) does not know these frames: ask [`Form`] first.
//!
//! ```rust
//! use quorate::{Founding, Instant, Message, Seat, Term};
//! use quorate_wire::{Cluster, DecodeError};
//! use quorate_wire::seal::many::{Broadcast, Listener, decode, decode_word, encode, encode_word};
//! use quorate_wire::seal::{Key, KeyId, Profile, Ring, Side};
//!
//! let ring = Ring::<1>::new(KeyId::new(1).expect("0 to 15"), Key::new([7; 32])); // 32 random bytes, the same for all
//! let (cluster, founding, interval_micros) = (Cluster(1), Founding(42), 50_000);
//! let side = |seat| Side { cluster, founding, me: Seat(seat).into(), interval_micros, profile: Profile::Bus };
//! let (one, other, now) = (side(1), side(2), Instant::START);
//! let (mut broadcast, mut listener) = (Broadcast::default(), Listener::default());
//! let message = Message::CampaignNow { term: Term(7) };
//! let (mut buffer, number) = ([0; 1200], || 0x5678); // a number that is never drawn again
//!
//! // The listener does not know under which number it is sealed: it asks.
//! let length = encode(&mut buffer, &one, &ring, &mut broadcast, &message, number).expect("1,200 bytes hold it").len();
//! assert_eq!(decode(&mut buffer[..length], &other, &ring, &mut listener, now), Err(DecodeError::Session));
//! let call = listener.speak(&other, &ring, now, Seat(1), || 0x1234).expect("it calls");
//! let call = encode_word(&other, &ring, &call).expect("the key is here");
//!
//! let call = decode_word(&call, &one, &ring).expect("it has the key");
//! let notice = broadcast.hear(&one, &call, number).expect("a Call is answered");
//! let notice = encode_word(&one, &ring, &notice).expect("the key is here");
//! listener.hear(&decode_word(&notice, &other, &ring).expect("it has the key"));
//!
//! let length = encode(&mut buffer, &one, &ring, &mut broadcast, &message, number).expect("1,200 bytes hold it").len();
//! let opened = decode(&mut buffer[..length], &other, &ring, &mut listener, now);
//! assert_eq!(opened, Ok((Seat(1).into(), message)));
//! ```

mod broadcast;
mod frame;
mod listener;
mod word;

use quorate::Identity;

pub use self::broadcast::Broadcast;
pub use self::frame::{decode, encode, sender};
pub use self::listener::Listener;
pub use self::word::{Kind, WORD, Word, decode_word, encode_word};
use super::key::Purpose;
use super::profile::BUS_BITS;
use super::{HELLO_BITS, Key, REFUSAL_KIND, SEALED_BITS, Side};
use crate::frame::VERSION;

/// Which of the frames that are for many it is, as its header claims: which decoder to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Sealed for all: see [`decode`].
    Frame,
    /// A [`Word`].
    Word,
}

impl Form {
    /// Looks at two bytes. None if it is another frame.
    pub fn of(frame: &[u8]) -> Option<Form> {
        match *frame {
            [VERSION, SEALED_MANY | BUS_MANY, ..] => Some(Form::Frame),
            [VERSION, CALL_CLASS | NOTICE_CLASS, ..] => Some(Form::Word),
            _ => None,
        }
    }
}

/// What a frame is sealed under: nobody else, and no other life of this seat, makes this key of that number.
fn key_of(key: &Key, side: &Side, Identity { seat, incarnation }: Identity, number: u64) -> Key {
    let numbers = [[side.founding.0, incarnation.0], [number, 0]];
    key.derive(Purpose::Many, [seat.0, 0, 0], side.cluster.0, &numbers)
}

/// From one member to all: in the class byte, below the bits of the seal.
const MANY_CLASS: u8 = 4;

const SEALED_MANY: u8 = SEALED_BITS | MANY_CLASS;
const BUS_MANY: u8 = BUS_BITS | MANY_CLASS;
const CALL_CLASS: u8 = HELLO_BITS | (REFUSAL_KIND + 1);
const NOTICE_CLASS: u8 = CALL_CLASS + 1;
