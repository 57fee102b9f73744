//! A sealed frame that has a counter: its places, the low bytes of its counter, what is sealed, and the tag.

use super::session::{TAG, seal};
use super::{Key, Profile};
use crate::DecodeError;
use crate::fields::Writer;
use crate::frame::{self, EncodeError};

/// Where the places have the mark, in each.
pub(super) const MARK_PLACE: usize = 2;

/// Writes a body behind a head with so many places: where it ends.
pub(super) fn fill(
    buffer: &mut [u8],
    profile: Profile,
    places: usize,
    body: impl FnOnce(&mut Writer<'_>) -> postcard::Result<()>,
) -> Result<usize, EncodeError> {
    frame::fill(buffer, places + profile.counter(), profile.tag(), body)
}

/// Seals the body that ends there, and writes head and tag around it: the frame.
pub(super) fn close<'b>(
    buffer: &'b mut [u8],
    profile: Profile,
    key: &Key,
    places: &[u8],
    (from, counter): (u8, u64),
    end: usize,
) -> Result<&'b [u8], EncodeError> {
    let error = EncodeError { room: buffer.len() };
    let before = places.len() + profile.counter();
    let (head, rest) = buffer.split_at_mut_checked(before).ok_or(error)?;
    let written = places.iter().copied().chain(counter.to_le_bytes());
    head.iter_mut().zip(written).for_each(|(to, byte)| *to = byte);
    let (body, rest) = rest.split_at_mut_checked(end - before).ok_or(error)?;
    let tag: [u8; TAG] = seal(key, profile, (from, counter), head, body).ok_or(error)?;
    rest.iter_mut().zip(tag).take(profile.tag()).for_each(|(to, byte)| *to = byte);
    buffer.get(..end + profile.tag()).ok_or(error)
}

/// The head of a frame, what it has of the counter, and what is sealed, with its tag.
type Parts<'f> = (&'f [u8], &'f [u8], &'f mut [u8]);

/// Takes a frame apart whose head has so many places.
pub(super) fn parts(frame: &mut [u8], profile: Profile, places: usize) -> Result<Parts<'_>, DecodeError> {
    let (head, sealed) = frame.split_at_mut_checked(places + profile.counter()).ok_or(DecodeError::Length)?;
    let low = head.get(places..).ok_or(DecodeError::Length)?;
    Ok((head, low, sealed))
}
