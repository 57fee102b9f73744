use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use fastrand::Rng;

use crate::restarts::Restarts;

/// What somebody without a key sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Random bytes.
    Random,
    /// The beginnings of frames that were recorded.
    Truncated,
    /// Frames that were recorded.
    Replayed,
    /// Frames between members that nobody has sealed.
    Spoofed,
    /// Questions of members for a session.
    Hello,
    /// Questions of clients for a session.
    ClientHello,
}

impl Kind {
    pub(crate) const ALL: [Kind; 6] =
        [Kind::Random, Kind::Truncated, Kind::Replayed, Kind::Spoofed, Kind::Hello, Kind::ClientHello];

    pub(crate) fn name(self) -> String {
        format!("{self:?}")
    }

    fn fill(self, frame: &mut Vec<u8>, rng: &mut Rng, recorded: &[Vec<u8>]) {
        frame.clear();
        let mut random = |frame: &mut Vec<u8>, length: usize| frame.extend((0..length).map(|_| rng.u8(..)));
        match self {
            Kind::Random => random(frame, 200),
            Kind::Truncated | Kind::Replayed => {
                let found = rng.choice(recorded).expect("something was recorded");
                let length = if self == Kind::Replayed { found.len() } else { rng.usize(..found.len()) };
                frame.extend_from_slice(&found[..length]);
            }
            Kind::Spoofed => {
                let from = rng.u8(1..4);
                frame.extend_from_slice(&[1, 0x40, 0x01 | rng.u8(..16) << 4, from, 1]);
                frame.extend((0..200).map(|_| rng.u8(..)));
            }
            Kind::Hello => {
                frame.extend_from_slice(&[1, 0xc0, 0x01, rng.u8(2..4), 1]);
                frame.extend((0..48).map(|_| rng.u8(..)));
            }
            Kind::ClientHello => {
                frame.extend_from_slice(&[1, 0xc3, 0x21]);
                frame.extend_from_slice(b"bench\0\0\0\0\0\0\0\0\0\0\0");
                frame.extend((0..32).map(|_| rng.u8(..)));
            }
        }
    }
}

/// Somebody who sends as fast as he can, until he is dropped.
pub(crate) struct Flood {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Flood {
    pub(crate) fn begin(kind: Kind, to: SocketAddr, recorded: Vec<Vec<u8>>) -> Flood {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let (mut rng, mut frame) = (Rng::with_seed(7), Vec::new());
        Flood::of(move || {
            kind.fill(&mut frame, &mut rng, &recorded);
            let _ = socket.send_to(&frame, to);
        })
    }

    /// Of a member that speaks from there.
    pub(crate) fn restarting(mut restarts: Restarts, own: SocketAddr, to: SocketAddr) -> Flood {
        let socket = UdpSocket::bind(own).expect("the member does not run");
        socket.set_nonblocking(true).expect("it is a socket");
        Flood::of(move || restarts.turn(&socket, to))
    }

    fn of(mut turn: impl FnMut() + Send + 'static) -> Flood {
        let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (is_over, counted) = (stop.clone(), sent.clone());
        let thread = thread::spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                turn();
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
        Flood { stop, sent, thread: Some(thread) }
    }

    /// How many datagrams went out so far.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("it only sends");
        }
    }
}
