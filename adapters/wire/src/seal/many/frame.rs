use quorate::{Identity, Instant, Message, Seat};

use super::{Broadcast, Listener, MANY_CLASS, key_of};
use crate::fields::Fields;
use crate::frame::{self, EncodeError, VERSION};
use crate::seal::ring::mark_of;
use crate::seal::sealed::{self, MARK_PLACE};
use crate::seal::{KeyId, Ring, Side};
use crate::{DecodeError, message};

/// Version, class, key and number, from. The counter follows.
const PLACES: usize = 4;

/// Writes a message to all who listen into a sealed frame at the front of `buffer`, and returns it. `number` draws a number that
/// this side has never drawn before, in no boot; it is asked for one at the first frame, and if ever 2^40 were sealed under another.
///
/// # Errors
/// The frame is longer than `buffer`. It is a byte shorter than one to a single member.
pub fn encode<'b, const KEYS: usize>(
    buffer: &'b mut [u8],
    side: &Side,
    ring: &Ring<KEYS>,
    broadcast: &mut Broadcast,
    message: &Message<'_>,
    number: impl FnOnce() -> u64,
) -> Result<&'b [u8], EncodeError> {
    let error = EncodeError { room: buffer.len() };
    let (profile, from, id) = (side.profile, side.me.seat, ring.used());
    let end = sealed::fill(buffer, profile, PLACES, |body| message::write(message, body))?;
    let key = ring.key(id).ok_or(error)?;
    let (number, counter) = broadcast.next(number);
    let places = [VERSION, profile.bits() | MANY_CLASS, mark_of(id, number), from.0];
    sealed::close(buffer, profile, &key_of(key, side, side.me, number), &places, (from.0, counter), end)
}

/// The seat that a frame to all claims to be from. Whoever reads it decodes it with the listener to that seat.
///
/// # Errors
/// Why the frame is to be dropped.
pub fn sender(frame: &[u8], side: &Side) -> Result<Seat, DecodeError> {
    let [version, class, _, from, ..] = *frame else { return Err(DecodeError::Length) };
    frame::check_version(version)?;
    if class != side.profile.bits() | MANY_CLASS {
        return Err(DecodeError::Class(class));
    }
    Seat::new(from).filter(|from| *from != side.me.seat).ok_or(DecodeError::Malformed)
}

/// Opens a frame to all in place: who sent it, and the message, which borrows its entries. A frame opens once.
///
/// The work is bounded by the frame's length, and nothing has changed before the frame has opened, but that the listener
/// may call.
///
/// # Errors
/// Why the frame is to be dropped.
pub fn decode<'f, const KEYS: usize>(
    frame: &'f mut [u8],
    side: &Side,
    ring: &Ring<KEYS>,
    listener: &mut Listener,
    now: Instant,
) -> Result<(Identity, Message<'f>), DecodeError> {
    let seat = sender(frame, side)?;
    let (head, low, sealed) = sealed::parts(frame, side.profile, PLACES)?;
    let mark = head.get(MARK_PLACE).copied().ok_or(DecodeError::Length)?;
    let id = KeyId::of_bits(mark);
    let key = ring.key(id).ok_or(DecodeError::Sealed(id.number()))?;
    let (incarnation, length) = listener.open(side, key, now, (seat, mark, low), head, sealed)?;
    let body = sealed.get(..length).ok_or(DecodeError::Length)?;
    let message = message::read(&mut Fields::of(body)).ok_or(DecodeError::Malformed)?;
    Ok((Identity { seat, incarnation }, message))
}
