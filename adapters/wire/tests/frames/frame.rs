use quorate::founding;
use quorate::{
    Entries, Entry, Features, Founding, Identity, Index, KeyId, Kind, Least, Members, Message, Occupant, Position,
    Roster, Seat, Term,
};
use quorate_wire::client::{Reply, Request, decode_reply, decode_request, encode_reply, encode_request};
use quorate_wire::{
    Class, Cluster, DecodeError, EncodeError, Envelope, FRAME_MAX, FoundingEnvelope, decode, decode_founding, encode,
    encode_founding,
};

/// What a frame of any class says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Frame<'a> {
    Member(Envelope, Message<'a>),
    Request(Request<'a>),
    Reply(Reply<'a>),
    Founding(FoundingEnvelope, founding::Message),
}

impl<'a> Frame<'a> {
    pub(crate) fn encode<'b>(&self, buffer: &'b mut [u8]) -> Result<&'b [u8], EncodeError> {
        match self {
            Frame::Member(envelope, message) => encode(buffer, envelope, message),
            Frame::Request(request) => encode_request(buffer, request),
            Frame::Reply(reply) => encode_reply(buffer, reply),
            Frame::Founding(envelope, message) => encode_founding(buffer, envelope, message),
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut buffer = vec![0; FRAME_MAX];
        self.encode(&mut buffer).expect("it fits").to_vec()
    }

    /// Decodes `bytes` as the receiver of this frame does.
    pub(crate) fn decode_alike<'b>(&self, bytes: &'b [u8]) -> Result<Frame<'b>, DecodeError> {
        match self {
            Frame::Member(envelope, _) => decode(bytes, envelope.founding, envelope.to).map(|(from, message)| {
                let Identity { seat, incarnation } = from;
                Frame::Member(Envelope { from: seat, incarnation, ..*envelope }, message)
            }),
            Frame::Request(request) => decode_request(bytes, request.cluster).map(Frame::Request),
            Frame::Reply(reply) => decode_reply(bytes, reply.client).map(Frame::Reply),
            Frame::Founding(envelope, _) => decode_founding(bytes, envelope.cluster, envelope.to)
                .map(|(from, message)| Frame::Founding(FoundingEnvelope { from, ..*envelope }, message)),
        }
    }
}

/// Decodes `bytes` as every receiver does, whatever they are.
pub(crate) fn decode_every_way(bytes: &[u8]) -> [Option<DecodeError>; 5] {
    [
        Class::of(bytes).err(),
        decode(bytes, Founding(42), Seat(2)).err(),
        decode_request(bytes, Cluster(42)).err(),
        decode_reply(bytes, 7).err(),
        decode_founding(bytes, Cluster(42), Seat(2)).err(),
    ]
}

/// How many bytes at the end of a frame, before its check, are records: with checks of their own.
pub(crate) fn records(frame: &[u8]) -> usize {
    match *frame {
        [_, class, low, high, ..] if class & 0b1110_0000 == 0b0010_0000 => u16::from_le_bytes([low, high]).into(),
        _ => 0,
    }
}

/// A roster in memory that lasts until the test process ends.
pub(crate) fn roster(members: Members, occupant: impl Fn(Seat) -> Occupant<'static>) -> Roster<'static> {
    Roster::write(vec![0; ROSTER_MAX].leak(), members, LEAST, KEY, occupant).expect("it is sound, and short enough")
}

/// As 32 seats take it, each with a number that was drawn and an address of full length.
pub(crate) const ROSTER_MAX: usize = Roster::bytes_max(32, Roster::ADDRESS_MAX);

/// Under which key the members seal.
pub(crate) const KEY: Option<KeyId> = KeyId::new(6);

/// What every member has at least.
pub(crate) const LEAST: Least = Least { log_bytes: 2048, election_micros: 250_000, features: Features::OWN };

/// Consecutive records behind `previous`, in its term, in memory that lasts until the test process ends.
pub(crate) fn entries(previous: Position, payloads: &[(Kind, Vec<u8>)]) -> Entries<'static> {
    let mut bytes = Vec::new();
    for (index, (kind, payload)) in (previous.index.0 + 1..).zip(payloads) {
        let position = Position { term: Term(previous.term.0.max(1)), index: Index(index) };
        let mut room = vec![0; payload.len() + quorate::RECORD_OVERHEAD];
        let entry = Entry::write(&mut room, position, *kind, payload).expect("there is room for the record");
        bytes.extend_from_slice(entry.record());
    }
    Entries::parse(bytes.leak()).expect("the records are good")
}
