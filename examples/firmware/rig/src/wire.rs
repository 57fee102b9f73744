use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::port::Port;

/// A serial line between two machines, both ways, that carries as many bytes in a second as its baud rate allows.
///
/// It holds a sender back when the receiver does not read, but not for ever: a machine that hangs must not make another
/// one hang.
pub struct Wire {
    ports: [Arc<Port>; 2],
    faults: Arc<Faults>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Faults {
    is_cut: AtomicBool,
    /// One in so many bytes comes out with a flipped bit; zero if none does.
    garbled: AtomicU32,
    is_over: AtomicBool,
}

impl Wire {
    /// A sound wire.
    pub fn new(baud: u32) -> Wire {
        let (ports, faults) = (<[Arc<Port>; 2]>::default(), Arc::<Faults>::default());
        let threads = [[0, 1], [1, 0]].map(|[from, to]| {
            let way =
                Way { from: ports[from].clone(), to: ports[to].clone(), faults: faults.clone(), byte: byte_time(baud) };
            thread::spawn(move || way.run())
        });
        Wire { ports, faults, threads: threads.into() }
    }

    /// Plugs a machine in at one end, 0 or 1.
    pub fn plug(&self, end: usize, stream: UnixStream) {
        self.ports[end].plug(stream);
    }

    /// From now on nothing comes through.
    pub fn cut(&self) {
        self.faults.is_cut.store(true, Relaxed);
    }

    /// From now on one in so many bytes comes out with a flipped bit.
    pub fn garble(&self, bytes: u32) {
        self.faults.garbled.store(bytes, Relaxed);
    }

    /// All is well again.
    pub fn mend(&self) {
        self.faults.is_cut.store(false, Relaxed);
        self.garble(0);
    }

    /// How the wire is, in words.
    pub fn condition(&self) -> String {
        match (self.faults.is_cut.load(Relaxed), self.faults.garbled.load(Relaxed)) {
            (true, _) => "cut".into(),
            (false, 0) => "sound".into(),
            (false, rate) => format!("garbled, one byte in {rate}"),
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.faults.is_over.store(true, Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// A start bit, eight bits and a stop bit.
fn byte_time(baud: u32) -> Duration {
    Duration::from_secs(10) / baud
}

/// One direction of a wire.
struct Way {
    from: Arc<Port>,
    to: Arc<Port>,
    faults: Arc<Faults>,
    /// How long a byte takes.
    byte: Duration,
}

impl Way {
    fn run(self) {
        let mut free = Instant::now();
        while !self.faults.is_over.load(Relaxed) {
            let Some(stream) = self.from.stream(PATIENCE) else { continue };
            let mut bytes = [0; CHUNK];
            let _ = stream.set_read_timeout(Some(PATIENCE));
            match (&*stream).read(&mut bytes) {
                Ok(count @ 1..) => self.carry(&mut bytes[..count], &mut free),
                Err(error) if is_timeout(error.kind()) => {}
                _ => self.from.unplug(&stream),
            }
        }
    }

    /// Delivers bytes at the moment when the last of them would be through.
    fn carry(&self, bytes: &mut [u8], free: &mut Instant) {
        // A sleep that lasted a little too long is made up for.
        let now = Instant::now();
        *free = (*free).max(now - LAG_MAX) + self.byte * bytes.len() as u32;
        thread::sleep(free.saturating_duration_since(now));
        if self.faults.is_cut.load(Relaxed) {
            return;
        }
        let garbled = self.faults.garbled.load(Relaxed);
        for byte in bytes.iter_mut().filter(|_| garbled > 0 && fastrand::u32(0..garbled) == 0) {
            *byte ^= 1 << fastrand::u8(0..8);
        }
        if let Some(stream) = self.to.stream(Duration::ZERO) {
            let _ = stream.set_write_timeout(Some(PATIENCE));
            // What a machine does not take in time is lost, as on any wire.
            let _ = (&*stream).write_all(bytes);
        }
    }
}

fn is_timeout(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

/// The most bytes that are handed over at once.
const CHUNK: usize = 16;

/// For how long a wire waits for bytes before it looks around, and for a machine that does not read.
const PATIENCE: Duration = Duration::from_millis(200);

const LAG_MAX: Duration = Duration::from_millis(2);
