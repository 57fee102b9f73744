//! What the core promises beyond the talk between nodes, which golden traces show: its limits, its values and its time.

mod boot;
mod changes;
mod cluster;
mod common;
mod effects;
mod features;
mod founding;
mod joint;
mod leases;
mod lives;
mod log;
mod members;
mod pieces;
mod plans;
mod sessions;
mod snapshots;
mod standing;
mod time;
mod word;
