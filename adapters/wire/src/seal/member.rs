use quorate::{Identity, Instant, Message, Seat};

use super::sealed::{self, MARK_PLACE};
use super::{Channel, KeyId, Profile, Ring, Side};
use crate::fields::Fields;
use crate::frame::{self, CHECK, Class, EncodeError, HEADER, VERSION};
use crate::member::ENVELOPE_MAX;
use crate::{DecodeError, message};

/// Version, class, key and session, from, to. The counter follows.
const PLACES: usize = 5;

const _: () = {
    let overhead = PLACES + Profile::Full.counter() + Profile::Full.tag();
    assert!(overhead <= HEADER + ENVELOPE_MAX + CHECK, "a sealed frame may be longer than a plain one may be");
};

/// Writes a message to the seat `to` into a sealed frame at the front of `buffer`, and returns it. None if there is no
/// session to seal it under: the channel [asks](Channel::speak) for one.
///
/// # Errors
/// The frame is longer than `buffer`. It is at most as long as a plain one may be: see
/// [`MEMBER_OVERHEAD_MAX`](crate::MEMBER_OVERHEAD_MAX).
pub fn encode<'b>(
    buffer: &'b mut [u8],
    side: &Side,
    to: Seat,
    channel: &mut Channel,
    message: &Message<'_>,
) -> Result<Option<&'b [u8]>, EncodeError> {
    let (profile, from) = (side.profile, side.me.seat);
    let end = sealed::fill(buffer, profile, PLACES, |body| message::write(message, body))?;
    let Some((session, counter)) = channel.sealing() else { return Ok(None) };
    let places = [VERSION, profile.bits() | Class::Member as u8, session.mark(), from.0, to.0];
    sealed::close(buffer, profile, session.key(), &places, (from.0, counter), end).map(Some)
}

/// The seat that a sealed frame to this side claims to be from. Whoever reads it decodes it with the channel to that seat.
///
/// # Errors
/// Why the frame is to be dropped.
pub fn sender(frame: &[u8], side: &Side) -> Result<Seat, DecodeError> {
    let [version, class, _, from, to, ..] = *frame else { return Err(DecodeError::Length) };
    frame::check_version(version)?;
    if class != side.profile.bits() | Class::Member as u8 {
        return Err(DecodeError::Class(class));
    }
    if Seat(to) != side.me.seat {
        return Err(DecodeError::Destination);
    }
    Seat::new(from).filter(|from| *from != side.me.seat).ok_or(DecodeError::Malformed)
}

/// Opens a sealed frame to this side in place: who sent it, and the message, which borrows its entries. A frame opens once.
///
/// The work is bounded by the frame's length, and nothing has changed before the frame has opened, but that the channel
/// may ask for another session.
///
/// # Errors
/// Why the frame is to be dropped.
pub fn decode<'f, const KEYS: usize>(
    frame: &'f mut [u8],
    side: &Side,
    ring: &Ring<KEYS>,
    channel: &mut Channel,
    now: Instant,
) -> Result<(Identity, Message<'f>), DecodeError> {
    decode_by_any(frame, side, ring, [channel], now)
}

/// The same, of a seat of which several lives speak, with a channel for each: the first that opens the frame has it. If none
/// does, the first says why.
///
/// # Errors
/// Why the frame is to be dropped.
pub fn decode_by_any<'f, 'c, const KEYS: usize>(
    frame: &'f mut [u8],
    side: &Side,
    ring: &Ring<KEYS>,
    channels: impl IntoIterator<Item = &'c mut Channel>,
    now: Instant,
) -> Result<(Identity, Message<'f>), DecodeError> {
    let seat = sender(frame, side)?;
    let (head, low, sealed) = sealed::parts(frame, side.profile, PLACES)?;
    let mark = head.get(MARK_PLACE).copied().ok_or(DecodeError::Length)?;
    let key = KeyId::of_bits(mark);
    ring.key(key).ok_or(DecodeError::Sealed(key.number()))?;
    let mut opened = Err(None);
    for channel in channels {
        match (channel.open(side, now, (seat, mark, low), head, sealed), opened) {
            (Ok(found), _) => {
                opened = Ok(found);
                break;
            }
            (Err(error), Err(None)) => opened = Err(Some(error)),
            _ => {}
        }
    }
    let (incarnation, length) = opened.map_err(|refusal| refusal.unwrap_or(DecodeError::Session))?;
    let body = sealed.get(..length).ok_or(DecodeError::Length)?;
    let message = message::read(&mut Fields::of(body)).ok_or(DecodeError::Malformed)?;
    Ok((Identity { seat, incarnation }, message))
}
