//! [WIRE.md]: https://docs.rs/crate/quorate-wire/latest/source/WIRE.md
#![doc = include_str!("../README.md")]
#![no_std]

pub mod client;
mod dropped;
mod fields;
mod founding;
mod frame;
mod life;
mod member;
mod message;
mod rough;
#[cfg(feature = "seal")]
pub mod seal;

pub use dropped::{DecodeError, Dropped, Refused};
pub use founding::{ANYBODY, FoundingEnvelope, decode_founding, encode_founding};
pub use frame::{Class, EncodeError, FRAME_MAX, VERSION, verify};
pub use member::{Cluster, Envelope, MEMBER_FRAME_MIN, MEMBER_OVERHEAD_MAX, decode, encode};
