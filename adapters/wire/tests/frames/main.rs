//! What the frames look like, what comes back out of them, and what is refused.

mod allocations;
mod damage;
mod frame;
mod golden;
mod overhead;
mod roundtrip;
