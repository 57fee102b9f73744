use serde::{Deserialize, Serialize};

use crate::Features;

/// What every member has at least. It is stated when the cluster is founded; no member may have less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Least {
    /// The capacity of the log, in bytes. No member holds more than fits into the smallest log.
    pub log_bytes: u32,
    /// The election time-out, in microseconds. No lease is longer than the shortest one allows.
    pub election_micros: u32,
    /// What every member's build knows, and may be used. It grows by [`Change::Enable`](crate::Change::Enable).
    pub features: Features,
}

impl Least {
    /// What two have at least.
    pub(crate) fn of_both(self, other: Least) -> Least {
        Least {
            log_bytes: self.log_bytes.min(other.log_bytes),
            election_micros: self.election_micros.min(other.election_micros),
            features: self.features.common(other.features),
        }
    }
}
