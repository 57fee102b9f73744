//! Raft consensus as a state machine.
#![no_std]

mod effect;
mod entry;
mod input;
mod instant;
mod member;
mod message;
mod persist;

pub use effect::{Apply, CommandError, Effect, Rejection, Round};
pub use entry::{Entries, Entry, Index, Kind, Position, RECORD_OVERHEAD, RecordError, Session, Term, crc32c};
pub use input::Input;
pub use instant::Instant;
pub use member::{Identity, Incarnation, Members, Seat, Seats};
pub use message::{Ballot, Message, Outcome};
pub use persist::{HardState, Persist, Ticket};
