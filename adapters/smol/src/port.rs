use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::Poll;
use std::time::Duration;

use quorate::Instant;

use crate::socket::{Batch, Socket};
use crate::toll::{Item, Toll};

/// A node's port. What comes to it waits in one queue of the system, in which whoever floods it displaces all others. While it is
/// flooded, each member, and each client that has a session, so has a lane: a socket of the same port that takes what comes from
/// there alone. And no queue has more of the node's time for what leads to nothing than its [`Toll`] allows.
pub(crate) struct Port {
    /// First that of whoever comes, then the lanes.
    queues: Vec<Queue>,
    /// Which one was read last.
    current: usize,
    is_new_turn: bool,
    /// Until then it counts as flooded, if it does.
    flooded: Option<Instant>,
    /// Whether the system has refused a lane since it was: it is not asked again.
    is_refused: bool,
}

/// A socket, and what it has cost.
struct Queue {
    socket: Socket,
    /// From where alone it takes what comes.
    peer: Option<SocketAddr>,
    toll: Toll,
    /// Whether there may be something.
    is_ready: Cell<bool>,
    /// When something came of it last.
    useful: Instant,
}

/// The most lanes of others than members: so many sockets more, and what the system keeps for them.
const LANES_MAX: usize = 64;

/// A port counts as flooded for so long after it was shut last, and a lane of others is kept for so long after it was of use.
const LINGER: Duration = Duration::from_secs(10);

impl Port {
    pub(crate) fn bind(address: SocketAddr) -> io::Result<Port> {
        let queues = vec![Queue::new(Socket::bind(address)?, None, Instant::START)];
        Ok(Port { queues, current: 0, is_new_turn: true, flooded: None, is_refused: false })
    }

    /// The socket that hears whoever comes, and by which the node speaks.
    pub(crate) fn socket(&self) -> &Socket {
        &self.queues[0].socket
    }

    /// The clock begins anew.
    pub(crate) fn restart_clock(&mut self) {
        self.end_flood();
        self.queues.iter_mut().for_each(|queue| queue.toll = Toll::new(Instant::START));
    }

    /// Waits until there may be a datagram in a queue that is not shut. That a socket has failed is seen by the next
    /// [`receive`](Port::receive).
    pub(crate) async fn readable(&self, now: Instant) {
        poll_fn(|context| {
            let mut is_readable = Poll::Pending;
            for queue in self.queues.iter().filter(|queue| queue.toll.shut_until(now).is_none()) {
                if queue.is_ready.get() || queue.socket.poll_readable(context).is_ready() {
                    queue.is_ready.set(true);
                    is_readable = Poll::Ready(());
                }
            }
            is_readable
        })
        .await;
    }

    /// Takes what is there in the next queue that has something, as much as `batch` holds. Whether it is anything.
    pub(crate) fn receive(&mut self, batch: &mut Batch, now: Instant) -> io::Result<bool> {
        for _ in 0..self.queues.len() {
            self.current = (self.current + 1) % self.queues.len();
            let queue = &self.queues[self.current];
            // Whoever comes is looked for once in each turn, also if nobody has waited for him.
            let is_new_turn = self.current == 0 && std::mem::take(&mut self.is_new_turn);
            if !(queue.is_ready.get() || is_new_turn) || queue.toll.shut_until(now).is_some() {
                continue;
            }
            match queue.socket.receive(batch) {
                Ok(true) => {
                    queue.is_ready.set(!batch.is_last());
                    return Ok(true);
                }
                Ok(false) => queue.is_ready.set(false),
                Err(_) if queue.peer.is_some() => drop(self.queues.remove(self.current)),
                Err(error) => return Err(error),
            }
        }
        self.is_new_turn = true;
        Ok(false)
    }

    /// Charges what was read last for a frame.
    pub(crate) fn charge(&mut self, item: Item, now: Instant) {
        if !Socket::HAS_LANES {
            return;
        }
        let is_shut = self.queue().toll.charge(item, now);
        if is_shut && self.current == 0 {
            self.flooded = Some(now + LINGER);
        }
    }

    /// What was read last has led to something, and comes from where nobody else can be. While the port is flooded, it has a lane.
    pub(crate) fn welcome(&mut self, peer: SocketAddr, now: Instant) {
        self.queue().useful = now;
        let is_known = self.current > 0 || self.lanes().any(|lane| lane == peer);
        if self.flooded.is_some() && !is_known && self.queues.len() <= LANES_MAX {
            self.open(peer, now);
        }
    }

    /// Looks after the lanes: each of these members has one while the port is flooded.
    pub(crate) fn tend(&mut self, members: &[SocketAddr], now: Instant) {
        let Some(until) = self.flooded else { return };
        if now >= until {
            self.end_flood();
            return;
        }
        let is_kept = |peer: SocketAddr, useful: Instant| members.contains(&peer) || now < useful + LINGER;
        self.queues.retain(|queue| queue.peer.is_none_or(|peer| is_kept(peer, queue.useful)));
        self.current = 0;
        let missing: Vec<_> = members.iter().filter(|peer| self.lanes().all(|lane| lane != **peer)).collect();
        missing.into_iter().for_each(|peer| self.open(*peer, now));
    }

    /// When a queue is read again that is shut, if one is.
    pub(crate) fn due(&self, now: Instant) -> Option<Instant> {
        self.queues.iter().filter_map(|queue| queue.toll.shut_until(now)).min()
    }

    fn open(&mut self, peer: SocketAddr, now: Instant) {
        if self.is_refused {
            return;
        }
        let sockets: Vec<_> = self.queues.iter().map(|queue| &queue.socket).collect();
        match Socket::lane(&sockets, peer) {
            Ok(socket) => self.queues.push(Queue::new(socket, Some(peer), now)),
            Err(_) => self.is_refused = true,
        }
    }

    fn end_flood(&mut self) {
        self.queues.truncate(1);
        (self.current, self.flooded, self.is_refused) = (0, None, false);
    }

    fn lanes(&self) -> impl Iterator<Item = SocketAddr> {
        self.queues.iter().filter_map(|queue| queue.peer)
    }

    fn queue(&mut self) -> &mut Queue {
        &mut self.queues[self.current]
    }
}

impl Queue {
    fn new(socket: Socket, peer: Option<SocketAddr>, now: Instant) -> Queue {
        Queue { socket, peer, toll: Toll::new(now), is_ready: Cell::new(true), useful: now }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
