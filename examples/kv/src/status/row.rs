use std::collections::BTreeMap;
use std::net::SocketAddr;

use quorate::{Features, Role, Seat, Standing};
use quorate_smol::{ClientError, Follower, Status};
use quorate_wire::DecodeError;
use serde_json::{Value, json};

use super::{keys, links};
use crate::connection::NodeStatus;
use crate::layout::name;

/// A node's line of the table.
pub(super) struct Row {
    seat: Seat,
    address: SocketAddr,
    status: Result<Status, ClientError>,
    is_learner: bool,
    /// How many entries the node has still to apply, of those that are known to be committed anywhere.
    lag: u64,
}

impl Row {
    pub(super) fn all(statuses: Vec<NodeStatus>) -> Vec<Row> {
        let reached = statuses.iter().filter_map(|node| node.status.as_ref().ok());
        let commit = reached.map(|status| status.commit.0).max().unwrap_or_default();
        let members = NodeStatus::best(&statuses).map(|best| best.members).unwrap_or_default();
        let row = |NodeStatus { seat, address, status, .. }: NodeStatus| Row {
            seat,
            address,
            is_learner: members.learners.contains(seat),
            lag: status.as_ref().map_or(0, |status| commit.saturating_sub(status.applied.0)),
            status,
        };
        statuses.into_iter().map(row).collect()
    }

    fn cells(&self) -> [String; COLUMNS] {
        let (node, address) = (name(self.seat), self.address.to_string());
        let Ok(status) = &self.status else {
            let nothing = || "-".to_owned();
            let silent = match self.status {
                Err(ClientError::Refused(_)) => "no member".to_owned(),
                Err(ClientError::OtherCluster { .. }) => "foreign".to_owned(),
                Err(ClientError::TurnedAway { reason: DecodeError::Cluster, .. }) => "foreign".to_owned(),
                Err(ClientError::TurnedAway { .. }) => "no key".to_owned(),
                _ => "unreachable".to_owned(),
            };
            let rest = std::array::from_fn::<_, { COLUMNS - 3 }, _>(|_| nothing());
            let mut cells = [node, address, silent].into_iter().chain(rest);
            return std::array::from_fn(|_| cells.next().unwrap_or_default());
        };
        [
            node,
            address,
            self.role(status).to_owned(),
            life(status),
            status.term.0.to_string(),
            status.leader.map_or_else(|| "-".to_owned(), name),
            status.commit.0.to_string(),
            status.applied.0.to_string(),
            self.lag.to_string(),
            hash(status),
        ]
    }

    fn role(&self, status: &Status) -> &'static str {
        match status.role {
            Role::Follower if self.is_learner => "learner",
            Role::Follower => "follower",
            Role::PreCandidate => "pre-candidate",
            Role::Candidate => "candidate",
            Role::Leader => "leader",
        }
    }

    /// Which frames the node has refused, if any.
    pub(super) fn refusals(&self) -> Option<String> {
        let status = self.status.as_ref().ok()?;
        let counted = status.refused.iter().filter(|(_, count)| *count > 0);
        let counts: Vec<_> = counted.map(|(reason, count)| format!("{reason} {count}")).collect();
        (!counts.is_empty()).then(|| format!("{} refused frames: {}", name(self.seat), counts.join(", ")))
    }

    /// Who the node is, and how it is by its own account.
    pub(super) fn account(&self) -> Option<(Seat, &Status)> {
        Some((self.seat, self.status.as_ref().ok()?))
    }

    pub(super) fn json(&self) -> Value {
        let (node, address) = (name(self.seat), self.address.to_string());
        let status = match &self.status {
            Ok(status) => status,
            Err(error) => {
                return json!({ "node": node, "address": address, "reachable": false, "error": error.to_string() });
            }
        };
        json!({
            "node": node,
            "address": address,
            "reachable": true,
            "life": status.incarnation.to_string(),
            "role": self.role(status),
            "term": status.term.0,
            "leader": status.leader.map(name),
            "commit": status.commit.0,
            "applied": status.applied.0,
            "lag": self.lag,
            "first": status.first.0,
            "last": status.last.0,
            "durable": status.durable.0,
            "hash": hash(status),
            "voters": status.members.voters.iter().map(name).collect::<Vec<_>>(),
            "since": status.since.0,
            "features_on": words(status.on),
            "features_known": words(status.known),
            "full": status.condition.is_full,
            "links": links::name(status.condition.links),
            "keys": status.condition.keys.map(keys::json),
            "preferred": status.preferred.iter().map(name).collect::<Vec<_>>(),
            "lease_ms": status.lease_ms,
            "followers": status.followers().map(follower).collect::<Vec<_>>(),
            "refused": status.refused.iter().collect::<BTreeMap<_, _>>(),
        })
    }
}

fn words(features: Features) -> Vec<String> {
    features.iter().map(|feature| feature.to_string()).collect()
}

/// The rows under their titles.
pub(super) fn table(rows: &[Row]) -> String {
    let mut lines = vec![TITLES.map(str::to_owned)];
    lines.extend(rows.iter().map(Row::cells));
    columns(&lines)
}

/// Lines whose columns are as wide as their widest cell.
pub(crate) fn columns<const COLUMNS: usize>(lines: &[[String; COLUMNS]]) -> String {
    let width = |column: usize| lines.iter().map(|cells| cells[column].len()).max().unwrap_or_default();
    let widths: [usize; COLUMNS] = std::array::from_fn(width);
    let line = |cells: &[String; COLUMNS]| {
        let padded = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        let line = padded.collect::<Vec<_>>().join("  ");
        format!("{}\n", line.trim_end())
    };
    lines.iter().map(line).collect()
}

const COLUMNS: usize = TITLES.len();
const TITLES: [&str; 10] = ["NODE", "ADDRESS", "ROLE", "LIFE", "TERM", "LEADER", "COMMIT", "APPLIED", "LAG", "HASH"];

/// Which life of its store a node is: the first digits tell them apart.
fn life(status: &Status) -> String {
    let life = status.incarnation.to_string();
    life.chars().take(LIFE).collect()
}

const LIFE: usize = 8;

/// What a leader knows of another node.
fn follower(follower: Follower) -> Value {
    let Follower { seat, standing, lag, silence } = follower;
    let (standing, reason) = match standing {
        Standing::Follows => ("follows", None),
        Standing::Seeks => ("seeks", None),
        Standing::Fetches => ("fetches a snapshot", None),
        Standing::TooSmall => ("has no place for a snapshot", None),
        Standing::Silent => ("silent", None),
        Standing::Refused(refusal) => ("refused", Some(refusal.name())),
    };
    let silence = silence.as_millis() as u64;
    json!({ "node": name(seat), "standing": standing, "reason": reason, "lag": lag, "heard_ms_ago": silence })
}

fn hash(status: &Status) -> String {
    format!("{:016x}", status.digest)
}
