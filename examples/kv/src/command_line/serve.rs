use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use quorate::{Features, Seat};
use quorate_smol::ServerConfig;

use super::{DATA_DIR, KeyArgs, LogArgs, MemberArgs};
use crate::exit::{Exit, Failure};
use crate::keys::Held;
use crate::layout::{LOCAL_PORT, Layout, name, names, parse_feature, parse_file, parse_id, resolve};

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Which node this is, from 1 up
    #[arg(value_name = "ID", value_parser = parse_id, required_unless_present = "id")]
    node: Option<Seat>,
    /// The same, as an option
    #[arg(long, value_name = "ID", value_parser = parse_id, conflicts_with = "node")]
    id: Option<Seat>,
    /// Where this node listens, for the others and for clients [default: its address among the peers]
    #[arg(long, value_name = "ADDRESS", value_parser = resolve)]
    listen: Option<SocketAddr>,
    #[command(flatten)]
    members: MemberArgs,
    /// Where this node keeps its data [default: quorate-data/nID]
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// The cluster is there already: an empty directory founds nothing, and becomes part of it
    #[arg(long)]
    existing: bool,
    /// The same, and where one of its nodes is reached: all else is learned there, and no --peer is needed
    #[arg(long, value_name = "ADDRESS", value_parser = resolve)]
    join: Option<SocketAddr>,
    /// How often a leader that has nothing to send says that it is there
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    heartbeat_ms: u64,
    /// For how long a leader may be silent until another is elected, and up to twice as long. No shorter than any node had it
    /// when the cluster was founded
    #[arg(long, default_value_t = 250, value_parser = clap::value_parser!(u64).range(1..))]
    election_ms: u64,
    /// Nodes that lead if they can, as in 1,2: any other leader hands over to one that has followed for ten --election-ms. The
    /// same on all nodes
    #[arg(long, value_name = "IDS", value_parser = parse_id, value_delimiter = ',')]
    prefer: Vec<Seat>,
    /// Say that this node does not know a feature, so that it is not switched on, and the node can go back to an older version
    #[arg(long, value_name = "FEATURE", value_parser = parse_feature)]
    without_feature: Vec<Features>,
    #[command(flatten)]
    keys: KeyArgs,
    /// Take what is not sealed as well, for so many seconds: so nodes that run with --plain get keys one after the other
    #[arg(long, value_name = "SECONDS", default_value_t = 0, conflicts_with = "plain", hide_default_value = true)]
    accept_plain: u64,
    #[command(flatten)]
    log: LogArgs,
    /// Add a JSON line for each step of the node to this file; it holds all data, and grows without bound
    #[arg(long, value_name = "FILE", value_parser = parse_file)]
    trace: Option<PathBuf>,
}

impl ServeArgs {
    /// How the node is to run, and the file of its keys.
    ///
    /// # Errors
    /// If it has no address, or no keys.
    pub(crate) fn config(&self) -> Result<(ServerConfig, Option<Held>), Failure> {
        let Some(seat) = self.node.or(self.id) else {
            return Err(Failure::new(Exit::Usage, "which node is this? Name it, as in `serve 1`"));
        };
        let Layout { cluster, mut members, .. } = self.members.layout()?;
        let data_dir = self.data_dir.clone().unwrap_or_else(|| Path::new(DATA_DIR).join(name(seat)));
        // The data name the members of a node that has some.
        let is_left_out = self.members.peers.is_empty() && (self.listen.is_some() || self.join.is_some());
        if is_left_out {
            members.clear();
        }
        let listed = members.get(&seat).copied();
        let Some(address) = self.listen.or(listed).or(self.beside_joined(seat)) else {
            if self.join.is_some() {
                let message = "where does this node listen? Name an address that the others reach, with --listen";
                return Err(Failure::new(Exit::Usage, message));
            }
            let (known, node) = (names(members.keys().copied()), name(seat));
            let message = format!(
                "{node} is not among the nodes ({known}): name all of them with --peer before the cluster is founded"
            );
            return Err(Failure::new(Exit::Usage, message));
        };
        if self.join == Some(address) {
            let message =
                format!("{address} is where this node listens: name another one with --join, which is a member");
            return Err(Failure::new(Exit::Usage, message));
        }
        if !is_left_out {
            members.entry(seat).or_insert(address);
        }
        let is_empty = fs::read_dir(&data_dir).map_or(true, |mut found| found.next().is_none());
        let is_here = members.values().all(|address| address.ip().is_loopback()) && address.ip().is_loopback();
        let is_first_here = is_here && is_empty && !self.existing && self.join.is_none();
        let held = self.keys.of_node(is_first_here)?.map(|(path, keys)| Held::new(path, keys));
        let config = self.log.of(ServerConfig {
            existing: self.existing,
            join: self.join,
            listen: address,
            election_timeout: Duration::from_millis(self.election_ms),
            heartbeat_interval: Duration::from_millis(self.heartbeat_ms),
            held_back: self.without_feature.iter().copied().fold(Features::NONE, Features::with),
            preferred: self.prefer.iter().copied().collect(),
            trace: self.trace.clone(),
            keys: held.as_ref().map(Held::keyring),
            plain_for: Duration::from_secs(self.accept_plain),
            ..ServerConfig::new(cluster, seat, members, data_dir)
        });
        Ok((config, held))
    }

    /// Beside a node of this machine that is to be joined, there is a port for each id.
    fn beside_joined(&self, seat: Seat) -> Option<SocketAddr> {
        let joined = self.join.filter(|joined| joined.ip().is_loopback())?;
        Some(SocketAddr::new(joined.ip(), LOCAL_PORT + u16::from(seat.0) - 1))
    }
}
