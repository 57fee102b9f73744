use quorate::Seat;
use quorate::founding::Message;

use super::key::Purpose;
use super::session::{TAG, open, seal};
use super::{Key, KeyId, Profile, Ring, SEALED_BITS};
use crate::fields::{self, Fields};
use crate::founding::{self, FoundingEnvelope};
use crate::frame::{self, Class, EncodeError, VERSION};
use crate::{Cluster, DecodeError};

/// Version, class, key, and the number of the frame.
const HEAD: usize = 3 + 16;

/// What a sealed frame of a founding has beside its body, in bytes.
pub const FOUNDING_SEAL: usize = HEAD + TAG;

/// Writes the frame of a founding's message, sealed under the key that is used, to the front of `buffer`, and returns it.
///
/// Stores that are to become a cluster have no sessions yet: each frame has a key of its own, from `number`, which nobody who has
/// the ring's key ever uses twice, in no boot. That it comes again later is no news to a founding: its tokens are there for that.
///
/// # Errors
/// The frame is longer than `buffer`.
pub fn encode_founding<'b, const KEYS: usize>(
    buffer: &'b mut [u8],
    ring: &Ring<KEYS>,
    envelope: &FoundingEnvelope,
    message: &Message,
    number: [u64; 2],
) -> Result<&'b [u8], EncodeError> {
    let error = EncodeError { room: buffer.len() };
    let end = frame::fill(buffer, HEAD, TAG, |body| founding::write_body(envelope, message, body))?;
    let id = ring.used();
    let key = key_of(ring.key(id).ok_or(error)?, number);
    let (head, rest) = buffer.split_first_chunk_mut::<HEAD>().ok_or(error)?;
    frame::fill(head, 0, 0, |out| {
        fields::raw(out, &[VERSION, SEALED_BITS | Class::Founding as u8, id.number()])?;
        number.into_iter().try_for_each(|number| fields::random(out, number))
    })?;
    let (body, rest) = rest.split_at_mut_checked(end - HEAD).ok_or(error)?;
    *rest.first_chunk_mut().ok_or(error)? = seal(&key, Profile::Full, (0, 0), head, body).ok_or(error)?;
    buffer.get(..end + TAG).ok_or(error)
}

/// Opens the sealed frame of a founding's message in place, as [`decode_founding`](crate::decode_founding) reads a plain one.
///
/// # Errors
/// Why the frame is to be dropped.
pub fn decode_founding<const KEYS: usize>(
    frame: &mut [u8],
    ring: &Ring<KEYS>,
    cluster: Cluster,
    me: Seat,
) -> Result<(Seat, Message), DecodeError> {
    let (head, sealed) = frame.split_first_chunk_mut::<HEAD>().ok_or(DecodeError::Length)?;
    let mut fields = Fields::of(head);
    frame::check_version(fields.byte())?;
    let (class, id) = (fields.byte(), fields.byte());
    if class != SEALED_BITS | Class::Founding as u8 {
        return Err(DecodeError::Class(class));
    }
    let number = [fields.random(), fields.random()];
    let id = KeyId::new(id).ok_or(DecodeError::Malformed)?;
    let key = key_of(ring.key(id).ok_or(DecodeError::Sealed(id.number()))?, number);
    let length = open(&key, Profile::Full, (0, 0), head, sealed)?;
    founding::read_body(sealed.get(..length).ok_or(DecodeError::Length)?, cluster, me)
}

/// The key of one frame alone.
fn key_of(key: &Key, number: [u64; 2]) -> Key {
    key.derive(Purpose::Letter, [0; 3], 0, &[number])
}
