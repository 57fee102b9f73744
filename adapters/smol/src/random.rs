use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

/// A number from the system's randomness: the standard library seeds its hash maps with it.
pub(crate) fn number() -> u64 {
    RandomState::new().hash_one(std::process::id())
}
