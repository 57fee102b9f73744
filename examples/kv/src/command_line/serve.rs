use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use quorate::{Incarnation, Seat};
use quorate_smol::ServerConfig;

use super::{DATA_DIR, LogArgs, MemberArgs};
use crate::exit::{Exit, Failure};
use crate::layout::{Layout, name, names, parse_file, parse_id, resolve};

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
    /// How often this node has lost its disk, and begins with an empty directory: the others bring it in line, but it
    /// neither votes nor counts
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    incarnation: u32,
    /// The cluster is there already: an empty directory founds nothing, and waits
    #[arg(long, conflicts_with = "incarnation")]
    existing: bool,
    /// How often a leader that has nothing to send says that it is there
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    heartbeat_ms: u64,
    /// For how long a leader may be silent until another is elected, and up to twice as long
    #[arg(long, default_value_t = 250, value_parser = clap::value_parser!(u64).range(1..))]
    election_ms: u64,
    #[command(flatten)]
    log: LogArgs,
    /// Add a JSON line for each step of the node to this file; it holds all data, and grows without bound
    #[arg(long, value_name = "FILE", value_parser = parse_file)]
    trace: Option<PathBuf>,
}

impl ServeArgs {
    /// How the node is to run.
    ///
    /// # Errors
    /// If it has no address.
    pub(crate) fn config(&self) -> Result<ServerConfig, Failure> {
        let Some(seat) = self.node.or(self.id) else {
            return Err(Failure::new(Exit::Usage, "which node is this? Name it, as in `serve 1`"));
        };
        let Layout { cluster, mut members } = self.members.layout()?;
        let data_dir = self.data_dir.clone().unwrap_or_else(|| Path::new(DATA_DIR).join(name(seat)));
        // The data name the members of a node that has some.
        let is_left_out = self.members.peers.is_empty() && self.listen.is_some();
        if is_left_out {
            members.clear();
        }
        let listed = members.get(&seat).copied();
        let Some(address) = self.listen.or(listed) else {
            let (known, node) = (names(members.keys().copied()), name(seat));
            let message = format!(
                "{node} is not among the nodes ({known}): name all of them with --peer before the cluster is founded"
            );
            return Err(Failure::new(Exit::Usage, message));
        };
        if !is_left_out {
            members.entry(seat).or_insert(address);
        }
        if self.incarnation > 0 && members.len() == 1 {
            let message =
                "--incarnation needs other nodes, to bring this one in line; a snapshot may help: `snapshot restore`";
            return Err(Failure::new(Exit::Usage, message));
        }
        Ok(self.log.of(ServerConfig {
            incarnation: Incarnation(self.incarnation),
            existing: self.existing,
            listen: address,
            election_timeout: Duration::from_millis(self.election_ms),
            heartbeat_interval: Duration::from_millis(self.heartbeat_ms),
            trace: self.trace.clone(),
            ..ServerConfig::new(cluster, seat, members, data_dir)
        }))
    }
}
