use ctutils::CtEq;
use quorate::{Founding, Identity, Incarnation, Seat};

use super::key::Purpose;
use super::session::TAG;
use super::{HELLO_BITS, Key, KeyId, Ring, Side};
use crate::DecodeError;
use crate::fields::{self, Fields};
use crate::frame::{self, VERSION};

/// How long a Hello is, in bytes: each as long as its answer. Version, class, key, from and to; founding, life, and the two
/// numbers; the tag.
pub const HELLO: usize = 5 + 4 * 8 + TAG;

/// What two sides say to each other to come to a session. Nothing in it is secret; its tag says that its sender has the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The sender.
    pub from: Identity,
    /// The receiver.
    pub to: Seat,
    /// Under which key of the ring.
    pub key: KeyId,
    /// What is said.
    pub word: Word,
}

/// The kinds of Hello, with numbers of both sides: of whoever says it, and of whoever hears it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Who wants a session says his number.
    Ask(u64),
    /// Who was asked says his own, and that of the question.
    Answer(u64, u64),
    /// The session of these two is here.
    Done(u64, u64),
}

impl Word {
    /// The kind, and the numbers of its sender and its receiver.
    pub(super) fn parts(self) -> (u8, u64, u64) {
        match self {
            Word::Ask(mine) => (0, mine, 0),
            Word::Answer(mine, yours) => (1, mine, yours),
            Word::Done(mine, yours) => (2, mine, yours),
        }
    }

    pub(super) fn of((kind, mine, yours): (u8, u64, u64)) -> Option<Word> {
        match kind {
            0 if yours == 0 => Some(Word::Ask(mine)),
            1 => Some(Word::Answer(mine, yours)),
            2 => Some(Word::Done(mine, yours)),
            _ => None,
        }
    }
}

/// The frame of a Hello. None if the ring has no such key.
pub fn encode_hello<const KEYS: usize>(side: &Side, ring: &Ring<KEYS>, hello: &Hello) -> Option<[u8; HELLO]> {
    let tag = tag(ring.key(hello.key)?, side, hello);
    let (kind, mine, yours) = hello.word.parts();
    let mut frame = [0; HELLO];
    let head = [VERSION, HELLO_BITS | kind, hello.key.number(), hello.from.seat.0, hello.to.0];
    let numbers = [side.founding.0, hello.from.incarnation.0, mine, yours];
    let filled = frame::fill(&mut frame, 0, 0, |out| {
        fields::raw(out, &head)?;
        numbers.into_iter().try_for_each(|number| fields::random(out, number))?;
        fields::raw(out, &tag)
    });
    filled.ok().map(|_| frame)
}

/// Reads a Hello to this side.
///
/// # Errors
/// Why the frame is to be dropped.
pub fn decode_hello<const KEYS: usize>(frame: &[u8], side: &Side, ring: &Ring<KEYS>) -> Result<Hello, DecodeError> {
    let frame: &[u8; HELLO] = frame.try_into().map_err(|_| DecodeError::Length)?;
    let (covered, check) = frame.split_at(HELLO - TAG);
    let mut fields = Fields::of(covered);
    frame::check_version(fields.byte())?;
    let (class, key, from, to) = (fields.byte(), fields.byte(), Seat(fields.byte()), Seat(fields.byte()));
    let [founding, life, mine, yours] = core::array::from_fn(|_| fields.random());
    let kind = class.checked_sub(HELLO_BITS).ok_or(DecodeError::Class(class))?;
    if Founding(founding) != side.founding {
        return Err(DecodeError::Founding);
    }
    if to != side.me.seat {
        return Err(DecodeError::Destination);
    }
    let word = Word::of((kind, mine, yours)).ok_or(DecodeError::Malformed)?;
    let key = KeyId::new(key).ok_or(DecodeError::Malformed)?;
    if Seat::new(from.0).is_none() || from == to {
        return Err(DecodeError::Malformed);
    }
    let hello = Hello { from: Identity { seat: from, incarnation: Incarnation(life) }, to, key, word };
    let tag = tag(ring.key(key).ok_or(DecodeError::Sealed(key.number()))?, side, &hello);
    if tag.as_slice().ct_eq(check).to_bool() { Ok(hello) } else { Err(DecodeError::Tag) }
}

fn tag(key: &Key, side: &Side, hello: &Hello) -> [u8; TAG] {
    let (kind, mine, yours) = hello.word.parts();
    let places = [kind, hello.from.seat.0, hello.to.0];
    let numbers = [[side.founding.0, hello.from.incarnation.0], [mine, yours]];
    key.derive(Purpose::Hello, places, side.cluster.0, &numbers).tag()
}
