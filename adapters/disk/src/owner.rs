use std::fmt;

use quorate::Identity;
use serde::Serialize;

/// Whom a directory belongs to: one node, in one of its incarnations, of one cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Owner {
    /// The cluster, by the number that all its nodes are given.
    pub cluster: u64,
    /// The node's seat and incarnation.
    pub identity: Identity,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Identity { seat, incarnation } = self.identity;
        write!(
            f,
            "node {} (incarnation {}) of cluster {}",
            seat.0, incarnation.0, self.cluster
        )
    }
}
