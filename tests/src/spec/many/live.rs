use std::collections::HashSet;

use super::ear::{Cast, Ear, Frame, Notice, Number};
use super::rules::{Flaw, Setting};
use super::state::State;
use crate::spec::breadth::Verdict;

/// By which interval all frames open, for good.
const INTERVALS: usize = 3;

const HEARD: &str = "whoever listens comes to hear";

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Letter {
    Call(Number),
    Notice(Notice),
    Frame(Frame),
}

/// A sender and a receiver between which no letter gets lost, and which do not start again.
#[derive(Clone, PartialEq, Eq, Hash)]
struct World {
    cast: Option<Cast>,
    ear: Ear,
    /// Whether a frame did not open, and since then none did, and the receiver was told nothing.
    has_failed: bool,
    /// How many frames were sealed in this interval.
    sealed: u8,
    /// Whether one of them has not opened.
    is_disturbed: bool,
    drawn: Number,
    letters: Vec<Letter>,
}

impl State {
    /// In each interval the receiver says what rule 7 has it say, and the sender seals a frame at any time. All of that arrives in any
    /// order, with what is said to it. Then the sender seals another frame.
    pub(crate) fn check_way_on(&self, setting: &Setting) -> Verdict {
        for sender in 0..setting.speakers {
            for receiver in (0..setting.nodes).filter(|receiver| *receiver != sender) {
                World::of(self.casts[sender], self.ears[receiver][sender]).check(setting)?;
            }
        }
        Ok(())
    }
}

impl World {
    fn of(cast: Option<Cast>, ear: Ear) -> World {
        let letters = Vec::new();
        World { cast, ear, has_failed: false, sealed: 0, is_disturbed: false, drawn: 0, letters }.at_end()
    }

    fn check(self, setting: &Setting) -> Verdict {
        let mut worlds = HashSet::from([self]);
        for _ in 0..INTERVALS {
            let mut after = HashSet::new();
            worlds.iter().for_each(|world| world.interval(setting, &mut after));
            worlds = after;
        }
        if worlds.is_empty() { Ok(()) } else { Err(HEARD) }
    }

    /// All that may come of an interval, but where all frames have opened, nobody has called, and all is as it was before: so
    /// it may stay.
    fn interval(&self, setting: &Setting, after: &mut HashSet<World>) {
        let mut first = World { has_failed: false, ..self.clone() };
        let has_called = self.ear.open.is_some() && setting.flaw == Flaw::CallsOnce;
        let calls = self.has_failed && setting.flaw != Flaw::NoCallOnFrame && !has_called;
        if calls && let Some(number) = first.ear.call(Some(self.drawn)) {
            first.drawn += 1;
            first.send(Letter::Call(number));
        }
        let (mut seen, mut open) = (HashSet::from([first.clone()]), vec![first]);
        while let Some(world) = open.pop() {
            if world.letters.is_empty() && world.sealed == 2 {
                let stays = !calls && !world.is_disturbed;
                let world = world.at_end();
                if !(stays && world == *self) {
                    after.insert(world);
                }
                continue;
            }
            let may_seal = world.sealed == 0 || (world.sealed == 1 && world.letters.is_empty());
            let sealing = may_seal.then(|| world.seal());
            let delivering = (0..world.letters.len()).map(|place| world.deliver(place, setting));
            open.extend(sealing.into_iter().chain(delivering).filter(|next| seen.insert(next.clone())));
        }
    }

    fn cast(&mut self) -> &mut Cast {
        let fresh = Some(self.drawn).filter(|_| self.cast.is_none());
        self.drawn += Number::from(fresh.is_some());
        Cast::of(&mut self.cast, fresh).expect("there are numbers enough")
    }

    fn seal(&self) -> World {
        let mut world = self.clone();
        world.sealed += 1;
        let frame = world.cast().seal();
        world.send(Letter::Frame(frame));
        world
    }

    fn send(&mut self, letter: Letter) {
        let place = self.letters.binary_search(&letter).unwrap_or_else(|place| place);
        self.letters.insert(place, letter);
    }

    fn deliver(&self, place: usize, setting: &Setting) -> World {
        let mut world = self.clone();
        match world.letters.remove(place) {
            Letter::Call(echo) => {
                let notice = world.cast().answer(echo, setting.flaw);
                world.send(Letter::Notice(notice));
            }
            Letter::Notice(notice) => world.has_failed &= !world.ear.hear(notice, setting.flaw),
            Letter::Frame(frame) => {
                let opens = world.ear.unseal(frame, setting.flaw);
                world.is_disturbed |= !opens;
                let is_old = world.ear.has_marked(frame) && setting.flaw != Flaw::MarkedHaveItCall;
                world.has_failed = !opens && (world.has_failed || !is_old);
            }
        }
        world
    }

    /// No letter is on its way, so counters may start anew, and numbers may change their names: that of the sender is 0, another one
    /// that is listened to is 1, and what is open is 2.
    fn at_end(mut self) -> World {
        let number = self.cast.map(|cast| cast.number);
        for heard in self.ear.heard.iter_mut().chain(&mut self.ear.before) {
            (heard.number, heard.marked) = (Number::from(Some(heard.number) != number), 0);
        }
        self.cast = self.cast.map(|_| Cast { number: 0, sent: 0 });
        self.ear.open = self.ear.open.map(|_| 2);
        World { sealed: 0, is_disturbed: false, drawn: 3, ..self }
    }
}
