use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs};

use quorate::founding::{self, Terms};
use quorate::{
    Ballot, Change, Charter, Features, Founding, Incarnation, Index, KeyId, Kind, Members, Message, Occupant, Outcome,
    Position, Role, Roster, Seat, Seats, Session, Settled, Snapshot, Standing, Term, Unchanged,
};
use quorate_wire::client::{
    AsOf, Condition, Follower, Followers, KeyReport, KeySet, Links, Reason, Reply, ReplyBody, Request, RequestBody,
    StatusReport,
};
use quorate_wire::{ANYBODY, Cluster, DecodeError, Dropped, Envelope, FoundingEnvelope, Refused};

use crate::frame::{self, Frame, LEAST, entries};

#[test]
fn every_frame_has_its_golden_bytes() {
    let file = path("tests/frames/golden.txt");
    let found = listing(golden().into_iter().map(|(name, frame)| (name.to_owned(), frame.bytes())));
    if env::var_os("BLESS").is_some() {
        fs::write(&file, &found).expect("the golden file can be written");
    }
    let golden = fs::read_to_string(&file).expect("the golden file is there");
    assert_eq!(found, golden, "the format has changed: if that is meant, run again with BLESS=1");
}

#[test]
fn every_golden_frame_is_read_back() {
    for (name, frame) in golden() {
        assert_eq!(frame.decode_alike(&frame.bytes()), Ok(frame), "{name}");
    }
}

#[test]
fn the_description_shows_every_golden_frame() {
    let description = fs::read_to_string(path("WIRE.md")).expect("the description is there");
    let golden = fs::read_to_string(path("tests/frames/golden.txt")).expect("the golden file is there");
    assert_eq!(listing(described(&description, "\n```frame ")), golden);
}

/// The frames of the description: blocks that open with "```frame NAME", of lines with bytes, two spaces and a remark.
pub(crate) fn described(description: &str, fence: &str) -> impl Iterator<Item = (String, Vec<u8>)> {
    description.split(fence).skip(1).map(|block| {
        let (block, _) = block.split_once("\n```").expect("every block is closed");
        let (name, lines) = block.split_once('\n').expect("every block has lines");
        let bytes = lines.lines().flat_map(|line| {
            let (bytes, _remark) = line.split_once("  ").expect("every line has a remark");
            bytes.split(' ').map(|byte| u8::from_str_radix(byte, 16).expect("bytes are two hexadecimal digits"))
        });
        (name.to_owned(), bytes.collect())
    })
}

pub(crate) fn listing(frames: impl Iterator<Item = (String, Vec<u8>)>) -> String {
    frames.fold(String::new(), |mut listing, (name, bytes)| {
        write!(listing, "{name} ").expect("a string takes everything");
        for byte in bytes {
            write!(listing, "{byte:02x}").expect("a string takes everything");
        }
        listing + "\n"
    })
}

pub(crate) fn path(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(below)
}

/// One frame for every message, outcome, request, reply and standing, in the order of the description.
pub(crate) fn golden() -> Vec<(&'static str, Frame<'static>)> {
    let mut frames = Vec::new();
    frames.extend(messages().map(|(name, message)| (name, Frame::Member(ENVELOPE, message))));
    let (term, joined) = (Term(3), Envelope { incarnation: LIFE, ..ENVELOPE });
    frames.push(("CampaignNow.joined", Frame::Member(joined, Message::CampaignNow { term })));
    frames.extend(foundings().map(|(name, message)| (name, Frame::Founding(FOUNDERS, message))));
    let (_, anywhere) = foundings().nth(2).expect("it is the third");
    let newcomer = FoundingEnvelope { from: Seat(3), to: ANYBODY, ..FOUNDERS };
    frames.push(("Where.anybody", Frame::Founding(newcomer, anywhere)));
    frames.extend(requests().map(|(name, body)| (name, Frame::Request(Request { body, ..REQUEST }))));
    frames.extend(replies().map(|(name, body)| (name, Frame::Reply(Reply { body, ..REPLY }))));
    let body = ReplyBody::Refused(Reason::Busy);
    frames.push(("Refused.Busy.unfounded", Frame::Reply(Reply { founding: None, body, ..REPLY })));
    frames
}

fn messages() -> impl Iterator<Item = (&'static str, Message<'static>)> {
    let (term, stamp, boot, round) = (Term(3), 9, 77, 4);
    let ack = |outcome| Message::Ack { term, stamp, outcome, features: Features::OWN };
    let vote = |incarnation| Message::Vote { term, ballot: Ballot::Real, granted: true, incarnation };
    let (commit, inherited) = (Index(299), Index(298));
    let settled = Settled { since: Index(290), roster: roster() };
    let append = |entries| Message::AppendEntries { term, stamp, previous: POSITION, commit, inherited, entries };
    [
        ("RequestVote", Message::RequestVote { term, last: POSITION, ballot: Ballot::Pre }),
        ("Vote", vote(Incarnation::FOUNDER)),
        ("Vote.joined", vote(LIFE)),
        ("AppendEntries", append(entries(POSITION, &records()))),
        ("AppendEntries.members", append(entries(POSITION, &[(Kind::Members, roster().bytes().to_vec())]))),
        ("AppendEntries.heartbeat", append(entries(POSITION, &[]))),
        ("Ack.Matched", ack(Outcome::Matched(Index(303)))),
        ("Ack.Conflict", ack(Outcome::Conflict(POSITION))),
        ("Ack.Full", ack(Outcome::Full(Index(301)))),
        ("Ack.Stale", ack(Outcome::Stale)),
        ("Ack.TooSmall", ack(Outcome::TooSmall)),
        ("Ack.Wants", ack(Outcome::Wants { index: Index(300), check: SNAPSHOT.check, offset: 1100, again: 2200 })),
        ("ReadIndex", Message::ReadIndex { term, boot, round }),
        ("ReadAnswer", Message::ReadAnswer { term, boot, round, index: Index(300) }),
        ("CampaignNow", Message::CampaignNow { term }),
        (
            "Offer",
            Message::Offer {
                term,
                stamp,
                latest: SNAPSHOT,
                before: Snapshot::default(),
                inherited: Index(310),
                settled,
            },
        ),
        ("Piece", Message::Piece { term, index: Index(300), check: SNAPSHOT.check, offset: 1100, bytes: b"state" }),
        ("Configured", Message::Configured { term, incarnation: LIFE, is_held: false, settled }),
    ]
    .into_iter()
}

/// Of a founder, of a store that joined later, and of one without an address.
fn roster() -> Roster<'static> {
    frame::roster(Members { learners: Seats(4), ..Members::of(Seats(3)) }, |seat| match seat {
        Seat(0) => Occupant { incarnation: Incarnation::FOUNDER, address: ADDRESS },
        Seat(1) => Occupant { incarnation: LIFE, address: &[127, 0, 0, 2, 0x58, 0x1b] },
        _ => Occupant::default(),
    })
}

fn records() -> [(Kind, Vec<u8>); 3] {
    [
        (Kind::Request, vec![7, 0, 0]),
        (Kind::Command, b"set".to_vec()),
        (Kind::Request, [&[200, 1, 162, 2, 5], b"set".as_slice()].concat()),
    ]
}

fn foundings() -> impl Iterator<Item = (&'static str, founding::Message)> {
    let terms = Terms { members: Members::of(Seats(7)), snapshot: Snapshot::default() };
    let answer = |standing| founding::Message::Answer { echo: TOKEN, standing };
    let ready = |prepared| answer(founding::Standing::Ready { token: TOKEN + 1, least: LEAST, prepared });
    [
        ("Who", founding::Message::Who { founding: FOUNDING, terms }),
        ("Who.restored", founding::Message::Who { founding: FOUNDING, terms: Terms { snapshot: SNAPSHOT, ..terms } }),
        ("Where", founding::Message::Where { token: TOKEN, terms }),
        ("Prepare", founding::Message::Prepare { founding: FOUNDING, token: TOKEN }),
        ("Answer.Ready", ready(None)),
        ("Answer.Ready.prepared", ready(Some(FOUNDING))),
        ("Answer.Abstains", answer(founding::Standing::Abstains)),
        ("Answer.Differs", answer(founding::Standing::Differs(terms))),
        (
            "Answer.Complete",
            answer(founding::Standing::Complete(Charter { founding: FOUNDING, members: terms.members, least: LEAST })),
        ),
    ]
    .into_iter()
}

fn requests() -> impl Iterator<Item = (&'static str, RequestBody<'static>)> {
    let session = Session { client: 200, epoch: Index(290), sequence: 5 };
    let change = |change| RequestBody::Change { since: Index(290), change };
    [
        ("Command", RequestBody::Command { session, command: b"set" }),
        ("Open", RequestBody::Open { client: 200, epoch: Index(0) }),
        ("Open.instead", RequestBody::Open { client: 200, epoch: Index(290) }),
        ("Read", RequestBody::Read { query: b"get", as_of: AsOf::Whenever }),
        ("Read.lease", RequestBody::Read { query: b"get", as_of: AsOf::Lease }),
        ("Status", RequestBody::Status),
        ("Snapshot", RequestBody::Snapshot),
        ("Piece.wanted", RequestBody::Piece { index: Index(300), check: SNAPSHOT.check, offset: 1100 }),
        ("Members", RequestBody::Members),
        ("Change.Add", change(Change::Add { seat: Seat(3), address: ADDRESS })),
        ("Change.Promote", change(Change::Promote { seat: Seat(3) })),
        ("Change.Remove", change(Change::Remove { seat: Seat(3) })),
        ("Change.Move", change(Change::Move { seat: Seat(3), address: ADDRESS })),
        ("Change.Enable", change(Change::Enable { features: Features::LEASES })),
        ("Change.UseKey", change(Change::UseKey { key: KeyId::of_bits(2) })),
        ("Transfer", RequestBody::Transfer { to: Some(Seat(1)) }),
        ("Transfer.any", RequestBody::Transfer { to: None }),
    ]
    .into_iter()
}

fn replies() -> impl Iterator<Item = (&'static str, ReplyBody<'static>)> {
    let (index, answer) = (Index(303), b"ok".as_slice());
    let unchanged = |reason| ReplyBody::Refused(Reason::Unchanged(reason));
    let (leader, pending, roster) = (Some(Seat(0)), Some(Seat(2)), roster());
    [
        ("Opened", ReplyBody::Opened { epoch: Index(290) }),
        ("Done", ReplyBody::Done { index, answer }),
        ("Value", ReplyBody::Value { index, answer }),
        ("NotLeader", ReplyBody::NotLeader { leader: Some(Seat(0)), address: "[::1]:7000" }),
        ("NotLeader.unknown", ReplyBody::NotLeader { leader: None, address: "" }),
        ("Refused.Full", ReplyBody::Refused(Reason::Full)),
        ("Refused.TooLarge", ReplyBody::Refused(Reason::TooLarge { limit: 1127 })),
        ("Refused.Unencodable", ReplyBody::Refused(Reason::Unencodable)),
        ("Refused.InTransfer", ReplyBody::Refused(Reason::InTransfer)),
        ("Refused.Malformed", ReplyBody::Refused(Reason::Malformed)),
        ("Refused.Stopping", ReplyBody::Refused(Reason::Stopping)),
        ("Refused.Busy", ReplyBody::Refused(Reason::Busy)),
        ("Refused.NoSnapshot", ReplyBody::Refused(Reason::NoSnapshot)),
        ("Refused.Unnumbered", ReplyBody::Refused(Reason::Unnumbered)),
        ("Refused.Founding", ReplyBody::Refused(Reason::Founding { waits_for: Seats(0b1010) })),
        ("Refused.NoMember", ReplyBody::Refused(Reason::NoMember)),
        ("Refused.NoTarget", ReplyBody::Refused(Reason::NoTarget)),
        ("Refused.NotEstablished", unchanged(Unchanged::NotEstablished)),
        ("Refused.UnderWay", unchanged(Unchanged::UnderWay)),
        ("Refused.Unknown", unchanged(Unchanged::Unknown)),
        ("Refused.Known", unchanged(Unchanged::Known)),
        ("Refused.NoSeat", unchanged(Unchanged::NoSeat)),
        ("Refused.AddressInUse", unchanged(Unchanged::AddressInUse(Seat(1)))),
        ("Refused.Unheard", unchanged(Unchanged::Unheard(Seats(0b1010)))),
        ("Refused.LastVoter", unchanged(Unchanged::LastVoter)),
        ("Refused.TooSlow", unchanged(Unchanged::TooSlow)),
        ("Refused.TooLong", unchanged(Unchanged::TooLarge)),
        ("Refused.Older", unchanged(Unchanged::Outdated(Seats(4)))),
        ("Refused.Outdated", ReplyBody::Refused(Reason::Outdated)),
        ("Refused.Forbidden", ReplyBody::Refused(Reason::Forbidden)),
        ("Unknown", ReplyBody::Unknown),
        ("Superseded", ReplyBody::Superseded),
        ("Expired", ReplyBody::Expired),
        ("Outdated", ReplyBody::Outdated { last: 6 }),
        ("Status.report", ReplyBody::Status(report())),
        ("Status.leading", ReplyBody::Status(leading())),
        ("Snapshot.latest", ReplyBody::Snapshot { snapshot: SNAPSHOT, members: Members::of(Seats(7)) }),
        ("Piece.bytes", ReplyBody::Piece { offset: 1100, bytes: b"state" }),
        ("Held", ReplyBody::Held { epoch: Index(290) }),
        ("Mismatch", ReplyBody::Mismatch),
        ("Members.reply", ReplyBody::Members { since: Index(290), is_settled: true, leader, pending, roster }),
        ("Taken", ReplyBody::Taken),
    ]
    .into_iter()
}

fn report() -> StatusReport {
    let mut refusals = Dropped::default();
    refusals.count(DecodeError::Checksum);
    refusals.count(DecodeError::Checksum);
    refusals.count(DecodeError::Cluster);
    StatusReport {
        seat: Seat(2),
        incarnation: LIFE,
        role: Role::Follower,
        term: Term(3),
        leader: Some(Seat(0)),
        commit: Index(303),
        applied: Index(302),
        first: Index(1),
        last: Index(305),
        durable: Index(304),
        digest: 128,
        members: Members { learners: Seats(8), ..Members::of(Seats::first(3)) },
        since: Index(290),
        is_settled: true,
        on: Features::LEASES,
        known: Features::LEASES.with(Features::of_app(1)),
        condition: Condition::default(),
        others: Followers::default(),
        preferred: Seats::NONE,
        lease_ms: None,
        refused: Refused::of(refusals, quorate::Refusals::default()),
    }
}

fn leading() -> StatusReport {
    let follower = |seat, standing, lag, millis| {
        let silence = Duration::from_millis(millis);
        Follower { seat: Seat(seat), standing, lag, silence }
    };
    let others = [
        follower(0, Standing::Follows, 0, 12),
        follower(1, Standing::Refused(quorate::Refusal::Forgotten), 303, 61_000),
        follower(3, Standing::Fetches, 100, 40),
    ];
    let others = Followers::from_iter(others);
    let (preferred, lease_ms) = (Seats(6), Some(420));
    let keys = Some(KeyReport { held: KeySet(0b1000_0000_0000_0110), used: KeyId::of_bits(2) });
    StatusReport {
        role: Role::Leader,
        leader: Some(Seat(2)),
        condition: Condition { is_full: true, links: Links::Sealed, keys },
        others,
        preferred,
        lease_ms,
        ..report()
    }
}

const POSITION: Position = Position { term: Term(2), index: Index(300) };

const SNAPSHOT: Snapshot = Snapshot { position: POSITION, bytes: 70_000, check: 0x0123_4567 };

pub(crate) const FOUNDING: Founding = Founding(0x1122_3344_5566_7788);

pub(crate) const TOKEN: u64 = 0x0102_0304_0506_0708;

pub(crate) const LIFE: Incarnation = Incarnation(0x2122_2324_2526_2728);

/// 127.0.0.1, port 7000.
const ADDRESS: &[u8] = &[127, 0, 0, 1, 0x58, 0x1b];

const ENVELOPE: Envelope =
    Envelope { founding: FOUNDING, from: Seat(1), to: Seat(2), incarnation: Incarnation::FOUNDER };

pub(crate) const FOUNDERS: FoundingEnvelope = FoundingEnvelope { cluster: Cluster(42), from: Seat(1), to: Seat(2) };

const REQUEST: Request<'static> = Request { cluster: Cluster(42), client: 7, number: 130, body: RequestBody::Status };

const REPLY: Reply<'static> =
    Reply { client: 7, number: 130, from: Seat(2), founding: Some(FOUNDING), body: ReplyBody::Unknown };
