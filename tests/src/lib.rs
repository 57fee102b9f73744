//! Simulator, scenarios and checkers for quorate.

pub mod history;
pub mod linearizability;
pub mod search;
pub mod simulator;
pub mod stage;
