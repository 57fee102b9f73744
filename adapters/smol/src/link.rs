use std::net::SocketAddr;

use quorate::{Founding, Identity, Incarnation, Instant, Message, Seat, founding};
use quorate_wire::client::{Reason, Reply, ReplyBody, Request, RequestBody, decode_request, encode_reply};
use quorate_wire::seal::client::SessionNumber;
use quorate_wire::seal::{Form, Refusal};
use quorate_wire::{
    ANYBODY, Class, DecodeError, Dropped, EncodeError, Envelope, FoundingEnvelope, decode, decode_founding, encode,
    encode_founding,
};

use crate::allowance::Allowance;
use crate::directory::Directory;
use crate::sealing::Sealing;
use crate::socket::{Batch, DATAGRAM_MAX, Socket};
use crate::{ServeError, ServerConfig};

/// Whom to answer: a client's address, and what its reply has to echo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asker {
    pub(crate) address: SocketAddr,
    pub(crate) client: u64,
    pub(crate) number: u64,
    /// The session in which it has asked, if it seals.
    pub(crate) session: Option<SessionNumber>,
}

/// A node's socket, for members and clients alike. What cannot be sent at once is lost.
pub(crate) struct Link {
    socket: Socket,
    address: SocketAddr,
    config: ServerConfig,
    burst: Burst,
    reply: Box<[u8]>,
    dropped: Dropped,
    /// What keeps this cluster's frames from another one's; none before it is founded.
    founding: Option<Founding>,
    /// Which life of its store speaks.
    incarnation: Incarnation,
    /// How members and clients seal what they say, if they do.
    sealing: Option<Sealing>,
    /// How many clients may still be told that they were not taken.
    allowance: Allowance,
    pub(crate) directory: Directory,
}

/// Frames to one member, one behind the other, that go out together: all as long as the first, the last perhaps
/// shorter.
struct Burst {
    buffer: Box<[u8]>,
    to: Option<SocketAddr>,
    each: usize,
    frames: usize,
    end: usize,
}

impl Link {
    pub(crate) fn bind(config: ServerConfig) -> Result<Link, ServeError> {
        let failed = |source| ServeError::Socket { address: config.listen, source };
        let socket = Socket::bind(config.listen).map_err(failed)?;
        let address = socket.address().map_err(failed)?;
        let burst = Burst { buffer: vec![0; DATAGRAM_MAX].into(), to: None, each: 0, frames: 0, end: 0 };
        let reply = vec![0; DATAGRAM_MAX].into();
        let mut directory = Directory::new(config.peers.clone(), address);
        if !address.ip().is_unspecified() {
            directory.see(config.seat, address);
        }
        let (dropped, incarnation) = (Dropped::default(), Incarnation::FOUNDER);
        let sealed = |keys| Sealing::new(keys, config.cluster, config.seat, config.heartbeat_interval);
        let sealing = config.keys.clone().map(sealed);
        let allowance = Allowance::new(Instant::START);
        let founding = None;
        Ok(Link {
            socket,
            address,
            config,
            burst,
            reply,
            dropped,
            founding,
            incarnation,
            sealing,
            allowance,
            directory,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on frames are this cluster's, and this life speaks in them.
    pub(crate) fn join(&mut self, founding: Founding, incarnation: Incarnation) {
        (self.founding, self.incarnation) = (Some(founding), incarnation);
        if let Some(sealing) = &mut self.sealing {
            sealing.join(founding, Identity { seat: self.config.seat, incarnation });
        }
    }

    /// What keeps this cluster's frames from another one's.
    pub(crate) fn founding(&self) -> Founding {
        self.founding.expect("members talk once there is a cluster")
    }

    pub(crate) fn config(&self) -> &ServerConfig {
        &self.config
    }

    pub(crate) fn frame_bytes(&self) -> usize {
        self.config.frame_bytes.min(DATAGRAM_MAX)
    }

    /// Sends a message of a founding.
    pub(crate) fn ask(&mut self, to: Seat, message: &founding::Message) {
        if let Some(address) = self.directory.of(to) {
            self.answer(address, to, message);
        }
    }

    /// The same, to whoever is there.
    pub(crate) fn ask_at(&mut self, address: SocketAddr, message: &founding::Message) {
        self.answer(address, ANYBODY, message);
    }

    /// The same, to where a question came from.
    pub(crate) fn answer(&mut self, address: SocketAddr, to: Seat, message: &founding::Message) {
        let envelope = FoundingEnvelope { cluster: self.config.cluster, from: self.config.seat, to };
        let frame = match &self.sealing {
            None => encode_founding(&mut self.reply, &envelope, message),
            Some(sealing) => sealing.encode_founding(&mut self.reply, &envelope, message),
        };
        let frame = frame.expect("every message of a founding fits");
        let _ = self.socket.send(address, frame, frame.len());
    }

    /// What a frame is.
    ///
    /// # Errors
    /// It is to be dropped; so is what is said plainly to a node that seals, and the other way round.
    pub(crate) fn form(&self, frame: &[u8]) -> Result<Form, DecodeError> {
        let Some(_) = &self.sealing else { return Class::of(frame).map(Form::Plain) };
        match Form::of(frame)? {
            Form::Plain(Class::Member | Class::Founding | Class::Request) => Err(DecodeError::Plain),
            form => Ok(form),
        }
    }

    /// Who has sent a member's frame, and what.
    ///
    /// # Errors
    /// Why it is to be dropped.
    pub(crate) fn open<'f>(
        &mut self,
        frame: &'f mut [u8],
        now: Instant,
    ) -> Result<(Identity, Message<'f>), DecodeError> {
        match &mut self.sealing {
            None => decode(frame, self.founding(), self.config.seat),
            Some(sealing) => sealing.decode(frame, now),
        }
    }

    /// Who has sent the frame of a founding, and what.
    ///
    /// # Errors
    /// Why it is to be dropped.
    pub(crate) fn open_founding(&self, frame: &mut [u8]) -> Result<(Seat, founding::Message), DecodeError> {
        match &self.sealing {
            None => decode_founding(frame, self.config.cluster, self.config.seat),
            Some(sealing) => sealing.decode_founding(frame),
        }
    }

    /// Takes a Hello, and answers it to where it came from.
    ///
    /// # Errors
    /// Why it is to be dropped.
    pub(crate) fn hear(&mut self, frame: &[u8], from: SocketAddr) -> Result<(), DecodeError> {
        let answer = self.sealing.as_mut().map_or(Ok(None), |sealing| sealing.hear(frame))?;
        if let Some(answer) = answer {
            let _ = self.socket.send(from, &answer, answer.len());
        }
        Ok(())
    }

    /// Takes a client's Hello, and answers it to where it came from.
    ///
    /// # Errors
    /// Why it is to be dropped.
    pub(crate) fn hear_client(&mut self, frame: &[u8], from: SocketAddr, now: Instant) -> Result<(), DecodeError> {
        let answer = self.sealing.as_mut().map_or(Ok(None), |sealing| sealing.hear_client(frame, now))?;
        if let Some(answer) = answer {
            let _ = self.socket.send(from, &answer, answer.len());
        }
        Ok(())
    }

    /// Which client has sent a request, and what it asks. None if it has no rights to that, and was told so.
    ///
    /// # Errors
    /// Why it is to be dropped.
    pub(crate) fn open_request<'f>(
        &mut self,
        frame: &'f mut [u8],
        address: SocketAddr,
        now: Instant,
    ) -> Result<Option<(Asker, RequestBody<'f>)>, DecodeError> {
        let (session, guest, request) = match &mut self.sealing {
            None => (None, None, decode_request(frame, self.config.cluster)?),
            Some(sealing) => {
                let (session, guest, request) = sealing.decode_request(frame, now)?;
                (Some(session), Some(guest), request)
            }
        };
        let Request { client, number, body, .. } = request;
        let asker = Asker { address, client, number, session };
        if guest.is_some_and(|guest| !guest.rights.allow(&body)) {
            self.reply(asker, ReplyBody::Refused(Reason::Forbidden));
            return Ok(None);
        }
        Ok(Some((asker, body)))
    }

    /// Says what there is to say to come to sessions with others.
    pub(crate) fn speak(&mut self, now: Instant) {
        let hellos = self.sealing.as_mut().map_or_else(Vec::new, |sealing| sealing.speak(now));
        for (seat, hello) in hellos {
            if let Some(address) = self.directory.of(seat) {
                let _ = self.socket.send(address, &hello, hello.len());
            }
        }
    }

    /// When there is something to say again, if there is.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.sealing.as_ref().and_then(Sealing::due)
    }

    /// Waits until there may be a datagram.
    pub(crate) async fn readable(&self) {
        self.socket.readable().await;
    }

    /// Takes the next datagrams. Whether there are any.
    pub(crate) fn receive(&self, batch: &mut Batch) -> Result<bool, ServeError> {
        self.socket.receive(batch).map_err(|source| ServeError::Socket { address: self.address, source })
    }

    /// Counts a frame that is dropped. If it is a client's, and there is something that it could do about that, it is told.
    pub(crate) fn drop_frame(&mut self, frame: &[u8], from: SocketAddr, error: DecodeError, now: Instant) {
        self.dropped.count(error);
        let is_of_client = matches!(
            Form::of(frame),
            Ok(Form::Plain(Class::Request) | Form::Sealed(Class::Request) | Form::ClientHello)
        );
        let Some(refusal) = Refusal::of(frame, error).filter(|_| is_of_client) else { return };
        if self.allowance.take(now) {
            let word = refusal.encode();
            let _ = self.socket.send(from, &word, word.len());
        }
    }

    pub(crate) fn dropped(&self) -> Dropped {
        self.dropped
    }

    /// Puts a message on its way. It leaves with the next ones to the same member, at the latest with
    /// [`flush`](Link::flush).
    pub(crate) fn send(&mut self, to: Seat, message: &Message<'_>) {
        let address = match *message {
            Message::Vote { incarnation, .. } | Message::Configured { incarnation, .. } => {
                self.directory.of_life(to, incarnation)
            }
            _ => self.directory.of(to),
        };
        let Some(address) = address else { return };
        let (founding, incarnation) = (self.founding(), self.incarnation);
        let envelope = Envelope { founding, from: self.config.seat, to, incarnation };
        let room = self.frame_bytes();
        if self.burst.to != Some(address) || self.burst.buffer.len() - self.burst.end < room {
            self.flush();
        }
        let begin = self.burst.end;
        let buffer = &mut self.burst.buffer[begin..begin + room];
        let frame = match &mut self.sealing {
            None => encode(buffer, &envelope, message).map(Some),
            Some(sealing) => sealing.encode(buffer, to, message),
        };
        let Some(frame) = frame.expect("the core packs messages for the frame's length") else { return };
        let bytes = frame.len();
        if self.burst.each < bytes {
            self.flush();
            self.burst.buffer.copy_within(begin..begin + bytes, 0);
            self.burst.each = bytes;
        }
        self.burst.to = Some(address);
        self.burst.frames += 1;
        self.burst.end += bytes;
        if bytes < self.burst.each || self.burst.frames >= self.socket.datagrams_max() {
            self.flush();
        }
    }

    /// Sends what is on its way.
    pub(crate) fn flush(&mut self) {
        let Burst { buffer, to, each, frames, end } = &mut self.burst;
        if let Some(to) = to.take() {
            let _ = self.socket.send(to, &buffer[..*end], *each);
        }
        (*each, *frames, *end) = (0, 0, 0);
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
        let (from, founding) = (self.config.seat, self.founding);
        let reply = Reply { client: asker.client, number: asker.number, from, founding, body };
        let frame = match (&mut self.sealing, asker.session) {
            (Some(sealing), Some(session)) => sealing.encode_reply(&mut self.reply, session, &reply)?,
            _ => Some(encode_reply(&mut self.reply, &reply)?),
        };
        if let Some(frame) = frame {
            let _ = self.socket.send(asker.address, frame, frame.len());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::net::UdpSocket;

    use quorate::{Entries, Entry, Index, Kind, Position, Term};
    use quorate_wire::{Cluster, decode};

    use super::*;

    fn record(payload: usize) -> Vec<u8> {
        let mut room = vec![0; quorate::RECORD_OVERHEAD + payload];
        let position = Position { term: Term(1), index: Index(1) };
        let entry = Entry::write(&mut room, position, Kind::Command, &vec![7; payload]);
        entry.expect("there is room").record().to_vec()
    }

    /// Whatever their lengths and however they alternate: each message arrives, where it belongs, in order.
    #[test]
    fn messages_arrive_in_order_however_they_are_put_together() {
        let peers: BTreeMap<_, _> =
            (1..=3).map(|seat| (Seat(seat), UdpSocket::bind("127.0.0.1:0").expect("a free port"))).collect();
        let addresses = peers.iter().map(|(seat, socket)| (*seat, socket.local_addr().expect("an address"))).collect();
        let config = ServerConfig {
            listen: "127.0.0.1:0".parse().expect("an address"),
            ..ServerConfig::new(Cluster(7), Seat(1), addresses, "")
        };
        let mut link = Link::bind(config).expect("a socket");
        link.join(Founding(7), Incarnation::FOUNDER);
        let lengths = [900, 900, 40, 900, 1100, 1100, 3, 3, 3, 500];
        let to = |number: usize| Seat(if number % 7 < 5 { 2 } else { 3 });
        for round in 0..20 {
            for (number, length) in lengths.into_iter().enumerate() {
                let number = round * lengths.len() + number;
                let record = record(length);
                let entries = Entries::parse(&record).expect("one entry");
                let stamp = number as u64;
                let previous = Position::default();
                let (term, none) = (Term(1), Index(0));
                let message = Message::AppendEntries { term, stamp, previous, commit: none, inherited: none, entries };
                link.send(to(number), &message);
            }
            link.flush();
            for (number, length) in lengths.into_iter().enumerate() {
                let number = round * lengths.len() + number;
                let mut frame = [0; 1200];
                let (count, _) = peers[&to(number)].recv_from(&mut frame).expect("loopback is there");
                let (from, message) = decode(&frame[..count], Founding(7), to(number)).expect("a sound frame");
                let Message::AppendEntries { stamp, entries, .. } = message else { panic!("{message:?}") };
                assert_eq!((from, stamp), (Seat(1).into(), number as u64));
                assert_eq!(entries.bytes(), record(length));
            }
        }
    }
}
