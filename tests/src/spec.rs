//! Specifications of protocols that are our own, small enough to be searched to the end of stated bounds.
//!
//! What each one says, what was searched and what was found stands in `tests/spec`.

mod breadth;
pub mod clients;
pub mod founding;
pub mod lease;
mod log;
pub mod many;
pub mod mark;
pub mod members;
mod node;
pub mod seal;

pub use breadth::{Bounds, End, Report};
