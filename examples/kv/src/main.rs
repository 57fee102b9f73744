//! A replicated key-value store over UDP, and its client.
fn main() {}
