mod lane;

use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::task::{Context, Poll};

use quinn_udp::{RecvMeta, Transmit, UdpSocketState};
use smol::Async;

/// The most bytes that UDP carries in one datagram.
pub(crate) const DATAGRAM_MAX: usize = 65_507;

/// A UDP socket that hands many datagrams over to the system at a time, or takes as many, where the system can do that.
pub(crate) struct Socket {
    socket: Async<UdpSocket>,
    system: UdpSocketState,
}

impl Socket {
    pub(crate) fn bind(address: SocketAddr) -> io::Result<Socket> {
        let socket = Socket::of(UdpSocket::bind(address)?, RECEIVE_BUFFER)?;
        allow_fragments(&socket.socket)?;
        Ok(socket)
    }

    fn of(socket: UdpSocket, receive_buffer: usize) -> io::Result<Socket> {
        let system = UdpSocketState::new((&socket).into())?;
        let _ = system.set_recv_buffer_size((&socket).into(), receive_buffer);
        Ok(Socket { socket: Async::new(socket)?, system })
    }

    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.socket.get_ref().local_addr()
    }

    /// Whether there may be a datagram. That the socket has failed is seen by the next [`receive`](Socket::receive).
    pub(crate) fn poll_readable(&self, context: &mut Context<'_>) -> Poll<()> {
        self.socket.poll_readable(context).map(drop)
    }

    /// Takes what is there, as much as `batch` holds. Whether it is anything.
    pub(crate) fn receive(&self, batch: &mut Batch) -> io::Result<bool> {
        batch.count = 0;
        let mut buffers = batch.buffers.each_mut().map(|buffer| IoSliceMut::new(buffer));
        loop {
            match self.system.recv(self.socket.get_ref().into(), &mut buffers, &mut batch.about) {
                Ok(count) => {
                    batch.count = count;
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if is_about_another_datagram(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The most datagrams that may be sent at a time.
    pub(crate) fn datagrams_max(&self) -> usize {
        self.system.max_gso_segments()
    }

    /// Sends datagrams of `each` bytes, the last of which may be shorter.
    pub(crate) fn send(&self, destination: SocketAddr, contents: &[u8], each: usize) -> io::Result<()> {
        let segment_size = Some(each).filter(|each| *each < contents.len());
        let transmit = Transmit { destination, ecn: None, contents, segment_size, src_ip: None };
        self.system.try_send(self.socket.get_ref().into(), &transmit)
    }
}

/// Datagrams that were taken together. The default has room for none.
#[derive(Default)]
pub(crate) struct Batch {
    buffers: [Vec<u8>; BUFFERS],
    about: [RecvMeta; BUFFERS],
    count: usize,
}

impl Batch {
    pub(crate) fn new() -> Batch {
        Batch { buffers: [(); BUFFERS].map(|()| vec![0; BUFFER]), ..Batch::default() }
    }

    /// Whether the system had no more than these when it was asked. Only where it gives as many as there is room for.
    pub(crate) fn is_last(&self) -> bool {
        cfg!(target_os = "linux") && self.count < BUFFERS
    }

    /// The datagrams, and who sent them.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&mut [u8], SocketAddr)> {
        let taken = self.buffers.iter_mut().zip(&self.about).take(self.count);
        taken.flat_map(|(buffer, about)| {
            let datagrams = buffer[..about.len].chunks_mut(about.stride.max(1));
            datagrams.map(|datagram| (datagram, about.addr))
        })
    }
}

/// Some systems report here that an earlier datagram did not arrive. Nothing is wrong with the socket then.
pub(crate) fn is_about_another_datagram(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, HostUnreachable, Interrupted, NetworkUnreachable};
    matches!(error.kind(), ConnectionRefused | ConnectionReset | HostUnreachable | Interrupted | NetworkUnreachable)
}

/// An answer that is longer than the path takes arrives in fragments, or not at all.
#[cfg(target_os = "linux")]
fn allow_fragments(socket: &Async<UdpSocket>) -> io::Result<()> {
    use rustix::net::sockopt::{Ipv4PathMtuDiscovery, Ipv6PathMtuDiscovery};
    use rustix::net::sockopt::{set_ip_mtu_discover, set_ipv6_mtu_discover};
    match socket.get_ref().local_addr()? {
        SocketAddr::V4(_) => set_ip_mtu_discover(socket, Ipv4PathMtuDiscovery::WANT)?,
        SocketAddr::V6(_) => set_ipv6_mtu_discover(socket, Ipv6PathMtuDiscovery::WANT)?,
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn allow_fragments(_: &Async<UdpSocket>) -> io::Result<()> {
    Ok(())
}

/// What the system is asked to keep of what has come: a few members' windows. It may give less.
const RECEIVE_BUFFER: usize = 1 << 20;

/// How many buffers are filled at a time, and how long each is: the system puts as much into one as UDP carries.
const BUFFERS: usize = 8;
const BUFFER: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::net::Ipv4Addr;

    use smol::block_on;

    use super::*;

    fn socket() -> Socket {
        Socket::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a free port")
    }

    /// So many datagrams, and who sent them.
    fn receive(socket: &Socket, count: usize) -> Vec<(Vec<u8>, SocketAddr)> {
        let (mut batch, mut all) = (Batch::new(), Vec::new());
        while all.len() < count {
            block_on(poll_fn(|context| socket.poll_readable(context)));
            if socket.receive(&mut batch).expect("loopback is there") {
                all.extend(batch.iter_mut().map(|(datagram, from)| (datagram.to_vec(), from)));
            }
        }
        all
    }

    #[test]
    fn datagrams_that_are_sent_together_arrive_one_by_one() {
        let (one, other) = (socket(), socket());
        let (from, to) = (one.address().expect("an address"), other.address().expect("an address"));
        let count = one.datagrams_max().min(50);
        let contents: Vec<u8> = (0..count * 1200 - 700).map(|byte| (byte / 1200) as u8).collect();
        one.send(to, &contents, 1200).expect("loopback is there");
        one.send(to, b"alone", 5).expect("loopback is there");
        let mut expected: Vec<_> = contents.chunks(1200).map(|datagram| (datagram.to_vec(), from)).collect();
        expected.push((b"alone".to_vec(), from));
        assert_eq!(receive(&other, expected.len()), expected);
    }

    #[test]
    fn a_datagram_of_any_length_passes() {
        let (one, other) = (socket(), socket());
        let longest = vec![7; DATAGRAM_MAX];
        let to = other.address().expect("an address");
        for contents in [&b""[..], b"1", &longest] {
            one.send(to, contents, contents.len()).expect("loopback is there");
            // One without content shows nothing: there is nothing to read in it.
            if !contents.is_empty() {
                assert_eq!(receive(&other, 1)[0].0, contents);
            }
        }
    }
}
