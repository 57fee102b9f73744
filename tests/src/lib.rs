//! Simulator, scenarios and checkers for quorate.
//!
//! Without the feature `all`, only what finds mistakes by itself: the simulator and the search. `mutants --finders`
//! builds that much for each wrong core.

#[cfg(feature = "all")]
pub mod boards;
#[cfg(feature = "all")]
pub mod fuzzing;
pub mod history;
pub mod linearizability;
mod memory;
#[cfg(feature = "all")]
pub mod misuse;
pub mod mutants;
#[cfg(feature = "all")]
pub mod ports;
#[cfg(feature = "all")]
pub mod power;
#[cfg(feature = "all")]
pub mod replay;
pub mod search;
pub mod seeds;
pub mod simulator;
#[cfg(feature = "all")]
pub mod spec;
pub mod stage;

/// Keeps the code of the front page true.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
