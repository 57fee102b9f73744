use quorate_wire::seal::Key;
use zeroize::Zeroizing;

use crate::exit::{Exit, Failure};

/// A new key, of the operating system's randomness.
///
/// # Errors
/// The system has none to give.
pub(super) fn draw() -> Result<Key, Failure> {
    let mut bytes = Zeroizing::new([0; Key::BYTES]);
    getrandom::fill(&mut *bytes).map_err(|error| {
        let message = format!("the operating system gives no random numbers: {error}. No key was made; try again");
        Failure::new(Exit::Failed, message)
    })?;
    Ok(Key::new(*bytes))
}
