//! [LINE.md]: https://docs.rs/crate/quorate-serial/latest/source/LINE.md
#![doc = include_str!("../README.md")]
#![no_std]

mod app;
mod call_error;
mod caller;
mod error;
mod fault;
mod header;
mod lines;
mod machine;
mod pace;
mod post;
mod pump;
mod receiver;
mod recovery;
mod replica;
mod rescue;
mod routes;
mod run;
#[cfg(feature = "seal")]
mod sealed;
#[cfg_attr(not(feature = "seal"), path = "unsealed.rs")]
mod sealing;
mod stage;
mod station;
mod transmitter;
mod wait;

pub use app::App;
pub use call_error::{CallError, ProposeError};
pub use error::{Mislisted, StartError, Stop, Undone};
pub use fault::{Fault, Faults};
pub use header::{Address, Header};
pub use pace::{Misfit, Pace, Plan, Wiring};
pub use pump::pump;
pub use receiver::Receiver;
pub use rescue::{Rescue, rescue};
pub use routes::Routes;
pub use run::run;
#[cfg(feature = "seal")]
pub use sealing::KEYS;
pub use station::{FRAME_MIN, Memory, Settings, Station};
pub use transmitter::Transmitter;
