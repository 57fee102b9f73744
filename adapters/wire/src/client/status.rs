use quorate::{Features, Identity, Incarnation, Index, Members, Node, Role, Seat, Seats, Term};
use serde::{Deserialize, Serialize};

use super::{Condition, Follower, Followers, Links};
use crate::fields::{self, Fields, Writer, numbers};
use crate::{Dropped, Refused, life};

/// How a node is, by its own account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StatusReport {
    /// The node's seat.
    pub seat: Seat,
    /// The node's incarnation.
    #[serde(with = "life")]
    pub incarnation: Incarnation,
    /// What it is in its term.
    pub role: Role,
    /// Its term.
    pub term: Term,
    /// Who leads, as far as it knows.
    pub leader: Option<Seat>,
    /// The index up to which it knows entries to be committed.
    pub commit: Index,
    /// The index up to which its state has taken entries in.
    pub applied: Index,
    /// The index of the first entry in its log.
    pub first: Index,
    /// The index of the last entry in its log.
    pub last: Index,
    /// The index up to which its log is durable.
    pub durable: Index,
    /// A hash of the applied state: nodes that have applied the same index have the same digest.
    #[serde(with = "postcard::fixint::le")]
    pub digest: u64,
    /// The configuration in force.
    pub members: Members,
    /// The index of the entry that made it; zero for that of the founding.
    pub since: Index,
    /// Whether it is known to be committed.
    pub is_settled: bool,
    /// What is on in its cluster, as far as it knows that to be committed.
    pub on: Features,
    /// What its build knows.
    pub known: Features,
    /// Whether its log is full, what it takes of others, and its keys.
    pub condition: Condition,
    /// What it knows of the others, if it leads: see [`followers`](StatusReport::followers).
    pub others: Followers,
    /// Who is to lead if they can, as it was told.
    pub preferred: Seats,
    /// For how many milliseconds it still serves reads by a lease: see [`Node::lease`](quorate::Node::lease).
    pub lease_ms: Option<u32>,
    /// What it has refused since it started.
    pub refused: Refused,
}

impl StatusReport {
    /// How this node is, whose state has this digest, for whom these frames were dropped, and who takes so much of others.
    /// Its keys, whom it prefers, and what lease it has, its driver knows.
    pub fn of<C, B: AsRef<[u8]>, const SEATS: usize>(
        node: &Node<C, B, SEATS>,
        digest: u64,
        dropped: Dropped,
        links: Links,
    ) -> StatusReport {
        let Identity { seat, incarnation } = node.identity();
        let (since, _) = node.roster();
        StatusReport {
            seat,
            incarnation,
            role: node.role(),
            term: node.term(),
            leader: node.leader(),
            commit: node.commit(),
            applied: node.applied(),
            first: Index(node.base().index.0 + 1),
            last: node.last().index,
            durable: node.durable(),
            digest,
            members: node.members(),
            since,
            is_settled: node.is_settled(),
            on: node.features(),
            known: node.known_features(),
            condition: Condition { is_full: node.is_full(), links, keys: None },
            others: Followers::of(node),
            preferred: Seats::NONE,
            lease_ms: None,
            refused: Refused::of(dropped, node.refusals()),
        }
    }

    /// What it knows of each of the others, if it leads.
    pub fn followers(&self) -> impl Iterator<Item = Follower> {
        self.others.iter(self.members.all().without(self.seat))
    }

    pub(crate) fn write(&self, out: &mut Writer<'_>) -> postcard::Result<()> {
        fields::raw(out, &[self.seat.0])?;
        fields::incarnation(out, self.incarnation)?;
        numbers(out, &[self.role as u64, self.term.0])?;
        fields::seat(out, self.leader)?;
        let StatusReport { commit, applied, first, last, durable, .. } = *self;
        numbers(out, &[commit.0, applied.0, first.0, last.0, durable.0])?;
        fields::random(out, self.digest)?;
        fields::members(out, &self.members)?;
        let StatusReport { since, is_settled, on, known, condition, .. } = *self;
        numbers(out, &[since.0, is_settled.into(), on.0.into(), known.0.into()])?;
        condition.write(out)?;
        fields::bytes(out, self.others.bytes())?;
        numbers(out, &[self.preferred.0.into(), self.lease_ms.is_some().into()])?;
        self.lease_ms.map_or(Ok(()), |millis| numbers(out, &[millis.into()]))?;
        fields::raw(out, &self.refused.slots())
    }

    pub(crate) fn read(fields: &mut Fields<'_>) -> StatusReport {
        StatusReport {
            seat: fields.seat(),
            incarnation: fields.incarnation(),
            role: match fields.number() {
                0 => Role::Follower,
                1 => Role::PreCandidate,
                2 => Role::Candidate,
                3 => Role::Leader,
                _ => fields.malformed(Role::Follower),
            },
            term: Term(fields.number()),
            leader: fields.option_of_seat(),
            commit: fields.index(),
            applied: fields.index(),
            first: fields.index(),
            last: fields.index(),
            durable: fields.index(),
            digest: fields.random(),
            members: fields.members(),
            since: fields.index(),
            is_settled: fields.flag(),
            on: fields.features(),
            known: fields.features(),
            condition: Condition::read(fields),
            others: Followers::read(fields),
            preferred: Seats(fields.short()),
            lease_ms: if fields.flag() { Some(fields.short()) } else { None },
            refused: Refused::of_slots(|| fields.byte()),
        }
    }
}
