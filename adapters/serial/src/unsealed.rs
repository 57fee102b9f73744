//! What stands for sealed links where they are not built: there are none, so none of this is ever called.

use quorate::{Founding, Identity, Instant, KeyId, Message, Seat, Seats, founding};
use quorate_wire::client::{KeyReport, Reason, Reply, Request};
use quorate_wire::{Class, DecodeError, EncodeError, FoundingEnvelope};

pub(crate) enum Sealing<const SEATS: usize, const CLIENTS: usize> {}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionNumber {}

#[allow(dead_code, reason = "nobody makes one")]
pub(crate) enum Heard<'b> {
    Frame(Class),
    Answer(&'b [u8]),
    Session(&'b [u8]),
    Nothing,
}

type Sealed<'b> = Result<Option<&'b [u8]>, EncodeError>;

impl<const SEATS: usize, const CLIENTS: usize> Sealing<SEATS, CLIENTS> {
    pub(crate) fn join(&mut self, _: Founding, _: Identity) {
        match *self {}
    }

    pub(crate) fn follow(&mut self, _: KeyId) {
        match *self {}
    }

    pub(crate) fn report(&self) -> KeyReport {
        match *self {}
    }

    pub(crate) fn hear<'b>(&mut self, _: &[u8], _: Instant, _: &'b mut [u8]) -> Result<Heard<'b>, DecodeError> {
        match *self {}
    }

    pub(crate) fn refuse<'b>(&mut self, _: &[u8], _: DecodeError, _: Instant, _: &'b mut [u8]) -> Option<&'b [u8]> {
        match *self {}
    }

    pub(crate) fn speak(&mut self, _: Instant, _: Seats, _: impl FnMut(Seat, &[u8])) {
        match *self {}
    }

    pub(crate) fn due(&self) -> Option<Instant> {
        match *self {}
    }

    pub(crate) fn encode<'b>(&mut self, _: &'b mut [u8], _: Seat, _: &Message<'_>) -> Sealed<'b> {
        match *self {}
    }

    pub(crate) fn decode<'f>(&mut self, _: &'f mut [u8], _: Instant) -> Result<(Identity, Message<'f>), DecodeError> {
        match *self {}
    }

    pub(crate) fn accept(&mut self, _: Identity, _: Instant) {
        match *self {}
    }

    pub(crate) fn encode_founding<'b>(
        &mut self,
        _: &'b mut [u8],
        _: &FoundingEnvelope,
        _: &founding::Message,
    ) -> Result<&'b [u8], EncodeError> {
        match *self {}
    }

    pub(crate) fn decode_founding(&self, _: &mut [u8]) -> Result<(Seat, founding::Message), DecodeError> {
        match *self {}
    }

    pub(crate) fn decode_request<'f>(
        &mut self,
        _: &'f mut [u8],
        _: Instant,
    ) -> Result<(SessionNumber, Request<'f>, Option<Reason>), DecodeError> {
        match *self {}
    }

    pub(crate) fn encode_reply<'b>(&mut self, _: &'b mut [u8], _: SessionNumber, _: &Reply<'_>) -> Sealed<'b> {
        match *self {}
    }

    pub(crate) fn ask<'b>(&mut self, _: Seat, _: Instant, _: &'b mut [u8]) -> Option<&'b [u8]> {
        match *self {}
    }

    pub(crate) fn is_ready(&mut self, _: Instant) -> bool {
        match *self {}
    }

    pub(crate) fn ready_at(&self) -> Instant {
        match *self {}
    }

    pub(crate) fn done<'b>(&self, _: &'b mut [u8]) -> Option<&'b [u8]> {
        match *self {}
    }

    pub(crate) fn encode_request<'b>(&mut self, _: &'b mut [u8], _: Instant, _: &Request<'_>) -> Sealed<'b> {
        match *self {}
    }

    pub(crate) fn decode_reply<'f>(&mut self, _: &'f mut [u8], _: u64) -> Result<Reply<'f>, DecodeError> {
        match *self {}
    }
}
