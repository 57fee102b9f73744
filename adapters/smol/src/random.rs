use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use quorate_wire::seal::Key;

/// A number from the system's randomness: the standard library seeds its hash maps with it.
pub(crate) fn number() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

/// A key from the system's randomness.
pub(crate) fn key() -> Key {
    let mut bytes = [0; Key::BYTES];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    Key::new(bytes)
}
