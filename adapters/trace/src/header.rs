use std::time::Duration;

use quorate::{Charter, Config, HardState, Identity, Instant, Mark, Node, Position, Snapshot, Stored};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The version of the format that this crate writes.
pub const FORMAT: u32 = 4;

/// The first line of a boot: all that a node is made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The format's version: [`FORMAT`].
    pub trace: u32,
    /// What makes the node a member. The frames of this trace name its founding.
    pub charter: Charter,
    /// How the node behaves.
    #[serde(with = "ConfigFields")]
    pub config: Config,
    /// Bytes of memory for the log.
    pub log_bytes: usize,
    /// When the node was started, in microseconds.
    pub start_us: u64,
    /// The term and vote that were recovered.
    pub hard_state: HardState,
    /// The mark that was recovered, at the end of the log.
    pub mark: Mark,
    /// The snapshots that the node had, the oldest first.
    pub snapshots: Vec<Snapshot>,
    /// The position of a snapshot that was lost.
    pub lost: Option<Position>,
    /// The last entry that is known to be committed, though no snapshot covers it: one that did is damaged.
    pub committed: Option<Position>,
    /// What was stored of a snapshot of the leader.
    pub stored: Option<Stored>,
    /// The log that was recovered: its records, one behind the other.
    #[serde(with = "hex::serde")]
    pub records: Vec<u8>,
}

impl Header {
    /// The header of a node that was started and has not taken a step yet.
    pub fn of<C, B: AsRef<[u8]>, const SEATS: usize>(
        charter: Charter,
        config: Config,
        log_bytes: usize,
        start: Instant,
        node: &Node<C, B, SEATS>,
    ) -> Header {
        Header {
            trace: FORMAT,
            charter,
            config,
            log_bytes,
            start_us: start.as_micros(),
            hard_state: node.durable_hard_state(),
            mark: Mark { term: node.durable_mark(), last: node.last() },
            snapshots: node.snapshots().collect::<Vec<_>>().into_iter().rev().collect(),
            lost: node.is_lost().then(|| node.base()),
            committed: node.log().map(|entry| entry.position()).find(|position| position.index == node.commit()),
            stored: node.fetching(),
            records: node.log().bytes().to_vec(),
        }
    }
}

/// The fields of [`Config`]. The core counts time in microseconds, so nothing is lost.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Config")]
struct ConfigFields {
    identity: Identity,
    #[serde(rename = "election_timeout_us", serialize_with = "write_micros", deserialize_with = "read_micros")]
    election_timeout: Duration,
    #[serde(rename = "heartbeat_interval_us", serialize_with = "write_micros", deserialize_with = "read_micros")]
    heartbeat_interval: Duration,
    entry_bytes_max: usize,
    inflight_messages_max: u32,
    inflight_bytes_max: usize,
    snapshot_fill_percent: u8,
    snapshot_bytes_per_heartbeat: u32,
    snapshot_bytes_max: Option<u32>,
    pieces_in_order: bool,
    seed: u64,
}

fn write_micros<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX).serialize(serializer)
}

fn read_micros<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_micros)
}
