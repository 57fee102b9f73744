mod intake;

use quorate::{Charter, Founding, Identity, Instant, KeyId, Message, Seat, Session, founding};
use quorate_wire::client::{Reason, Reply, ReplyBody, Request, RequestBody, encode_reply, encode_request};
use quorate_wire::{Cluster, EncodeError, Envelope, FoundingEnvelope, encode, encode_founding};

use crate::Address;
use crate::caller::{Caller, Known, Wish};
use crate::lines::Lines;
use crate::pace::frame_bytes_max;
use crate::sealing::{Sealing, SessionNumber};

/// Whom to answer: an address, and what its reply has to echo. A station's own app asks from its own address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asker {
    pub(crate) address: Address,
    pub(crate) client: u64,
    pub(crate) number: u64,
    /// The session in which it has asked, if it seals.
    pub(crate) session: Option<SessionNumber>,
}

/// What a station says to the others, and to its own app.
pub(crate) struct Post<const SEATS: usize, const LINES: usize, const FRAME: usize, const CLIENTS: usize> {
    pub(crate) cluster: Cluster,
    pub(crate) identity: Identity,
    /// What this station is a member by; none if it is not one yet.
    pub(crate) charter: Option<Charter>,
    pub(crate) lines: Lines<SEATS, LINES, FRAME>,
    pub(crate) caller: Caller<FRAME>,
    /// How it seals what it says, if it does.
    pub(crate) sealing: Option<Sealing<SEATS, CLIENTS>>,
    frame: [u8; FRAME],
}

impl<const SEATS: usize, const LINES: usize, const FRAME: usize, const CLIENTS: usize>
    Post<SEATS, LINES, FRAME, CLIENTS>
{
    /// Put together where it stays: a board has no stack to spare while it starts.
    #[inline(always)]
    pub(crate) fn new(
        cluster: Cluster,
        identity: Identity,
        charter: Option<Charter>,
        lines: Lines<SEATS, LINES, FRAME>,
        caller: Caller<FRAME>,
    ) -> Self {
        Post { cluster, identity, charter, lines, caller, sealing: None, frame: [0; FRAME] }
    }

    /// What keeps this cluster's frames from another one's.
    pub(crate) fn founding(&self) -> Option<Founding> {
        self.charter.map(|charter| charter.founding)
    }

    /// From now on it is this one, by this charter.
    pub(crate) fn join(&mut self, charter: Charter, identity: Identity) {
        (self.charter, self.identity) = (Some(charter), identity);
        if let Some(sealing) = &mut self.sealing {
            sealing.join(charter.founding, identity);
        }
    }

    /// Seals under the key that the members have said to use, if they have, and it is here.
    pub(crate) fn follow(&mut self, word: Option<KeyId>) {
        if let Some((sealing, key)) = self.sealing.as_mut().zip(word) {
            sealing.follow(key);
        }
    }

    /// Sends what stores say before they are one cluster, or loses it.
    pub(crate) fn say(&mut self, to: Seat, message: &founding::Message) {
        let envelope = FoundingEnvelope { cluster: self.cluster, from: self.identity.seat, to };
        let room = room(&mut self.frame);
        let frame = match &mut self.sealing {
            Some(sealing) => sealing.encode_founding(room, &envelope, message),
            None => encode_founding(room, &envelope, message),
        };
        if let Ok(frame) = frame {
            self.lines.send(to.into(), frame);
        }
    }

    /// Sends a message to another member, or loses it: a member that seals, and with whom there is no session yet.
    pub(crate) fn send(&mut self, to: Seat, message: &Message<'_>) {
        let Identity { seat, incarnation } = self.identity;
        let Some(founding) = self.founding() else { return };
        let envelope = Envelope { founding, from: seat, to, incarnation };
        let room = room(&mut self.frame);
        let frame = match &mut self.sealing {
            Some(sealing) => sealing.encode(room, to, message),
            None => encode(room, &envelope, message).map(Some),
        };
        if let Ok(Some(frame)) = frame {
            self.lines.send(to.into(), frame);
        }
    }

    /// Answers a client, or this station's own app. An answer that no frame can carry is refused.
    pub(crate) fn reply(&mut self, now: Instant, asker: Asker, body: ReplyBody<'_>) {
        let Asker { address, client, number, session } = asker;
        let (from, founding) = (self.identity.seat, self.founding());
        if address == from.into() {
            return self.caller.take(now, from, number, body);
        }
        let reply = |body| Reply { client, number, from, founding, body };
        let room = room(&mut self.frame);
        let mut write = |room: &mut [u8], body| match (&mut self.sealing, session) {
            (Some(sealing), Some(session)) => {
                sealing.encode_reply(room, session, &reply(body)).map(|frame| frame.map_or(0, <[u8]>::len))
            }
            _ => encode_reply(room, &reply(body)).map(<[u8]>::len),
        };
        let length = write(room, body).or_else(|EncodeError { room: limit }| {
            write(room, ReplyBody::Refused(Reason::TooLarge { limit: limit as u32 }))
        });
        if let Some(frame @ [_, ..]) = length.ok().and_then(|length| room.get(..length)) {
            self.lines.send(address, frame);
        }
    }

    /// Asks another station for what the app wants done, if it is time and somebody leads. What is to be asked of this
    /// station itself is given back.
    pub(crate) fn call(&mut self, now: Instant, leader: Option<Seat>, known: Known) -> Option<(Asker, Wish<'_>)> {
        if !self.can_call(now, leader?) {
            return None;
        }
        let (to, asker, wish) = self.caller.call(now, leader, known)?;
        if to == self.identity.seat {
            return Some((asker, wish));
        }
        let Asker { client, number, .. } = asker;
        let body = match wish {
            Wish { session, command: Some(command) } => RequestBody::Command { session, command },
            Wish { session: Session { client, epoch, .. }, command: None } => RequestBody::Open { client, epoch },
        };
        let request = Request { cluster: self.cluster, client, number, body };
        let room = room(&mut self.frame);
        let frame = match &mut self.sealing {
            Some(sealing) => {
                if let Some(done) = sealing.done(room) {
                    self.lines.send(to.into(), done);
                }
                sealing.encode_request(room, now, &request)
            }
            None => encode_request(room, &request).map(Some),
        };
        if let Ok(Some(frame)) = frame {
            self.lines.send(to.into(), frame);
        }
        None
    }

    /// Whether whoever leads can be asked now. If it seals, and there is no session yet, one is asked for.
    fn can_call(&mut self, now: Instant, leader: Seat) -> bool {
        let Some(sealing) = &mut self.sealing else { return true };
        if leader == self.identity.seat || !self.caller.waits() {
            return true;
        }
        if let Some(ask) = sealing.ask(leader, now, room(&mut self.frame)) {
            self.lines.send(leader.into(), ask);
        }
        sealing.is_ready(now)
    }

    /// When whoever leads can be asked for what the app wants done, if it wants something.
    pub(crate) fn call_due(&self, leader: Option<Seat>) -> Option<Instant> {
        let (leader, due) = (leader?, self.caller.deadline()?);
        let sealing = self.sealing.as_ref().filter(|_| leader != self.identity.seat);
        Some(sealing.map_or(due, |sealing| due.max(sealing.ready_at())))
    }
}

/// As much of the memory for a frame as the line's own bytes leave.
fn room<const FRAME: usize>(frame: &mut [u8; FRAME]) -> &mut [u8] {
    const { assert!(frame_bytes_max(FRAME) <= FRAME, "a line's own bytes make a frame longer") };
    frame.get_mut(..const { frame_bytes_max(FRAME) }).unwrap_or_default()
}
