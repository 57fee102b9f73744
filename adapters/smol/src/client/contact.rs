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
    /// Which of the client's keys the node takes, as far as is known.
    key: usize,
    /// The latest request, as long as it has no answer, and the number under which it goes out.
    request: Vec<u8>,
    number: u64,
    /// Whether it went out.
    is_sent: bool,
    /// The end of what was said last, and the last question for a session: a refusal is about one of them.
    said: [Vec<u8>; 2],
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
    pub(super) fn ask(&mut self, number: u64, frame: &[u8]) {
        (self.number, self.is_sent) = (number, false);
        self.request.clear();
        self.request.extend_from_slice(frame);
    }

    /// The request that has no answer yet.
    pub(super) fn waits(&self) -> Option<u64> {
        (!self.request.is_empty()).then_some(self.number)
    }

    /// The same goes out again, if it did so before: under another number, as what becomes of each is told by its own.
    pub(super) fn renumber(&mut self, number: impl FnOnce() -> u64) {
        if std::mem::take(&mut self.is_sent) {
            self.number = number();
        }
    }

    /// It is not to be sent any more.
    pub(super) fn forget(&mut self) {
        self.request.clear();
    }

    /// The node has answered this request.
    pub(super) fn answered(&mut self, number: u64) {
        if number == self.number {
            self.forget();
        }
    }

    /// Writes the request that has no answer to the front of the buffer. None if there is none, or no session.
    pub(super) fn encode(
        &mut self,
        cluster: Cluster,
        keys: Option<&[ClientKey]>,
        now: Instant,
        buffer: &mut [u8],
    ) -> Result<Option<Encoded>, EncodeError> {
        let Ok(request) = decode_request(&self.request, cluster) else { return Ok(None) };
        let request = Request { number: self.number, ..request };
        let Some(keys) = keys else {
            buffer[..self.request.len()].copy_from_slice(&self.request);
            self.said[0].clone_from(&self.request);
            self.is_sent = true;
            return Ok(Some(Encoded { before: None, length: self.request.len() }));
        };
        let Some(key) = keys.get(self.key) else { return Ok(None) };
        let Some(frame) = encode_request(buffer, key, &mut self.channel, now, &request)? else { return Ok(None) };
        self.said[0] = frame.to_vec();
        self.is_sent = true;
        Ok(Some(Encoded { before: self.channel.done(key), length: frame.len() }))
    }

    /// The question for a session, if it is time for one.
    pub(super) fn question(&mut self, keys: Option<&[ClientKey]>, now: Instant) -> Option<[u8; CLIENT_HELLO]> {
        let question = self.channel.speak(keys?.get(self.key)?, now, HELLO_INTERVAL_MICROS, random::number)?;
        self.said[1] = question.to_vec();
        Some(question)
    }

    /// Looks at a datagram of the node.
    pub(super) fn hear(&mut self, frame: &[u8], keys: Option<&[ClientKey]>) -> Heard {
        match Form::of(frame) {
            Ok(Form::ClientHello) => {
                let key = keys.and_then(|keys| keys.get(self.key));
                key.and_then(|key| self.channel.hear(frame, key)).map_or(Heard::Nothing, Heard::Session)
            }
            Ok(Form::Refusal) => match Refusal::decode(frame) {
                Ok(refusal) if self.said.iter().any(|said| refusal.is_about(said)) => {
                    self.turned_away(refusal.reason, keys);
                    Heard::Refusal(refusal.reason)
                }
                _ => Heard::Nothing,
            },
            Ok(Form::Plain(_) | Form::Sealed(_)) => Heard::Reply,
            Ok(Form::Hello) | Err(_) => Heard::Nothing,
        }
    }

    /// Another key may be one that the node has.
    fn turned_away(&mut self, reason: DecodeError, keys: Option<&[ClientKey]>) {
        let count = keys.map_or(0, <[_]>::len);
        if count > 1 && matches!(reason, DecodeError::Sealed(_) | DecodeError::Tag) {
            self.key = (self.key + 1) % count;
            self.channel.forget();
        } else {
            self.channel.turned_away();
        }
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
