use quorate::{Identity, Seat};

use super::CALL_CLASS;
use crate::DecodeError;
use crate::seal::key::Purpose;
use crate::seal::tagged::{Sort, Tagged, length};
use crate::seal::{KeyId, Ring, Side};

/// How long a word is, in bytes: each as long as its answer. Version, class, key, from and to; founding, life, the two
/// numbers and the counter; the tag.
pub const WORD: usize = length(3);

const SORT: Sort = Sort { class: CALL_CLASS, kinds: 2, purpose: Purpose::Word };

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
    let Word { from, to, key, kind } = *word;
    let (kind, numbers) = kind.parts();
    Tagged { kind, key, from, to, numbers }.encode(&SORT, side, ring)
}

/// Reads a word to this side.
///
/// # Errors
/// Why the frame is to be dropped.
pub fn decode_word<const KEYS: usize>(frame: &[u8], side: &Side, ring: &Ring<KEYS>) -> Result<Word, DecodeError> {
    let read = |kind, numbers| Kind::of((kind, numbers));
    let (Tagged { from, to, key, .. }, kind) = Tagged::decode::<WORD, KEYS, _>(frame, &SORT, side, ring, read)?;
    Ok(Word { from, to, key, kind })
}
