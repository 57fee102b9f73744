//! Builds the firmware, emulates boards and the wires between them, and presses their buttons: for people at a prompt,
//! and for tests.

mod board;
mod console;
mod emulator;
mod end;
mod failure;
mod firmware;
mod gateway;
mod host;
mod image;
mod interrupt;
mod journal;
mod keys;
mod machine;
mod member;
mod members;
mod order;
mod port;
mod process;
mod prompt;
mod rescue;
mod rig;
mod survivor;
mod wire;

pub use console::Pending;
pub use emulator::find_emulator;
pub use failure::Failure;
pub use firmware::{Firmware, has_target};
pub use host::Host;
pub use interrupt::watch;
pub use journal::Journal;
pub use prompt::Prompt;
pub use rescue::Rescue;
pub use rig::{Rig, Setting};
pub use wire::Wire;
