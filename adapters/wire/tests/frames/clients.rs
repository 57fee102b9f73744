//! Any frame between clients and nodes.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use quorate::{Change, Features, KeyId, Role, Seat, Seats, Session, Standing, Unchanged};
use quorate_wire::client::{
    AsOf, Condition, Follower, Followers, KeyReport, KeySet, Links, Reason, Reply, ReplyBody, Request, RequestBody,
    StatusReport,
};
use quorate_wire::{Cluster, DecodeError, Dropped, Refused};

use crate::frame::Frame;
use crate::messages::{bytes, founding, incarnation, index, members, roster, seat, snapshot, term};

fn as_of() -> impl Strategy<Value = AsOf> {
    prop_oneof![Just(AsOf::Now), Just(AsOf::Whenever), Just(AsOf::Lease)]
}

pub(crate) fn request() -> impl Strategy<Value = Frame<'static>> {
    (any::<u64>(), any::<u64>(), any::<u64>(), request_body()).prop_map(|(cluster, client, number, body)| {
        Frame::Request(Request { cluster: Cluster(cluster), client, number, body })
    })
}

pub(crate) fn reply() -> impl Strategy<Value = Frame<'static>> {
    (any::<u64>(), any::<u64>(), seat(), founding(), reply_body())
        .prop_map(|(client, number, from, founding, body)| Frame::Reply(Reply { client, number, from, founding, body }))
}

fn request_body() -> impl Strategy<Value = RequestBody<'static>> {
    prop_oneof![
        (any::<u64>(), index(), any::<u64>(), bytes()).prop_map(|(client, epoch, sequence, command)| {
            RequestBody::Command { session: Session { client, epoch, sequence }, command }
        }),
        (any::<u64>(), index()).prop_map(|(client, epoch)| RequestBody::Open { client, epoch }),
        (bytes(), as_of()).prop_map(|(query, as_of)| RequestBody::Read { query, as_of }),
        Just(RequestBody::Status),
        Just(RequestBody::Snapshot),
        (index(), any::<u32>(), any::<u64>()).prop_map(|(index, check, offset)| RequestBody::Piece {
            index,
            check,
            offset
        }),
        Just(RequestBody::Members),
        (index(), change()).prop_map(|(since, change)| RequestBody::Change { since, change }),
        proptest::option::of(seat()).prop_map(|to| RequestBody::Transfer { to }),
    ]
}

fn change() -> impl Strategy<Value = Change<'static>> {
    prop_oneof![
        (seat(), bytes()).prop_map(|(seat, address)| Change::Add { seat, address }),
        seat().prop_map(|seat| Change::Promote { seat }),
        seat().prop_map(|seat| Change::Remove { seat }),
        (seat(), bytes()).prop_map(|(seat, address)| Change::Move { seat, address }),
        any::<u32>().prop_map(|features| Change::Enable { features: Features(features) }),
        key().prop_map(|key| Change::UseKey { key }),
    ]
}

fn reply_body() -> impl Strategy<Value = ReplyBody<'static>> {
    prop_oneof![
        index().prop_map(|epoch| ReplyBody::Opened { epoch }),
        (index(), bytes()).prop_map(|(index, answer)| ReplyBody::Done { index, answer }),
        (index(), bytes()).prop_map(|(index, answer)| ReplyBody::Value { index, answer }),
        (proptest::option::of(seat()), ".{0,60}")
            .prop_map(|(leader, address)| ReplyBody::NotLeader { leader, address: address.leak() }),
        reason().prop_map(ReplyBody::Refused),
        Just(ReplyBody::Unknown),
        Just(ReplyBody::Superseded),
        Just(ReplyBody::Expired),
        any::<u64>().prop_map(|last| ReplyBody::Outdated { last }),
        report().prop_map(ReplyBody::Status),
        (snapshot(), members()).prop_map(|(snapshot, members)| ReplyBody::Snapshot { snapshot, members }),
        (any::<u64>(), bytes()).prop_map(|(offset, bytes)| ReplyBody::Piece { offset, bytes }),
        index().prop_map(|epoch| ReplyBody::Held { epoch }),
        Just(ReplyBody::Mismatch),
        members_reply(),
        Just(ReplyBody::Taken),
    ]
}

fn members_reply() -> impl Strategy<Value = ReplyBody<'static>> {
    let seats = (proptest::option::of(seat()), proptest::option::of(seat()));
    (index(), any::<bool>(), seats, roster()).prop_map(|(since, is_settled, (leader, pending), roster)| {
        ReplyBody::Members { since, is_settled, leader, pending, roster }
    })
}

fn reason() -> impl Strategy<Value = Reason> {
    prop_oneof![
        Just(Reason::Full),
        any::<u32>().prop_map(|limit| Reason::TooLarge { limit }),
        Just(Reason::Unencodable),
        Just(Reason::NoSnapshot),
        Just(Reason::Unnumbered),
        any::<u32>().prop_map(|seats| Reason::Founding { waits_for: Seats(seats) }),
        Just(Reason::NoMember),
        Just(Reason::NoTarget),
        unchanged().prop_map(Reason::Unchanged),
        Just(Reason::Outdated),
        Just(Reason::Forbidden),
        Just(Reason::InTransfer),
        Just(Reason::Malformed),
        Just(Reason::Stopping),
        Just(Reason::Busy),
    ]
}

fn unchanged() -> impl Strategy<Value = Unchanged> {
    prop_oneof![
        Just(Unchanged::NotEstablished),
        Just(Unchanged::UnderWay),
        Just(Unchanged::Unknown),
        Just(Unchanged::Known),
        Just(Unchanged::NoSeat),
        seat().prop_map(Unchanged::AddressInUse),
        any::<u32>().prop_map(|seats| Unchanged::Unheard(Seats(seats))),
        Just(Unchanged::LastVoter),
        Just(Unchanged::TooSlow),
        Just(Unchanged::TooLarge),
        any::<u32>().prop_map(|seats| Unchanged::Outdated(Seats(seats))),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    let links = prop_oneof![Just(Links::Plain), Just(Links::Both), Just(Links::Sealed)];
    (any::<bool>(), links, keys()).prop_map(|(is_full, links, keys)| Condition { is_full, links, keys })
}

#[test]
fn a_set_of_keys_has_room_for_all_numbers_and_for_nothing_else() {
    let all: KeySet = (0..KeyId::COUNT).filter_map(KeyId::new).collect();
    assert_eq!(all, KeySet(u16::MAX));
    let ends = KeySet(1 << 15 | 1);
    assert_eq!(ends.iter().map(KeyId::number).collect::<Vec<_>>(), [0, 15]);
    assert!(ends.contains(KeyId::of_bits(15)) && !ends.contains(KeyId::of_bits(14)));
    assert_eq!((ends.to_string(), KeySet::default().to_string()), ("0, 15".into(), String::new()));
}

fn key() -> impl Strategy<Value = KeyId> {
    any::<u8>().prop_map(KeyId::of_bits)
}

fn keys() -> impl Strategy<Value = Option<KeyReport>> {
    proptest::option::of((any::<u16>(), key()).prop_map(|(others, used)| {
        let held = KeySet(others).iter().chain([used]).collect();
        KeyReport { held, used }
    }))
}

fn report() -> impl Strategy<Value = StatusReport> {
    let who = (seat(), incarnation(), role(), term(), proptest::option::of(seat()));
    let log = (index(), index(), index(), index(), index());
    let in_force = (members(), index(), any::<bool>());
    let features = (any::<u32>().prop_map(Features), any::<u32>().prop_map(Features));
    let leads = (any::<u32>().prop_map(Seats), proptest::option::of(any::<u32>()));
    let rest = (any::<u64>(), condition(), vec(follower(), 0..32).prop_map(Followers::from_iter), leads, refused());
    (who, log, in_force, features, rest).prop_map(
        |(who, log, in_force, (on, known), (digest, condition, others, leads, refused))| StatusReport {
            seat: who.0,
            incarnation: who.1,
            role: who.2,
            term: who.3,
            leader: who.4,
            commit: log.0,
            applied: log.1,
            first: log.2,
            last: log.3,
            durable: log.4,
            digest,
            members: in_force.0,
            since: in_force.1,
            is_settled: in_force.2,
            on,
            known,
            condition,
            others,
            preferred: leads.0,
            lease_ms: leads.1,
            refused,
        },
    )
}

fn follower() -> impl Strategy<Value = Follower> {
    let standing = prop_oneof![
        Just(Standing::Follows),
        Just(Standing::Seeks),
        Just(Standing::Fetches),
        Just(Standing::Silent),
        Just(Standing::TooSmall),
        (0..quorate::Refusal::ALL.len()).prop_map(|reason| Standing::Refused(quorate::Refusal::ALL[reason])),
    ];
    let silence = any::<u32>().prop_map(|millis| Duration::from_millis(millis.into()));
    (standing, any::<u64>(), silence).prop_map(|(standing, lag, silence)| {
        let seat = Seat(0);
        Follower { seat, standing, lag, silence }
    })
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Follower), Just(Role::PreCandidate), Just(Role::Candidate), Just(Role::Leader),]
}

fn refused() -> impl Strategy<Value = Refused> {
    (0..300).prop_map(|times| {
        let mut refusals = Dropped::default();
        (0..times).for_each(|_| refusals.count(DecodeError::Destination));
        Refused::of(refusals, quorate::Refusals::default())
    })
}
