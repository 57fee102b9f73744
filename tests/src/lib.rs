//! Simulator, scenarios and checkers for quorate.

pub mod boards;
pub mod fuzzing;
pub mod history;
pub mod linearizability;
mod memory;
pub mod misuse;
pub mod mutants;
pub mod power;
pub mod replay;
pub mod search;
pub mod simulator;
pub mod spec;
pub mod stage;
