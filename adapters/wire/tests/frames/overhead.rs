use std::time::Duration;

use proptest::prelude::*;
use quorate::founding::{self, Terms};
use quorate::{
    Entries, Founding, Incarnation, Index, Kind, Members, Message, Position, Role, Seat, Seats, Snapshot, Standing,
    Term,
};
use quorate_wire::client::{Follower, Followers, Reply, ReplyBody, StatusReport};
use quorate_wire::{Cluster, Envelope, FRAME_MAX, FoundingEnvelope, MEMBER_FRAME_MIN, MEMBER_OVERHEAD_MAX, Refused};

use crate::frame::{Frame, entries};
use crate::roundtrip::member;

#[test]
fn the_longest_frame_is_filled_to_the_last_byte() {
    let entry = |length| (Kind::Command, vec![0; length]);
    let room = FRAME_MAX - MEMBER_OVERHEAD_MAX;
    let frame = largest(entries(BEFORE_LAST, &[entry(room - quorate::RECORD_OVERHEAD)]));
    assert_eq!(frame.bytes().len(), FRAME_MAX);
    let frame = largest(entries(BEFORE_LAST, &[entry(room - quorate::RECORD_OVERHEAD + 1)]));
    assert!(frame.encode(&mut vec![0; 2 * FRAME_MAX]).is_err());
}

#[test]
fn the_longest_status_of_32_seats_fits_into_a_frame_of_a_board() {
    let refused = postcard::from_bytes::<Refused>(&[255; 24]);
    let silence = Duration::from_micros(u64::MAX);
    let standing = Standing::Refused(quorate::Refusal::Forgotten);
    let others = (0..31).map(|seat| Follower { seat: Seat(seat), standing, lag: u64::MAX, silence });
    let members = Seats(u32::MAX);
    let report = StatusReport {
        seat: Seat(31),
        incarnation: Incarnation(u32::MAX),
        role: Role::Leader,
        term: Term::MAX,
        leader: Some(Seat(31)),
        commit: Index::MAX,
        applied: Index::MAX,
        first: Index::MAX,
        last: Index::MAX,
        durable: Index::MAX,
        digest: u64::MAX,
        members: Members { voters: members, outgoing: members, learners: members, witnesses: members },
        full: true,
        others: Followers::from_iter(others),
        refused: refused.expect("counters"),
    };
    let frame = Frame::Reply(Reply {
        client: u64::MAX,
        number: u64::MAX,
        from: Seat(31),
        founding: Some(Founding(1)),
        body: ReplyBody::Status(report),
    });
    assert_eq!(frame.bytes().len(), STATUS_MAX);
    const { assert!(STATUS_MAX <= 250, "a line's frame of 256 bytes carries 250") };
}

#[test]
fn the_longest_message_without_a_body_fits_into_every_frame() {
    let position = Position { term: Term::MAX, index: Index::MAX };
    let latest = Snapshot { position, bytes: u64::MAX, check: u32::MAX };
    let all = Seats(u32::MAX);
    let members = Members { voters: all, outgoing: all, learners: all, witnesses: all };
    let (term, inherited) = (Term::MAX, Index::MAX);
    let message = Message::Offer { term, stamp: u64::MAX, latest, before: latest, inherited, members };
    assert_eq!(Frame::Member(FAR, message).bytes().len(), MEMBER_FRAME_MIN);
    let envelope = FoundingEnvelope { cluster: Cluster(u64::MAX), from: Seat(31), to: Seat(31) };
    let standing = founding::Standing::Differs(Terms { members, snapshot: latest });
    let longest = founding::Message::Answer { echo: u64::MAX, standing };
    assert_eq!(Frame::Founding(envelope, longest).bytes().len(), 81);
}

/// As WIRE.md says.
const STATUS_MAX: usize = 249;

proptest! {
    #[test]
    fn no_message_exceeds_the_overhead(frame in member()) {
        let most = match frame {
            Frame::Member(_, Message::AppendEntries { entries, .. }) => entries.bytes().len() + MEMBER_OVERHEAD_MAX,
            Frame::Member(_, Message::Piece { bytes, .. }) => bytes.len() + MEMBER_OVERHEAD_MAX,
            _ => MEMBER_FRAME_MIN,
        };
        prop_assert!(frame.bytes().len() <= most);
    }
}

fn largest(entries: Entries<'_>) -> Frame<'_> {
    let (term, previous, commit, inherited) = (Term::MAX, BEFORE_LAST, Index::MAX, Index::MAX);
    let message = Message::AppendEntries { term, stamp: u64::MAX, previous, commit, inherited, entries };
    Frame::Member(FAR, message)
}

const FAR: Envelope =
    Envelope { founding: Founding(u64::MAX), from: Seat(31), to: Seat(62), incarnation: Incarnation(u32::MAX) };

const BEFORE_LAST: Position = Position { term: Term::MAX, index: Index(Index::MAX.0 - 1) };
