use quorate::{Identity, Index, Node, Position, Role, Seat, Term};
use serde::Serialize;

/// What a node shows of itself between two steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct State {
    role: &'static str,
    term: Term,
    vote: Option<Identity>,
    mark: Term,
    leader: Option<Seat>,
    commit: Index,
    applied: Index,
    durable: Index,
    last: Position,
    since: Index,
    settled: Index,
    pending: Option<Seat>,
    deadline_us: Option<u64>,
}

impl State {
    pub(crate) fn of<C, B: AsRef<[u8]>, const SEATS: usize>(node: &Node<C, B, SEATS>) -> State {
        State {
            role: match node.role() {
                Role::Follower => "follower",
                Role::PreCandidate => "pre-candidate",
                Role::Candidate => "candidate",
                Role::Leader => "leader",
            },
            term: node.term(),
            vote: node.vote(),
            mark: node.mark(),
            leader: node.leader(),
            commit: node.commit(),
            applied: node.applied(),
            durable: node.durable(),
            last: node.last(),
            since: node.roster().0,
            settled: node.settled().since,
            pending: node.pending_change(),
            deadline_us: node.deadline().map(quorate::Instant::as_micros),
        }
    }
}
