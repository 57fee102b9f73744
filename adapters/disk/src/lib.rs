//! [FORMAT.md]: https://docs.rs/crate/quorate-disk/latest/source/FORMAT.md
#![doc = include_str!("../README.md")]

mod batch;
mod bytes;
mod configuration;
pub mod conformance;
mod directory;
mod disk;
mod error;
mod head;
mod inspection;
mod item;
mod medium;
mod outline;
mod record;
mod replay;
mod restoration;
mod segment;
mod snapshots;
mod survivor;

pub use configuration::Configuration;
pub use disk::{Disk, Options, Recovery};
pub use error::{Damage, DiskError};
pub use inspection::{Inspection, SnapshotInspection, inspect};
pub use medium::{Direct, Medium};
pub use quorate::{Owner, Recovered};
pub use restoration::restore;
pub use snapshots::{SnapshotHeader, SnapshotReader, SnapshotWriter, Snapshots};
pub use survivor::Survivor;
