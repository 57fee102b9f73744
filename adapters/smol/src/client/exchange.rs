use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use quorate::{Founding, Instant, Seat};
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
    /// The cluster's identity: of another one, nothing is believed.
    founding: Option<Founding>,
    /// Who has spoken for another one, and what number that answers.
    foreign: Option<Foreign>,
    outgoing: Box<[u8]>,
    incoming: Box<[u8]>,
}

/// A node of another cluster that has answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Foreign {
    pub(crate) seat: Seat,
    /// Which request.
    pub(crate) number: u64,
    pub(crate) found: Founding,
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
            founding: None,
            foreign: None,
            outgoing: vec![0; DATAGRAM_MAX].into(),
            incoming: vec![0; DATAGRAM_MAX].into(),
        })
    }

    /// The number of the latest datagram.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The identity of the cluster that is spoken to, once it is known.
    pub(crate) fn founding(&self) -> Option<Founding> {
        self.founding
    }

    /// Speaks to the cluster of this identity, and to no other.
    pub(crate) fn keep(&mut self, founding: Founding) {
        self.founding = Some(founding);
    }

    /// Who has spoken last for another cluster, since this was forgotten.
    pub(crate) fn foreign(&self) -> Option<Foreign> {
        self.foreign
    }

    /// Forgets who has spoken for another cluster.
    pub(crate) fn forget_foreign(&mut self) {
        self.foreign = None;
    }

    /// Sends a request. Whether the system took it: if not, nobody has got it.
    pub(crate) async fn send(&mut self, to: SocketAddr, body: RequestBody<'_>) -> Result<bool, EncodeError> {
        self.number += 1;
        let request = Request { cluster: self.cluster, client: self.client, number: self.number, body };
        let frame = encode_request(&mut self.outgoing, &request)?;
        Ok(self.socket.send_to(frame, to).await.is_ok())
    }

    /// Waits for a datagram: its length, and where it came from. `None` if none comes until then.
    pub(crate) async fn receive(&mut self, clock: Clock, until: Instant) -> io::Result<Option<(usize, SocketAddr)>> {
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
                    Ok(datagram) => return Ok(Some(datagram)),
                    Err(error) if is_about_another_datagram(&error) => {}
                    Err(error) => return Err(error),
                }
            }
        };
        or(timer, datagram).await
    }

    /// The answer in the datagram that came last, if it is one of this client's cluster.
    pub(crate) fn reply(&mut self, length: usize) -> Option<Reply<'_>> {
        let reply = decode_reply(&self.incoming[..length], self.client).ok()?;
        if let Some(found) = reply.founding
            && found != *self.founding.get_or_insert(found)
        {
            self.foreign = Some(Foreign { seat: reply.from, number: reply.number, found });
            return None;
        }
        Some(reply)
    }
}
