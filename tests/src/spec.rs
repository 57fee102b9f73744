//! Protocols of our own, each searched to the end of stated bounds. `tests/spec` says what they are.

pub mod founding;
