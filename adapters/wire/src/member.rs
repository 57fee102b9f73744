use quorate::{Founding, Identity, Incarnation, Message, Roster, Seat};
use serde::{Deserialize, Serialize};

use crate::fields::{self, Fields};
use crate::frame::{self, CHECK, Class, EncodeError, HEADER};
use crate::{DecodeError, life, message};

/// Which cluster is meant by those who cannot know its [`Founding`] yet, as clients and stores before it: a number that
/// the operator gives to all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cluster(pub u64);

/// What stands before every message between members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Envelope {
    /// The founding of both.
    pub founding: Founding,
    /// The sender.
    pub from: Seat,
    /// The receiver.
    pub to: Seat,
    /// The sender's incarnation.
    #[serde(with = "life")]
    pub incarnation: Incarnation,
}

/// The most bytes that a frame with an `AppendEntries` has beside the bytes of its entries: for frames of n bytes, give
/// the core n - `MEMBER_OVERHEAD_MAX` bytes for entries. A piece of a snapshot, which is at most as long, takes less
/// beside it.
pub const MEMBER_OVERHEAD_MAX: usize = HEADER + ENVELOPE_MAX + APPEND_ENTRIES_MAX + CHECK;

/// The most bytes of a frame that carries neither entries nor a piece of a snapshot, as long as its roster is no longer
/// than that of a founding: no member's frame may be limited to less. A longer roster is in force only if a frame holds
/// it: see [`Roster::MARGIN`].
pub const MEMBER_FRAME_MIN: usize = HEADER + ENVELOPE_MAX + OFFER_MAX + 1 + FOUNDING_ROSTER_MAX + CHECK;

/// Writes a message's frame to the front of `buffer`, and returns it. Entries are copied once, as their records stand.
///
/// # Errors
/// The frame is longer than `buffer`. That does not happen if the core packs messages for its length: see
/// [`MEMBER_OVERHEAD_MAX`].
pub fn encode<'b>(buffer: &'b mut [u8], envelope: &Envelope, message: &Message<'_>) -> Result<&'b [u8], EncodeError> {
    let Envelope { founding, from, to, incarnation } = *envelope;
    let records = match message {
        Message::AppendEntries { entries, .. } => entries.bytes(),
        _ => &[],
    };
    frame::write(buffer, Class::Member, records.len(), |body| {
        fields::random(body, founding.0)?;
        fields::raw(body, &[from.0, to.0])?;
        fields::incarnation(body, incarnation)?;
        message::write_head(message, body)?;
        // Without records, their length is the last field.
        if records.is_empty() { message::write_tail(message, body) } else { fields::raw(body, records) }
    })
}

/// Reads a member's frame, at the seat `me` of the cluster of this founding: who sent it, and the message, which borrows
/// its entries.
///
/// The work is bounded by the frame's length. Every record is checked. Whether the sender is a member, and in which
/// incarnation, is for the core to judge.
///
/// # Errors
/// Why the frame is to be dropped.
pub fn decode(frame: &[u8], founding: Founding, me: Seat) -> Result<(Identity, Message<'_>), DecodeError> {
    let (body, records) = frame::open_with_records(frame, Class::Member)?;
    let mut fields = Fields::before(records, body);
    let (meant, seat, to) = (fields.random(), Seat(fields.byte()), Seat(fields.byte()));
    let incarnation = fields.incarnation();
    if !fields.are_sound() {
        return Err(DecodeError::Malformed);
    }
    // Before the message is looked at: a foreign cluster may well speak a later version.
    if meant != founding.0 {
        return Err(DecodeError::Founding);
    }
    if to != me {
        return Err(DecodeError::Destination);
    }
    let message = message::read(&mut fields).ok_or(DecodeError::Malformed)?;
    Ok((Identity { seat, incarnation }, message))
}

/// Postcard's longest varint of a `u64`.
const U64_MAX: usize = 10;

/// The same of a `u32`: checks.
const U32_MAX: usize = 5;

/// The longest varint of a term or an index: both end at 62 bits.
const COUNT_MAX: usize = 9;

/// Founding, from, to, incarnation.
pub(crate) const ENVELOPE_MAX: usize = 8 + 1 + 1 + 1 + 8;

/// The longest length of entries or of a roster: it is below 2^21 in any frame.
const LENGTH_MAX: usize = 3;

/// Variant, term, stamp, previous position, commit, what the leader inherited, and the length of the entries.
const APPEND_ENTRIES_MAX: usize = 1 + COUNT_MAX + U64_MAX + 2 * COUNT_MAX + 2 * COUNT_MAX + LENGTH_MAX;

/// Variant, term, stamp, two snapshots (position, length, check), what the leader inherited, and since when the members
/// take part. The roster comes behind its length.
const OFFER_MAX: usize = 1 + COUNT_MAX + U64_MAX + 2 * (2 * COUNT_MAX + U64_MAX + U32_MAX) + COUNT_MAX + COUNT_MAX;

/// The roster of a founding: what stands before the members, and a byte for each, since there are no addresses.
const FOUNDING_ROSTER_MAX: usize = Roster::bytes_max(0, 0) + Seat::COUNT_MAX;

const _: () = assert!(
    OFFER_MAX + LENGTH_MAX <= APPEND_ENTRIES_MAX + Roster::MARGIN,
    "a roster that the core takes for short enough fits into no offer"
);
