use quorate::{Identity, Seat};

use super::key::Purpose;
use super::tagged::{Sort, Tagged, length};
use super::{HELLO_BITS, KeyId, Ring, Side};
use crate::DecodeError;
use crate::frame::SEAL_BITS;

/// How long a Hello is, in bytes: each as long as its answer. Version, class, key, from and to; founding, life, and the two
/// numbers; the tag.
pub const HELLO: usize = length(2);

const SORT: Sort = Sort { class: HELLO_BITS, kinds: 1 + !SEAL_BITS, purpose: Purpose::Hello };

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
    let Hello { from, to, key, word } = *hello;
    let (kind, mine, yours) = word.parts();
    Tagged { kind, key, from, to, numbers: [mine, yours] }.encode(&SORT, side, ring)
}

/// Reads a Hello to this side.
///
/// # Errors
/// Why the frame is to be dropped.
pub fn decode_hello<const KEYS: usize>(frame: &[u8], side: &Side, ring: &Ring<KEYS>) -> Result<Hello, DecodeError> {
    let read = |kind, [mine, yours]: [u64; 2]| Word::of((kind, mine, yours));
    let (Tagged { from, to, key, .. }, word) = Tagged::decode::<HELLO, KEYS, _>(frame, &SORT, side, ring, read)?;
    Ok(Hello { from, to, key, word })
}
