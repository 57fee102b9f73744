use quorate_wire::seal::Key;
use zeroize::Zeroizing;

/// A number from the system's randomness.
pub(crate) fn number() -> u64 {
    let mut bytes = [0; 8];
    fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

/// A key from the system's randomness.
pub(crate) fn key() -> Key {
    let mut bytes = Zeroizing::new([0; Key::BYTES]);
    fill(&mut *bytes);
    Key::new(*bytes)
}

fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system has randomness");
}
