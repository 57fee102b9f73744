use std::net::SocketAddr;

use quorate::Instant;
use quorate_wire::client::{Reason, Reply, ReplyBody, Request, RequestBody, decode_request, encode_reply};
use quorate_wire::seal::client::SessionNumber;
use quorate_wire::seal::{Form, Refusal};
use quorate_wire::{Class, DecodeError, EncodeError};

use super::{Link, is_plain};
use crate::socket::DATAGRAM_MAX;
use crate::toll::Item;

/// Whom to answer: a client's address, and what its reply has to echo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asker {
    pub(crate) address: SocketAddr,
    pub(crate) client: u64,
    pub(crate) number: u64,
    /// The session in which it has asked, if it seals.
    pub(crate) session: Option<SessionNumber>,
}

impl Link {
    /// Takes a client's Hello, and answers it to where it came from.
    ///
    /// # Errors
    /// Why it is to be dropped.
    pub(crate) fn hear_client(&mut self, frame: &[u8], from: SocketAddr, now: Instant) -> Result<(), DecodeError> {
        let answer = self.sealing.as_mut().map_or(Ok(None), |sealing| sealing.hear_client(frame, now))?;
        if let Some(answer) = answer {
            let _ = self.port.socket().send(from, &answer, answer.len());
        }
        self.charge(Item::Answered, now);
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
            Some(sealing) if !is_plain(frame) => {
                let (session, guest, request) = sealing.decode_request(frame, now)?;
                self.port.welcome(address, now);
                (Some(session), Some(guest), request)
            }
            _ => (None, None, decode_request(frame, self.config.cluster)?),
        };
        let Request { client, number, body, .. } = request;
        let asker = Asker { address, client, number, session };
        if guest.is_some_and(|guest| !guest.rights.allow(&body)) {
            self.reply(asker, ReplyBody::Refused(Reason::Forbidden));
            return Ok(None);
        }
        Ok(Some((asker, body)))
    }

    /// Counts a frame that is dropped. If it is a client's, and there is something that it could do about that, it is told.
    pub(crate) fn drop_frame(&mut self, frame: &[u8], from: SocketAddr, error: DecodeError, now: Instant) {
        self.dropped.count(error);
        self.charge(Item::Dropped(frame.len()), now);
        let is_of_client = matches!(
            Form::of(frame),
            Ok(Form::Plain(Class::Request) | Form::Sealed(Class::Request) | Form::ClientHello)
        );
        let Some(refusal) = Refusal::of(frame, error).filter(|_| is_of_client) else { return };
        if self.allowance.take(now) {
            let word = refusal.encode();
            let _ = self.port.socket().send(from, &word, word.len());
        }
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
            let _ = self.port.socket().send(asker.address, frame, frame.len());
        }
        Ok(())
    }
}
