use std::io;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use rustix::net::sockopt::set_socket_send_buffer_size;

/// Two ends of a stream that holds few bytes on their way, as a UART does: who writes faster than the other reads has
/// to wait.
pub(crate) fn short_pair() -> io::Result<(UnixStream, UnixStream)> {
    let (left, right) = UnixStream::pair()?;
    for end in [&left, &right] {
        set_socket_send_buffer_size(end, 1)?;
    }
    Ok((left, right))
}

/// Where a machine is plugged in: one end of a wire. A machine that starts anew brings another stream.
#[derive(Default)]
pub(crate) struct Port {
    stream: Mutex<Option<Arc<UnixStream>>>,
    plugged: Condvar,
}

impl Port {
    pub(crate) fn plug(&self, stream: UnixStream) {
        *self.stream.lock().unwrap() = Some(Arc::new(stream));
        self.plugged.notify_all();
    }

    /// Lets go of a stream that has come to its end, unless another one is in its place.
    pub(crate) fn unplug(&self, stream: &Arc<UnixStream>) {
        let mut here = self.stream.lock().unwrap();
        here.take_if(|here| Arc::ptr_eq(here, stream));
    }

    /// What is plugged in, if anything is or comes to be before long.
    pub(crate) fn stream(&self, patience: Duration) -> Option<Arc<UnixStream>> {
        let here = self.stream.lock().unwrap();
        let (here, _) = self.plugged.wait_timeout_while(here, patience, |here| here.is_none()).unwrap();
        here.clone()
    }
}
