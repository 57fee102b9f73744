#![no_std]
#![doc = include_str!("../README.md")]

mod error;
mod flash;
mod head;
mod item;
mod layout;

pub use error::{FlashError, LayoutError};
pub use flash::{Flash, Recovery};
pub use layout::Layout;
pub use quorate::{Owner, Recovered};
