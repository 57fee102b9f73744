use fastrand::Rng;
use quorate::Seat;
use quorate_wire::seal::Form;

use super::fault::{Fault, Faults};
use super::network::Delivery;
use super::tally::Tally;

/// Where a frame between members says who sends it and who is to get it.
const FROM: usize = 3;
const TO: usize = 4;
/// So much is remembered of each form, and so much of that is of late.
const KEPT: usize = 512;
const LATE: usize = 64;

/// Hears all that is said, and says it again: to whom it was said, back to who said it, or to somebody else; at once or
/// long after, as it was or with another sender and receiver in its head. It has no key.
pub(crate) struct Attacker {
    rng: Rng,
    hellos: Memory,
    others: Memory,
}

/// Some of what was said, at any time.
#[derive(Default)]
struct Memory {
    early: Vec<Heard>,
    late: Vec<Heard>,
    /// How often something was said.
    count: usize,
}

#[derive(Clone)]
struct Heard {
    from: Seat,
    to: Seat,
    frame: Vec<u8>,
}

impl Attacker {
    pub(crate) fn new(rng: Rng) -> Attacker {
        Attacker { rng, hellos: Memory::default(), others: Memory::default() }
    }

    /// Hears a frame, and perhaps sends another one to one of so many machines.
    pub(crate) fn hear(
        &mut self,
        faults: &Faults,
        tally: &mut Tally,
        machines: usize,
        (from, to): (Seat, Seat),
        frame: &[u8],
    ) -> Option<Delivery> {
        let heard = Heard { from, to, frame: frame.to_vec() };
        let is_hello = matches!(Form::of(frame), Ok(Form::Hello));
        let memory = if is_hello { &mut self.hellos } else { &mut self.others };
        memory.keep(&mut self.rng, heard);
        if !faults.happens(&mut self.rng, Fault::Attack) {
            return None;
        }
        tally.count(Fault::Attack);
        let memory = if self.rng.bool() { &self.hellos } else { &self.others };
        let Heard { from, to, mut frame } = memory.recall(&mut self.rng)?;
        let somebody = Seat(self.rng.u8(..machines as u8));
        let (speaker, target) = match self.rng.u8(..4) {
            0 | 1 => (from, to),
            2 => (to, from),
            _ => (if self.rng.bool() { from } else { Seat(self.rng.u8(..machines as u8)) }, somebody),
        };
        if self.rng.bool() && frame.len() > TO {
            (frame[FROM], frame[TO]) = (speaker.0, target.0);
        }
        let delay = if self.rng.bool() { self.rng.u64(50..5_000) } else { self.rng.u64(1_000..3_000_000) };
        Some((target, delay, frame))
    }
}

impl Memory {
    fn keep(&mut self, rng: &mut Rng, heard: Heard) {
        self.count += 1;
        let place = self.count % LATE;
        match self.late.get_mut(place) {
            Some(old) => *old = heard.clone(),
            None => self.late.push(heard.clone()),
        }
        if self.early.len() < KEPT {
            self.early.push(heard);
        } else if let Some(old) = self.early.get_mut(rng.usize(..self.count)) {
            *old = heard;
        }
    }

    fn recall(&self, rng: &mut Rng) -> Option<Heard> {
        let heard = if rng.bool() { &self.late } else { &self.early };
        if heard.is_empty() { None } else { Some(heard[rng.usize(..heard.len())].clone()) }
    }
}
