use std::time::Duration;

use quorate::{
    Charter, Config, Features, HardState, Incarnation, Instant, Mark, Node, Position, Seat, Snapshot, Stored,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::roster::SettledView;

/// The version of the format that this crate writes.
pub const FORMAT: u32 = 4;

/// The first line of a boot: all that a node is made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The format's version: [`FORMAT`].
    pub trace: u32,
    /// What makes the node a member. The frames of this trace name its founding.
    pub charter: Charter,
    /// Which life of its store this is: a founder's, or one that joined the cluster when that was there already.
    pub incarnation: Incarnation,
    /// How the node behaves.
    #[serde(with = "ConfigFields")]
    pub config: Config,
    /// Bytes of memory for the log.
    pub log_bytes: usize,
    /// When the node was started, in microseconds.
    pub start_us: u64,
    /// The last configuration that was known to be committed.
    pub settled: SettledView,
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
            incarnation: node.identity().incarnation,
            config,
            log_bytes,
            start_us: start.as_micros(),
            settled: SettledView::of(node.settled()),
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
    seat: Seat,
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
    leases: bool,
    commits_at_once: bool,
    features: Features,
    seed: u64,
}

fn write_micros<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX).serialize(serializer)
}

fn read_micros<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use quorate::{Boot, Features, Founding, Least, Members, Seats};

    use super::*;

    #[test]
    fn a_life_that_joined_comes_back_whole() {
        let charter = Charter {
            founding: Founding(42),
            members: Members::of(Seats::first(3)),
            least: Least { log_bytes: 1024, election_micros: 250_000, features: Features::OWN },
        };
        let (config, life) = (Config::new(Seat(1), 7), Incarnation::drawn(u64::MAX));
        let boot = Boot::<u32, [u8; 1024], 3>::join(config.clone(), &charter, life, [0; 1024]);
        let node = boot.expect("it may run").start(Instant::START).expect("it starts");
        let header = Header::of(charter, config, 1024, Instant::START, &node);
        let text = serde_json::to_string(&header).expect("it is JSON");
        assert_eq!(serde_json::from_str::<Header>(&text).expect("it was written so"), header);
        assert_eq!((header.incarnation, header.config.seat), (life, Seat(1)));
        assert_eq!(header.settled.settled(), Some(node.settled()));
    }
}
