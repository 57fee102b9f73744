use ctutils::CtEq;
use quorate::{Founding, Identity, Incarnation, Seat};

use super::CALL_CLASS;
use crate::DecodeError;
use crate::fields::{self, Fields};
use crate::frame::{self, VERSION};
use crate::seal::key::Purpose;
use crate::seal::session::TAG;
use crate::seal::{Key, KeyId, Ring, Side};

/// How long a word is, in bytes: each as long as its answer. Version, class, key, from and to; founding, life, the two
/// numbers and the counter; the tag.
pub const WORD: usize = 5 + 5 * 8 + TAG;

/// What a listener and a sender say to each other. Nothing in it is secret; its tag says that whoever says it has the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Who says it.
    pub from: Identity,
    /// Who is to hear it.
    pub to: Seat,
    /// Under which key of the ring.
    pub key: KeyId,
    /// What is said.
    pub kind: Kind,
}

/// The kinds of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Who listens says a number.
    Call(u64),
    /// Who was called says what it seals under.
    Notice {
        /// The number.
        number: u64,
        /// That of the Call.
        echo: u64,
        /// The counter of the next frame.
        counter: u64,
    },
}

impl Kind {
    /// The kind, the numbers of who says it and of who hears it, and the counter.
    fn parts(self) -> (u8, [u64; 3]) {
        match self {
            Kind::Call(number) => (0, [number, 0, 0]),
            Kind::Notice { number, echo, counter } => (1, [number, echo, counter]),
        }
    }

    fn of(parts: (u8, [u64; 3])) -> Option<Kind> {
        match parts {
            (0, [number, 0, 0]) => Some(Kind::Call(number)),
            (1, [number, echo, counter]) => Some(Kind::Notice { number, echo, counter }),
            _ => None,
        }
    }
}

/// The frame of a word. None if the ring has no such key.
pub fn encode_word<const KEYS: usize>(side: &Side, ring: &Ring<KEYS>, word: &Word) -> Option<[u8; WORD]> {
    let tag = tag(ring.key(word.key)?, side, word);
    let (kind, [mine, yours, counter]) = word.kind.parts();
    let mut frame = [0; WORD];
    let head = [VERSION, CALL_CLASS + kind, word.key.number(), word.from.seat.0, word.to.0];
    let numbers = [side.founding.0, word.from.incarnation.0, mine, yours, counter];
    let filled = frame::fill(&mut frame, 0, 0, |out| {
        fields::raw(out, &head)?;
        numbers.into_iter().try_for_each(|number| fields::random(out, number))?;
        fields::raw(out, &tag)
    });
    filled.ok().map(|_| frame)
}

/// Reads a word to this side.
///
/// # Errors
/// Why the frame is to be dropped.
pub fn decode_word<const KEYS: usize>(frame: &[u8], side: &Side, ring: &Ring<KEYS>) -> Result<Word, DecodeError> {
    let frame: &[u8; WORD] = frame.try_into().map_err(|_| DecodeError::Length)?;
    let (covered, check) = frame.split_at(WORD - TAG);
    let mut fields = Fields::of(covered);
    frame::check_version(fields.byte())?;
    let (class, key, from, to) = (fields.byte(), fields.byte(), Seat(fields.byte()), Seat(fields.byte()));
    let [founding, life, mine, yours, counter] = core::array::from_fn(|_| fields.random());
    let kind = class.checked_sub(CALL_CLASS).filter(|kind| *kind < 2).ok_or(DecodeError::Class(class))?;
    if Founding(founding) != side.founding {
        return Err(DecodeError::Founding);
    }
    if to != side.me.seat {
        return Err(DecodeError::Destination);
    }
    let kind = Kind::of((kind, [mine, yours, counter])).ok_or(DecodeError::Malformed)?;
    let key = KeyId::new(key).ok_or(DecodeError::Malformed)?;
    if Seat::new(from.0).is_none() || from == to {
        return Err(DecodeError::Malformed);
    }
    let word = Word { from: Identity { seat: from, incarnation: Incarnation(life) }, to, key, kind };
    let tag = tag(ring.key(key).ok_or(DecodeError::Sealed(key.number()))?, side, &word);
    if tag.as_slice().ct_eq(check).to_bool() { Ok(word) } else { Err(DecodeError::Tag) }
}

fn tag(key: &Key, side: &Side, word: &Word) -> [u8; TAG] {
    let (kind, [mine, yours, counter]) = word.kind.parts();
    let places = [kind, word.from.seat.0, word.to.0];
    let numbers = [[side.founding.0, word.from.incarnation.0], [mine, yours], [counter, 0]];
    key.derive(Purpose::Word, places, side.cluster.0, &numbers).tag()
}
