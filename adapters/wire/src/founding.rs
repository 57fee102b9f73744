use quorate::founding::{Message, Standing, Terms};
use quorate::{Charter, Founding, Least, Seat};
use serde::{Deserialize, Serialize};

use crate::fields::{self, Fields, Writer, numbers};
use crate::frame::{self, Class, EncodeError};
use crate::{Cluster, DecodeError};

/// What stands before every message between stores that are to become a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FoundingEnvelope {
    /// The cluster that both were told to be of.
    pub cluster: Cluster,
    /// The sender.
    pub from: Seat,
    /// The receiver, or [`ANYBODY`].
    pub to: Seat,
}

/// In the place of a receiver's seat: whoever is there. A store that does not know yet who takes part asks so
/// [where](Message::Where) its cluster is.
pub const ANYBODY: Seat = Seat(255);

/// Writes the frame of a founding's message to the front of `buffer`, and returns it.
///
/// # Errors
/// The frame is longer than `buffer`. That does not happen if it has room for
/// [`MEMBER_FRAME_MIN`](crate::MEMBER_FRAME_MIN).
pub fn encode_founding<'b>(
    buffer: &'b mut [u8],
    envelope: &FoundingEnvelope,
    message: &Message,
) -> Result<&'b [u8], EncodeError> {
    frame::write(buffer, Class::Founding, 0, |body| write_body(envelope, message, body))
}

/// Reads the frame of a founding's message to the seat `me` of `cluster`, or to [`ANYBODY`]: who sent it, and what. The
/// work is bounded by the frame's length.
///
/// # Errors
/// Why the frame is to be dropped.
pub fn decode_founding(frame: &[u8], cluster: Cluster, me: Seat) -> Result<(Seat, Message), DecodeError> {
    read_body(frame::open(frame, Class::Founding)?, cluster, me)
}

pub(crate) fn write_body(envelope: &FoundingEnvelope, message: &Message, out: &mut Writer<'_>) -> postcard::Result<()> {
    let FoundingEnvelope { cluster, from, to } = *envelope;
    numbers(out, &[cluster.0])?;
    fields::raw(out, &[from.0, to.0])?;
    write(message, out)
}

pub(crate) fn read_body(body: &[u8], cluster: Cluster, me: Seat) -> Result<(Seat, Message), DecodeError> {
    let mut fields = Fields::of(body);
    let (meant, from, to) = (fields.number(), Seat(fields.byte()), Seat(fields.byte()));
    if !fields.are_sound() {
        return Err(DecodeError::Malformed);
    }
    // Before the message is looked at: another cluster may well speak a later version.
    if meant != cluster.0 {
        return Err(DecodeError::Cluster);
    }
    if to != me && to != ANYBODY {
        return Err(DecodeError::Destination);
    }
    let message = read(&mut fields).filter(|_| fields.are_complete());
    Ok((from, message.ok_or(DecodeError::Malformed)?))
}

fn write(message: &Message, out: &mut Writer<'_>) -> postcard::Result<()> {
    match *message {
        Message::Who { founding, terms } => {
            numbers(out, &[0])?;
            fields::random(out, founding.0)?;
            write_terms(out, &terms)
        }
        Message::Where { token, terms } => {
            numbers(out, &[1])?;
            fields::random(out, token)?;
            write_terms(out, &terms)
        }
        Message::Prepare { founding, token } => {
            numbers(out, &[2])?;
            fields::random(out, founding.0)?;
            fields::random(out, token)
        }
        Message::Answer { echo, standing } => {
            numbers(out, &[3])?;
            fields::random(out, echo)?;
            write_standing(out, &standing)
        }
    }
}

fn write_standing(out: &mut Writer<'_>, standing: &Standing) -> postcard::Result<()> {
    match *standing {
        Standing::Ready { token, least, prepared } => {
            numbers(out, &[0])?;
            fields::random(out, token)?;
            write_least(out, &least)?;
            fields::founding(out, prepared)
        }
        Standing::Abstains => numbers(out, &[1]),
        Standing::Differs(terms) => {
            numbers(out, &[2])?;
            write_terms(out, &terms)
        }
        Standing::Complete(Charter { founding, members, least }) => {
            numbers(out, &[3])?;
            fields::random(out, founding.0)?;
            fields::members(out, &members)?;
            write_least(out, &least)
        }
    }
}

fn write_terms(out: &mut Writer<'_>, terms: &Terms) -> postcard::Result<()> {
    fields::members(out, &terms.members)?;
    fields::snapshot(out, &terms.snapshot)
}

fn write_least(out: &mut Writer<'_>, least: &Least) -> postcard::Result<()> {
    let Least { log_bytes, election_micros, features } = *least;
    numbers(out, &[log_bytes.into(), election_micros.into(), features.0.into()])
}

fn read(fields: &mut Fields<'_>) -> Option<Message> {
    Some(match fields.number() {
        0 => Message::Who { founding: Founding(fields.random()), terms: read_terms(fields) },
        1 => Message::Where { token: fields.random(), terms: read_terms(fields) },
        2 => Message::Prepare { founding: Founding(fields.random()), token: fields.random() },
        3 => Message::Answer { echo: fields.random(), standing: read_standing(fields)? },
        _ => return None,
    })
}

fn read_standing(fields: &mut Fields<'_>) -> Option<Standing> {
    Some(match fields.number() {
        0 => Standing::Ready { token: fields.random(), least: read_least(fields), prepared: fields.founding() },
        1 => Standing::Abstains,
        2 => Standing::Differs(read_terms(fields)),
        3 => Standing::Complete(Charter {
            founding: Founding(fields.random()),
            members: fields.members(),
            least: read_least(fields),
        }),
        _ => return None,
    })
}

fn read_terms(fields: &mut Fields<'_>) -> Terms {
    Terms { members: fields.members(), snapshot: fields.snapshot() }
}

fn read_least(fields: &mut Fields<'_>) -> Least {
    Least { log_bytes: fields.short(), election_micros: fields.short(), features: fields.features() }
}
