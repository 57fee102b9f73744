//! What all machines of a cluster have to agree on, be they boards or hosts.

/// How many members there are, with the seats 0, 1 and 2.
pub const SEATS: usize = 3;

/// The cluster's number. It is small, as it stands in every frame.
pub const CLUSTER: u64 = 1;

/// The most bytes of a frame on a serial line.
pub const FRAME: usize = 256;

/// How many clients have a session at a time: each board is one, over all its boots, and each run of a host.
pub const CLIENTS: usize = 8;
