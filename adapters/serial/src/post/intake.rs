use quorate::{Founding, Identity, Instant, Message, Seat, Seats, founding};
use quorate_wire::client::{Reason, Reply, Request, RequestBody, decode_reply, decode_request};
use quorate_wire::{Class, DecodeError, decode, decode_founding};

use super::{Asker, Post, room};
use crate::Address;
use crate::sealing::Heard;

/// What comes to a station, as it is written or sealed.
impl<const SEATS: usize, const LINES: usize, const FRAME: usize, const CLIENTS: usize>
    Post<SEATS, LINES, FRAME, CLIENTS>
{
    /// What class of frame this is. None if it is about sessions: it is taken.
    ///
    /// # Errors
    /// Why it is to be dropped.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn sort(&mut self, now: Instant, from: Address, frame: &[u8]) -> Result<Option<Class>, DecodeError> {
        let Some(sealing) = &mut self.sealing else { return Class::of(frame).map(Some) };
        match sealing.hear(frame, now, room(&mut self.frame))? {
            Heard::Frame(class) => return Ok(Some(class)),
            Heard::Answer(answer) => self.lines.send(from, answer),
            Heard::Session(done) => {
                self.lines.send(from, done);
                self.caller.say_again();
            }
            Heard::Nothing => {}
        }
        Ok(None)
    }

    /// Who has sent a member's frame, and what.
    ///
    /// # Errors
    /// Why it is to be dropped.
    pub(crate) fn open<'f>(
        &mut self,
        now: Instant,
        founding: Founding,
        frame: &'f mut [u8],
    ) -> Result<(Identity, Message<'f>), DecodeError> {
        match &mut self.sealing {
            Some(sealing) => sealing.decode(frame, now),
            None => decode(frame, founding, self.identity.seat),
        }
    }

    /// What this life says in the name of its seat is not refused.
    pub(crate) fn accept(&mut self, now: Instant, from: Identity) {
        if let Some(sealing) = &mut self.sealing {
            sealing.accept(from, now);
        }
    }

    /// Who has sent the frame of a founding, and what.
    ///
    /// # Errors
    /// Why it is to be dropped.
    pub(crate) fn open_founding(&self, frame: &mut [u8]) -> Result<(Seat, founding::Message), DecodeError> {
        match &self.sealing {
            Some(sealing) => sealing.decode_founding(frame),
            None => decode_founding(frame, self.cluster, self.identity.seat),
        }
    }

    /// Whom to answer, what is asked, and why it is not to be done, if its client has no rights to it.
    ///
    /// # Errors
    /// Why it is to be dropped.
    pub(crate) fn open_request<'f>(
        &mut self,
        now: Instant,
        from: Address,
        frame: &'f mut [u8],
    ) -> Result<(Asker, RequestBody<'f>, Option<Reason>), DecodeError> {
        let (session, request, forbidden) = match &mut self.sealing {
            Some(sealing) => {
                let (session, request, forbidden) = sealing.decode_request(frame, now)?;
                (Some(session), request, forbidden)
            }
            None => (None, decode_request(frame, self.cluster)?, None),
        };
        let Request { client, number, body, .. } = request;
        Ok((Asker { address: from, client, number, session }, body, forbidden))
    }

    /// What another station answers to this one's app.
    ///
    /// # Errors
    /// Why it is to be dropped.
    pub(crate) fn open_reply<'f>(&mut self, frame: &'f mut [u8]) -> Result<Reply<'f>, DecodeError> {
        let boot = self.caller.boot();
        match &mut self.sealing {
            Some(sealing) => sealing.decode_reply(frame, boot),
            None => decode_reply(frame, boot),
        }
    }

    /// Tells a client that its frame was dropped, if there is something that it could do about that.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn refuse(&mut self, now: Instant, from: Address, frame: &[u8], error: DecodeError) {
        let Some(sealing) = &mut self.sealing else { return };
        if let Some(word) = sealing.refuse(frame, error, now, room(&mut self.frame)) {
            self.lines.send(from, word);
        }
    }

    /// Says what there is to say to come to sessions with the other members.
    pub(crate) fn greet(&mut self, now: Instant, members: Seats) {
        let Some(sealing) = self.sealing.as_mut().filter(|_| self.lines.are_ready()) else { return };
        sealing.speak(now, members, |seat, hello| self.lines.send(seat.into(), hello));
    }
}
