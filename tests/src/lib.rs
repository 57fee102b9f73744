//! Simulator, scenarios and checkers for quorate.
