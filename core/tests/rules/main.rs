//! What the core promises beyond the talk between nodes, which golden traces show: its limits, its values and its time.

mod boot;
mod common;
mod effects;
mod founding;
mod log;
mod members;
mod pieces;
mod sessions;
mod snapshots;
mod time;
