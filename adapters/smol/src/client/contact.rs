use quorate::Instant;
use quorate_wire::client::{Reply, Request, decode_request};
use quorate_wire::seal::client::{CLIENT_HELLO, ClientChannel, ClientKey, decode_reply, encode_request};
use quorate_wire::seal::{Form, Refusal};
use quorate_wire::{Cluster, DecodeError, EncodeError};

use crate::random;

/// What a client knows of a node, by its address, and how it seals what it says there.
#[derive(Default)]
pub(super) struct Contact {
    channel: ClientChannel,
    /// With which of the client's keys the session was made.
    key: usize,
    /// With which the node is asked for the next one: with one after the other, until it answers.
    next: usize,
    /// The latest request of either kind: a question that is asked aside does not push an order out.
    latest: [Latest; 2],
    /// The last question for a session.
    asked: Vec<u8>,
}

/// What a request is to a client.
#[derive(Clone, Copy)]
pub(super) enum Aim {
    /// What one node is to do, and no other meanwhile.
    Order,
    /// How a node is, or who takes part: whoever wants to know asks several.
    Question,
}

impl Aim {
    pub(super) const ALL: [Aim; 2] = [Aim::Order, Aim::Question];
}

/// A request, as long as it has no answer, and its number; and how it was said last, as a refusal is about that.
#[derive(Default)]
struct Latest {
    request: Vec<u8>,
    number: u64,
    /// The number of which whoever asks knows.
    told: u64,
    is_sent: bool,
    said: Vec<u8>,
}

/// A request, ready to be sent.
pub(super) struct Encoded {
    /// What is to be said before it.
    pub(super) before: Option<[u8; CLIENT_HELLO]>,
    /// How long its frame is.
    pub(super) length: usize,
}

/// What a datagram was.
pub(super) enum Heard {
    /// Perhaps an answer.
    Reply,
    /// There is a session now. This is to be said to it, if it is not said before a request anyway.
    Session([u8; CLIENT_HELLO]),
    /// The node says that it does not take what this client says.
    Refusal(DecodeError),
    Nothing,
}

/// A node is asked for a session no more often than this.
const HELLO_INTERVAL_MICROS: u64 = 100_000;

impl Contact {
    /// Another request takes the place of the one before.
    pub(super) fn ask(&mut self, aim: Aim, number: u64, frame: &[u8]) {
        let latest = &mut self.latest[aim as usize];
        (latest.number, latest.told, latest.is_sent) = (number, number, false);
        latest.request.clear();
        latest.request.extend_from_slice(frame);
    }

    /// Whether a request has no answer yet.
    pub(super) fn waits(&self, aim: Aim) -> bool {
        !self.latest[aim as usize].request.is_empty()
    }

    /// An order that goes out once more has another number: what becomes of each is told by its own.
    pub(super) fn renumber(&mut self, aim: Aim, last: &mut u64) {
        let latest = &mut self.latest[aim as usize];
        if let (Aim::Order, true) = (aim, latest.is_sent) {
            *last += 1;
            latest.number = *last;
        }
    }

    /// The number that was known of a request, and the one under which it went out, which is known from now on.
    pub(super) fn tell(&mut self, aim: Aim) -> (u64, u64) {
        let latest = &mut self.latest[aim as usize];
        (std::mem::replace(&mut latest.told, latest.number), latest.number)
    }

    /// Nothing is to be sent any more.
    pub(super) fn forget(&mut self) {
        self.latest.iter_mut().for_each(|latest| latest.request.clear());
    }

    /// The node has answered this request.
    pub(super) fn answered(&mut self, number: u64) {
        let answered = self.latest.iter_mut().filter(|latest| latest.number == number);
        answered.for_each(|latest| latest.request.clear());
    }

    /// Writes the request that has no answer to the front of the buffer. None if there is none, or no session.
    pub(super) fn encode(
        &mut self,
        aim: Aim,
        cluster: Cluster,
        keys: Option<&[ClientKey]>,
        now: Instant,
        buffer: &mut [u8],
    ) -> Result<Option<Encoded>, EncodeError> {
        let Latest { request: plain, number, is_sent, said, .. } = &mut self.latest[aim as usize];
        if plain.is_empty() {
            return Ok(None);
        }
        let Some(keys) = keys else {
            buffer[..plain.len()].copy_from_slice(plain);
            said.clone_from(plain);
            *is_sent = true;
            return Ok(Some(Encoded { before: None, length: plain.len() }));
        };
        let Ok(request) = decode_request(plain, cluster) else { return Ok(None) };
        let request = Request { number: *number, ..request };
        let Some(key) = keys.get(self.key) else { return Ok(None) };
        let Some(frame) = encode_request(buffer, key, &mut self.channel, now, &request)? else { return Ok(None) };
        *said = frame.to_vec();
        *is_sent = true;
        Ok(Some(Encoded { before: self.channel.done(key), length: frame.len() }))
    }

    /// The question for a session, if it is time for one.
    pub(super) fn question(&mut self, keys: Option<&[ClientKey]>, now: Instant) -> Option<[u8; CLIENT_HELLO]> {
        let keys = keys?;
        let question = self.channel.speak(keys.get(self.next)?, now, HELLO_INTERVAL_MICROS, random::number)?;
        self.next = (self.next + 1) % keys.len();
        self.asked = question.to_vec();
        Some(question)
    }

    /// Looks at a datagram of the node.
    pub(super) fn hear(&mut self, frame: &[u8], keys: Option<&[ClientKey]>) -> Heard {
        match Form::of(frame) {
            Ok(Form::ClientHello) => {
                let mut keys = keys.unwrap_or_default().iter().enumerate();
                let made = keys.find_map(|(at, key)| Some((at, self.channel.hear(frame, key)?)));
                let Some((at, done)) = made else { return Heard::Nothing };
                (self.key, self.next) = (at, at);
                Heard::Session(done)
            }
            Ok(Form::Refusal) => match Refusal::decode(frame) {
                Ok(refusal) if self.said().any(|said| refusal.is_about(said)) => {
                    // Anybody may say so: nothing is given up for it.
                    self.channel.turned_away();
                    Heard::Refusal(refusal.reason)
                }
                _ => Heard::Nothing,
            },
            Ok(Form::Plain(_) | Form::Sealed(_)) => Heard::Reply,
            Ok(Form::Hello) | Err(_) => Heard::Nothing,
        }
    }

    /// What was said last.
    fn said(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.latest.iter().map(|latest| &latest.said).chain([&self.asked])
    }

    /// Whether this is sealed in a session with this node, as it says.
    pub(super) fn is_answered_by(&self, frame: &[u8]) -> bool {
        self.channel.is_for(frame)
    }

    /// A sealed answer to this client.
    pub(super) fn open<'f>(&mut self, frame: &'f mut [u8], client: u64) -> Result<Reply<'f>, DecodeError> {
        decode_reply(frame, &mut self.channel, client)
    }
}
