//! Raft consensus as a state machine.
#![no_std]

mod boot;
mod config;
mod draw;
mod effect;
mod election;
mod entry;
mod input;
mod instant;
mod invariant;
mod log;
mod member;
mod message;
mod node;
mod peer;
mod persist;
mod read;
mod refusal;
mod replication;
mod session;
mod state;
mod step;

pub use boot::{Boot, BootError};
pub use config::{Config, ConfigError};
pub use draw::Effects;
pub use effect::{Apply, CommandError, Effect, Rejection, Round};
pub use entry::{Entries, Entry, Index, Kind, Position, RECORD_OVERHEAD, RecordError, Session, Term, crc32c};
pub use input::Input;
pub use instant::Instant;
pub use invariant::Broken;
pub use member::{Identity, Incarnation, Members, Seat, Seats};
pub use message::{Ballot, Message, Outcome};
pub use node::{Command, Node};
pub use peer::Progress;
pub use persist::{HardState, Persist, Ticket};
pub use refusal::{Refusal, Refusals};
pub use session::{Sessions, Verdict};
pub use state::Role;
