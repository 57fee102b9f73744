#![no_std]
//! [FORMAT.md]: https://docs.rs/crate/quorate-flash/latest/source/FORMAT.md
// The first example needs the double.
#![cfg_attr(feature = "double", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "double"), doc = "The log and the snapshots of a quorate node on NOR flash.")]

#[cfg(feature = "double")]
extern crate std;

mod append;
mod assembler;
mod bytes;
mod content;
mod damage;
#[cfg(feature = "double")]
pub mod double;
mod error;
mod fetch;
mod flash;
mod front;
mod head;
mod item;
mod layout;
mod log;
mod medium;
mod outline;
mod place;
mod places;
mod reading;
mod restoration;
mod rewritable;
mod ring;
mod scan;
mod settled;
mod shelf;
mod show;
mod survivor;
mod words;

pub use damage::Damage;
pub use error::{FlashError, LayoutError};
pub use flash::{Flash, Recovery};
pub use layout::Layout;
pub use quorate::{Owner, Recovered};
pub use restoration::restore;
pub use rewritable::{Rewritable, RewritableError};
pub use survivor::Survivor;
