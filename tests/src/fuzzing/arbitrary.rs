use std::time::Duration;

use quorate::founding::{self, Terms};
use quorate::{
    Ballot, Change, Charter, Entries, Entry, Features, Founding, Identity, Incarnation, Index, KeyId, Kind, Least,
    Members, Message, Outcome, Position, RECORD_OVERHEAD, Role, Roster, Seat, Seats, Session, Settled, Snapshot,
    Standing, Term, crc32c,
};
use quorate_wire::client::{
    AsOf, Condition, Follower, Followers, KeyReport, KeySet, Links, Reason, ReplyBody, RequestBody, StatusReport,
};
use quorate_wire::{DecodeError, Dropped, Refused};

use super::source::Source;

/// Any message; its term is often this one, its position that of the log's end. `room` holds its entries.
pub(crate) fn message<'a>(source: &mut Source<'_>, term: Term, around: Position, room: &'a mut Vec<u8>) -> Message<'a> {
    let term = Term(source.near(term.0));
    match source.below(16) {
        0 => Message::RequestVote { term, last: position(source, around), ballot: ballot(source) },
        1 => {
            let incarnation = life(source);
            Message::Vote { term, ballot: ballot(source), granted: source.flag(), incarnation }
        }
        2..=7 => {
            let previous = position(source, around);
            let (stamp, commit, inherited) = (source.near(1), index(source, around), index(source, around));
            let entries = entries(source, previous, room);
            Message::AppendEntries { term, stamp, previous, commit, inherited, entries }
        }
        8 => Message::Ack { term, stamp: source.near(1), outcome: outcome(source, around), features: Features::OWN },
        9 => Message::ReadIndex { term, boot: source.near(1), round: source.near(1) },
        10 => Message::ReadAnswer { term, boot: source.near(1), round: source.near(1), index: index(source, around) },
        11 => Message::CampaignNow { term },
        12 => Message::Offer {
            term,
            stamp: source.near(1),
            latest: snapshot(source, around),
            before: snapshot(source, around),
            inherited: index(source, around),
            settled: settled(source, around),
        },
        13 => Message::Configured {
            term,
            incarnation: life(source),
            is_held: source.flag(),
            settled: settled(source, around),
        },
        _ => {
            let (index, offset) = (index(source, around), source.near(0));
            Message::Piece { term, index, check: check(source), offset, bytes: PIECE }
        }
    }
}

/// Any message of a founding, to a store whose last question and token these are.
pub(crate) fn founding_message(source: &mut Source<'_>, question: u64, token: u64) -> founding::Message {
    let members = Members::of(if source.byte() < 224 { Seats::first(3) } else { Seats(source.near(7) as u32) });
    let terms = Terms { members, snapshot: Snapshot::default() };
    let founding = Founding(u64::from(source.below(2)));
    match source.below(6) {
        0 => founding::Message::Who { founding, terms },
        1 => founding::Message::Where { token: source.near(token), terms },
        2 => founding::Message::Prepare { founding, token: source.near(token) },
        _ => founding::Message::Answer { echo: source.near(question), standing: standing(source, question, terms) },
    }
}

fn standing(source: &mut Source<'_>, question: u64, terms: Terms) -> founding::Standing {
    let least = Least { log_bytes: source.near(1024) as u32, election_micros: 250_000, features: Features::OWN };
    match source.below(6) {
        0 => founding::Standing::Abstains,
        1 => founding::Standing::Differs(terms),
        2 => {
            let founding = Founding(u64::from(source.below(2)));
            founding::Standing::Complete(Charter { founding, members: terms.members, least })
        }
        _ => {
            let prepared = source.flag().then(|| Founding(source.near(question)));
            founding::Standing::Ready { token: source.near(1), least, prepared }
        }
    }
}

/// A few entries that follow each other; most of the time they follow this position too.
pub(crate) fn entries<'a>(source: &mut Source<'_>, previous: Position, room: &'a mut Vec<u8>) -> Entries<'a> {
    room.clear();
    let first = if source.byte() < 250 { previous.index.0.wrapping_add(1) } else { source.near(previous.index.0) };
    let mut term = previous.term.0.max(1);
    for place in 0..u64::from(source.below(5)) {
        let rises = u64::from(source.below(4) / 3);
        term = term.wrapping_add(rises);
        let position = Position { term: Term(term), index: Index(first.wrapping_add(place)) };
        let Some(record) = record(source, position) else { break };
        room.extend_from_slice(&record);
    }
    Entries::parse(room).expect("the entries follow each other")
}

/// One record, unless there can be none at this position.
pub(crate) fn record(source: &mut Source<'_>, position: Position) -> Option<Vec<u8>> {
    let (kind, payload) = match source.below(3) {
        0 if source.flag() => (Kind::Members, ROSTERS[usize::from(source.below(ROSTERS.len() as u8))].to_vec()),
        0 => (Kind::Request, [&[source.byte() & 127, 1][..], source.some_bytes()].concat()),
        _ => (Kind::Command, source.some_bytes().to_vec()),
    };
    let mut room = vec![0; RECORD_OVERHEAD + payload.len()];
    Entry::write(&mut room, position, kind, &payload).is_some().then_some(room)
}

/// That of a founder, most often.
fn life(source: &mut Source<'_>) -> Incarnation {
    let byte = source.byte();
    Incarnation(if byte > 240 { u64::from(byte) - 240 } else { 0 })
}

/// Who takes part, and since when.
fn settled(source: &mut Source<'_>, around: Position) -> Settled<'static> {
    let roster = ROSTERS[usize::from(source.below(ROSTERS.len() as u8))];
    Settled { since: index(source, around), roster: Roster::parse(roster).expect("it is sound") }
}

/// Who takes part, for which a node of three seats has room.
pub(crate) fn roster(choice: u8) -> Roster<'static> {
    Roster::parse(ROSTERS[usize::from(choice % 2)]).expect("it is sound")
}

/// Three founders; the third in its next life, in the place of the one before, and key 2 used; four, of whom the last learns;
/// three, with something on that no build knows.
const ROSTERS: [&[u8]; 4] = [
    &[0, 4, 0, 0, 144, 208, 3, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    &[
        0, 4, 0, 0, 144, 208, 3, 0, 1, 0, 0, 0, 7, 0, 0, 0, 7, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0,
        128, 2, 0, 0, 0, 0, 0, 0, 0,
    ],
    &[
        0, 4, 0, 0, 144, 208, 3, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        129, 3, 0, 0, 0, 0, 0, 0, 0, 5,
    ],
    &[0, 4, 0, 0, 144, 208, 3, 0, 1, 0, 2, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
];

pub(crate) fn identity(source: &mut Source<'_>) -> Identity {
    let incarnation = life(source);
    Identity { seat: Seat(source.below(4)), incarnation }
}

pub(crate) fn position(source: &mut Source<'_>, around: Position) -> Position {
    let choice = source.flag();
    if choice { around } else { Position { term: Term(source.near(around.term.0)), index: index(source, around) } }
}

fn index(source: &mut Source<'_>, around: Position) -> Index {
    Index(source.near(around.index.0))
}

/// A snapshot that a piece or two complete, or none, or that is too large for many.
fn snapshot(source: &mut Source<'_>, around: Position) -> Snapshot {
    let bytes = if source.byte() < 240 { PIECE.len() as u64 } else { 1 << 16 };
    Snapshot { position: position(source, around), bytes: source.near(bytes), check: check(source) }
}

/// The checksum of a snapshot that is one piece, most of the time.
fn check(source: &mut Source<'_>) -> u32 {
    if source.byte() < 240 { crc32c(PIECE) } else { 0 }
}

/// What snapshots are made of.
pub(crate) const PIECE: &[u8] = b"piece";

fn ballot(source: &mut Source<'_>) -> Ballot {
    [Ballot::Pre, Ballot::Real, Ballot::Transfer][usize::from(source.below(3))]
}

fn outcome(source: &mut Source<'_>, around: Position) -> Outcome {
    match source.below(6) {
        0 => Outcome::Matched(index(source, around)),
        1 => Outcome::Conflict(position(source, around)),
        2 => Outcome::Full(index(source, around)),
        3 => Outcome::Stale,
        4 => Outcome::TooSmall,
        _ => {
            let (index, offset, check) = (index(source, around), source.near(0), check(source));
            let again = [0, 1, u32::MAX][usize::from(source.below(3))];
            Outcome::Wants { index, check, offset, again }
        }
    }
}

pub(crate) fn session(source: &mut Source<'_>) -> Session {
    Session { client: source.near(0), epoch: Index(source.near(0)), sequence: source.near(0) }
}

pub(crate) fn request_body<'a>(source: &mut Source<'a>) -> RequestBody<'a> {
    match source.below(6) {
        0 => RequestBody::Command { session: session(source), command: source.some_bytes() },
        1 => RequestBody::Open { client: source.number(), epoch: Index(source.near(0)) },
        2 => RequestBody::Read {
            query: source.some_bytes(),
            as_of: [AsOf::Now, AsOf::Whenever, AsOf::Lease][usize::from(source.below(3))],
        },
        3 => RequestBody::Members,
        4 => RequestBody::Change { since: Index(source.near(0)), change: change(source) },
        _ => RequestBody::Status,
    }
}

fn change<'a>(source: &mut Source<'a>) -> Change<'a> {
    let seat = Seat(source.below(32));
    match source.below(6) {
        0 => Change::Add { seat, address: source.some_bytes() },
        1 => Change::Promote { seat },
        2 => Change::Remove { seat },
        3 => Change::Enable { features: Features(source.number() as u32) },
        4 => Change::UseKey { key: KeyId::of_bits(source.byte()) },
        _ => Change::Move { seat, address: source.some_bytes() },
    }
}

pub(crate) fn reply_body<'a>(source: &mut Source<'a>) -> ReplyBody<'a> {
    match source.below(12) {
        0 => ReplyBody::Opened { epoch: Index(source.number()) },
        1 => ReplyBody::Done { index: Index(source.number()), answer: source.some_bytes() },
        2 => ReplyBody::Value { index: Index(source.number()), answer: source.some_bytes() },
        3 => {
            let address = std::str::from_utf8(source.some_bytes()).unwrap_or("node-1:7000");
            ReplyBody::NotLeader { leader: seat(source), address }
        }
        4 => ReplyBody::Refused(reason(source)),
        5 => ReplyBody::Unknown,
        6 => ReplyBody::Superseded,
        7 => ReplyBody::Expired,
        8 => ReplyBody::Outdated { last: source.number() },
        9 => ReplyBody::Held { epoch: Index(source.number()) },
        10 => ReplyBody::Mismatch,
        _ => ReplyBody::Status(report(source)),
    }
}

fn reason(source: &mut Source<'_>) -> Reason {
    match source.below(8) {
        0 => Reason::Full,
        1 => Reason::TooLarge { limit: source.number() as u32 },
        2 => Reason::Unencodable,
        3 => Reason::InTransfer,
        4 => Reason::Malformed,
        5 => Reason::Unnumbered,
        6 => Reason::Outdated,
        _ => Reason::Stopping,
    }
}

fn report(source: &mut Source<'_>) -> StatusReport {
    let mut refusals = Dropped::default();
    (0..source.byte()).for_each(|_| refusals.count(DecodeError::Checksum));
    let others: Vec<_> = (0..source.below(32)).map(|_| follower(source)).collect();
    let mut seats = || Seats(source.number() as u32);
    let members =
        Members { voters: seats(), outgoing: seats(), replaced: seats(), learners: seats(), witnesses: seats() };
    let mut index = || Index(source.number());
    let (commit, applied, first, last, durable) = (index(), index(), index(), index(), index());
    let links = [Links::Plain, Links::Both, Links::Sealed][usize::from(source.below(3))];
    StatusReport {
        seat: Seat(source.below(32)),
        incarnation: Incarnation(source.number()),
        role: [Role::Follower, Role::PreCandidate, Role::Candidate, Role::Leader][usize::from(source.below(4))],
        term: Term(source.number()),
        leader: seat(source),
        commit,
        applied,
        first,
        last,
        durable,
        digest: source.number(),
        members,
        since: Index(source.number()),
        is_settled: source.flag(),
        on: Features(source.number() as u32),
        known: Features(source.number() as u32),
        condition: Condition { is_full: source.flag(), links, keys: source.flag().then(|| keys(source)) },
        others: Followers::from_iter(others),
        preferred: Seats(source.number() as u32),
        lease_ms: source.flag().then(|| source.number() as u32),
        refused: Refused::of(refusals, quorate::Refusals::default()),
    }
}

fn keys(source: &mut Source<'_>) -> KeyReport {
    let used = KeyId::of_bits(source.byte());
    KeyReport { held: KeySet(source.number() as u16 | 1 << used.number()), used }
}

fn follower(source: &mut Source<'_>) -> Follower {
    let standings = [Standing::Follows, Standing::Seeks, Standing::Fetches, Standing::Silent, Standing::TooSmall];
    let standing = match source.flag() {
        true => standings[usize::from(source.below(5))],
        false => Standing::Refused(quorate::Refusal::ALL[usize::from(source.below(10))]),
    };
    let (lag, silence) = (source.number(), Duration::from_micros(source.number()));
    Follower { seat: Seat(0), standing, lag, silence }
}

fn seat(source: &mut Source<'_>) -> Option<Seat> {
    source.flag().then(|| Seat(source.below(32)))
}
