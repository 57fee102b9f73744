//! The course that all libraries run: members in one thread, whose messages are bytes, in queues. Who takes part is a
//! [`Member`]; what is done with it, and what is counted, is the same for all.

mod cluster;
mod course;
mod net;
mod state;

pub use cluster::{Member, Setup};
pub use course::run;
pub use net::{Inbox, Post};
pub use state::State;

/// How often members are told the time.
pub const TICK_MILLIS: u64 = 10;
/// How many ticks there are from one heartbeat to the next.
pub const HEARTBEAT_TICKS: u64 = 10;
/// How many ticks a member waits for a leader, at least; at most twice as many.
pub const ELECTION_TICKS: u64 = 100;
