mod clients;
mod members;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use quorate::{Founding, Identity, Incarnation, Instant, Seat, Seats, founding};
use quorate_wire::client::Links;
use quorate_wire::seal::Form;
use quorate_wire::{ANYBODY, Class, DecodeError, Dropped, FoundingEnvelope, decode_founding, encode_founding};

pub(crate) use self::clients::Asker;
use self::members::Burst;
use crate::allowance::Allowance;
use crate::directory::Directory;
use crate::port::Port;
use crate::sealing::Sealing;
use crate::socket::{Batch, DATAGRAM_MAX};
use crate::toll::Item;
use crate::{ServeError, ServerConfig};

/// A node's port, for members and clients alike. What cannot be sent at once is lost.
pub(crate) struct Link {
    port: Port,
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
    /// Until when what is not sealed is taken as well, by a node that seals.
    plain_until: Option<Instant>,
    /// Members that have not sealed what they said last, and when that was.
    plain: BTreeMap<Seat, Instant>,
    /// Where what says to be of these members came from last, and did not open: they are perhaps where nobody knew them.
    unopened: BTreeMap<Seat, SocketAddr>,
    /// How many clients may still be told that they were not taken.
    allowance: Allowance,
    pub(crate) directory: Directory,
}

impl Link {
    pub(crate) fn bind(config: ServerConfig) -> Result<Link, ServeError> {
        let failed = |source| ServeError::Socket { address: config.listen, source };
        let port = Port::bind(config.listen).map_err(failed)?;
        let address = port.socket().address().map_err(failed)?;
        let burst = Burst::new();
        let reply = vec![0; DATAGRAM_MAX].into();
        let mut directory = Directory::new(config.peers.clone(), address);
        if !address.ip().is_unspecified() {
            directory.see(config.seat, address);
        }
        let (dropped, incarnation) = (Dropped::default(), Incarnation::FOUNDER);
        let sealing = config.keys.clone().map(|keys| Sealing::new(keys, &config));
        let allowance = Allowance::new(Instant::START);
        let is_mixed = sealing.is_some() && config.plain_for > Duration::ZERO;
        let plain_until = is_mixed.then(|| Instant::START + config.plain_for);
        let (founding, plain, unopened) = (None, BTreeMap::new(), BTreeMap::new());
        Ok(Link {
            port,
            plain_until,
            plain,
            unopened,
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
        self.allowance = Allowance::new(Instant::START);
        self.port.restart_clock();
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
        let fits = "every message of a founding fits";
        if let Some(sealing) = &self.sealing {
            let frame = sealing.encode_founding(&mut self.reply, &envelope, message).expect(fits);
            let _ = self.port.socket().send(address, frame, frame.len());
        }
        if self.speaks_plain() {
            let frame = encode_founding(&mut self.reply, &envelope, message).expect(fits);
            let _ = self.port.socket().send(address, frame, frame.len());
        }
    }

    /// What a frame is.
    ///
    /// # Errors
    /// It is to be dropped; so is what is said plainly to a node that seals, and the other way round.
    pub(crate) fn form(&self, frame: &[u8]) -> Result<Form, DecodeError> {
        let Some(_) = &self.sealing else { return Class::of(frame).map(Form::Plain) };
        match Form::of(frame)? {
            Form::Plain(Class::Member | Class::Founding | Class::Request) if !self.speaks_plain() => {
                Err(DecodeError::Plain)
            }
            form => Ok(form),
        }
    }

    /// Who has sent the frame of a founding, and what.
    ///
    /// # Errors
    /// Why it is to be dropped.
    pub(crate) fn open_founding(
        &mut self,
        frame: &mut [u8],
        now: Instant,
    ) -> Result<(Seat, founding::Message), DecodeError> {
        let opened = match &self.sealing {
            Some(sealing) if !is_plain(frame) => sealing.decode_founding(frame),
            _ => decode_founding(frame, self.config.cluster, self.config.seat),
        }?;
        self.charge(Item::Answered, now);
        Ok(opened)
    }

    /// Takes a Hello, and answers it to where it came from.
    ///
    /// # Errors
    /// Why it is to be dropped.
    pub(crate) fn hear(&mut self, frame: &[u8], from: SocketAddr, now: Instant) -> Result<(), DecodeError> {
        let answer = self.sealing.as_mut().map_or(Ok(None), |sealing| sealing.hear(frame, now))?;
        if let Some(answer) = answer {
            let _ = self.port.socket().send(from, &answer, answer.len());
        }
        self.charge(Item::Answered, now);
        Ok(())
    }

    /// Charges where the last datagrams came from for one of them, once this node is a member: before, it has no commands to do.
    fn charge(&mut self, item: Item, now: Instant) {
        if self.founding.is_some() {
            self.port.charge(item, now);
        }
    }

    /// Looks after the ways on which these members, and clients, are heard while the port is flooded.
    pub(crate) fn tend(&mut self, members: Seats, now: Instant) {
        let addresses: Vec<_> = members.iter().filter_map(|seat| self.directory.of(seat)).collect();
        self.port.tend(&addresses, now);
    }

    /// Whether what is not sealed is said and taken.
    fn speaks_plain(&self) -> bool {
        self.sealing.is_none() || self.plain_until.is_some()
    }

    /// What is taken of others.
    pub(crate) fn links(&self) -> Links {
        match (&self.sealing, self.plain_until) {
            (None, _) => Links::Plain,
            (Some(_), Some(_)) => Links::Both,
            (Some(_), None) => Links::Sealed,
        }
    }

    /// For how long what is not sealed is taken as well, by a node that seals.
    pub(crate) fn plain_left(&self, now: Instant) -> Option<Duration> {
        self.plain_until.map(|until| until.saturating_since(now))
    }

    /// The clock begins anew: what is left until then stays as it is.
    pub(crate) fn restart_clock(&mut self, now: Instant) {
        self.plain_until = self.plain_left(now).map(|left| Instant::START + left);
    }

    /// Takes only what is sealed, once it is time. Who has not sealed what he said of late.
    pub(crate) fn end_plain(&mut self, now: Instant) -> Option<Seats> {
        self.plain_until.take_if(|until| now >= *until)?;
        let late = self.config.election_timeout * 2;
        let plain = std::mem::take(&mut self.plain);
        Some(plain.into_iter().filter(|(_, heard)| now < *heard + late).map(|(seat, _)| seat).collect())
    }

    /// Says what there is to say to come to sessions with others: where they should be, and where what did not open came from.
    pub(crate) fn speak(&mut self, now: Instant, members: Seats) {
        let hellos = self.sealing.as_mut().map_or_else(Vec::new, |sealing| sealing.speak(now, members));
        for (seat, hello) in hellos {
            let known = self.directory.of(seat);
            let unopened = self.unopened.get(&seat).copied().filter(|address| known != Some(*address));
            for address in known.into_iter().chain(unopened) {
                let _ = self.port.socket().send(address, &hello, hello.len());
            }
        }
    }

    /// When there is something to say again, or to hear, if there is.
    pub(crate) fn due(&self, now: Instant) -> Option<Instant> {
        let words = self.sealing.as_ref().and_then(Sealing::due);
        words.into_iter().chain(self.plain_until).chain(self.port.due(now)).min()
    }

    /// Waits until there may be a datagram.
    pub(crate) async fn readable(&self, now: Instant) {
        self.port.readable(now).await;
    }

    /// Takes the next datagrams. Whether there are any.
    pub(crate) fn receive(&mut self, batch: &mut Batch, now: Instant) -> Result<bool, ServeError> {
        self.port.receive(batch, now).map_err(|source| ServeError::Socket { address: self.address, source })
    }

    pub(crate) fn dropped(&self) -> Dropped {
        self.dropped
    }
}

/// Whether a frame is not sealed, as it says.
fn is_plain(frame: &[u8]) -> bool {
    matches!(Form::of(frame), Ok(Form::Plain(_)))
}

#[cfg(test)]
mod tests;
