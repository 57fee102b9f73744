use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use quorate::founding::{self, Terms};
use quorate::{
    Ballot, Charter, Founding, Incarnation, Index, Kind, Members, Message, Outcome, Position, Role, Seat, Seats,
    Session, Snapshot, Standing, Term,
};
use quorate_wire::client::{Follower, Followers, Reason, Reply, ReplyBody, Request, RequestBody, StatusReport};
use quorate_wire::{Cluster, DecodeError, Dropped, Envelope, FoundingEnvelope, Refused};

use crate::frame::{Frame, entries};

proptest! {
    #[test]
    fn what_is_encoded_comes_back(frame in frame()) {
        let bytes = frame.bytes();
        prop_assert_eq!(frame.decode_alike(&bytes), Ok(frame));
    }

    #[test]
    fn bodies_are_written_as_postcard_would(frame in frame()) {
        let mut room = [0; 2000];
        let body = match &frame {
            Frame::Member(envelope, message) => postcard::to_slice(&(envelope, message), &mut room),
            Frame::Request(request) => postcard::to_slice(request, &mut room),
            Frame::Reply(reply) => postcard::to_slice(reply, &mut room),
            Frame::Founding(envelope, message) => postcard::to_slice(&(envelope, message), &mut room),
        };
        let bytes = frame.bytes();
        prop_assert_eq!(&bytes[2..bytes.len() - 4], body.expect("it fits"));
    }
}

pub(crate) fn frame() -> impl Strategy<Value = Frame<'static>> {
    prop_oneof![member(), request(), reply(), founders()]
}

pub(crate) fn member() -> impl Strategy<Value = Frame<'static>> {
    (any::<u64>(), seat(), seat(), any::<u32>(), message()).prop_map(|(founding, from, to, incarnation, message)| {
        let envelope = Envelope { founding: Founding(founding), from, to, incarnation: Incarnation(incarnation) };
        Frame::Member(envelope, message)
    })
}

fn founders() -> impl Strategy<Value = Frame<'static>> {
    (any::<u64>(), seat(), seat(), founding_message()).prop_map(|(cluster, from, to, message)| {
        Frame::Founding(FoundingEnvelope { cluster: Cluster(cluster), from, to }, message)
    })
}

fn founding_message() -> impl Strategy<Value = founding::Message> {
    let number = || any::<u64>();
    prop_oneof![
        (number(), terms()).prop_map(|(f, terms)| founding::Message::Who { founding: Founding(f), terms }),
        (number(), terms()).prop_map(|(token, terms)| founding::Message::Where { token, terms }),
        (number(), number()).prop_map(|(f, token)| founding::Message::Prepare { founding: Founding(f), token }),
        (number(), standing()).prop_map(|(echo, standing)| founding::Message::Answer { echo, standing }),
    ]
}

fn standing() -> impl Strategy<Value = founding::Standing> {
    prop_oneof![
        (any::<u64>(), any::<u32>(), founding()).prop_map(|(token, log_bytes, prepared)| founding::Standing::Ready {
            token,
            log_bytes,
            prepared
        }),
        Just(founding::Standing::Abstains),
        terms().prop_map(founding::Standing::Differs),
        (any::<u64>(), members(), any::<u32>()).prop_map(|(f, members, log_bytes_least)| {
            founding::Standing::Complete(Charter { founding: Founding(f), members, log_bytes_least })
        }),
    ]
}

fn terms() -> impl Strategy<Value = Terms> {
    (members(), snapshot()).prop_map(|(members, snapshot)| Terms { members, snapshot })
}

fn founding() -> impl Strategy<Value = Option<Founding>> {
    proptest::option::of(any::<u64>().prop_map(Founding))
}

fn request() -> impl Strategy<Value = Frame<'static>> {
    (any::<u64>(), any::<u64>(), any::<u64>(), request_body()).prop_map(|(cluster, client, number, body)| {
        Frame::Request(Request { cluster: Cluster(cluster), client, number, body })
    })
}

fn reply() -> impl Strategy<Value = Frame<'static>> {
    (any::<u64>(), any::<u64>(), seat(), founding(), reply_body())
        .prop_map(|(client, number, from, founding, body)| Frame::Reply(Reply { client, number, from, founding, body }))
}

fn message() -> impl Strategy<Value = Message<'static>> {
    let ballot = || prop_oneof![Just(Ballot::Pre), Just(Ballot::Real), Just(Ballot::Transfer)];
    prop_oneof![
        (term(), position(), ballot()).prop_map(|(term, last, ballot)| Message::RequestVote { term, last, ballot }),
        (term(), ballot(), any::<bool>()).prop_map(|(term, ballot, granted)| Message::Vote { term, ballot, granted }),
        append_entries(),
        (term(), any::<u64>(), outcome()).prop_map(|(term, stamp, outcome)| Message::Ack { term, stamp, outcome }),
        (term(), any::<u64>(), any::<u64>()).prop_map(|(term, boot, round)| Message::ReadIndex { term, boot, round }),
        (term(), any::<u64>(), any::<u64>(), index()).prop_map(|(term, boot, round, index)| Message::ReadAnswer {
            term,
            boot,
            round,
            index
        }),
        term().prop_map(|term| Message::CampaignNow { term }),
        (term(), any::<u64>(), snapshot(), snapshot(), index(), members()).prop_map(
            |(term, stamp, latest, before, inherited, members)| Message::Offer {
                term,
                stamp,
                latest,
                before,
                inherited,
                members
            }
        ),
        (term(), index(), any::<u32>(), any::<u64>(), bytes())
            .prop_map(|(term, index, check, offset, bytes)| { Message::Piece { term, index, check, offset, bytes } }),
    ]
}

fn snapshot() -> impl Strategy<Value = Snapshot> {
    (position(), any::<u64>(), any::<u32>()).prop_map(|(position, bytes, check)| Snapshot { position, bytes, check })
}

fn append_entries() -> impl Strategy<Value = Message<'static>> {
    // The entries' own indices must stay in bounds.
    let previous = (0..=Term::MAX.0, 0..Index::MAX.0 - 9)
        .prop_map(|(term, index)| Position { term: Term(term), index: Index(index) });
    (term(), any::<u64>(), previous, index(), index(), vec(payload(), 0..9)).prop_map(
        |(term, stamp, previous, commit, inherited, payloads)| Message::AppendEntries {
            term,
            stamp,
            previous,
            commit,
            inherited,
            entries: entries(previous, &payloads),
        },
    )
}

fn payload() -> impl Strategy<Value = (Kind, Vec<u8>)> {
    prop_oneof![
        Just((Kind::Request, vec![1, 0, 0])),
        vec(any::<u8>(), 0..300).prop_map(|command| (Kind::Command, command)),
        vec(any::<u8>(), 0..300).prop_map(|command| (Kind::Request, [&[1, 1, 1], command.as_slice()].concat())),
    ]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        index().prop_map(Outcome::Matched),
        position().prop_map(Outcome::Conflict),
        index().prop_map(Outcome::Full),
        Just(Outcome::Stale),
        (index(), any::<u32>(), any::<u64>(), any::<u32>()).prop_map(|(index, check, offset, again)| Outcome::Wants {
            index,
            check,
            offset,
            again
        }),
    ]
}

fn request_body() -> impl Strategy<Value = RequestBody<'static>> {
    prop_oneof![
        (any::<u64>(), index(), any::<u64>(), bytes()).prop_map(|(client, epoch, sequence, command)| {
            RequestBody::Command { session: Session { client, epoch, sequence }, command }
        }),
        (any::<u64>(), index()).prop_map(|(client, epoch)| RequestBody::Open { client, epoch }),
        (bytes(), any::<bool>()).prop_map(|(query, local)| RequestBody::Read { query, local }),
        Just(RequestBody::Status),
        Just(RequestBody::Snapshot),
        (index(), any::<u32>(), any::<u64>()).prop_map(|(index, check, offset)| RequestBody::Piece {
            index,
            check,
            offset
        }),
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
    ]
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
        Just(Reason::InTransfer),
        Just(Reason::Malformed),
        Just(Reason::Stopping),
        Just(Reason::Busy),
    ]
}

fn report() -> impl Strategy<Value = StatusReport> {
    let who = (seat(), any::<u32>(), role(), term(), proptest::option::of(seat()));
    let log = (index(), index(), index(), index(), index());
    let rest =
        (any::<u64>(), members(), any::<bool>(), vec(follower(), 0..32).prop_map(Followers::from_iter), refused());
    (who, log, rest).prop_map(|(who, log, (digest, members, full, others, refused))| StatusReport {
        seat: who.0,
        incarnation: Incarnation(who.1),
        role: who.2,
        term: who.3,
        leader: who.4,
        commit: log.0,
        applied: log.1,
        first: log.2,
        last: log.3,
        durable: log.4,
        digest,
        members,
        full,
        others,
        refused,
    })
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

fn members() -> impl Strategy<Value = Members> {
    any::<[u32; 4]>().prop_map(|sets| Members {
        voters: Seats(sets[0]),
        outgoing: Seats(sets[1]),
        learners: Seats(sets[2]),
        witnesses: Seats(sets[3]),
    })
}

fn refused() -> impl Strategy<Value = Refused> {
    (0..300).prop_map(|times| {
        let mut refusals = Dropped::default();
        (0..times).for_each(|_| refusals.count(DecodeError::Destination));
        Refused::of(refusals, quorate::Refusals::default())
    })
}

/// Bytes that last until the test process ends.
fn bytes() -> impl Strategy<Value = &'static [u8]> {
    vec(any::<u8>(), 0..300).prop_map(|bytes| &*bytes.leak())
}

fn seat() -> impl Strategy<Value = Seat> {
    (0..Seat::COUNT_MAX as u8).prop_map(Seat)
}

fn term() -> impl Strategy<Value = Term> {
    (0..=Term::MAX.0).prop_map(Term)
}

fn index() -> impl Strategy<Value = Index> {
    (0..=Index::MAX.0).prop_map(Index)
}

fn position() -> impl Strategy<Value = Position> {
    (term(), index()).prop_map(|(term, index)| Position { term, index })
}
