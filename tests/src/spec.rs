//! Specifications of protocols that are our own, as models small enough to be searched to the end.
//!
//! What each one says, what was searched and what was found stands in `tests/spec`.

pub mod mark;
