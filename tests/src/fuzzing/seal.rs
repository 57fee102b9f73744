use quorate::founding::Message as FoundingMessage;
use quorate::{Founding, Instant, Message, Seat, Term};
use quorate_wire::seal::{
    Channel, Form, Hello, Key, KeyId, Profile, Ring, Side, decode, decode_founding, decode_hello, encode,
    encode_founding, encode_hello,
};
use quorate_wire::{Class, Cluster, FoundingEnvelope};

const CLUSTER: Cluster = Cluster(42);
const INTERVAL: u64 = 1000;

/// Any frames come between two sides with a session: forged ones, and recorded ones that are changed, repeated, said back or late.
/// None is taken but what the other side has said, once; and at the end both can open what the other seals.
///
/// # Panics
/// If one is, or they cannot.
pub fn seal(data: &[u8]) {
    let profile = if data.len().is_multiple_of(2) { Profile::Full } else { Profile::Bus };
    let sides = [1, 2].map(|seat| Party::new(seat, profile));
    let mut line = Line { sides, said: Vec::new(), opened: Vec::new() };
    line.settle();
    let mut rest = data;
    while let [act, which, tail @ ..] = rest {
        let (second, which) = (usize::from(act & 1), usize::from(*which));
        rest = tail;
        match act >> 1 & 7 {
            0 => line.seal(second),
            1 => line.speak(second),
            2 => line.sides[second].channel = Channel::default(),
            3 => line.deliver_said(second, which, |_| ()),
            4 => line.deliver_said(second, which, |frame| {
                let length = frame.len();
                frame[which % length] ^= act >> 4 | 1;
            }),
            5 => line.letter(second, which),
            kind => {
                let (bytes, tail) = rest.split_at(which.min(rest.len()));
                rest = tail;
                let class = if kind == 6 { 0x40 << (act >> 4 & 1) } else { 0xc0 | act >> 4 & 7 };
                let mut frame = [&[1, class, 5, 2 - second as u8, 1 + second as u8], bytes].concat();
                assert!(line.sides[second].take(&mut frame).is_none(), "a forged frame is taken");
            }
        }
    }
    line.settle();
}

struct Line {
    sides: [Party; 2],
    /// What was said, and by which side.
    said: Vec<(usize, Vec<u8>)>,
    opened: Vec<u64>,
}

struct Party {
    side: Side,
    ring: Ring<1>,
    channel: Channel,
    now: u64,
    drawn: u64,
}

/// What came of a frame that was taken.
enum Taken {
    Opened(u64),
    Answered(Option<Hello>),
    Founding(FoundingMessage),
}

impl Party {
    fn new(seat: u8, profile: Profile) -> Party {
        let (founding, me) = (Founding(7), Seat(seat).into());
        let side = Side { cluster: CLUSTER, founding, me, interval_micros: INTERVAL, profile };
        let id = KeyId::new(5).expect("it is below 16");
        let (ring, channel) = (Ring::new(id, Key::new([9; Key::BYTES])), Channel::default());
        Party { side, ring, channel, now: 0, drawn: u64::from(seat) << 32 }
    }

    fn other(&self) -> Seat {
        Seat(3 - self.side.me.seat.0)
    }

    fn take(&mut self, frame: &mut [u8]) -> Option<Taken> {
        let Party { side, ring, channel, now, drawn } = self;
        match Form::of(frame).ok()? {
            Form::Plain(_) | Form::Sealed(Class::Request | Class::Reply) | Form::ClientHello | Form::Refusal => None,
            Form::Hello => {
                let hello = decode_hello(frame, side, ring).ok()?;
                Some(Taken::Answered(channel.hear(side, ring, &hello, || draw(drawn))))
            }
            Form::Sealed(Class::Member) => {
                let (from, message) = decode(frame, side, ring, channel, Instant::from_micros(*now)).ok()?;
                assert_eq!(from, Seat(3 - side.me.seat.0).into());
                Some(Taken::Opened(message.term().0))
            }
            Form::Sealed(Class::Founding) => {
                let (_, message) = decode_founding(frame, ring, CLUSTER, side.me.seat).ok()?;
                Some(Taken::Founding(message))
            }
        }
    }

    fn speak(&mut self) -> Vec<Hello> {
        let to = self.other();
        self.now += INTERVAL;
        let Party { side, ring, channel, now, drawn } = self;
        channel.speak(side, ring, Instant::from_micros(*now), to, || draw(drawn)).into_iter().flatten().collect()
    }

    fn frame_of(&self, hello: &Hello) -> Vec<u8> {
        encode_hello(&self.side, &self.ring, hello).expect("the key is here").to_vec()
    }
}

fn draw(drawn: &mut u64) -> u64 {
    *drawn += 1;
    *drawn
}

impl Line {
    fn seal(&mut self, second: usize) {
        let party = &mut self.sides[second];
        let (to, mut buffer) = (party.other(), [0; 64]);
        let message = Message::CampaignNow { term: Term(self.said.len() as u64) };
        let frame = encode(&mut buffer, &party.side, to, &mut party.channel, &message).expect("there is room");
        self.said.extend(frame.map(|frame| (second, frame.to_vec())));
    }

    fn speak(&mut self, second: usize) {
        let party = &mut self.sides[second];
        let hellos = party.speak();
        self.said.extend(hellos.iter().map(|hello| (second, party.frame_of(hello))));
    }

    /// A founding's frame, of a number that nobody draws again: it is opened whole, as often as it comes.
    fn letter(&mut self, second: usize, token: usize) {
        let [from, to] = [1 + second as u8, 2 - second as u8].map(Seat);
        let message = FoundingMessage::Prepare { founding: Founding(1), token: token as u64 };
        let (envelope, mut buffer) = (FoundingEnvelope { cluster: CLUSTER, from, to }, [0; 100]);
        let number = [draw(&mut self.sides[second].drawn), 0];
        let frame = encode_founding(&mut buffer, &self.sides[second].ring, &envelope, &message, number);
        let mut frame = frame.expect("there is room").to_vec();
        let taken = self.sides[1 - second].take(&mut frame);
        assert!(matches!(taken, Some(Taken::Founding(found)) if found == message), "a letter does not open");
    }

    /// Delivers what was said once, perhaps changed, to either side.
    fn deliver_said(&mut self, second: usize, which: usize, change: impl Fn(&mut Vec<u8>)) {
        let Some((by, genuine)) = self.said.get(which % self.said.len().max(1)).cloned() else { return };
        let mut frame = genuine.clone();
        change(&mut frame);
        let is_genuine = frame == genuine && by != second;
        match self.sides[second].take(&mut frame) {
            None => {}
            Some(_) if !is_genuine => panic!("what nobody has said so is taken"),
            Some(Taken::Founding(_)) => unreachable!("letters are not kept"),
            Some(Taken::Opened(term)) => {
                assert!(!self.opened.contains(&term), "a frame opens twice");
                self.opened.push(term);
            }
            Some(Taken::Answered(hello)) => {
                let said = hello.map(|hello| (second, self.sides[second].frame_of(&hello)));
                self.said.extend(said);
            }
        }
    }

    /// Nobody is between them any longer.
    fn settle(&mut self) {
        let is_through = (0..6).any(|_| {
            let through = [0, 1].map(|second| self.is_through(second));
            through == [true; 2]
        });
        assert!(is_through, "they do not come together");
    }

    /// Whether the other side opens what this one seals now; then what either has to say.
    fn is_through(&mut self, second: usize) -> bool {
        let before = self.said.len();
        self.seal(second);
        let sealed = self.said.get(before).map(|(_, frame)| frame.clone());
        let opened = sealed.and_then(|mut frame| self.sides[1 - second].take(&mut frame));
        if let Some(Taken::Opened(term)) = opened {
            self.opened.push(term);
        }
        for hello in self.sides[second].speak() {
            let (mut hello, mut by) = (Some(hello), second);
            while let Some(said) = hello {
                let mut frame = self.sides[by].frame_of(&said);
                self.said.push((by, frame.clone()));
                by = 1 - by;
                hello = match self.sides[by].take(&mut frame) {
                    Some(Taken::Answered(answer)) => answer,
                    _ => panic!("a Hello that nobody has touched is refused"),
                };
            }
        }
        opened.is_some()
    }
}
