use quorate::Instant;

use super::guests::frame_name;
use super::{ClientChannel, ClientKey, Guest, Guests, Sender, SessionNumber};
use crate::client::{Reply, Request};
use crate::fields::Fields;
use crate::frame::{self, Class, EncodeError, VERSION};
use crate::seal::sealed;
use crate::seal::session::Session;
use crate::seal::{KeyId, Profile, Ring, SEALED_BITS};
use crate::{Cluster, DecodeError, client};

/// Version, class, name of the session.
const PLACES: usize = 6;

/// Writes a request's sealed frame to the front of `buffer`, and returns it. None if there is no session to seal it under:
/// the channel [asks](ClientChannel::speak) for one. Cluster and client are not in it: the session is of these two.
/// Before the frame, [this](ClientChannel::done) is to be said.
///
/// # Errors
/// The frame is longer than `buffer`.
pub fn encode_request<'b>(
    buffer: &'b mut [u8],
    key: &ClientKey,
    channel: &mut ClientChannel,
    now: Instant,
    request: &Request<'_>,
) -> Result<Option<&'b [u8]>, EncodeError> {
    let end = sealed::fill(buffer, Profile::Full, PLACES, |body| client::write_asked(request, body))?;
    let Some((session, counter)) = channel.sealing(key, now) else { return Ok(None) };
    let name = frame_name(session, session.yours);
    seal(buffer, end, (Class::Request, Sender::Client), name, session, counter).map(Some)
}

/// Opens a client's sealed frame in place: in which session, of which client, and what it asks. A frame opens once. Nothing
/// has changed before it has opened.
///
/// The request's client is named by a number that it drew for the session. Whether the client is still admitted, and has
/// [rights](crate::seal::Rights::allow) to what it asks, is not looked at here.
///
/// # Errors
/// Why the frame is to be dropped: [`DecodeError::Sealed`] if the key of its session is not in the ring any more,
/// [`DecodeError::Session`] if the session is not there, [`DecodeError::Tag`], [`DecodeError::Repeated`] or
/// [`DecodeError::Malformed`].
pub fn decode_request<'f, const KEYS: usize, const SESSIONS: usize>(
    frame: &'f mut [u8],
    cluster: Cluster,
    ring: &Ring<KEYS>,
    guests: &mut Guests<SESSIONS>,
    now: Instant,
) -> Result<(SessionNumber, Guest, Request<'f>), DecodeError> {
    let (place, header, sealed) = parts(frame, Class::Request)?;
    let id = KeyId::of_bits(place.0 as u8);
    ring.key(id).ok_or(DecodeError::Sealed(id.number()))?;
    let (session, guest, client, length) = guests.open(now, place, header, sealed)?;
    let body = sealed.get(..length).ok_or(DecodeError::Length)?;
    let request = client::read_asked(Fields::of(body), cluster, client).ok_or(DecodeError::Malformed)?;
    Ok((session, guest, request))
}

/// Writes the sealed frame of a reply to a request of this session to the front of `buffer`, and returns it. None if the
/// session is not there any more: the client asks again.
///
/// # Errors
/// The frame is longer than `buffer`.
pub fn encode_reply<'b, const SESSIONS: usize>(
    buffer: &'b mut [u8],
    guests: &mut Guests<SESSIONS>,
    session: SessionNumber,
    reply: &Reply<'_>,
) -> Result<Option<&'b [u8]>, EncodeError> {
    let end = sealed::fill(buffer, Profile::Full, PLACES, |body| client::write_answered(reply, body))?;
    let Some((session, counter)) = guests.sealing(session) else { return Ok(None) };
    let name = frame_name(session, session.mine);
    seal(buffer, end, (Class::Reply, Sender::Node), name, session, counter).map(Some)
}

/// Opens a node's sealed answer in place, to the client of this number. A frame opens once, under the channel's session or the
/// one before it.
///
/// # Errors
/// Why the frame is to be dropped.
pub fn decode_reply<'f>(
    frame: &'f mut [u8],
    channel: &mut ClientChannel,
    client: u64,
) -> Result<Reply<'f>, DecodeError> {
    let (place, header, sealed) = parts(frame, Class::Reply)?;
    let length = channel.open(place, header, sealed)?;
    let body = sealed.get(..length).ok_or(DecodeError::Length)?;
    client::read_answered(Fields::of(body), client).ok_or(DecodeError::Malformed)
}

/// Writes head and tag around a body that stands in its place.
fn seal<'b, With>(
    buffer: &'b mut [u8],
    end: usize,
    (class, sender): (Class, Sender),
    name: u32,
    session: &Session<With>,
    counter: u64,
) -> Result<&'b [u8], EncodeError> {
    let [a, b, c, d] = name.to_le_bytes();
    let places = [VERSION, SEALED_BITS | class as u8, a, b, c, d];
    sealed::close(buffer, Profile::Full, session.key(), &places, (sender as u8, counter), end)
}

/// The name of the session in a sealed reply.
pub(super) fn name_of(frame: &[u8]) -> Option<u32> {
    let [_, class, a, b, c, d, ..] = *frame else { return None };
    (class == SEALED_BITS | Class::Reply as u8).then(|| u32::from_le_bytes([a, b, c, d]))
}

/// The session's name and the counter; the head; and what is sealed.
type Parts<'f> = ((u32, &'f [u8]), &'f [u8], &'f mut [u8]);

fn parts(frame: &mut [u8], expected: Class) -> Result<Parts<'_>, DecodeError> {
    let (head, low, sealed) = sealed::parts(frame, Profile::Full, PLACES)?;
    let &[version, class, a, b, c, d] = head.first_chunk().ok_or(DecodeError::Length)?;
    frame::check_version(version)?;
    if class != SEALED_BITS | expected as u8 {
        return Err(DecodeError::Class(class));
    }
    Ok(((u32::from_le_bytes([a, b, c, d]), low), head, sealed))
}
