//! Sealed frames: how two sides come to a session, what opens, and what is refused.
#![cfg(feature = "seal")]

mod attacks;
mod channels;
mod clients;
mod clock;
mod many;
mod pair;
mod profiles;
mod rotation;
mod sessions;
mod station;
mod visit;
