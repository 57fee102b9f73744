use std::time::Duration;

use clap::Args;
use quorate::Founding;

use super::KeyArgs;
use crate::exit::{Exit, Failure};
use crate::layout::{LOCAL_CLUSTER, Layout, Peer, parse_founding};

/// Which nodes are meant.
#[derive(Clone, Debug, Args)]
pub(crate) struct MemberArgs {
    /// A node and where it is reached; once for each [default: n1, n2, n3 at 127.0.0.1:7101 to 7103]
    #[arg(long = "peer", value_name = "ID=ADDRESS", env = "QUORATE_PEERS", value_delimiter = ',')]
    pub(crate) peers: Vec<Peer>,
    /// The cluster's number: nodes and clients of another one are not heard
    #[arg(long, env = "QUORATE_CLUSTER", default_value_t = LOCAL_CLUSTER)]
    pub(crate) cluster: u64,
}

impl MemberArgs {
    pub(crate) fn layout(&self) -> Result<Layout, Failure> {
        Layout::of(self.cluster, &self.peers).map_err(|what| Failure::new(Exit::Usage, format_args!("--peer: {what}")))
    }
}

/// What is asked of nodes elsewhere.
#[derive(Debug, Args)]
pub(crate) struct Remote<A: Args> {
    #[command(flatten)]
    pub(crate) ask: A,
    #[command(flatten)]
    members: MemberArgs,
    #[command(flatten)]
    keys: KeyArgs,
    /// The cluster's identity, as its nodes print it: one that was founded anew is not taken for it
    #[arg(long, value_name = "IDENTITY", env = "QUORATE_FOUNDING", value_parser = parse_founding)]
    founding: Option<Founding>,
    /// For how long a request is tried [default: 3000, for status 1000]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    timeout_ms: Option<u64>,
}

impl<A: Args> Remote<A> {
    pub(crate) fn layout(&self) -> Result<Layout, Failure> {
        let layout = self.members.layout()?;
        let keys = self.keys.of_client(layout.cluster)?;
        Ok(Layout { founding: self.founding, keys, ..layout })
    }

    pub(crate) fn timeout(&self, default: Duration) -> Duration {
        self.timeout_ms.map_or(default, Duration::from_millis)
    }
}
