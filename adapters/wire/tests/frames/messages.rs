//! Any frame between members, or between stores that are to become a cluster.

use proptest::collection::vec;
use proptest::prelude::*;
use quorate::founding::{self, Terms};
use quorate::{
    Ballot, Charter, Features, Founding, Incarnation, Index, Kind, Least, Members, Message, Occupant, Outcome,
    Position, Roster, Seat, Seats, Settled, Snapshot, Term,
};
use quorate_wire::{Cluster, Envelope, FoundingEnvelope};

use crate::frame::{self, Frame, entries};

pub(crate) fn member() -> impl Strategy<Value = Frame<'static>> {
    (any::<u64>(), seat(), seat(), incarnation(), message()).prop_map(|(founding, from, to, incarnation, message)| {
        let envelope = Envelope { founding: Founding(founding), from, to, incarnation };
        Frame::Member(envelope, message)
    })
}

pub(crate) fn founders() -> impl Strategy<Value = Frame<'static>> {
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
        (any::<u64>(), least(), founding()).prop_map(|(token, least, prepared)| founding::Standing::Ready {
            token,
            least,
            prepared
        }),
        Just(founding::Standing::Abstains),
        terms().prop_map(founding::Standing::Differs),
        (any::<u64>(), members(), least()).prop_map(|(f, members, least)| {
            founding::Standing::Complete(Charter { founding: Founding(f), members, least })
        }),
    ]
}

fn least() -> impl Strategy<Value = Least> {
    (any::<u32>(), any::<u32>()).prop_map(|(log_bytes, election_micros)| Least {
        log_bytes,
        election_micros,
        features: Features::OWN,
    })
}

fn terms() -> impl Strategy<Value = Terms> {
    (members(), snapshot()).prop_map(|(members, snapshot)| Terms { members, snapshot })
}

pub(crate) fn founding() -> impl Strategy<Value = Option<Founding>> {
    proptest::option::of(any::<u64>().prop_map(Founding))
}

fn message() -> impl Strategy<Value = Message<'static>> {
    let ballot = || prop_oneof![Just(Ballot::Pre), Just(Ballot::Real), Just(Ballot::Transfer)];
    prop_oneof![
        (term(), position(), ballot()).prop_map(|(term, last, ballot)| Message::RequestVote { term, last, ballot }),
        (term(), ballot(), any::<bool>(), incarnation())
            .prop_map(|(term, ballot, granted, incarnation)| Message::Vote { term, ballot, granted, incarnation }),
        append_entries(),
        (term(), any::<u64>(), outcome(), any::<u32>()).prop_map(|(term, stamp, outcome, features)| Message::Ack {
            term,
            stamp,
            outcome,
            features: Features(features)
        }),
        (term(), any::<u64>(), any::<u64>()).prop_map(|(term, boot, round)| Message::ReadIndex { term, boot, round }),
        (term(), any::<u64>(), any::<u64>(), index()).prop_map(|(term, boot, round, index)| Message::ReadAnswer {
            term,
            boot,
            round,
            index
        }),
        term().prop_map(|term| Message::CampaignNow { term }),
        (term(), any::<u64>(), snapshot(), snapshot(), index(), settled()).prop_map(
            |(term, stamp, latest, before, inherited, settled)| Message::Offer {
                term,
                stamp,
                latest,
                before,
                inherited,
                settled
            }
        ),
        (term(), index(), any::<u32>(), any::<u64>(), bytes())
            .prop_map(|(term, index, check, offset, bytes)| { Message::Piece { term, index, check, offset, bytes } }),
        (term(), incarnation(), any::<bool>(), settled()).prop_map(|(term, incarnation, is_held, settled)| {
            Message::Configured { term, incarnation, is_held, settled }
        }),
    ]
}

fn settled() -> impl Strategy<Value = Settled<'static>> {
    (index(), roster()).prop_map(|(since, roster)| Settled { since, roster })
}

pub(crate) fn roster() -> impl Strategy<Value = Roster<'static>> {
    (1..=u32::MAX, any::<[u32; 4]>(), vec((incarnation(), address()), 32)).prop_map(|(voters, sets, occupants)| {
        let [outgoing, replaced, learners, witnesses] = sets;
        let members = Members {
            voters: Seats(voters),
            outgoing: Seats(outgoing),
            replaced: Seats(replaced & voters & outgoing),
            learners: Seats(learners & !(voters | outgoing)),
            witnesses: Seats(witnesses & voters),
        };
        frame::roster(members, |seat| {
            let (incarnation, address) = occupants[usize::from(seat.0)];
            Occupant { incarnation, address }
        })
    })
}

pub(crate) fn incarnation() -> impl Strategy<Value = Incarnation> {
    prop_oneof![Just(Incarnation::FOUNDER), any::<u64>().prop_map(Incarnation::drawn)]
}

fn address() -> impl Strategy<Value = &'static [u8]> {
    vec(any::<u8>(), 0..=Roster::ADDRESS_MAX).prop_map(|bytes| &*bytes.leak())
}

pub(crate) fn snapshot() -> impl Strategy<Value = Snapshot> {
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
        roster().prop_map(|roster| (Kind::Members, roster.bytes().to_vec())),
    ]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        index().prop_map(Outcome::Matched),
        position().prop_map(Outcome::Conflict),
        index().prop_map(Outcome::Full),
        Just(Outcome::Stale),
        Just(Outcome::TooSmall),
        (index(), any::<u32>(), any::<u64>(), any::<u32>()).prop_map(|(index, check, offset, again)| Outcome::Wants {
            index,
            check,
            offset,
            again
        }),
    ]
}

pub(crate) fn members() -> impl Strategy<Value = Members> {
    any::<[u32; 5]>().prop_map(|sets| {
        let [voters, outgoing, replaced, learners, witnesses] = sets.map(Seats);
        Members { voters, outgoing, replaced, learners, witnesses }
    })
}

/// Bytes that last until the test process ends.
pub(crate) fn bytes() -> impl Strategy<Value = &'static [u8]> {
    vec(any::<u8>(), 0..300).prop_map(|bytes| &*bytes.leak())
}

pub(crate) fn seat() -> impl Strategy<Value = Seat> {
    (0..Seat::COUNT_MAX as u8).prop_map(Seat)
}

pub(crate) fn term() -> impl Strategy<Value = Term> {
    (0..=Term::MAX.0).prop_map(Term)
}

pub(crate) fn index() -> impl Strategy<Value = Index> {
    (0..=Index::MAX.0).prop_map(Index)
}

fn position() -> impl Strategy<Value = Position> {
    (term(), index()).prop_map(|(term, index)| Position { term, index })
}
