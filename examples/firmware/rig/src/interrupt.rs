use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::Failure;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C, and the system's wish that this process ends, make what waits give up: then everything is
/// stopped.
///
/// # Errors
/// The system lets no signal be watched.
pub fn watch() -> Result<(), Failure> {
    let watched = ctrlc::set_handler(|| INTERRUPTED.store(true, Relaxed));
    watched.map_err(|error| Failure::new(format!("cannot watch for Ctrl-C: {error}")))
}

/// Whether this process was asked to end.
pub(crate) fn is_interrupted() -> bool {
    INTERRUPTED.load(Relaxed)
}
