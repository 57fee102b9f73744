//! Simulator, scenarios and checkers for quorate.

pub mod simulator;
