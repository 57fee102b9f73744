use core::time::Duration;

use crate::{Features, Members, Seat, Snapshot};

/// What a store that is not complete is started with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// Its seat.
    pub seat: Seat,
    /// The list of members.
    pub members: Members,
    /// The snapshot that it was restored from; of index zero if it is empty.
    pub snapshot: Snapshot,
    /// Its log's capacity, in bytes.
    pub log_bytes: u32,
    /// The most bytes of records in one frame of its node: [`Config::entry_bytes_max`](crate::Config::entry_bytes_max).
    pub entry_bytes_max: usize,
    /// Its node's election time-out: [`Config::election_timeout`](crate::Config::election_timeout).
    pub election_timeout: Duration,
    /// What its build knows: [`Config::features`](crate::Config::features).
    pub features: Features,
    /// What it is to do.
    pub intent: Intent,
    /// How often it asks those that it waits for. Less than a millisecond is taken for one.
    pub ask_interval: Duration,
    /// Where its numbers come from: 64 random bits, never the same for two boots of any member. Without a random number
    /// generator, a counter in memory that is never erased, mixed with the seat and the board's serial number.
    pub seed: u64,
}

/// What a store that is not complete is to do. If a cluster is there that its seat belongs to, it joins that in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Intent {
    /// Be part of a founding, and found if its seat is the lowest.
    Found,
    /// Found nothing, but end a founding that it is prepared for, or join the cluster that is there, whatever that says of
    /// its seat: a store that ought to hold data and does not, or one that is to be added.
    Join,
}
