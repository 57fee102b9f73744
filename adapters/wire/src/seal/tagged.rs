//! What two seats say to each other before they can seal: nothing in it is secret, and its tag says that its sender has the key.

use ctutils::CtEq;
use quorate::{Founding, Identity, Incarnation, Seat};

use super::key::Purpose;
use super::session::TAG;
use super::{Key, KeyId, Ring, Side};
use crate::DecodeError;
use crate::fields::{self, Fields};
use crate::frame::{self, VERSION};

/// Such a word, with so many numbers of its own, at most four.
pub(super) struct Tagged<const NUMBERS: usize> {
    pub(super) kind: u8,
    /// Under which key of the ring.
    pub(super) key: KeyId,
    pub(super) from: Identity,
    pub(super) to: Seat,
    pub(super) numbers: [u64; NUMBERS],
}

/// Which words these are.
pub(super) struct Sort {
    /// The class of those of kind 0. The others follow.
    pub(super) class: u8,
    /// How many kinds there may be.
    pub(super) kinds: u8,
    pub(super) purpose: Purpose,
}

/// The length of the frame of a word with so many numbers. Version, class, key, from and to; founding, life, and the numbers; the
/// tag.
pub(super) const fn length(numbers: usize) -> usize {
    5 + (2 + numbers) * 8 + TAG
}

impl<const NUMBERS: usize> Tagged<NUMBERS> {
    /// The frame. None if the ring has no such key.
    pub(super) fn encode<const LENGTH: usize, const KEYS: usize>(
        &self,
        sort: &Sort,
        side: &Side,
        ring: &Ring<KEYS>,
    ) -> Option<[u8; LENGTH]> {
        let tag = self.tag(sort, side, ring.key(self.key)?);
        let mut frame = [0; LENGTH];
        let head = [VERSION, sort.class + self.kind, self.key.number(), self.from.seat.0, self.to.0];
        let places = [side.founding.0, self.from.incarnation.0];
        let filled = frame::fill(&mut frame, 0, 0, |out| {
            fields::raw(out, &head)?;
            places.into_iter().chain(self.numbers).try_for_each(|number| fields::random(out, number))?;
            fields::raw(out, &tag)
        });
        filled.ok().map(|_| frame)
    }

    /// Reads the frame of a word to this side, and what `read` makes of its kind and its numbers.
    ///
    /// # Errors
    /// Why it is to be dropped.
    pub(super) fn decode<const LENGTH: usize, const KEYS: usize, W>(
        frame: &[u8],
        sort: &Sort,
        side: &Side,
        ring: &Ring<KEYS>,
        read: impl FnOnce(u8, [u64; NUMBERS]) -> Option<W>,
    ) -> Result<(Tagged<NUMBERS>, W), DecodeError> {
        let frame: &[u8; LENGTH] = frame.try_into().map_err(|_| DecodeError::Length)?;
        let (covered, check) = frame.split_last_chunk::<TAG>().ok_or(DecodeError::Length)?;
        let mut fields = Fields::of(covered);
        frame::check_version(fields.byte())?;
        let (class, key, from, to) = (fields.byte(), fields.byte(), Seat(fields.byte()), Seat(fields.byte()));
        let [founding, life] = core::array::from_fn(|_| fields.random());
        let numbers = core::array::from_fn(|_| fields.random());
        let kind = class.checked_sub(sort.class).filter(|kind| *kind < sort.kinds).ok_or(DecodeError::Class(class))?;
        if Founding(founding) != side.founding {
            return Err(DecodeError::Founding);
        }
        if to != side.me.seat {
            return Err(DecodeError::Destination);
        }
        let word = read(kind, numbers).ok_or(DecodeError::Malformed)?;
        let key = KeyId::new(key).ok_or(DecodeError::Malformed)?;
        if Seat::new(from.0).is_none() || from == to {
            return Err(DecodeError::Malformed);
        }
        let from = Identity { seat: from, incarnation: Incarnation(life) };
        let tagged = Tagged { kind, key, from, to, numbers };
        let tag = tagged.tag(sort, side, ring.key(key).ok_or(DecodeError::Sealed(key.number()))?);
        if tag.ct_eq(check).to_bool() { Ok((tagged, word)) } else { Err(DecodeError::Tag) }
    }

    /// Two numbers go into a block; the last one is filled up with zeros.
    fn tag(&self, sort: &Sort, side: &Side, key: &Key) -> [u8; TAG] {
        const { assert!(NUMBERS <= 4, "there are two blocks for them") };
        let mut blocks = [[side.founding.0, self.from.incarnation.0], [0; 2], [0; 2]];
        let places = blocks.iter_mut().skip(1).flatten();
        places.zip(self.numbers).for_each(|(to, number)| *to = number);
        let places = [self.kind, self.from.seat.0, self.to.0];
        let blocks = blocks.get(..1 + NUMBERS.div_ceil(2)).unwrap_or_default();
        key.derive(sort.purpose, places, side.cluster.0, blocks).tag()
    }
}
