use quorate::{Charter, Founding, Identity, Instant, Message, Seat, Session, founding};
use quorate_wire::client::{Reason, Reply, ReplyBody, Request, RequestBody, encode_reply, encode_request};
use quorate_wire::{Cluster, EncodeError, Envelope, FoundingEnvelope, encode, encode_founding};

use crate::Address;
use crate::caller::{Caller, Known, Wish};
use crate::lines::Lines;
use crate::pace::frame_bytes_max;

/// Whom to answer: an address, and what its reply has to echo. A station's own app asks from its own address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asker {
    pub(crate) address: Address,
    pub(crate) client: u64,
    pub(crate) number: u64,
}

/// What a station says to the others, and to its own app.
pub(crate) struct Post<const SEATS: usize, const LINES: usize, const FRAME: usize> {
    pub(crate) cluster: Cluster,
    pub(crate) identity: Identity,
    /// What this station is a member by; none if it is not one yet.
    pub(crate) charter: Option<Charter>,
    pub(crate) lines: Lines<SEATS, LINES, FRAME>,
    pub(crate) caller: Caller<FRAME>,
    frame: [u8; FRAME],
}

impl<const SEATS: usize, const LINES: usize, const FRAME: usize> Post<SEATS, LINES, FRAME> {
    /// Put together where it stays: a board has no stack to spare while it starts.
    #[inline(always)]
    pub(crate) fn new(
        cluster: Cluster,
        identity: Identity,
        charter: Option<Charter>,
        lines: Lines<SEATS, LINES, FRAME>,
        caller: Caller<FRAME>,
    ) -> Self {
        Post { cluster, identity, charter, lines, caller, frame: [0; FRAME] }
    }

    /// What keeps this cluster's frames from another one's.
    pub(crate) fn founding(&self) -> Option<Founding> {
        self.charter.map(|charter| charter.founding)
    }

    /// Sends what stores say before they are one cluster, or loses it.
    pub(crate) fn say(&mut self, to: Seat, message: &founding::Message) {
        let envelope = FoundingEnvelope { cluster: self.cluster, from: self.identity.seat, to };
        if let Ok(frame) = encode_founding(room(&mut self.frame), &envelope, message) {
            self.lines.send(to.into(), frame);
        }
    }

    /// Sends a message to another member, or loses it.
    pub(crate) fn send(&mut self, to: Seat, message: &Message<'_>) {
        let Identity { seat, incarnation } = self.identity;
        let Some(founding) = self.founding() else { return };
        let envelope = Envelope { founding, from: seat, to, incarnation };
        if let Ok(frame) = encode(room(&mut self.frame), &envelope, message) {
            self.lines.send(to.into(), frame);
        }
    }

    /// Answers a client, or this station's own app. An answer that no frame can carry is refused.
    pub(crate) fn reply(&mut self, now: Instant, asker: Asker, body: ReplyBody<'_>) {
        let Asker { address, client, number } = asker;
        let (from, founding) = (self.identity.seat, self.founding());
        if address == from.into() {
            return self.caller.take(now, from, number, body);
        }
        let reply = |body| Reply { client, number, from, founding, body };
        let room = room(&mut self.frame);
        let length = encode_reply(room, &reply(body)).map(<[u8]>::len).or_else(|EncodeError { room: limit }| {
            let body = ReplyBody::Refused(Reason::TooLarge { limit: limit as u32 });
            encode_reply(room, &reply(body)).map(<[u8]>::len)
        });
        if let Some(frame) = length.ok().and_then(|length| room.get(..length)) {
            self.lines.send(address, frame);
        }
    }

    /// Asks another station for what the app wants done, if it is time and somebody leads. What is to be asked of this
    /// station itself is given back.
    pub(crate) fn call(&mut self, now: Instant, leader: Option<Seat>, known: Known) -> Option<(Asker, Wish<'_>)> {
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
        if let Ok(frame) = encode_request(room(&mut self.frame), &request) {
            self.lines.send(Address::from(to), frame);
        }
        None
    }
}

/// As much of the memory for a frame as the line's own bytes leave.
fn room<const FRAME: usize>(frame: &mut [u8; FRAME]) -> &mut [u8] {
    const { assert!(frame_bytes_max(FRAME) <= FRAME, "a line's own bytes make a frame longer") };
    frame.get_mut(..const { frame_bytes_max(FRAME) }).unwrap_or_default()
}
