#![doc = include_str!("../README.md")]

mod change;
mod effect;
mod header;
mod input;
mod message;
mod recorder;
mod roster;
mod state;
mod tree;

pub use header::{FORMAT, Header};
pub use message::{EntryView, MessageView};
pub use recorder::Recorder;
pub use roster::{RosterView, SettledView};
pub use tree::Tree;
