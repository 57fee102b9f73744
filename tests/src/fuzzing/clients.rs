use std::collections::BTreeSet;

use quorate::{Instant, Seat};
use quorate_wire::Cluster;
use quorate_wire::client::{Reason, Reply, ReplyBody, Request, RequestBody};
use quorate_wire::seal::client::{
    ClientChannel, ClientKey, Guests, decode_reply, decode_request, encode_reply, encode_request,
};
use quorate_wire::seal::{Form, Key, KeyId, Refusal, Rights, Ring};

const CLUSTER: Cluster = Cluster(42);
const INTERVAL: u64 = 100_000;

/// Any frames come between a client and a node: forged ones, and recorded ones that are changed, repeated, said back or late. None
/// is taken but what the other side has said, once; and at the end the client is answered.
///
/// # Panics
/// If one is, or it is not.
pub fn clients(data: &[u8]) {
    let mut line = Line::new();
    let mut rest = data;
    while let [act, which, tail @ ..] = rest {
        let (to_client, which) = (act & 1 == 1, usize::from(*which));
        rest = tail;
        match act >> 1 & 7 {
            0 => line.ask(),
            1 => line.speak(),
            2 if to_client => line.channel = ClientChannel::default(),
            2 => line.restart_node(),
            3 => line.deliver_said(to_client, which, |_| ()),
            4 => line.deliver_said(to_client, which, |frame| {
                let length = frame.len();
                frame[which % length] ^= act >> 4 | 1;
            }),
            5 => line.now += which as u64 * INTERVAL,
            kind => {
                let (bytes, tail) = rest.split_at(which.min(rest.len()));
                rest = tail;
                let class = if kind == 6 { 0x41 + (act & 1) } else { 0xc3 | act >> 4 & 7 };
                let mut frame = [&[1, class, 0x15], bytes].concat();
                assert!(line.take(to_client, &mut frame).is_none(), "a forged frame is taken");
            }
        }
    }
    line.settle();
}

struct Line {
    key: ClientKey,
    channel: ClientChannel,
    ring: Ring<1>,
    guests: Guests<2>,
    now: u64,
    /// How often the node has started; its numbers are others each time.
    starts: u32,
    /// How many numbers the client has drawn.
    drawn: u64,
    /// How many requests there were.
    asked: u64,
    /// What was said, and whether by the client.
    said: Vec<(bool, Vec<u8>)>,
    opened: BTreeSet<(bool, u64)>,
}

/// What came of a frame that was taken.
enum Taken {
    /// The request of this number, or the answer to it; and what it is answered with.
    Opened(u64, Option<Vec<u8>>),
    Answered(Option<Vec<u8>>),
}

/// What a node draws at this start.
fn secret(starts: u32) -> Key {
    Key::new(std::array::from_fn(|at| starts.to_le_bytes()[at % 4]))
}

impl Line {
    fn new() -> Line {
        let id = KeyId::new(5).expect("it is below 16");
        let ring = Ring::new(id, Key::new([9; Key::BYTES]));
        let name = "somebody".parse().expect("it is short");
        let key = ClientKey::of(&ring, id, CLUSTER, name, Rights::Write).expect("the key is there");
        let (channel, guests) = (ClientChannel::default(), Guests::new(secret(0)));
        let (said, opened) = (Vec::new(), BTreeSet::new());
        Line { key, channel, ring, guests, now: 0, starts: 0, drawn: 0, asked: 0, said, opened }
    }

    fn restart_node(&mut self) {
        self.starts = self.starts.wrapping_add(1);
        self.guests = Guests::new(secret(self.starts));
    }

    fn at(&self) -> Instant {
        Instant::from_micros(self.now)
    }

    fn ask(&mut self) {
        self.asked += 1;
        let request = Request { cluster: CLUSTER, client: 5, number: self.asked, body: RequestBody::Status };
        let (mut buffer, now) = ([0; 100], self.at());
        let frame = encode_request(&mut buffer, &self.key, &mut self.channel, now, &request).expect("there is room");
        let frame = frame.map(<[u8]>::to_vec);
        self.said.extend(self.channel.done(&self.key).filter(|_| frame.is_some()).map(|done| (true, done.to_vec())));
        self.said.extend(frame.map(|frame| (true, frame)));
    }

    fn speak(&mut self) {
        self.now += INTERVAL;
        let (now, drawn) = (self.at(), &mut self.drawn);
        let ask = self.channel.speak(&self.key, now, INTERVAL, || {
            *drawn += 1;
            *drawn
        });
        self.said.extend(ask.map(|ask| (true, ask.to_vec())));
    }

    fn take(&mut self, by_client: bool, frame: &mut [u8]) -> Option<Taken> {
        let now = self.at();
        match (Form::of(frame).ok()?, by_client) {
            (Form::ClientHello, true) => {
                let done = self.channel.hear(frame, &self.key)?;
                Some(Taken::Answered(Some(done.to_vec())))
            }
            (Form::ClientHello, false) => {
                let answer = self.guests.hear(frame, CLUSTER, &self.ring, now, |_| true).ok()?;
                Some(Taken::Answered(answer.map(|answer| answer.to_vec())))
            }
            (Form::Refusal, true) => {
                if Refusal::decode(frame).is_ok() {
                    self.channel.turned_away();
                }
                None
            }
            (Form::Sealed(_), true) => {
                let reply = decode_reply(frame, &mut self.channel, 5).ok()?;
                Some(Taken::Opened(reply.number, None))
            }
            (Form::Sealed(_), false) => {
                let (session, guest, request) =
                    decode_request(frame, CLUSTER, &self.ring, &mut self.guests, now).ok()?;
                assert_eq!((guest.name.as_str(), guest.rights), ("somebody", Rights::Write));
                let (number, body) = (request.number, ReplyBody::Refused(Reason::Busy));
                let reply = Reply { client: 5, number, from: Seat(1), founding: None, body };
                let mut buffer = [0; 100];
                let reply = encode_reply(&mut buffer, &mut self.guests, session, &reply).expect("there is room");
                Some(Taken::Opened(number, reply.map(<[u8]>::to_vec)))
            }
            (Form::Plain(_) | Form::Hello | Form::Refusal, _) => None,
        }
    }

    /// Delivers what was said once, perhaps changed, to either side.
    fn deliver_said(&mut self, to_client: bool, which: usize, change: impl Fn(&mut Vec<u8>)) {
        let Some((by_client, genuine)) = self.said.get(which % self.said.len().max(1)).cloned() else { return };
        let mut frame = genuine.clone();
        change(&mut frame);
        let is_genuine = frame == genuine && by_client != to_client;
        match self.take(to_client, &mut frame) {
            None => {}
            Some(_) if !is_genuine => panic!("what nobody has said so is taken"),
            Some(Taken::Opened(number, answer)) => {
                assert!(self.opened.insert((to_client, number)), "a frame opens twice");
                self.said.extend(answer.map(|answer| (to_client, answer)));
            }
            Some(Taken::Answered(answer)) => self.said.extend(answer.map(|answer| (to_client, answer))),
        }
    }

    /// Nobody is between them any longer, and young sessions have become old ones.
    fn settle(&mut self) {
        self.now += 30 * INTERVAL;
        let is_answered = (0..200).any(|_| {
            let mut next = self.said.len();
            self.ask();
            self.speak();
            while next < self.said.len() {
                let by_client = self.said[next].0;
                self.deliver_said(!by_client, next, |_| ());
                next += 1;
            }
            self.opened.contains(&(true, self.asked))
        });
        assert!(is_answered, "they do not come together");
    }
}
