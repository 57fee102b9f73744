use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use quorate::Instant;
use quorate_wire::client::{Reply, Request, RequestBody, decode_reply, encode_request};
use quorate_wire::{Cluster, EncodeError};
use smol::future::{or, pending};
use smol::{Async, Timer};

use crate::clock::Clock;
use crate::random;
use crate::socket::{DATAGRAM_MAX, is_about_another_datagram};

/// A client's socket. Every datagram that it sends has its own number, which the answer echoes.
pub(crate) struct Exchange {
    socket: Async<UdpSocket>,
    cluster: Cluster,
    /// Names this client among all processes.
    client: u64,
    /// The number of the latest datagram.
    number: u64,
    outgoing: Box<[u8]>,
    incoming: Box<[u8]>,
}

impl Exchange {
    pub(crate) fn bind(cluster: Cluster, is_ipv6: bool) -> io::Result<Exchange> {
        let any = if is_ipv6 {
            SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0))
        } else {
            SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))
        };
        Ok(Exchange {
            socket: Async::<UdpSocket>::bind(any)?,
            cluster,
            client: random::number(),
            number: 0,
            outgoing: vec![0; DATAGRAM_MAX].into(),
            incoming: vec![0; DATAGRAM_MAX].into(),
        })
    }

    /// The number of the latest datagram.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Sends a request. Whether the system took it: if not, nobody has got it.
    pub(crate) async fn send(&mut self, to: SocketAddr, body: RequestBody<'_>) -> Result<bool, EncodeError> {
        self.number += 1;
        let request = Request { cluster: self.cluster, client: self.client, number: self.number, body };
        let frame = encode_request(&mut self.outgoing, &request)?;
        Ok(self.socket.send_to(frame, to).await.is_ok())
    }

    /// Waits for a datagram: its length. `None` if none comes until then.
    pub(crate) async fn receive(&mut self, clock: Clock, until: Instant) -> io::Result<Option<usize>> {
        let (socket, incoming) = (&self.socket, &mut self.incoming);
        let timer = async {
            match clock.at(until) {
                Some(until) => Timer::at(until).await,
                None => pending().await,
            };
            Ok(None)
        };
        let datagram = async {
            loop {
                match socket.recv_from(incoming).await {
                    Ok((length, _)) => return Ok(Some(length)),
                    Err(error) if is_about_another_datagram(&error) => {}
                    Err(error) => return Err(error),
                }
            }
        };
        or(timer, datagram).await
    }

    /// The answer in the datagram that came last, if it is one to a number after this one.
    pub(crate) fn reply(&self, length: usize, after: u64) -> Option<Reply<'_>> {
        let reply = decode_reply(&self.incoming[..length], self.client).ok()?;
        (reply.number > after).then_some(reply)
    }
}
