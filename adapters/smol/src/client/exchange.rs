use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;

use quorate::{Founding, Instant, Seat};
use quorate_wire::client::{Reply, Request, RequestBody, decode_reply, encode_request};
use quorate_wire::seal::client::ClientKey;
use quorate_wire::{Cluster, DecodeError, EncodeError};
use smol::future::{or, pending};
use smol::{Async, Timer};

use super::contact::{Aim, Contact, Encoded, Heard};
use crate::clock::Clock;
use crate::random;
use crate::socket::{DATAGRAM_MAX, is_about_another_datagram};

/// A client's socket. Every datagram that it sends has its own number, which the answer echoes.
pub(crate) struct Exchange {
    socket: Async<UdpSocket>,
    clock: Clock,
    cluster: Cluster,
    /// Names this client among all processes.
    client: u64,
    /// The number of the latest datagram.
    number: u64,
    /// The cluster's identity: of another one, nothing is believed.
    founding: Option<Founding>,
    /// Who has spoken for another one, and what number that answers.
    foreign: Option<Foreign>,
    /// The keys to seal with, if it seals.
    keys: Option<Arc<[ClientKey]>>,
    contacts: BTreeMap<SocketAddr, Contact>,
    /// Who takes nothing of this client, and why.
    turned_away: Option<(SocketAddr, DecodeError)>,
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

/// What has happened.
pub(crate) enum Received {
    /// A datagram of this length came from there.
    Frame(usize, SocketAddr),
    /// A request that had to wait for a session has gone out, or another time: that of this number, under the second one.
    Sent(u64, u64),
}

impl Exchange {
    pub(crate) fn bind(cluster: Cluster, is_ipv6: bool, clock: Clock) -> io::Result<Exchange> {
        let any = if is_ipv6 {
            SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0))
        } else {
            SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))
        };
        Ok(Exchange {
            socket: Async::<UdpSocket>::bind(any)?,
            clock,
            cluster,
            client: random::number(),
            number: 0,
            founding: None,
            foreign: None,
            keys: None,
            contacts: BTreeMap::new(),
            turned_away: None,
            outgoing: vec![0; DATAGRAM_MAX].into(),
            incoming: vec![0; DATAGRAM_MAX].into(),
        })
    }

    /// Seals with these keys, and takes only what is sealed.
    pub(crate) fn seal(&mut self, keys: Arc<[ClientKey]>) {
        self.keys = Some(keys);
        self.contacts.clear();
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

    /// Who says that he takes nothing of this client, and why, since this was forgotten, or that one has answered.
    pub(crate) fn turned_away(&self) -> Option<(SocketAddr, DecodeError)> {
        self.turned_away
    }

    /// Begins another call: what earlier ones have not sent is not sent any more, and who has spoken for another cluster, or takes
    /// nothing of this client, is forgotten.
    pub(crate) fn begin(&mut self) {
        (self.foreign, self.turned_away) = (None, None);
        self.contacts.values_mut().for_each(Contact::forget);
    }

    /// Sends a request. Whether the system took it: if not, nobody has got it. If there has to be a session before, it goes out later,
    /// unless another one takes its place, and is [told](Received::Sent) of then.
    pub(crate) async fn send(&mut self, to: SocketAddr, body: RequestBody<'_>) -> Result<bool, EncodeError> {
        self.number += 1;
        let request = Request { cluster: self.cluster, client: self.client, number: self.number, body };
        let frame = encode_request(&mut self.outgoing, &request)?;
        let aim = match body {
            RequestBody::Status | RequestBody::Members => Aim::Question,
            _ => Aim::Order,
        };
        if let Aim::Order = aim {
            // What was to go elsewhere is no longer to be done there.
            self.contacts.values_mut().for_each(Contact::forget);
        }
        self.contacts.entry(to).or_default().ask(aim, self.number, frame);
        let is_sent = self.say(to, aim).await?;
        self.ask_session(to).await;
        Ok(is_sent)
    }

    /// Sends the request that has no answer there. Whether it went out.
    async fn say(&mut self, to: SocketAddr, aim: Aim) -> Result<bool, EncodeError> {
        let Some(contact) = self.contacts.get_mut(&to) else { return Ok(false) };
        let encoded = contact.encode(aim, self.cluster, self.keys.as_deref(), self.clock.now(), &mut self.outgoing)?;
        let Some(Encoded { before, length }) = encoded else { return Ok(false) };
        if let Some(done) = before {
            let _ = self.socket.send_to(&done, to).await;
        }
        Ok(self.socket.send_to(&self.outgoing[..length], to).await.is_ok())
    }

    /// Sends all requests that have no answer there: which number the first had that went out, and which it has now.
    async fn say_all(&mut self, to: SocketAddr) -> Option<(u64, u64)> {
        let mut first = None;
        for aim in Aim::ALL {
            let Some(contact) = self.contacts.get_mut(&to) else { continue };
            if !contact.waits(aim) {
                continue;
            }
            contact.renumber(aim, &mut self.number);
            if self.say(to, aim).await.is_ok_and(|is_sent| is_sent) {
                first = first.or_else(|| Some(self.contacts.get_mut(&to)?.tell(aim)));
            }
        }
        first
    }

    /// Asks for a session there, if one is wanted and it is time.
    async fn ask_session(&mut self, to: SocketAddr) {
        let (keys, now) = (self.keys.as_deref(), self.clock.now());
        if let Some(question) = self.contacts.get_mut(&to).and_then(|contact| contact.question(keys, now)) {
            let _ = self.socket.send_to(&question, to).await;
        }
    }

    /// Waits for a datagram. `None` if none comes until then.
    pub(crate) async fn receive(&mut self, until: Instant) -> io::Result<Option<Received>> {
        while let Some((length, from)) = self.datagram(until).await? {
            for at in self.places(from) {
                let Some(contact) = self.contacts.get_mut(&at) else { continue };
                match contact.hear(&self.incoming[..length], self.keys.as_deref()) {
                    Heard::Reply => return Ok(Some(Received::Frame(length, from))),
                    Heard::Nothing => {}
                    Heard::Session(done) => match self.say_all(at).await {
                        Some((before, number)) => return Ok(Some(Received::Sent(before, number))),
                        None => drop(self.socket.send_to(&done, at).await),
                    },
                    Heard::Refusal(reason) => {
                        if reason != DecodeError::Session {
                            self.turned_away = Some((from, reason));
                        }
                        self.ask_session(at).await;
                    }
                }
            }
        }
        Ok(None)
    }

    /// Where a node was asked that answers from there: elsewhere perhaps, if its machine has several addresses.
    fn places(&self, from: SocketAddr) -> Vec<SocketAddr> {
        let others = self.contacts.keys().filter(|at| **at != from);
        self.contacts.get_key_value(&from).map(|(at, _)| at).into_iter().chain(others).copied().collect()
    }

    async fn datagram(&mut self, until: Instant) -> io::Result<Option<(usize, SocketAddr)>> {
        let (socket, incoming) = (&self.socket, &mut self.incoming);
        let timer = async {
            match self.clock.at(until) {
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
    pub(crate) fn reply(&mut self, length: usize, from: SocketAddr) -> Option<Reply<'_>> {
        let places = self.places(from);
        let frame = &mut self.incoming[..length];
        let is_asked = |at: &SocketAddr| self.keys.is_none() || self.contacts[at].is_answered_by(frame);
        let asked = places.into_iter().find(is_asked);
        let mut asked = asked.and_then(|at| self.contacts.get_mut(&at));
        let reply = match (&self.keys, &mut asked) {
            (None, _) => decode_reply(frame, self.client),
            (Some(_), Some(contact)) => contact.open(frame, self.client),
            (Some(_), None) => return None,
        };
        let reply = reply.ok()?;
        if let Some(contact) = asked {
            contact.answered(reply.number);
        }
        self.turned_away.take_if(|(turned_away, _)| *turned_away == from);
        if let Some(found) = reply.founding
            && found != *self.founding.get_or_insert(found)
        {
            self.foreign = Some(Foreign { seat: reply.from, number: reply.number, found });
            return None;
        }
        Some(reply)
    }
}
