use std::collections::BTreeMap;

use quorate::{Change, Entry, Features, Founding, Index, KeyId, Members, Message, Role, Seat, Seats, Session, Term};
use quorate_trace::{EntryView, MessageView, RosterView};
use quorate_wire::client::{AsOf, Follower, Reply, ReplyBody, Request, RequestBody, StatusReport};
use quorate_wire::{Cluster, Envelope, FoundingEnvelope};
use serde::Serialize;

use super::command::{CommandView, Content, Text, answer, command, query, value};
use crate::command::{Answer, Query};
use crate::status::links;

/// A frame: what all of them have, then the fields of its class.
#[derive(Serialize)]
pub(super) struct Frame<'a, B> {
    pub(super) frame: &'static str,
    pub(super) version: u8,
    pub(super) bytes: usize,
    #[serde(flatten)]
    pub(super) body: &'a B,
}

#[derive(Serialize)]
pub(super) struct MemberView<'a> {
    founding: Founding,
    from: Seat,
    to: Seat,
    incarnation: String,
    message: MessageView<'a, KvEntry<'a>>,
}

impl<'a> MemberView<'a> {
    pub(super) fn of(envelope: &Envelope, message: Message<'a>) -> MemberView<'a> {
        let Envelope { founding, from, to, incarnation } = *envelope;
        let incarnation = incarnation.to_string();
        MemberView { founding, from, to, incarnation, message: MessageView::of(message, KvEntry::of) }
    }
}

/// A message between stores that are to become a cluster.
#[derive(Serialize)]
pub(super) struct FoundingView {
    #[serde(flatten)]
    pub(super) envelope: FoundingEnvelope,
    pub(super) message: quorate::founding::Message,
}

/// An entry with its command.
#[derive(Serialize)]
struct KvEntry<'a> {
    #[serde(flatten)]
    entry: EntryView,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<Content<'a, CommandView<'a>>>,
}

impl<'a> KvEntry<'a> {
    fn of(entry: Entry<'a>) -> KvEntry<'a> {
        KvEntry { entry: EntryView::of(entry), command: entry.command().map(command) }
    }
}

#[derive(Serialize)]
pub(super) struct RequestView<'a> {
    cluster: Cluster,
    client: u64,
    number: u64,
    request: Asked<'a>,
}

#[derive(Serialize)]
enum Asked<'a> {
    Command { session: Session, command: Content<'a, CommandView<'a>> },
    Open { client: u64, epoch: Index },
    Read { query: Content<'a, Query<'a>>, as_of: AsOf },
    Status,
    Snapshot,
    Piece { index: Index, check: u32, offset: u64 },
    Members,
    Change { since: Index, change: Changed },
    Transfer { to: Option<Seat> },
}

/// A change of members, with the address as people write it.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Changed {
    Add { seat: Seat, address: String },
    Promote { seat: Seat },
    Remove { seat: Seat },
    Move { seat: Seat, address: String },
    Enable { features: Features },
    UseKey { key: KeyId },
}

impl Changed {
    fn of(change: Change<'_>) -> Changed {
        let text =
            |address| quorate_smol::address(address).map_or_else(|| hex::encode(address), |known| known.to_string());
        match change {
            Change::Add { seat, address } => Changed::Add { seat, address: text(address) },
            Change::Promote { seat } => Changed::Promote { seat },
            Change::Remove { seat } => Changed::Remove { seat },
            Change::Move { seat, address } => Changed::Move { seat, address: text(address) },
            Change::Enable { features } => Changed::Enable { features },
            Change::UseKey { key } => Changed::UseKey { key },
        }
    }
}

impl<'a> RequestView<'a> {
    pub(super) fn of(request: &Request<'a>) -> RequestView<'a> {
        let Request { cluster, client, number, body } = *request;
        let request = match body {
            RequestBody::Command { session, command: bytes } => Asked::Command { session, command: command(bytes) },
            RequestBody::Open { client, epoch } => Asked::Open { client, epoch },
            RequestBody::Read { query: bytes, as_of } => Asked::Read { query: query(bytes), as_of },
            RequestBody::Status => Asked::Status,
            RequestBody::Snapshot => Asked::Snapshot,
            RequestBody::Piece { index, check, offset } => Asked::Piece { index, check, offset },
            RequestBody::Members => Asked::Members,
            RequestBody::Change { since, change } => Asked::Change { since, change: Changed::of(change) },
            RequestBody::Transfer { to } => Asked::Transfer { to },
        };
        RequestView { cluster, client, number, request }
    }
}

#[derive(Serialize)]
pub(super) struct ReplyView<'a> {
    client: u64,
    number: u64,
    from: Seat,
    founding: Option<Founding>,
    reply: Answered<'a>,
}

#[derive(Serialize)]
enum Answered<'a> {
    Done {
        index: Index,
        answer: Content<'a, Answer>,
    },
    Value {
        index: Index,
        answer: Content<'a, Option<Text<'a>>>,
    },
    Status(Report),
    Members {
        since: Index,
        is_settled: bool,
        leader: Option<Seat>,
        pending: Option<Seat>,
        roster: RosterView,
    },
    #[serde(untagged)]
    Plain(ReplyBody<'a>),
}

impl<'a> ReplyView<'a> {
    pub(super) fn of(reply: &Reply<'a>) -> ReplyView<'a> {
        let Reply { client, number, from, founding, body } = *reply;
        let reply = match body {
            ReplyBody::Done { index, answer: bytes } => Answered::Done { index, answer: answer(bytes) },
            ReplyBody::Value { index, answer: bytes } => Answered::Value { index, answer: value(bytes) },
            ReplyBody::Status(report) => Answered::Status(Report::of(&report)),
            ReplyBody::Members { since, is_settled, leader, pending, roster } => {
                Answered::Members { since, is_settled, leader, pending, roster: RosterView::of(roster) }
            }
            plain => Answered::Plain(plain),
        };
        ReplyView { client, number, from, founding, reply }
    }
}

/// A status with its sets of seats and its reasons spelled out.
#[derive(Serialize)]
struct Report {
    seat: Seat,
    incarnation: String,
    role: Role,
    term: Term,
    leader: Option<Seat>,
    commit: Index,
    applied: Index,
    first: Index,
    last: Index,
    durable: Index,
    digest: String,
    voters: Vec<Seat>,
    outgoing: Vec<Seat>,
    replaced: Vec<Seat>,
    learners: Vec<Seat>,
    witnesses: Vec<Seat>,
    since: Index,
    is_settled: bool,
    full: bool,
    links: &'static str,
    /// What a leader knows of each of the others.
    followers: Vec<FollowerView>,
    preferred: Vec<Seat>,
    lease_ms: Option<u32>,
    refused: BTreeMap<&'static str, u64>,
}

impl Report {
    fn of(report: &StatusReport) -> Report {
        let Members { voters, outgoing, replaced, learners, witnesses } = report.members;
        let seats = |seats: Seats| seats.iter().collect();
        Report {
            seat: report.seat,
            incarnation: report.incarnation.to_string(),
            role: report.role,
            term: report.term,
            leader: report.leader,
            commit: report.commit,
            applied: report.applied,
            first: report.first,
            last: report.last,
            durable: report.durable,
            digest: format!("{:016x}", report.digest),
            voters: seats(voters),
            outgoing: seats(outgoing),
            replaced: seats(replaced),
            learners: seats(learners),
            witnesses: seats(witnesses),
            since: report.since,
            is_settled: report.is_settled,
            full: report.condition.is_full,
            links: links::name(report.condition.links),
            followers: report.followers().map(FollowerView::of).collect(),
            preferred: seats(report.preferred),
            lease_ms: report.lease_ms,
            refused: report.refused.iter().filter(|(_, count)| *count > 0).collect(),
        }
    }
}

#[derive(Serialize)]
struct FollowerView {
    seat: Seat,
    standing: String,
    lag: u64,
    heard_ms_ago: u64,
}

impl FollowerView {
    fn of(follower: Follower) -> FollowerView {
        let Follower { seat, standing, lag, silence } = follower;
        FollowerView { seat, standing: format!("{standing:?}"), lag, heard_ms_ago: silence.as_millis() as u64 }
    }
}
