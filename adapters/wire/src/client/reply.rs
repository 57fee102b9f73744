use quorate::{Founding, Index, Members, Rejection, Roster, Seat, Seats, Snapshot, Unchanged};
use serde::{Deserialize, Serialize};

use super::StatusReport;
use super::change::{read_unchanged, write_unchanged};
use crate::DecodeError;
use crate::fields::{self, Fields, Writer, numbers};
use crate::frame::{self, Class, EncodeError};

/// What a node answers to a [`Request`](super::Request).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reply<'a> {
    /// As asked.
    pub client: u64,
    /// As asked.
    pub number: u64,
    /// The node that answers.
    pub from: Seat,
    /// The founding of its cluster; none if it has no cluster yet. A client keeps it, and believes no other from then on.
    pub founding: Option<Founding>,
    /// The answer.
    #[serde(borrow)]
    pub body: ReplyBody<'a>,
}

/// The kinds of answer. The order of the variants is part of the wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ReplyBody<'a> {
    /// A session is open that only whoever asked with this number may use. Its first command has sequence 1.
    Opened {
        /// The session's epoch.
        epoch: Index,
    },
    /// The command was done, by this request or an earlier copy of it.
    Done {
        /// Where in the log the answer was found: a state that is applied up to here knows of the command.
        index: Index,
        /// The application's answer, as postcard writes it.
        answer: &'a [u8],
    },
    /// The question's answer.
    Value {
        /// The index up to which the state was applied.
        index: Index,
        /// The application's answer, as postcard writes it.
        answer: &'a [u8],
    },
    /// Ask the leader. Nothing was done.
    NotLeader {
        /// Who leads, as far as this node knows.
        leader: Option<Seat>,
        /// Where it is reached, in the form that the adapter uses; empty if this node does not know.
        address: &'a str,
    },
    /// Nothing was done, for this reason.
    Refused(Reason),
    /// Leadership was lost, or the node stops, while the command was under way: it may have been done, or be done yet.
    /// Ask again under the same session and sequence.
    Unknown,
    /// Another leader's entry took the command's place: it was not done, and this attempt never will be.
    Superseded,
    /// No such session: it was evicted, or never opened, or another of its client took its place. This attempt did
    /// nothing. An earlier one may have.
    Expired,
    /// The session has gone on: this attempt did nothing. An earlier one may have, and its answer is no longer kept.
    Outdated {
        /// The sequence of the session's latest command.
        last: u64,
    },
    /// How the node is.
    Status(StatusReport),
    /// The node's latest snapshot.
    Snapshot {
        /// Which it is.
        snapshot: Snapshot,
        /// Who took part when it was taken.
        members: Members,
    },
    /// A piece of a snapshot.
    Piece {
        /// Where it starts.
        offset: u64,
        /// As much as the node puts into one frame; nothing at the snapshot's end.
        bytes: &'a [u8],
    },
    /// The client has a session that another process may use, or that the answer to an earlier attempt has opened:
    /// nothing was done. To take its place, ask for a session that names it.
    Held {
        /// The session's epoch.
        epoch: Index,
    },
    /// Another command had this session and sequence: this one was not done, and never will be under them.
    Mismatch,
    /// The configuration in force at this node.
    Members {
        /// The index of the entry that made it; zero for that of the founding.
        since: Index,
        /// Whether it is known to be committed.
        is_settled: bool,
        /// Who leads, as far as this node knows.
        leader: Option<Seat>,
        /// Which learner is to become a voter once it has caught up, or which voter is to go once the others have answered;
        /// only the leader knows.
        pending: Option<Seat>,
        /// Who takes part.
        roster: Roster<'a>,
    },
    /// The change or the transfer was taken up. What becomes of it is seen by asking for the members.
    Taken,
}

/// Why a node did nothing. The order of the variants is part of the wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Reason {
    /// The log has no room until a snapshot frees some. Ask again later.
    Full,
    /// The command's record would be longer than one frame between members can carry.
    TooLarge {
        /// The most bytes that a record may have, its overhead and session included.
        limit: u32,
    },
    /// The command cannot be encoded again for the log.
    Unencodable,
    /// Leadership is being handed over. Ask again in a moment.
    InTransfer,
    /// The bytes are not a command or question of this application: does the client run another version?
    Malformed,
    /// The node stops. Ask another one.
    Stopping,
    /// As many commands or reads wait at this node as it has room for. Ask again in a moment.
    Busy,
    /// The node has no such snapshot, or not any longer; or it could not write one.
    NoSnapshot,
    /// A command has sequence 0, which opens a session: the first command of a session has sequence 1.
    Unnumbered,
    /// Nothing was ever done in the cluster, which waits for these members; none are named while it is being founded.
    Founding {
        /// Whom it waits for.
        waits_for: Seats,
    },
    /// The node's store is no member of a cluster.
    NoMember,
    /// There is nobody who could take leadership over.
    NoTarget,
    /// The members are not changed so.
    Unchanged(Unchanged),
    /// The change was meant for other members than there are now. It may be an earlier copy of it that has changed them: see
    /// who takes part.
    Outdated,
    /// The client's key has no rights to this, or was taken back.
    Forbidden,
}

impl Reason {
    /// Why the node refused a client's input; `None` if its leader is to be asked instead.
    pub fn of(rejection: Rejection) -> Option<Reason> {
        match rejection {
            Rejection::NotLeader { .. } | Rejection::Behind => None,
            Rejection::Founding { waits_for } => Some(Reason::Founding { waits_for }),
            Rejection::Full => Some(Reason::Full),
            Rejection::TooLarge { limit } => Some(Reason::TooLarge { limit: limit as u32 }),
            Rejection::Unencodable => Some(Reason::Unencodable),
            Rejection::InTransfer | Rejection::BadSnapshot => Some(Reason::InTransfer),
            Rejection::NoTarget => Some(Reason::NoTarget),
            Rejection::Unchanged(reason) => Some(Reason::Unchanged(reason)),
        }
    }
}

/// Writes a reply's frame to the front of `buffer`, and returns it.
///
/// # Errors
/// The frame is longer than `buffer`.
pub fn encode_reply<'b>(buffer: &'b mut [u8], reply: &Reply<'_>) -> Result<&'b [u8], EncodeError> {
    frame::write(buffer, Class::Reply, 0, |out| write(reply, out))
}

/// Reads a node's answer, at the client that asked with this [`Request::client`](super::Request::client). The work is
/// bounded by the frame's length.
///
/// # Errors
/// Why the frame is to be dropped. An answer to another client is [`DecodeError::Destination`].
pub fn decode_reply(frame: &[u8], client: u64) -> Result<Reply<'_>, DecodeError> {
    let mut fields = Fields::of(frame::open(frame, Class::Reply)?);
    let asker = fields.number();
    let reply = read(fields, asker).ok_or(DecodeError::Malformed)?;
    if asker != client {
        return Err(DecodeError::Destination);
    }
    Ok(reply)
}

fn write(reply: &Reply<'_>, out: &mut Writer<'_>) -> postcard::Result<()> {
    numbers(out, &[reply.client])?;
    write_answered(reply, out)
}

/// Writes what is answered, and to which request, field by field, as serde would with much more code.
pub(crate) fn write_answered(reply: &Reply<'_>, out: &mut Writer<'_>) -> postcard::Result<()> {
    numbers(out, &[reply.number])?;
    fields::raw(out, &[reply.from.0])?;
    fields::founding(out, reply.founding)?;
    match &reply.body {
        ReplyBody::Opened { epoch } => numbers(out, &[0, epoch.0]),
        ReplyBody::Done { index, answer } => {
            numbers(out, &[1, index.0])?;
            fields::bytes(out, answer)
        }
        ReplyBody::Value { index, answer } => {
            numbers(out, &[2, index.0])?;
            fields::bytes(out, answer)
        }
        ReplyBody::NotLeader { leader, address } => {
            numbers(out, &[3])?;
            fields::seat(out, *leader)?;
            fields::bytes(out, address.as_bytes())
        }
        ReplyBody::Refused(reason) => match reason {
            Reason::Full => numbers(out, &[4, 0]),
            Reason::TooLarge { limit } => numbers(out, &[4, 1, (*limit).into()]),
            Reason::Unencodable => numbers(out, &[4, 2]),
            Reason::InTransfer => numbers(out, &[4, 3]),
            Reason::Malformed => numbers(out, &[4, 4]),
            Reason::Stopping => numbers(out, &[4, 5]),
            Reason::Busy => numbers(out, &[4, 6]),
            Reason::NoSnapshot => numbers(out, &[4, 7]),
            Reason::Unnumbered => numbers(out, &[4, 8]),
            Reason::Founding { waits_for } => numbers(out, &[4, 9, waits_for.0.into()]),
            Reason::NoMember => numbers(out, &[4, 10]),
            Reason::NoTarget => numbers(out, &[4, 11]),
            Reason::Unchanged(reason) => {
                numbers(out, &[4, 12])?;
                write_unchanged(out, *reason)
            }
            Reason::Outdated => numbers(out, &[4, 13]),
            Reason::Forbidden => numbers(out, &[4, 14]),
        },
        ReplyBody::Unknown => numbers(out, &[5]),
        ReplyBody::Superseded => numbers(out, &[6]),
        ReplyBody::Expired => numbers(out, &[7]),
        ReplyBody::Outdated { last } => numbers(out, &[8, *last]),
        ReplyBody::Status(report) => {
            numbers(out, &[9])?;
            report.write(out)
        }
        ReplyBody::Snapshot { snapshot, members } => {
            numbers(out, &[10])?;
            fields::snapshot(out, snapshot)?;
            fields::members(out, members)
        }
        ReplyBody::Piece { offset, bytes } => {
            numbers(out, &[11, *offset])?;
            fields::bytes(out, bytes)
        }
        ReplyBody::Held { epoch } => numbers(out, &[12, epoch.0]),
        ReplyBody::Mismatch => numbers(out, &[13]),
        ReplyBody::Members { since, is_settled, leader, pending, roster } => {
            numbers(out, &[14, since.0, (*is_settled).into()])?;
            fields::seat(out, *leader)?;
            fields::seat(out, *pending)?;
            fields::bytes(out, roster.bytes())
        }
        ReplyBody::Taken => numbers(out, &[15]),
    }
}

/// The rest of a reply to this client.
pub(crate) fn read(mut fields: Fields<'_>, client: u64) -> Option<Reply<'_>> {
    let (number, from) = (fields.number(), fields.seat());
    let founding = fields.founding();
    let body = match fields.number() {
        0 => ReplyBody::Opened { epoch: fields.index() },
        1 => ReplyBody::Done { index: fields.index(), answer: fields.bytes() },
        2 => ReplyBody::Value { index: fields.index(), answer: fields.bytes() },
        3 => ReplyBody::NotLeader { leader: fields.option_of_seat(), address: fields.text() },
        4 => ReplyBody::Refused(match fields.number() {
            0 => Reason::Full,
            1 => Reason::TooLarge { limit: fields.short() },
            2 => Reason::Unencodable,
            3 => Reason::InTransfer,
            4 => Reason::Malformed,
            5 => Reason::Stopping,
            6 => Reason::Busy,
            7 => Reason::NoSnapshot,
            8 => Reason::Unnumbered,
            9 => Reason::Founding { waits_for: Seats(fields.short()) },
            10 => Reason::NoMember,
            11 => Reason::NoTarget,
            12 => Reason::Unchanged(read_unchanged(&mut fields)?),
            13 => Reason::Outdated,
            14 => Reason::Forbidden,
            _ => return None,
        }),
        5 => ReplyBody::Unknown,
        6 => ReplyBody::Superseded,
        7 => ReplyBody::Expired,
        8 => ReplyBody::Outdated { last: fields.number() },
        9 => ReplyBody::Status(StatusReport::read(&mut fields)),
        10 => ReplyBody::Snapshot { snapshot: fields.snapshot(), members: fields.members() },
        11 => ReplyBody::Piece { offset: fields.number(), bytes: fields.bytes() },
        12 => ReplyBody::Held { epoch: fields.index() },
        13 => ReplyBody::Mismatch,
        14 => ReplyBody::Members {
            since: fields.index(),
            is_settled: fields.flag(),
            leader: fields.option_of_seat(),
            pending: fields.option_of_seat(),
            roster: fields.roster()?,
        },
        15 => ReplyBody::Taken,
        _ => return None,
    };
    fields.are_complete().then_some(Reply { client, number, from, founding, body })
}
