use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use quorate::{Config, Features, Seat, Seats};
use quorate_wire::{Cluster, MEMBER_OVERHEAD_MAX};

use crate::Keyring;
use crate::clock::Clock;
use crate::replica::CLIENTS;
use crate::socket::DATAGRAM_MAX;

/// How a node is run. The nodes of a cluster should have the same cluster, peers, times and sizes.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// The cluster: frames of another one are dropped.
    pub cluster: Cluster,
    /// This node's seat.
    pub seat: Seat,
    /// Where each member is reached, this node included. An empty directory founds a cluster with all of them, each of
    /// which votes. Members and their addresses belong to the data then: later this says how this node reaches the members
    /// that it names, and nothing else. It may be empty.
    pub peers: BTreeMap<Seat, SocketAddr>,
    /// Whether the cluster is there already: an empty directory founds nothing then, and becomes part of it.
    pub existing: bool,
    /// Where one member of the cluster is reached: an empty directory founds nothing, asks there alone, and becomes part
    /// of its cluster, of which it learns all else; `peers` may be empty. With data, it is asked as well where the others
    /// are, as long as no leader is known.
    pub join: Option<SocketAddr>,
    /// Where this node listens, for members and clients alike.
    pub listen: SocketAddr,
    /// The directory of the log; it is made if it is not there.
    pub data_dir: PathBuf,
    /// The most bytes of a datagram between members, from [`MEMBER_FRAME_MIN`](quorate_wire::MEMBER_FRAME_MIN) to
    /// 65,507: what the path carries in one piece. A command has to fit into one.
    pub frame_bytes: usize,
    /// The most bytes of entries, or of a snapshot, that are on their way to a follower at a time, at least a frame's:
    /// what the path and its receiver hold without loss. A slow line to a microcontroller takes a few frames.
    pub inflight_bytes_max: usize,
    /// Bytes of memory for the log. When half of it is used, a snapshot takes the place of the older entries. What the
    /// member with the least has is written down when the cluster is founded: nobody may have less later.
    pub log_bytes: usize,
    /// After each index that this number divides, a snapshot is taken as well. All nodes take the same ones then, and a
    /// follower that fetches one can go on with it at another leader.
    pub snapshot_every: Option<NonZeroU64>,
    /// The most bytes of snapshots that a leader sends in a second, to all followers together.
    pub snapshot_bytes_per_second: u64,
    /// The most clients that have a session at a time, from 1 to 1024; a further one takes the place of the one that
    /// was silent longest. It has to be the same on all nodes from the beginning, and never changes: a cluster with a
    /// microcontroller in it has as many as that has room for.
    pub clients_max: usize,
    /// See [`quorate::Config::election_timeout`].
    pub election_timeout: Duration,
    /// See [`quorate::Config::heartbeat_interval`].
    pub heartbeat_interval: Duration,
    /// Whether this node, when it leads, answers [`Client::read_by_lease`](crate::Client::read_by_lease) without asking the
    /// others: see [`quorate::Config::leases`]. On Linux and Android alone: elsewhere no clock counts the time in which the
    /// machine sleeps, and a majority is asked.
    pub leases: bool,
    /// See [`quorate::Config::commits_at_once`]: reads of what followers have applied are as fresh as can be then.
    pub commits_at_once: bool,
    /// What this node says that it does not know, though its build does. So nobody can switch it on, and this node can be
    /// taken back to an older build. Once it is on, the node does not start so.
    pub held_back: Features,
    /// Which members should lead if they can, the same on all nodes; no matter whom if none is named. A leader that is none
    /// of them hands over to a voter that is, once that one has followed for ten election time-outs: see
    /// [`Preference`](quorate_driver::Preference) for how often. Who is no voter is left out.
    pub preferred: Seats,
    /// The keys under which this node, the others and clients seal what they say to each other. Each node has to have the one
    /// that the others use. Who has no key is none of them then: what is not sealed is dropped, and a client is told so.
    /// Without keys nothing is sealed.
    pub keys: Option<Keyring>,
    /// For so long after its start, a node with keys takes what is not sealed as well, and does not seal what it says to who
    /// does not: so nodes that run without keys get them one after the other. Anybody can pose as one of them, or as a client,
    /// meanwhile. Zero: never. Without keys it has no meaning.
    pub plain_for: Duration,
    /// The file to which each step of the node is added, as [`quorate-trace`](https://docs.rs/quorate-trace) describes
    /// it. It holds all commands, and grows without bound.
    pub trace: Option<PathBuf>,
}

impl ServerConfig {
    /// For how many clients' sessions there is room.
    pub const CLIENTS_MAX: usize = CLIENTS;

    /// Settings for a local network: datagrams of 1,200 bytes, a log of 64 MiB, heartbeats each 50 ms, elections after
    /// 250 to 500 ms. The node listens at its own address among `peers`.
    pub fn new(cluster: Cluster, seat: Seat, peers: BTreeMap<Seat, SocketAddr>, data_dir: impl Into<PathBuf>) -> Self {
        let anywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        ServerConfig {
            cluster,
            seat,
            listen: peers.get(&seat).copied().unwrap_or(anywhere),
            peers,
            data_dir: data_dir.into(),
            frame_bytes: 1200,
            inflight_bytes_max: 128 << 10,
            log_bytes: 64 << 20,
            existing: false,
            join: None,
            snapshot_every: None,
            snapshot_bytes_per_second: 1 << 30,
            clients_max: CLIENTS,
            election_timeout: Duration::from_millis(250),
            heartbeat_interval: Duration::from_millis(50),
            leases: true,
            commits_at_once: false,
            held_back: Features::NONE,
            preferred: Seats::NONE,
            keys: None,
            plain_for: Duration::ZERO,
            trace: None,
        }
    }

    /// The members that this node was told of.
    pub(crate) fn listed(&self) -> Seats {
        self.peers.keys().copied().collect()
    }

    /// At least a byte, so that every snapshot comes to its end.
    fn snapshot_bytes_per_heartbeat(&self) -> u32 {
        let bytes = u128::from(self.snapshot_bytes_per_second) * self.heartbeat_interval.as_micros() / 1_000_000;
        u32::try_from(bytes).unwrap_or(u32::MAX).max(1)
    }

    /// What a frame holds of entries, in bytes.
    pub(crate) fn entry_bytes_max(&self) -> usize {
        self.frame_bytes.min(DATAGRAM_MAX).saturating_sub(MEMBER_OVERHEAD_MAX)
    }

    /// The node's configuration, whose application knows so much.
    pub(crate) fn core(&self, of_app: Features, seed: u64) -> Config {
        Config {
            features: Features::OWN.with(of_app).without(self.held_back),
            election_timeout: self.election_timeout,
            heartbeat_interval: self.heartbeat_interval,
            entry_bytes_max: self.entry_bytes_max(),
            snapshot_bytes_per_heartbeat: self.snapshot_bytes_per_heartbeat(),
            inflight_messages_max: 128,
            inflight_bytes_max: self.inflight_bytes_max,
            pieces_in_order: false,
            leases: self.leases && Clock::COUNTS_SLEEP,
            commits_at_once: self.commits_at_once,
            ..Config::new(self.seat, seed)
        }
    }
}
