use quorate::{Identity, Instant, Message, Seat, Term};
use quorate_wire::DecodeError;
use quorate_wire::seal::many::{Broadcast, Form, Listener, Word, decode, decode_word, encode, encode_word, sender};
use quorate_wire::seal::{Profile, Ring, Side};

use crate::pair::{INTERVAL, id, key, side};

/// How many stations there are, with seats from 0 on.
pub(crate) const STATIONS: usize = 3;

/// One of those on a line that all share: it speaks to all, and listens to each.
#[derive(Debug)]
pub(crate) struct Station {
    pub(crate) side: Side,
    pub(crate) ring: Ring<2>,
    pub(crate) broadcast: Broadcast,
    pub(crate) listeners: [Listener; STATIONS],
    pub(crate) now: Instant,
    drawn: u64,
}

/// All of a line, which draw the same numbers, each of them for itself.
pub(crate) fn line(profile: Profile) -> [Station; STATIONS] {
    std::array::from_fn(|seat| Station::new(seat as u8, profile))
}

impl Station {
    fn new(seat: u8, profile: Profile) -> Station {
        Station {
            side: Side { profile, ..side(seat, 0) },
            ring: Ring::new(id(1), key(1)),
            broadcast: Broadcast::default(),
            listeners: Default::default(),
            now: Instant::START,
            drawn: 0,
        }
    }

    /// It forgets everything, but draws no number again.
    pub(crate) fn restart(&mut self) {
        (self.broadcast, self.listeners) = Default::default();
    }

    pub(crate) fn wait(&mut self) {
        self.now = Instant::from_micros(self.now.as_micros() + INTERVAL);
    }

    fn number(drawn: &mut u64) -> u64 {
        *drawn += 1;
        *drawn
    }

    fn frame(&self, word: Word) -> Vec<u8> {
        encode_word(&self.side, &self.ring, &word).expect("the key is here").to_vec()
    }

    /// Seals a message for all that nobody sees but in the term.
    pub(crate) fn seal(&mut self, term: u64) -> Vec<u8> {
        let (mut buffer, message) = ([0; 200], Message::CampaignNow { term: Term(term) });
        let Station { side, ring, broadcast, drawn, .. } = self;
        let frame = encode(&mut buffer, side, ring, broadcast, &message, || Station::number(drawn));
        frame.expect("the buffer is long enough").to_vec()
    }

    /// Opens a frame: who sent it, and the term of its message.
    pub(crate) fn open(&mut self, frame: &[u8]) -> Result<(Identity, u64), DecodeError> {
        let seat = sender(frame, &self.side)?;
        let (mut frame, untouched) = (frame.to_vec(), frame);
        let listener = self.listeners.get_mut(usize::from(seat.0)).ok_or(DecodeError::Session)?;
        let opened = decode(&mut frame, &self.side, &self.ring, listener, self.now);
        let opened = opened.map(|(from, message)| (from, message.term().0));
        assert!(opened.is_ok() || frame == untouched, "what does not open stays as it was");
        opened
    }

    /// What it has to say to a seat of its own accord.
    pub(crate) fn speak(&mut self, to: u8) -> Option<Vec<u8>> {
        let Station { side, ring, listeners, now, drawn, .. } = self;
        let word = listeners[usize::from(to)].speak(side, ring, *now, Seat(to), || Station::number(drawn));
        word.map(|word| self.frame(word))
    }

    /// Takes a word: what it answers.
    pub(crate) fn hear(&mut self, frame: &[u8]) -> Result<Option<Vec<u8>>, DecodeError> {
        let word = decode_word(frame, &self.side, &self.ring)?;
        let Station { side, broadcast, listeners, drawn, .. } = self;
        if let Some(listener) = listeners.get_mut(usize::from(word.from.seat.0)) {
            listener.hear(&word);
        }
        let answer = broadcast.hear(side, &word, || Station::number(drawn));
        Ok(answer.map(|word| self.frame(word)))
    }

    /// Takes whatever comes: a term that was opened, and what it answers.
    pub(crate) fn take(&mut self, frame: &[u8]) -> (Result<Option<u64>, DecodeError>, Option<Vec<u8>>) {
        match Form::of(frame) {
            Some(Form::Frame) => (self.open(frame).map(|(_, term)| Some(term)), None),
            Some(Form::Word) => match self.hear(frame) {
                Ok(answer) => (Ok(None), answer),
                Err(refusal) => (Err(refusal), None),
            },
            None => panic!("{frame:?}"),
        }
    }
}

/// Has one listen to another: the Call and the Notice.
pub(crate) fn tell(to: &mut Station, by: &mut Station) -> [Vec<u8>; 2] {
    let lost = by.seal(1);
    to.wait();
    assert!(to.open(&lost).is_err(), "it has not called yet");
    let call = to.speak(by.side.me.seat.0).expect("it calls");
    let notice = by.hear(&call).expect("it is sound").expect("it is answered");
    assert_eq!(to.hear(&notice), Ok(None));
    [call, notice]
}

/// Lets them talk, as a host does, until each opens what the sender seals: how many rounds that takes.
pub(crate) fn settle(stations: &mut [Station; STATIONS], from: usize) -> usize {
    for round in 1..=4 {
        let frame = stations[from].seal(7);
        let mut is_through = true;
        for to in (0..STATIONS).filter(|to| *to != from) {
            stations[to].wait();
            is_through &= stations[to].open(&frame).is_ok();
            if let Some(call) = stations[to].speak(from as u8) {
                let notice = stations[from].hear(&call).expect("nobody has touched it").expect("it is answered");
                assert_eq!(stations[to].hear(&notice), Ok(None));
            }
        }
        if is_through {
            return round;
        }
    }
    panic!("they do not hear: {stations:?}");
}
