//! Simulator, scenarios and checkers for quorate.

pub mod fuzzing;
pub mod history;
pub mod linearizability;
pub mod power;
pub mod simulator;
pub mod stage;
