use quorate::{Founding, Incarnation, Index, Message, Position, Seat, Term};
use quorate_wire::client::{Reply, Request, decode_reply, decode_request, encode_reply, encode_request};
use quorate_wire::{Class, Cluster, Envelope, MEMBER_OVERHEAD_MAX, decode, encode};

use super::arbitrary;
use super::source::Source;

/// What is encoded comes back the same, in a frame of the length that was promised; a buffer that is too short is
/// refused.
///
/// # Panics
/// If it does not.
pub fn roundtrip(data: &[u8]) {
    let mut source = Source::new(data);
    match source.below(3) {
        0 => member(&mut source),
        1 => request(&mut source),
        _ => reply(&mut source),
    }
}

fn member(source: &mut Source<'_>) {
    let founding = Founding(source.number());
    let (from, to) = (Seat(source.below(32)), Seat(source.below(32)));
    let envelope = Envelope { founding, from, to, incarnation: Incarnation(source.number()) };
    let around = Position { term: Term(source.near(1)), index: Index(source.near(1)) };
    let mut room = Vec::new();
    let message = arbitrary::message(source, around.term, around, &mut room);
    let mut buffer = [0; 2048];
    let frame = encode(&mut buffer, &envelope, &message).expect("the buffer is long enough");
    assert_eq!(Class::of(frame), Ok(Class::Member));
    let (sender, decoded) = decode(frame, founding, to).expect("what was encoded can be decoded");
    assert_eq!((sender.seat, sender.incarnation, decoded), (from, envelope.incarnation, message));
    let entry_bytes = match message {
        Message::AppendEntries { entries, .. } => entries.bytes().len(),
        Message::Piece { bytes, .. } => bytes.len(),
        Message::Configured { settled, .. } => settled.roster.bytes().len(),
        // Two snapshots and four sets of members, with numbers as high as none is in earnest.
        Message::Offer { .. } => OFFER,
        _ => 0,
    };
    if is_in_bounds(&message) {
        assert!(frame.len() <= MEMBER_OVERHEAD_MAX + entry_bytes, "{} bytes for {message:?}", frame.len());
    }
    let length = frame.len();
    let mut short = vec![0; usize::from(source.byte()) % length];
    assert!(encode(&mut short, &envelope, &message).is_err());
}

/// By so much an offer may be longer than an `AppendEntries` without entries.
const OFFER: usize = 80;

/// Whether a node could send it.
fn is_in_bounds(message: &Message<'_>) -> bool {
    let position = |position: Position| position.term <= Term::MAX && position.index <= Index::MAX;
    let fits = match *message {
        Message::RequestVote { last, .. } => position(last),
        Message::AppendEntries { previous, commit, .. } => position(previous) && commit <= Index::MAX,
        Message::Offer { latest, before, .. } => position(latest.position) && position(before.position),
        _ => true,
    };
    fits && message.term() <= Term::MAX
}

fn request(source: &mut Source<'_>) {
    let (cluster, client, number) = (Cluster(source.number()), source.number(), source.near(1));
    let request = Request { cluster, client, number, body: arbitrary::request_body(source) };
    let mut buffer = [0; 1024];
    let frame = encode_request(&mut buffer, &request).expect("the buffer is long enough");
    assert_eq!(decode_request(frame, cluster), Ok(request));
    let length = frame.len();
    let mut short = vec![0; usize::from(source.byte()) % length];
    assert!(encode_request(&mut short, &request).is_err());
}

fn reply(source: &mut Source<'_>) {
    let (client, number, from) = (source.number(), source.near(1), Seat(source.below(32)));
    let founding = source.flag().then(|| Founding(source.number()));
    let reply = Reply { client, number, from, founding, body: arbitrary::reply_body(source) };
    let mut buffer = [0; 1024];
    let frame = encode_reply(&mut buffer, &reply).expect("the buffer is long enough");
    assert_eq!(decode_reply(frame, client), Ok(reply));
    let length = frame.len();
    let mut short = vec![0; usize::from(source.byte()) % length];
    assert!(encode_reply(&mut short, &reply).is_err());
}
