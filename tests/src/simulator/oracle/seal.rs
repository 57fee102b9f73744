use std::collections::{HashMap, HashSet};

use quorate::{Identity, Seat};
use quorate_wire::seal::{Form, Hello};

use super::{Oracle, Verdict, broken};
use crate::simulator::keyring::Serial;
use crate::simulator::machine::Machine;

/// What stands before and behind the body of a sealed frame, and behind that of a plain one.
const HEAD: usize = 9;
const FOUNDING_HEAD: usize = 19;
const TAG: usize = 16;
const CHECK: usize = 4;
/// Where a frame says under which key and session it is sealed, and where its counter stands.
const MARK: usize = 2;
const COUNTER: usize = 5;
const KEY_BITS: u8 = 0b1111;
/// So many bytes of a key stream tell it from all others with this counter.
const STREAM: usize = 6;

/// What was sealed and said, and what became of it.
#[derive(Default)]
pub(crate) struct Seals {
    letters: HashMap<Vec<u8>, Letter>,
    hellos: HashMap<Vec<u8>, (Identity, Seat, Option<Serial>)>,
    /// The beginnings of the key streams that were used, with their counters.
    streams: HashSet<(u32, [u8; STREAM])>,
    /// When each boot of a machine began.
    boots: HashMap<(Seat, u64), u64>,
    /// The latest boot of another life of which a boot has opened something.
    latest: HashMap<(Seat, u64, Identity), u64>,
    /// Counts boots and frames.
    time: u64,
}

/// A frame that was sealed.
struct Letter {
    from: Identity,
    /// How often its machine had started.
    boot: u64,
    serial: Option<Serial>,
    /// What the same would be if it was not sealed.
    plain: Vec<u8>,
    time: u64,
    is_opened: bool,
}

impl Oracle {
    /// A process has started.
    pub(crate) fn on_boot(&mut self, machine: &Machine) {
        self.seals.time += 1;
        self.seals.boots.insert((machine.seat, machine.life), self.seals.time);
    }

    /// A frame was sealed.
    pub(crate) fn on_sealed(&mut self, by: &Machine, plain: Vec<u8>, frame: &[u8]) -> Verdict {
        let serial = serial(by, frame);
        if serial.is_none() {
            return broken("nothing is sealed under a key that was removed", || format!("node {}", by.seat.0));
        }
        let (head, counter) = match Form::of(frame) {
            Ok(Form::Sealed(quorate_wire::Class::Founding)) => (FOUNDING_HEAD, 0),
            _ => (HEAD, frame[COUNTER..HEAD].try_into().map_or(0, u32::from_le_bytes)),
        };
        let body = &frame[head..frame.len() - TAG];
        let text = &plain[plain.len() - CHECK - body.len()..];
        // A short one tells too little of its key stream.
        if body.len() >= STREAM {
            let stream = std::array::from_fn(|at| body[at] ^ text[at]);
            if !self.seals.streams.insert((counter, stream)) {
                return broken("no counter of a key seals twice", || format!("node {}, counter {counter}", by.seat.0));
            }
        }
        self.seals.time += 1;
        let (from, boot, time) = (by.identity(), by.life, self.seals.time);
        let letter = Letter { from, boot, serial, plain, time, is_opened: false };
        if self.seals.letters.insert(frame.to_vec(), letter).is_some() {
            return broken("no frame is sealed twice", || format!("node {}", by.seat.0));
        }
        Ok(())
    }

    /// A member's frame has opened, and says this.
    pub(crate) fn on_opened(&mut self, by: &Machine, from: Identity, plain: &[u8], frame: &[u8]) -> Verdict {
        let story = || format!("node {}, of {from:?}", by.seat.0);
        let Some(letter) = self.seals.letters.get_mut(frame) else {
            return broken("what opens was sealed", story);
        };
        if letter.from != from || letter.plain != plain {
            return broken("what opens says what was sealed, from whom and to whom", story);
        }
        if std::mem::replace(&mut letter.is_opened, true) {
            return broken("a sealed frame opens once", story);
        }
        if letter.serial != serial(by, frame) {
            return broken("nothing opens under a key that was removed", story);
        }
        if self.seals.boots.get(&(by.seat, by.life)).is_none_or(|since| letter.time < *since) {
            return broken("what opens was sealed after this boot began", story);
        }
        let latest = self.seals.latest.entry((by.seat, by.life, from)).or_default();
        if letter.boot < *latest {
            return broken("nothing of an earlier boot opens behind what a later one has sealed", story);
        }
        *latest = letter.boot;
        Ok(())
    }

    /// A founding's frame has opened, and says this. It may come again.
    pub(crate) fn on_opened_founding(&self, by: &Machine, plain: &[u8], frame: &[u8]) -> Verdict {
        let story = || format!("node {}", by.seat.0);
        let Some(letter) = self.seals.letters.get(frame) else {
            return broken("what opens was sealed", story);
        };
        if letter.plain != plain {
            return broken("what opens says what was sealed, from whom and to whom", story);
        }
        if letter.serial != serial(by, frame) {
            return broken("nothing opens under a key that was removed", story);
        }
        Ok(())
    }

    /// A Hello is said.
    pub(crate) fn on_hello(&mut self, by: &Machine, hello: &Hello, frame: &[u8]) {
        self.seals.hellos.insert(frame.to_vec(), (by.identity(), hello.to, serial(by, frame)));
    }

    /// A Hello is taken.
    pub(crate) fn on_heard(&self, by: &Machine, hello: &Hello, frame: &[u8]) -> Verdict {
        let said = (hello.from, by.seat, serial(by, frame));
        if self.seals.hellos.get(frame) == Some(&said) {
            return Ok(());
        }
        broken("a Hello that is taken was said, under a key that is here", || format!("node {}: {hello:?}", by.seat.0))
    }
}

/// Which key the machine has for this frame.
fn serial(machine: &Machine, frame: &[u8]) -> Option<Serial> {
    machine.sealing.as_ref().and_then(|sealing| sealing.keys.serial(frame[MARK] & KEY_BITS))
}
