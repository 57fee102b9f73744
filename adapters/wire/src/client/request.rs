use quorate::{Change, Index, Seat, Session};
use serde::{Deserialize, Serialize};

use super::change;
use crate::fields::{self, Fields, Writer, numbers};
use crate::frame::{self, Class, EncodeError};
use crate::{Cluster, DecodeError};

/// What a client asks of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Request<'a> {
    /// The cluster that the client means.
    pub cluster: Cluster,
    /// Names the asking process: a number that it draws at random when it starts. The reply echoes it.
    pub client: u64,
    /// Names the request among those of this process. The reply echoes it.
    pub number: u64,
    /// What is asked.
    #[serde(borrow)]
    pub body: RequestBody<'a>,
}

/// The kinds of request. The order of the variants is part of the wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RequestBody<'a> {
    /// Do this, once, however often it is asked.
    Command {
        /// Whose command it is, and which. With sequence 0 it is refused: only `Open` opens a session.
        session: Session,
        /// The application's command, as postcard writes it.
        command: &'a [u8],
    },
    /// Open a session. This is a replicated command as well, of sequence zero.
    Open {
        /// The session's client: unlike [`Request::client`] it may outlive the process.
        client: u64,
        /// The epoch of the client's session whose place the new one is to take; zero if it knows of none.
        epoch: Index,
    },
    /// Answer this from the state.
    Read {
        /// The application's question, as postcard writes it.
        query: &'a [u8],
        /// As of when.
        as_of: AsOf,
    },
    /// How is this node?
    Status,
    /// Which is this node's latest snapshot? If more is applied than it covers, the node takes another one first.
    Snapshot,
    /// A piece of this node's snapshot.
    Piece {
        /// The last index that the snapshot covers.
        index: Index,
        /// The snapshot's CRC-32C.
        check: u32,
        /// Where the piece starts.
        offset: u64,
    },
    /// Who takes part, as this node knows?
    Members,
    /// Let others take part. Only the leader does that, and only while the members are those that the change is meant for:
    /// a copy that comes late, once they have changed, does nothing.
    Change {
        /// The index of the entry that made these members: see [`ReplyBody::Members`](super::ReplyBody::Members).
        since: Index,
        /// What is to change.
        #[serde(borrow)]
        change: Change<'a>,
    },
    /// Hand leadership over. Only the leader does that.
    Transfer {
        /// Who should lead next; `None` for the follower with the most recent log.
        to: Option<Seat>,
    },
}

/// Which state a read is answered from. The order of the variants is part of the wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AsOf {
    /// As of now or later: a majority says so.
    Now,
    /// As this node has it, however old that is.
    Whenever,
    /// As of now or later: the leader's lease says so, if it has one, and else a majority.
    Lease,
}

/// Writes a request's frame to the front of `buffer`, and returns it.
///
/// # Errors
/// The frame is longer than `buffer`.
pub fn encode_request<'b>(buffer: &'b mut [u8], request: &Request<'_>) -> Result<&'b [u8], EncodeError> {
    frame::write(buffer, Class::Request, 0, |out| write(request, out))
}

/// Reads a client's frame, at a node of `cluster`. The work is bounded by the frame's length.
///
/// # Errors
/// Why the frame is to be dropped.
pub fn decode_request(frame: &[u8], cluster: Cluster) -> Result<Request<'_>, DecodeError> {
    let mut fields = Fields::of(frame::open(frame, Class::Request)?);
    let (found, client) = (Cluster(fields.number()), fields.number());
    let request = read(fields, found, client).ok_or(DecodeError::Malformed)?;
    if found != cluster {
        return Err(DecodeError::Cluster);
    }
    Ok(request)
}

fn write(request: &Request<'_>, out: &mut Writer<'_>) -> postcard::Result<()> {
    numbers(out, &[request.cluster.0, request.client])?;
    write_asked(request, out)
}

/// Writes what is asked, and its number, field by field, as serde would with much more code.
pub(crate) fn write_asked(request: &Request<'_>, out: &mut Writer<'_>) -> postcard::Result<()> {
    numbers(out, &[request.number])?;
    match request.body {
        RequestBody::Command { session, command } => {
            numbers(out, &[0, session.client, session.epoch.0, session.sequence])?;
            fields::bytes(out, command)
        }
        RequestBody::Open { client, epoch } => numbers(out, &[1, client, epoch.0]),
        RequestBody::Read { query, as_of } => {
            numbers(out, &[2])?;
            fields::bytes(out, query)?;
            numbers(out, &[as_of as u64])
        }
        RequestBody::Status => numbers(out, &[3]),
        RequestBody::Snapshot => numbers(out, &[4]),
        RequestBody::Piece { index, check, offset } => numbers(out, &[5, index.0, check.into(), offset]),
        RequestBody::Members => numbers(out, &[6]),
        RequestBody::Change { since, change } => {
            numbers(out, &[7, since.0])?;
            change::write(out, &change)
        }
        RequestBody::Transfer { to } => {
            numbers(out, &[8])?;
            fields::seat(out, to)
        }
    }
}

/// The rest of a client's request: its number, and what is asked.
pub(crate) fn read(mut fields: Fields<'_>, cluster: Cluster, client: u64) -> Option<Request<'_>> {
    let number = fields.number();
    let body = match fields.number() {
        0 => RequestBody::Command {
            session: Session { client: fields.number(), epoch: fields.index(), sequence: fields.number() },
            command: fields.bytes(),
        },
        1 => RequestBody::Open { client: fields.number(), epoch: fields.index() },
        2 => {
            let (query, as_of) = (fields.bytes(), fields.number());
            let as_of = *[AsOf::Now, AsOf::Whenever, AsOf::Lease].get(usize::try_from(as_of).ok()?)?;
            RequestBody::Read { query, as_of }
        }
        3 => RequestBody::Status,
        4 => RequestBody::Snapshot,
        5 => RequestBody::Piece { index: fields.index(), check: fields.short(), offset: fields.number() },
        6 => RequestBody::Members,
        7 => RequestBody::Change { since: fields.index(), change: change::read(&mut fields)? },
        8 => RequestBody::Transfer { to: fields.option_of_seat() },
        _ => return None,
    };
    fields.are_complete().then_some(Request { cluster, client, number, body })
}
