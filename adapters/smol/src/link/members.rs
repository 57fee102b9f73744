use std::net::SocketAddr;

use quorate::{Identity, Instant, Message, Seat};
use quorate_wire::{DecodeError, Envelope, decode, encode};

use super::{Link, is_plain};
use crate::socket::DATAGRAM_MAX;

/// Frames to one member, one behind the other, that go out together: all as long as the first, the last perhaps
/// shorter.
pub(super) struct Burst {
    buffer: Box<[u8]>,
    to: Option<SocketAddr>,
    each: usize,
    frames: usize,
    end: usize,
}

impl Burst {
    pub(super) fn new() -> Burst {
        Burst { buffer: vec![0; DATAGRAM_MAX].into(), to: None, each: 0, frames: 0, end: 0 }
    }
}

impl Link {
    /// Who has sent a member's frame from there, and what.
    ///
    /// # Errors
    /// Why it is to be dropped.
    pub(crate) fn open<'f>(
        &mut self,
        frame: &'f mut [u8],
        address: SocketAddr,
        now: Instant,
    ) -> Result<(Identity, Message<'f>), DecodeError> {
        match &mut self.sealing {
            Some(sealing) if !is_plain(frame) => {
                let sender = sealing.sender(frame)?;
                let opened = sealing.decode(frame, now);
                if opened.is_ok() {
                    self.unopened.remove(&sender);
                    self.plain.remove(&sender);
                    self.port.welcome(address, now);
                } else {
                    self.unopened.insert(sender, address);
                }
                opened
            }
            _ => {
                let (from, message) = decode(frame, self.founding(), self.config.seat)?;
                if self.plain_until.is_some() {
                    self.plain.insert(from.seat, now);
                }
                Ok((from, message))
            }
        }
    }

    /// What this life says in the name of its seat is not refused.
    pub(crate) fn accept(&mut self, from: Identity, now: Instant) {
        if let Some(sealing) = &mut self.sealing {
            sealing.accept(from, now);
        }
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
        if self.sealing.is_none() {
            self.put(address, to, message, false);
            return;
        }
        // Who has not sealed what he said last may not read what is; and if he does, he hears last that this node seals.
        let is_mixed = self.plain_until.is_some();
        let is_plain = is_mixed && self.plain.contains_key(&to);
        if is_plain {
            self.put(address, to, message, false);
        }
        if !self.put(address, to, message, true) && is_mixed && !is_plain {
            self.put(address, to, message, false);
        }
    }

    /// Puts a message's frame behind what is on its way. Whether there is a session to seal it in, if it is to be sealed.
    fn put(&mut self, address: SocketAddr, to: Seat, message: &Message<'_>, seals: bool) -> bool {
        let (founding, incarnation) = (self.founding(), self.incarnation);
        let envelope = Envelope { founding, from: self.config.seat, to, incarnation };
        let room = self.frame_bytes();
        if self.burst.to != Some(address) || self.burst.buffer.len() - self.burst.end < room {
            self.flush();
        }
        let begin = self.burst.end;
        let buffer = &mut self.burst.buffer[begin..begin + room];
        let frame = match &mut self.sealing {
            Some(sealing) if seals => sealing.encode(buffer, to, message),
            _ => encode(buffer, &envelope, message).map(Some),
        };
        let Some(frame) = frame.expect("the core packs messages for the frame's length") else { return false };
        let bytes = frame.len();
        if self.burst.each < bytes {
            self.flush();
            self.burst.buffer.copy_within(begin..begin + bytes, 0);
            self.burst.each = bytes;
        }
        self.burst.to = Some(address);
        self.burst.frames += 1;
        self.burst.end += bytes;
        if bytes < self.burst.each || self.burst.frames >= self.port.socket().datagrams_max() {
            self.flush();
        }
        true
    }

    /// Sends what is on its way.
    pub(crate) fn flush(&mut self) {
        let Burst { buffer, to, each, frames, end } = &mut self.burst;
        if let Some(to) = to.take() {
            let _ = self.port.socket().send(to, &buffer[..*end], *each);
        }
        (*each, *frames, *end) = (0, 0, 0);
    }
}
