use std::collections::BTreeSet;

use quorate::{Founding, Instant, Message, Seat, Term};
use quorate_wire::Cluster;
use quorate_wire::seal::many::{Broadcast, Form, Listener, Word, decode, decode_word, encode, encode_word, sender};
use quorate_wire::seal::{Key, KeyId, Profile, Ring, Side};

const INTERVAL: u64 = 1000;
const STATIONS: usize = 3;

/// Any frames come to those who share a line: forged ones, and recorded ones that are changed, repeated, said back or late. None
/// is taken but what its sender has said since a receiver started, once at each; and at the end all hear each other.
///
/// # Panics
/// If one is, or they do not.
pub fn many(data: &[u8]) {
    let profile = if data.len().is_multiple_of(2) { Profile::Full } else { Profile::Bus };
    let stations = std::array::from_fn(|seat| Station::new(seat as u8, profile));
    let mut line = Line { stations, said: Vec::new(), sealed: Vec::new(), opened: BTreeSet::new() };
    let mut rest = data;
    while let [act, which, tail @ ..] = rest {
        let (at, which) = (usize::from(act & 3) % STATIONS, usize::from(*which));
        rest = tail;
        match act >> 2 & 7 {
            0 => line.seal(at),
            1 => line.speak(at, which % STATIONS),
            2 if which % 2 == 0 => line.restart(at),
            2 => line.stations[at].broadcast = Broadcast::default(),
            3 | 4 => line.deliver_said(at, which, |_| ()),
            5 => line.deliver_said(at, which, |frame| {
                let length = frame.len();
                frame[which % length] ^= act >> 5 | 1;
            }),
            kind => {
                let (bytes, tail) = rest.split_at(which.min(rest.len()));
                rest = tail;
                let class = if kind == 6 { [0x44, 0x84] } else { [0xc7, 0xc8] }[usize::from(act >> 5 & 1)];
                let frame = [&[1, class, 5, (at as u8 + 1) % 3, at as u8], bytes].concat();
                assert!(line.stations[at].take(&frame).is_none(), "a forged frame is taken");
            }
        }
    }
    line.settle();
}

struct Line {
    stations: [Station; STATIONS],
    /// What was said, and by whom.
    said: Vec<(usize, Vec<u8>)>,
    /// By whom the frame of each term was sealed.
    sealed: Vec<usize>,
    /// The terms of the frames that have opened, and where.
    opened: BTreeSet<(usize, usize)>,
}

struct Station {
    side: Side,
    ring: Ring<1>,
    broadcast: Broadcast,
    listeners: [Listener; STATIONS],
    now: u64,
    drawn: u64,
    /// How many frames all had sealed when it started.
    started: usize,
}

/// What came of a frame that was taken.
enum Taken {
    Opened(usize),
    Answered(Option<Vec<u8>>),
}

impl Station {
    fn new(seat: u8, profile: Profile) -> Station {
        let (cluster, founding, me) = (Cluster(42), Founding(7), Seat(seat).into());
        let id = KeyId::new(5).expect("it is below 16");
        Station {
            side: Side { cluster, founding, me, interval_micros: INTERVAL, profile },
            ring: Ring::new(id, Key::new([9; Key::BYTES])),
            broadcast: Broadcast::default(),
            listeners: Default::default(),
            now: 0,
            drawn: 0,
            started: 0,
        }
    }

    fn take(&mut self, frame: &[u8]) -> Option<Taken> {
        let Station { side, ring, broadcast, listeners, now, drawn, .. } = self;
        match Form::of(frame)? {
            Form::Frame => {
                let listener = listeners.get_mut(usize::from(sender(frame, side).ok()?.0))?;
                let mut frame = frame.to_vec();
                let (from, message) = decode(&mut frame, side, ring, listener, Instant::from_micros(*now)).ok()?;
                assert_eq!(from.incarnation, side.me.incarnation);
                Some(Taken::Opened(message.term().0 as usize))
            }
            Form::Word => {
                let word = decode_word(frame, side, ring).ok()?;
                if let Some(listener) = listeners.get_mut(usize::from(word.from.seat.0)) {
                    listener.hear(&word);
                }
                let answer = broadcast.hear(side, &word, || draw(drawn));
                Some(Taken::Answered(answer.map(|word| self.frame_of(&word))))
            }
        }
    }

    /// An interval later.
    fn speak(&mut self, to: usize) -> Option<Vec<u8>> {
        self.now += INTERVAL;
        let Station { side, ring, listeners, now, drawn, .. } = self;
        let (now, seat) = (Instant::from_micros(*now), Seat(to as u8));
        let call = listeners[to].speak(side, ring, now, seat, || draw(drawn))?;
        Some(self.frame_of(&call))
    }

    fn frame_of(&self, word: &Word) -> Vec<u8> {
        encode_word(&self.side, &self.ring, word).expect("the key is here").to_vec()
    }
}

fn draw(drawn: &mut u64) -> u64 {
    *drawn += 1;
    *drawn
}

impl Line {
    fn seal(&mut self, by: usize) {
        let Station { side, ring, broadcast, drawn, .. } = &mut self.stations[by];
        let (mut buffer, message) = ([0; 64], Message::CampaignNow { term: Term(self.sealed.len() as u64) });
        let frame = encode(&mut buffer, side, ring, broadcast, &message, || draw(drawn)).expect("there is room");
        self.said.push((by, frame.to_vec()));
        self.sealed.push(by);
    }

    fn speak(&mut self, by: usize, to: usize) {
        let call = self.stations[by].speak(to);
        self.said.extend(call.map(|call| (by, call)));
    }

    fn restart(&mut self, which: usize) {
        let station = &mut self.stations[which];
        (station.broadcast, station.listeners) = Default::default();
        station.started = self.sealed.len();
    }

    /// Delivers what was said once, perhaps changed, to anybody.
    fn deliver_said(&mut self, to: usize, which: usize, change: impl Fn(&mut Vec<u8>)) {
        let Some((by, genuine)) = self.said.get(which % self.said.len().max(1)).cloned() else { return };
        let mut frame = genuine.clone();
        change(&mut frame);
        let is_genuine = frame == genuine && by != to;
        match self.stations[to].take(&frame) {
            None => {}
            Some(_) if !is_genuine => panic!("what nobody has said so is taken"),
            Some(Taken::Opened(term)) => {
                assert!(self.sealed[term] == by && usize::from(frame[3]) == by, "somebody else has sealed it");
                assert!(term >= self.stations[to].started, "it was sealed before");
                assert!(self.opened.insert((to, term)), "a frame opens twice");
            }
            Some(Taken::Answered(word)) => self.said.extend(word.map(|word| (to, word))),
        }
    }

    /// Nobody is between them any longer.
    fn settle(&mut self) {
        for (by, to) in (0..STATIONS).flat_map(|by| (0..STATIONS).map(move |to| (by, to))) {
            let is_heard = by == to || (0..4).any(|_| self.is_heard(by, to));
            assert!(is_heard, "{to} does not hear {by}");
        }
    }

    /// Whether what one seals now opens at another, which then says what it has to say.
    fn is_heard(&mut self, by: usize, to: usize) -> bool {
        self.seal(by);
        let (_, frame) = self.said.last().expect("it was sealed");
        let opens = matches!(self.stations[to].take(frame), Some(Taken::Opened(_)));
        if let Some(call) = self.stations[to].speak(by) {
            let Some(Taken::Answered(Some(notice))) = self.stations[by].take(&call) else {
                panic!("a Call that nobody has touched is not answered");
            };
            let taken = self.stations[to].take(&notice);
            assert!(matches!(taken, Some(Taken::Answered(None))), "a Notice that nobody has touched is refused");
        }
        opens
    }
}
