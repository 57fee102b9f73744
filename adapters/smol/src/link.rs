use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use quorate::{Identity, Message, Seat};
use quorate_wire::client::{Reason, Reply, ReplyBody, encode_reply};
use quorate_wire::{Cluster, EncodeError, Envelope, Refusal, Refusals, encode};
use smol::Async;

use crate::waiting::Asker;
use crate::{ServeError, ServerConfig};

/// The most bytes that UDP carries in one datagram.
pub(crate) const DATAGRAM_MAX: usize = 65_507;

/// A node's socket, for members and clients alike. What cannot be sent at once is lost.
pub(crate) struct Link {
    socket: Async<UdpSocket>,
    address: SocketAddr,
    config: ServerConfig,
    outgoing: Box<[u8]>,
    refusals: Refusals,
}

impl Link {
    pub(crate) fn bind(config: ServerConfig) -> Result<Link, ServeError> {
        let failed = |source| ServeError::Socket { address: config.listen, source };
        let socket = Async::<UdpSocket>::bind(config.listen).map_err(failed)?;
        let address = socket.get_ref().local_addr().map_err(failed)?;
        Ok(Link { socket, address, config, outgoing: vec![0; DATAGRAM_MAX].into(), refusals: Refusals::default() })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn cluster(&self) -> Cluster {
        self.config.cluster
    }

    pub(crate) fn identity(&self) -> Identity {
        self.config.identity()
    }

    pub(crate) fn election_timeout(&self) -> Duration {
        self.config.election_timeout
    }

    pub(crate) fn frame_bytes(&self) -> usize {
        self.config.frame_bytes.min(DATAGRAM_MAX)
    }

    /// Where a member is reached.
    pub(crate) fn peer(&self, seat: Seat) -> Option<SocketAddr> {
        self.config.peers.get(&seat).copied()
    }

    /// Waits until there may be a datagram. That the socket has failed is seen by the next [`receive`](Link::receive).
    pub(crate) async fn readable(&self) {
        let _ = self.socket.readable().await;
    }

    /// Takes the next datagram, if there is one.
    pub(crate) fn receive(&self, buffer: &mut [u8]) -> Result<Option<(usize, SocketAddr)>, ServeError> {
        loop {
            match self.socket.get_ref().recv_from(buffer) {
                Ok(datagram) => return Ok(Some(datagram)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) if is_about_another_datagram(&error) => {}
                Err(source) => {
                    return Err(ServeError::Socket { address: self.address, source });
                }
            }
        }
    }

    pub(crate) fn refuse(&mut self, refusal: Refusal) {
        self.refusals.count(refusal);
    }

    pub(crate) fn refusals(&self) -> Refusals {
        self.refusals
    }

    pub(crate) fn send(&mut self, to: Seat, message: &Message<'_>) {
        let Some(address) = self.peer(to) else { return };
        let identity = self.config.identity();
        let envelope =
            Envelope { cluster: self.config.cluster, from: identity.seat, to, incarnation: identity.incarnation };
        let room = self.frame_bytes();
        let frame = encode(&mut self.outgoing[..room], &envelope, message);
        let frame = frame.expect("the core packs messages for the frame's length");
        let _ = self.socket.get_ref().send_to(frame, address);
    }

    /// An answer that is too long for a datagram is replaced by one that says as much as is certain.
    pub(crate) fn reply(&mut self, asker: Asker, body: ReplyBody<'_>) {
        if self.try_reply(asker, body).is_err() {
            let limit = DATAGRAM_MAX as u32;
            let body = match body {
                ReplyBody::Done { .. } => ReplyBody::Unknown,
                _ => ReplyBody::Refused(Reason::TooLarge { limit }),
            };
            let _ = self.try_reply(asker, body);
        }
    }

    fn try_reply(&mut self, asker: Asker, body: ReplyBody<'_>) -> Result<(), EncodeError> {
        let reply = Reply { client: asker.client, number: asker.number, from: self.config.seat, body };
        let frame = encode_reply(&mut self.outgoing, &reply)?;
        let _ = self.socket.get_ref().send_to(frame, asker.address);
        Ok(())
    }
}

/// Some systems report here that an earlier datagram did not arrive. Nothing is wrong with the socket then.
pub(crate) fn is_about_another_datagram(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, HostUnreachable, Interrupted, NetworkUnreachable};
    matches!(error.kind(), ConnectionRefused | ConnectionReset | HostUnreachable | Interrupted | NetworkUnreachable)
}
