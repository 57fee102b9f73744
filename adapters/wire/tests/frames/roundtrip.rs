use proptest::prelude::*;
use quorate::{Incarnation, Message};
use quorate_wire::Envelope;

use crate::clients::{reply, request};
use crate::frame::{Frame, records};
use crate::messages::{founders, member};

proptest! {
    #[test]
    fn what_is_encoded_comes_back(frame in frame()) {
        let bytes = frame.bytes();
        prop_assert_eq!(frame.decode_alike(&bytes), Ok(frame));
    }

    #[test]
    fn bodies_are_written_as_postcard_would(frame in frame()) {
        let mut room = [0; 10_000];
        let body = match &frame {
            Frame::Member(envelope, message) => written_by_postcard(envelope, message, &mut room),
            Frame::Request(request) => postcard::to_slice(request, &mut room),
            Frame::Reply(reply) => postcard::to_slice(reply, &mut room),
            Frame::Founding(envelope, message) => postcard::to_slice(&(envelope, message), &mut room),
        };
        prop_assert_eq!(body_of(&frame.bytes()), body.expect("it fits"));
    }
}

/// The body of a frame, with the records that stand behind it as its last field.
fn body_of(frame: &[u8]) -> Vec<u8> {
    let (front, _) = frame.split_at(frame.len() - 4);
    let (front, records) = front.split_at(front.len() - records(front));
    if records.is_empty() {
        return front[2..].to_vec();
    }
    let mut room = [0; 5];
    let length = postcard::to_slice(&(records.len() as u32), &mut room).expect("it fits");
    [&front[4..], length, records].concat()
}

/// What postcard makes of a member's frame, if lives are taken for what a frame takes them for: an option of eight bytes.
fn written_by_postcard<'b>(
    envelope: &Envelope,
    message: &Message<'_>,
    room: &'b mut [u8],
) -> postcard::Result<&'b mut [u8]> {
    let life = |life: Incarnation| (life != Incarnation::FOUNDER).then(|| life.0.to_le_bytes());
    match *message {
        Message::Vote { term, ballot, granted, incarnation } => {
            postcard::to_slice(&(envelope, 1_u8, term, ballot, granted, life(incarnation)), room)
        }
        Message::Configured { term, incarnation, is_held, settled } => {
            postcard::to_slice(&(envelope, 9_u8, term, life(incarnation), is_held, settled), room)
        }
        _ => postcard::to_slice(&(envelope, message), room),
    }
}

pub(crate) fn frame() -> impl Strategy<Value = Frame<'static>> {
    prop_oneof![member(), request(), reply(), founders()]
}
