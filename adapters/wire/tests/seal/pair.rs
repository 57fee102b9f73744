use quorate::{Founding, Identity, Incarnation, Instant, Message, Seat, Term};
use quorate_wire::seal::{
    Channel, Form, Hello, Key, KeyId, Profile, Ring, Side, decode, decode_hello, encode, encode_hello,
};
use quorate_wire::{Class, Cluster, DecodeError};

pub(crate) const INTERVAL: u64 = 100_000;

pub(crate) fn id(number: u8) -> KeyId {
    KeyId::new(number).expect("it is below 16")
}

/// The key of this number: the same for all.
pub(crate) fn key(number: u8) -> Key {
    Key::new(std::array::from_fn(|at| number * 32 + at as u8))
}

pub(crate) fn side(seat: u8, life: u64) -> Side {
    let me = Identity { seat: Seat(seat), incarnation: Incarnation(life) };
    let founding = Founding(0x1122_3344_5566_7788);
    Side { cluster: Cluster(42), founding, me, interval_micros: INTERVAL, profile: Profile::Full }
}

/// One side of a sealed link, and a clock.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) side: Side,
    pub(crate) ring: Ring<2>,
    pub(crate) channel: Channel,
    pub(crate) now: Instant,
    drawn: u64,
}

impl Node {
    pub(crate) fn new(seat: u8) -> Node {
        let (ring, channel) = (Ring::new(id(1), key(1)), Channel::default());
        Node { side: side(seat, 0), ring, channel, now: Instant::START, drawn: u64::from(seat) << 32 }
    }

    /// It forgets everything, but draws no number again.
    pub(crate) fn restart(&mut self) {
        self.channel = Channel::default();
    }

    pub(crate) fn wait(&mut self) {
        self.now = Instant::from_micros(self.now.as_micros() + INTERVAL);
    }

    fn number(drawn: &mut u64) -> u64 {
        *drawn += 1;
        *drawn
    }

    fn frame(&self, hello: Hello) -> Vec<u8> {
        encode_hello(&self.side, &self.ring, &hello).expect("the key is here").to_vec()
    }

    /// All that it says of its own accord.
    pub(crate) fn say(&mut self, to: u8) -> Vec<Vec<u8>> {
        let Node { side, ring, channel, now, drawn } = self;
        let hellos = channel.speak(side, ring, *now, Seat(to), || Node::number(drawn));
        hellos.into_iter().flatten().map(|hello| self.frame(hello)).collect()
    }

    /// The one thing that it says of its own accord, if anything.
    pub(crate) fn speak(&mut self, to: u8) -> Option<Vec<u8>> {
        let mut said = self.say(to);
        assert!(said.len() < 2, "it says one thing at most");
        said.pop()
    }

    /// Takes a Hello: what it answers.
    pub(crate) fn hear(&mut self, frame: &[u8]) -> Result<Option<Vec<u8>>, DecodeError> {
        let Node { side, ring, channel, drawn, .. } = self;
        let hello = decode_hello(frame, side, ring)?;
        let answer = channel.hear(side, ring, &hello, || Node::number(drawn));
        Ok(answer.map(|hello| self.frame(hello)))
    }

    /// Seals a message that nobody sees but in the term.
    pub(crate) fn seal(&mut self, to: u8, term: u64) -> Option<Vec<u8>> {
        let mut buffer = [0; 200];
        let message = Message::CampaignNow { term: Term(term) };
        let frame = encode(&mut buffer, &self.side, Seat(to), &mut self.channel, &message);
        frame.expect("the buffer is long enough").map(<[u8]>::to_vec)
    }

    /// Opens a frame: who sent it, and the term of its message.
    pub(crate) fn open(&mut self, frame: &[u8]) -> Result<(Identity, u64), DecodeError> {
        let (mut frame, untouched) = (frame.to_vec(), frame);
        let opened = decode(&mut frame, &self.side, &self.ring, &mut self.channel, self.now);
        let opened = opened.map(|(from, message)| (from, message.term().0));
        assert!(opened.is_ok() || frame == untouched, "what does not open stays as it was");
        opened
    }

    /// Takes whatever comes: a term that was opened, and what it answers.
    pub(crate) fn take(&mut self, frame: &[u8]) -> (Result<Option<u64>, DecodeError>, Option<Vec<u8>>) {
        match Form::of(frame) {
            Ok(Form::Hello) => match self.hear(frame) {
                Ok(answer) => (Ok(None), answer),
                Err(refusal) => (Err(refusal), None),
            },
            Ok(Form::Sealed(Class::Member)) => (self.open(frame).map(|(_, term)| Some(term)), None),
            form => panic!("{form:?}"),
        }
    }
}

/// Two sides, and nobody between them.
pub(crate) fn pair() -> (Node, Node) {
    (Node::new(1), Node::new(2))
}

/// Two sides of this profile.
pub(crate) fn pair_of(profile: Profile) -> (Node, Node) {
    let (mut one, mut other) = pair();
    (one.side.profile, other.side.profile) = (profile, profile);
    (one, other)
}

/// Lets both talk, as a host does, until each can open what the other seals: how many rounds that takes.
pub(crate) fn settle(one: &mut Node, other: &mut Node) -> usize {
    for round in 1..=6 {
        one.wait();
        other.wait();
        let mut through = [false; 2];
        for forth in [true, false] {
            let (from, to) = if forth { (&mut *one, &mut *other) } else { (&mut *other, &mut *one) };
            let peer = to.side.me.seat.0;
            if let Some(frame) = from.seal(peer, 7) {
                through[usize::from(forth)] = to.open(&frame).is_ok();
            }
            for hello in from.say(peer) {
                let (mut said, mut at_other) = (Some(hello), true);
                while let Some(hello) = said {
                    said = if at_other { to.hear(&hello) } else { from.hear(&hello) }.expect("nobody has touched it");
                    at_other = !at_other;
                }
            }
        }
        if through == [true; 2] {
            return round;
        }
    }
    panic!("they do not come together: {one:?}, {other:?}");
}

/// Says the last word: it is met with another one, and that with none.
#[track_caller]
pub(crate) fn conclude(one: &mut Node, other: &mut Node, done: &[u8]) {
    let here = other.hear(done).expect("it is sound").expect("it is answered");
    assert_eq!(one.hear(&here), Ok(None));
}
