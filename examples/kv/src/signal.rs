use async_signal::{Signal, Signals};
use smol::stream::StreamExt;

use crate::exit::{Exit, Failure};

/// Ctrl-C and the system's wish that this process ends. From when it exists, they no longer end the process by
/// themselves.
///
/// Nor does a write beyond the limit on the size of files: it fails, and is told as what a disk does.
pub(crate) struct Interrupt(Signals);

impl Interrupt {
    /// # Errors
    /// If the system lets no signal be watched.
    pub(crate) fn watch() -> Result<Interrupt, Failure> {
        let signals = Signals::new([Signal::Int, Signal::Term, Signal::Xfsz]);
        let signals =
            signals.map_err(|error| Failure::new(Exit::Failed, format_args!("cannot watch for Ctrl-C: {error}")))?;
        Ok(Interrupt(signals))
    }

    /// Waits for the next wish that this process ends.
    pub(crate) async fn next(&mut self) {
        while let Some(Ok(Signal::Xfsz)) = self.0.next().await {}
    }
}
