//! [SNAPSHOT.md]: https://docs.rs/crate/quorate-driver/latest/source/SNAPSHOT.md
#![doc = include_str!("../README.md")]
#![no_std]

mod app;
pub mod client;
mod desk;
mod driver;
mod host;
mod ledger;
mod observer;
mod preference;
mod queue;
mod replica;
mod request;
mod survivor;
mod waiting;

pub use app::{App, View};
pub use driver::Driver;
pub use host::Host;
pub use ledger::{FRONT_BYTES, Ledger, LedgerError};
pub use observer::Observer;
pub use preference::{Heir, Outlook, Preference};
pub use queue::Queue;
pub use replica::{Outcome, Replica};
pub use request::Asked;
pub use survivor::known_committed;
pub use waiting::{WaitingCommand, WaitingRead};
