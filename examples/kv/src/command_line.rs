mod change;
mod features;
mod keyring;
mod keys;
mod members;
mod rescue;
mod serve;
mod snapshot;

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use quorate_smol::ServerConfig;

pub(crate) use self::change::{AddMember, ListMembers, MembersAction, MoveMember, NamedMember, TransferTo};
pub(crate) use self::features::{FeatureArgs, FeaturesAction, ListFeatures};
pub(crate) use self::keyring::{ClientArgs, KeyringAction, KeyringArgs, UseKey};
pub(crate) use self::keys::KeyArgs;
pub(crate) use self::members::{MemberArgs, Remote};
pub(crate) use self::rescue::Rescue;
pub(crate) use self::serve::ServeArgs;
pub(crate) use self::snapshot::{InspectSnapshot, RestoreSnapshot, SaveSnapshot, SnapshotAction};
use crate::layout::LOCAL_PORT;
use crate::operation::{Append, CAS_USAGE, Cas, Del, Get, Put};
use crate::session::Session;
use crate::status::Status;

/// A replicated key-value store: its nodes, and its client
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER_HELP)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) action: Action,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Run three nodes in this process, with a prompt
    Local(LocalArgs),
    /// Run one node
    Serve(ServeArgs),
    /// Set a key; the value `-` is read from standard input
    Put(Remote<Once<Put>>),
    /// Print a key's value, and a line's end on a terminal; a missing key prints nothing and ends with 1
    Get(Remote<Get>),
    /// Remove a key, and print how many there were: 0 or 1
    Del(Remote<Once<Del>>),
    /// Set a key if it has an expected value, or is missing, and print OK or CONFLICT (ends with 4); `-` as in put
    #[command(override_usage = CAS_USAGE)]
    Cas(Remote<Once<Cas>>),
    /// Add to the end of a key's value, and print its new length in bytes; `-` is read from standard input
    Append(Remote<Once<Append>>),
    /// Show how each node is; works without a leader
    Status(Remote<Status>),
    /// See and change who takes part
    Members {
        #[command(subcommand)]
        action: MembersAction,
    },
    /// Show what is on in the cluster and what its nodes know beyond that; or switch it on
    Features(FeatureArgs),
    /// Make and change the keys of a cluster and its clients
    Keyring(KeyringArgs),
    /// Have another node lead
    Transfer(Remote<TransferTo>),
    /// Take a JSON request a line, and answer each with a JSON line
    Pipe(Remote<PipeArgs>),
    /// Show what a node's directory holds, as JSON; changes nothing
    Inspect(InspectArgs),
    /// Explain a frame, as in a trace or a packet capture
    Decode(DecodeArgs),
    /// Measure puts, and beside them what the disk does alone
    Bench(Remote<BenchArgs>),
    /// Save the state of a cluster to a file, look at it, restore nodes from it
    Snapshot {
        #[command(subcommand)]
        action: SnapshotAction,
    },
    /// Make a new cluster of what one node still has, once a majority is gone for good
    Rescue(Rescue),
}

#[derive(Debug, Args)]
pub(crate) struct LocalArgs {
    /// Where the nodes keep their data: n1, n2 and n3 below it
    #[arg(long, default_value = DATA_DIR)]
    pub(crate) data_dir: PathBuf,
    /// The first of three ports in a row
    #[arg(long, default_value_t = LOCAL_PORT, value_parser = clap::value_parser!(u16).range(1..=65_533))]
    pub(crate) port: u16,
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
    #[command(flatten)]
    pub(crate) log: LogArgs,
}

/// How much a node keeps.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct LogArgs {
    /// MiB of memory for the log; when half of it is used, a snapshot takes the place of the older entries
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=4095))]
    log_size: u16,
    /// Take a snapshot after so many entries as well, on all nodes after the same ones
    #[arg(long, value_name = "ENTRIES")]
    snapshot_every: Option<NonZeroU64>,
    /// KiB of snapshots that a leader sends in a second, to all followers together
    #[arg(long, value_name = "KIB", default_value_t = 1 << 20, value_parser = clap::value_parser!(u64).range(1..=1 << 40))]
    snapshot_rate: u64,
}

impl LogArgs {
    /// The same node, with a log that is kept so.
    pub(crate) fn of(self, config: ServerConfig) -> ServerConfig {
        ServerConfig {
            log_bytes: usize::from(self.log_size) << 20,
            snapshot_every: self.snapshot_every,
            snapshot_bytes_per_second: self.snapshot_rate << 10,
            ..config
        }
    }
}

/// A write of a client that does nothing else.
#[derive(Debug, Args)]
pub(crate) struct Once<A: Args> {
    #[command(flatten)]
    pub(crate) write: A,
    /// Repeat the write that had this session: it is not done twice
    #[arg(long, value_name = "CLIENT:EPOCH:SEQUENCE")]
    pub(crate) session: Option<Session>,
}

#[derive(Debug, Args)]
pub(crate) struct PipeArgs {}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// The directory of one node
    #[arg(long)]
    pub(crate) data_dir: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct DecodeArgs {
    /// The frame's bytes in hexadecimal; `-` reads them from standard input
    #[arg(value_name = "HEX")]
    pub(crate) frame: String,
    /// Explain it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// How many clients put at the same time
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) clients: u16,
    /// For how long
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seconds: u64,
    /// Bytes of each value, at most 1,000
    #[arg(long, default_value_t = 128)]
    pub(crate) value_bytes: usize,
    /// How many keys of the store each client puts, in turn
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) keys_each: u64,
    /// Where the disk is measured: name a directory on the nodes' disk
    #[arg(long, alias = "baseline-dir", default_value = ".")]
    pub(crate) data_dir: PathBuf,
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    Text,
    Json,
}

/// Where nodes keep their data unless told otherwise: each in a directory of its own below.
pub(crate) const DATA_DIR: &str = "quorate-data";

/// How long a client tries unless told otherwise: several elections.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(3);

/// How long a node may take to say how it is.
pub(crate) const STATUS_TIMEOUT: Duration = Duration::from_secs(1);

const AFTER_HELP: &str = "\
Examples:
  quorate-kv local                        three nodes and a prompt
  quorate-kv serve 1                      one of the same three, in a terminal of its own
  quorate-kv put greeting hello           ask them, from a fourth
  quorate-kv get greeting
  quorate-kv status
  quorate-kv serve --id 1 --listen 10.0.0.1:7101 --peer 2=10.0.0.2:7101 --peer 3=10.0.0.3:7101 --data-dir /var/lib/kv
  quorate-kv get greeting --peer 1=10.0.0.1:7101 --peer 2=10.0.0.2:7101
  quorate-kv serve 4 --join 127.0.0.1:7101                    a fourth node, which knows one of them
  quorate-kv members add 4=127.0.0.1:7104
  quorate-kv features                     all nodes were upgraded: what can be switched on now
  quorate-kv snapshot save monday.snapshot
  quorate-kv keyring init                 keys for nodes on several machines: bring the file to all of them
  quorate-kv keyring client bob --rights read-only --out bob.key
  quorate-kv rescue quorate-data/n3                           a majority is gone for good: what this one has

Exit codes:
    0  done
    1  not found, or refused
    2  wrong usage or configuration
    3  no node answered in time, or the outcome is unknown
    4  conflict: cas found another value
    5  no leader: too few nodes are reachable, or an election is under way
    6  degraded: status found a cluster that goes on, and is not as it should be
    7  not done: the session that was named is another write's
    8  done, but the answer could not be printed
    9  a node is none of the members any longer
   10  a node's data, a saved snapshot or a file of keys is damaged
   11  a disk failed
   12  the directory or the snapshot belongs to another node or cluster
   13  the directory is in use
   14  the data or keys were written by another version, or a feature is on that this one does not know
   15  the address cannot be used
  130  interrupted";
