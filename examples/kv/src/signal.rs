use std::io;
use std::thread;

use async_signal::{Signal, Signals};
use smol::channel::{Receiver, unbounded};
use smol::stream::StreamExt;

use crate::exit::{Exit, Failure};

/// Ctrl-C and the system's wish that this process ends. From when it exists, they no longer end the process by
/// themselves.
///
/// Nor does a write beyond the limit on the size of files: it fails, and is told as what a disk does.
pub(crate) struct Interrupt(Receiver<()>);

impl Interrupt {
    /// A thread of its own waits for signals: who waits for other things as well would ask the system each time.
    ///
    /// # Errors
    /// If the system lets no signal be watched.
    pub(crate) fn watch() -> Result<Interrupt, Failure> {
        let watch = || -> io::Result<Interrupt> {
            let mut signals = Signals::new([Signal::Int, Signal::Term, Signal::Xfsz])?;
            let (wish, wishes) = unbounded();
            let wait = async move {
                while let Some(Ok(signal)) = signals.next().await {
                    if signal != Signal::Xfsz && wish.send(()).await.is_err() {
                        break;
                    }
                }
            };
            thread::Builder::new().name("quorate-signal".into()).spawn(|| smol::block_on(wait))?;
            Ok(Interrupt(wishes))
        };
        watch().map_err(|error| Failure::new(Exit::Failed, format_args!("cannot watch for Ctrl-C: {error}")))
    }

    /// Waits for the next wish that this process ends.
    pub(crate) async fn next(&mut self) {
        if self.0.recv().await.is_err() {
            smol::future::pending::<()>().await;
        }
    }
}
