use quorate::{Instant, Seat};
use quorate_wire::client::{Reason, Reply, ReplyBody, Request, RequestBody};
use quorate_wire::seal::client::{
    CLIENT_HELLO, ClientChannel, ClientKey, Guest, Guests, SessionNumber, decode_reply, decode_request, encode_reply,
    encode_request,
};
use quorate_wire::seal::{Key, Rights, Ring};
use quorate_wire::{Cluster, DecodeError};

use crate::pair::{INTERVAL, id, key};

pub(crate) const CLUSTER: Cluster = Cluster(42);
pub(crate) const SECOND: u64 = 1_000_000;

/// A node with room for two sessions.
pub(crate) struct Node {
    pub(crate) guests: Guests<2>,
    pub(crate) ring: Ring<2>,
    pub(crate) now: Instant,
    pub(crate) starts: u8,
}

/// What a node draws at this start.
pub(crate) fn secret(starts: u8) -> Key {
    Key::new([starts; Key::BYTES])
}

/// What a node has taken in: a request's number, which it can answer.
pub(crate) type Asked = (SessionNumber, Guest, u64);

impl Node {
    pub(crate) fn new() -> Node {
        Node { guests: Guests::new(secret(0)), ring: Ring::new(id(1), key(1)), now: Instant::START, starts: 0 }
    }

    /// It forgets everything, and its clock begins anew.
    pub(crate) fn restart(&mut self) {
        self.starts += 1;
        self.guests = Guests::new(secret(self.starts));
        self.now = Instant::START;
    }

    pub(crate) fn wait(&mut self, micros: u64) {
        self.now = Instant::from_micros(self.now.as_micros() + micros);
    }

    pub(crate) fn hear(&mut self, frame: &[u8]) -> Result<Option<[u8; CLIENT_HELLO]>, DecodeError> {
        self.guests.hear(frame, CLUSTER, &self.ring, self.now, |name| name.as_str() != "mallory")
    }

    pub(crate) fn open(&mut self, frame: &[u8]) -> Result<Asked, DecodeError> {
        let (mut frame, untouched) = (frame.to_vec(), frame);
        let opened = decode_request(&mut frame, CLUSTER, &self.ring, &mut self.guests, self.now);
        let opened = opened.map(|(session, guest, request)| (session, guest, request.number));
        assert!(opened.is_ok() || frame == untouched, "what does not open stays as it was");
        opened
    }

    pub(crate) fn answer(&mut self, (session, _, number): Asked) -> Option<Vec<u8>> {
        let body = ReplyBody::Refused(Reason::Busy);
        let reply = Reply { client: 0, number, from: Seat(2), founding: None, body };
        let mut buffer = [0; 200];
        let frame = encode_reply(&mut buffer, &mut self.guests, session, &reply);
        frame.expect("the buffer is long enough").map(<[u8]>::to_vec)
    }
}

/// A client of one node.
pub(crate) struct Client {
    pub(crate) key: ClientKey,
    pub(crate) channel: ClientChannel,
    pub(crate) now: Instant,
    pub(crate) drawn: u64,
    pub(crate) number: u64,
}

impl Client {
    pub(crate) fn new(name: &str, rights: Rights) -> Client {
        let ring = Ring::<1>::new(id(1), key(1));
        let key =
            ClientKey::of(&ring, id(1), CLUSTER, name.parse().expect("a name"), rights).expect("the key is there");
        Client { key, channel: ClientChannel::default(), now: Instant::START, drawn: 0, number: 0 }
    }

    pub(crate) fn restart(&mut self) {
        self.channel = ClientChannel::default();
    }

    pub(crate) fn wait(&mut self, micros: u64) {
        self.now = Instant::from_micros(self.now.as_micros() + micros);
    }

    pub(crate) fn speak(&mut self) -> Option<[u8; CLIENT_HELLO]> {
        let drawn = &mut self.drawn;
        self.channel.speak(&self.key, self.now, INTERVAL, || {
            *drawn += 1;
            *drawn
        })
    }

    pub(crate) fn hear(&mut self, frame: &[u8]) -> Option<[u8; CLIENT_HELLO]> {
        self.channel.hear(frame, &self.key)
    }

    /// The next request: what is to be said before it, and its frame.
    pub(crate) fn ask(&mut self) -> Option<(Option<[u8; CLIENT_HELLO]>, Vec<u8>)> {
        self.number += 1;
        let request = Request { cluster: CLUSTER, client: 5, number: self.number, body: RequestBody::Status };
        let mut buffer = [0; 200];
        let frame = encode_request(&mut buffer, &self.key, &mut self.channel, self.now, &request);
        let frame = frame.expect("the buffer is long enough")?.to_vec();
        Some((self.channel.done(&self.key), frame))
    }

    pub(crate) fn open(&mut self, frame: &[u8]) -> Result<u64, DecodeError> {
        let mut frame = frame.to_vec();
        decode_reply(&mut frame, &mut self.channel, 5).map(|reply| reply.number)
    }

    /// Comes to a session: the question, the answer, and the last word, which the node has not heard yet.
    pub(crate) fn meet(&mut self, node: &mut Node) -> [[u8; CLIENT_HELLO]; 3] {
        let ask = self.speak().expect("it wants a session");
        let answer = node.hear(&ask).expect("it has the key").expect("a question is answered");
        let done = self.hear(&answer).expect("the session is there");
        [ask, answer, done]
    }

    /// The same, and the node has heard it.
    pub(crate) fn settle(&mut self, node: &mut Node) {
        let [_, _, done] = self.meet(node);
        assert_eq!(node.hear(&done), Ok(None));
    }

    /// Asks and is answered.
    pub(crate) fn exchange(&mut self, node: &mut Node) -> Result<Guest, DecodeError> {
        let (done, frame) = self.ask().ok_or(DecodeError::Session)?;
        if let Some(done) = done {
            node.hear(&done)?;
        }
        let asked = node.open(&frame)?;
        let answer = node.answer(asked).ok_or(DecodeError::Session)?;
        self.open(&answer).map(|number| {
            assert_eq!(number, self.number);
            asked.1
        })
    }
}
