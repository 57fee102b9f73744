//! What the frames look like, what comes back out of them, and what is refused.

mod allocations;
mod clients;
mod damage;
mod frame;
mod golden;
mod messages;
mod overhead;
mod roundtrip;
#[cfg(feature = "seal")]
mod sealed;
