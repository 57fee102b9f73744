use std::io;
use std::net::SocketAddr;

use super::Socket;

#[cfg(target_os = "linux")]
impl Socket {
    /// Whether the system gives what comes from one place to one of several sockets of a port.
    pub(crate) const HAS_LANES: bool = true;

    /// A socket that takes what comes to the port of these from `peer` alone, in place of them: the system prefers one that is
    /// connected. The first of them is the one that was bound, and all share the port for no longer than it takes to bind another one,
    /// so that no other process can.
    pub(crate) fn lane(sharing: &[&Socket], peer: SocketAddr) -> io::Result<Socket> {
        use std::net::UdpSocket;

        use rustix::net::sockopt::set_socket_reuseport;
        use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, socket_with};

        let address = sharing.first().ok_or(io::ErrorKind::NotFound)?.address()?;
        let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = UdpSocket::from(socket_with(family, SocketType::DGRAM, flags, None)?);
        let share = |value| sharing.iter().try_for_each(|other| set_socket_reuseport(other.socket.get_ref(), value));
        set_socket_reuseport(&socket, true)?;
        let bound = share(true).and_then(|()| bind(&socket, &address));
        share(false).and_then(|()| set_socket_reuseport(&socket, false))?;
        bound?;
        connect(&socket, &peer)?;
        Socket::of(socket, RECEIVE_BUFFER)
    }
}

/// What the system is asked to keep of what comes from one place: two of a member's windows.
#[cfg(target_os = "linux")]
const RECEIVE_BUFFER: usize = 256 << 10;

#[cfg(not(target_os = "linux"))]
impl Socket {
    /// Whether the system gives what comes from one place to one of several sockets of a port.
    pub(crate) const HAS_LANES: bool = false;

    /// Nobody has a lane here.
    pub(crate) fn lane(_: &[&Socket], _: SocketAddr) -> io::Result<Socket> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
