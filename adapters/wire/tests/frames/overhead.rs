use std::time::Duration;

use proptest::prelude::*;
use quorate::founding::{self, Terms};
use quorate::{
    Entries, Features, Founding, Incarnation, Index, Kind, Members, Message, Occupant, Position, Role, Roster, Seat,
    Seats, Settled, Snapshot, Standing, Term,
};
use quorate_wire::client::{Condition, Follower, Followers, Links, Reply, ReplyBody, StatusReport};
use quorate_wire::{Cluster, Envelope, FRAME_MAX, FoundingEnvelope, MEMBER_FRAME_MIN, MEMBER_OVERHEAD_MAX, Refused};

use crate::frame::{Frame, ROSTER_MAX, entries, roster};
use crate::messages::member;

#[test]
fn the_longest_frame_is_filled_to_the_last_byte() {
    let entry = |length| (Kind::Command, vec![0; length]);
    let room = FRAME_MAX - MEMBER_OVERHEAD_MAX;
    let frame = largest(entries(BEFORE_LAST, &[entry(room - quorate::RECORD_OVERHEAD)]));
    assert_eq!(frame.bytes().len(), FRAME_MAX - 1, "a sealed one takes a byte more for the length of its entries");
    let frame = largest(entries(BEFORE_LAST, &[entry(room - quorate::RECORD_OVERHEAD + 2)]));
    assert!(frame.encode(&mut vec![0; 2 * FRAME_MAX]).is_err());
}

#[test]
fn the_longest_status_of_32_seats_that_is_likely_fits_into_a_frame_of_a_board() {
    let refused = postcard::from_bytes::<Refused>(&[255; 25]);
    let silence = Duration::from_micros(u64::MAX);
    let standing = Standing::Refused(quorate::Refusal::Forgotten);
    let others = (0..31).map(|seat| Follower { seat: Seat(seat), standing, lag: u64::MAX, silence });
    let likely = (1 << 42) - 1;
    let index = Index(likely);
    let report = StatusReport {
        seat: Seat(31),
        incarnation: Incarnation(u64::MAX),
        role: Role::Leader,
        term: Term(likely),
        leader: Some(Seat(31)),
        commit: index,
        applied: index,
        first: index,
        last: index,
        durable: index,
        digest: u64::MAX,
        members: ALL,
        since: index,
        is_settled: true,
        on: Features(127),
        known: Features(127),
        // One that has keys says two bytes more.
        condition: Condition { is_full: true, links: Links::Both, keys: None },
        others: Followers::from_iter(others),
        // A board prefers nobody, and has no leases.
        preferred: Seats::NONE,
        lease_ms: None,
        refused: refused.expect("counters"),
    };
    assert_eq!(reply(ReplyBody::Status(report)).bytes().len(), STATUS_MAX);
    const { assert!(STATUS_MAX <= 250, "a line's frame of 256 bytes carries 250") };
}

#[test]
fn the_longest_word_of_the_members_is_as_long_as_it_says() {
    let roster = longest_roster(Roster::ADDRESS_MAX, Incarnation(u64::MAX));
    assert_eq!(roster.bytes().len(), ROSTER_MAX);
    let (leader, pending) = (Some(Seat(31)), Some(Seat(31)));
    let members = ReplyBody::Members { since: Index::MAX, is_settled: true, leader, pending, roster };
    assert_eq!(reply(members).bytes().len(), 950);
}

#[test]
fn the_longest_message_without_a_body_fits_into_every_frame() {
    let position = Position { term: Term::MAX, index: Index::MAX };
    let latest = Snapshot { position, bytes: u64::MAX, check: u32::MAX };
    let offer = |roster| Message::Offer {
        term: Term::MAX,
        stamp: u64::MAX,
        latest,
        before: latest,
        inherited: Index::MAX,
        settled: Settled { since: Index::MAX, roster },
    };
    let founders = longest_roster(0, Incarnation::FOUNDER);
    assert_eq!(Frame::Member(FAR, offer(founders)).bytes().len(), MEMBER_FRAME_MIN);
    assert_eq!(MEMBER_FRAME_MIN, 195);
    let longest = longest_roster(Roster::ADDRESS_MAX, Incarnation(u64::MAX));
    let room = MEMBER_OVERHEAD_MAX + Roster::MARGIN + longest.bytes().len();
    assert!(Frame::Member(FAR, offer(longest)).bytes().len() <= room);
    let envelope = FoundingEnvelope { cluster: Cluster(u64::MAX), from: Seat(31), to: Seat(31) };
    let standing = founding::Standing::Differs(Terms { members: ALL, snapshot: latest });
    let longest = founding::Message::Answer { echo: u64::MAX, standing };
    assert_eq!(Frame::Founding(envelope, longest).bytes().len(), 86);
}

/// As WIRE.md says.
const STATUS_MAX: usize = 250;

proptest! {
    #[test]
    fn no_message_exceeds_the_overhead(frame in member()) {
        let most = match frame {
            Frame::Member(_, Message::AppendEntries { entries, .. }) => entries.bytes().len() + MEMBER_OVERHEAD_MAX,
            Frame::Member(_, Message::Piece { bytes, .. }) => bytes.len() + MEMBER_OVERHEAD_MAX,
            Frame::Member(_, Message::Offer { settled, .. } | Message::Configured { settled, .. }) => {
                settled.roster.bytes().len() + Roster::MARGIN + MEMBER_OVERHEAD_MAX
            }
            _ => MEMBER_FRAME_MIN,
        };
        prop_assert!(frame.bytes().len() <= most);
    }
}

fn reply(body: ReplyBody<'_>) -> Frame<'_> {
    let (client, number, from, founding) = (u64::MAX, u64::MAX, Seat(31), Some(Founding(1)));
    Frame::Reply(Reply { client, number, from, founding, body })
}

/// Of 32 seats.
fn longest_roster(address_bytes: usize, incarnation: Incarnation) -> Roster<'static> {
    let address = vec![0; address_bytes].leak();
    roster(Members::of(Seats(u32::MAX)), |_| Occupant { incarnation, address })
}

fn largest(entries: Entries<'_>) -> Frame<'_> {
    let (term, previous, commit, inherited) = (Term::MAX, BEFORE_LAST, Index::MAX, Index::MAX);
    let message = Message::AppendEntries { term, stamp: u64::MAX, previous, commit, inherited, entries };
    Frame::Member(FAR, message)
}

const FAR: Envelope =
    Envelope { founding: Founding(u64::MAX), from: Seat(31), to: Seat(62), incarnation: Incarnation(u64::MAX) };

const ALL: Members = {
    let all = Seats(u32::MAX);
    Members { voters: all, outgoing: all, replaced: all, learners: all, witnesses: all }
};

const BEFORE_LAST: Position = Position { term: Term::MAX, index: Index(Index::MAX.0 - 1) };
