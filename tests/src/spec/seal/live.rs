use std::collections::HashSet;

use super::rules::Setting;
use super::side::{Frame, Hello, Number, Side, Word};
use super::state::{NUMBERS, State};
use crate::spec::breadth::Verdict;

/// By which round all frames open, for good.
const ROUNDS: usize = 5;

const TOGETHER: &str = "the sides find together";

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Letter {
    Hello(Hello),
    Frame(Frame),
}

/// Two sides between which no letter gets lost, and which do not start again.
#[derive(Clone, PartialEq, Eq, Hash)]
struct World {
    sides: [Side; 2],
    /// Which has got a frame that did not open, and none since that did.
    have_failed: [bool; 2],
    /// How many frames each has sealed in this round.
    sealed: [u8; 2],
    /// Whether a frame of this round has not opened.
    is_disturbed: bool,
    drawn: u8,
    /// What is on its way, and to which side.
    letters: Vec<(usize, Letter)>,
}

impl State {
    /// In each round, which is an interval, each side says what rule 9 has it say, and seals a frame at any time. All of
    /// that arrives in any order, with what is said to it. Then each seals another frame.
    pub(crate) fn check_way_on(&self, setting: &Setting) -> Verdict {
        let (sides, letters) = (self.sides, Vec::new());
        // Who lacks the key that the other one uses is given it first: it is told which.
        let [a, b] = sides.map(|side| side.keys);
        if !(a.has(b.used) && b.has(a.used)) {
            return Ok(());
        }
        let first = World { sides, have_failed: [false; 2], sealed: [0; 2], is_disturbed: false, drawn: 0, letters };
        let mut worlds = HashSet::from([first.at_end()]);
        for _ in 0..ROUNDS {
            let mut after = HashSet::new();
            worlds.iter().for_each(|world| world.round(setting, &mut after));
            worlds = after;
        }
        if worlds.is_empty() { Ok(()) } else { Err(TOGETHER) }
    }
}

impl World {
    /// All that may come of a round, but where all frames have opened, nobody has asked, and all is as it was before: so it
    /// may stay, and what else may come of it is looked at as well.
    fn round(&self, setting: &Setting, after: &mut HashSet<World>) {
        let mut first = self.clone();
        first.have_failed = [false; 2];
        for side in 0..2 {
            let fresh = first.fresh();
            let hellos = first.sides[side].again(self.have_failed[side], fresh, setting.flaw);
            hellos.into_iter().flatten().for_each(|hello| first.send(side, Letter::Hello(hello)));
        }
        let is_calm = first
            .letters
            .iter()
            .all(|(_, letter)| !matches!(letter, Letter::Hello(Hello { word: Word::Ask { .. }, .. })));
        let (mut seen, mut open) = (HashSet::from([first.clone()]), vec![first]);
        while let Some(world) = open.pop() {
            if world.letters.is_empty() && world.sealed == [2; 2] {
                let stays = is_calm && !world.is_disturbed;
                let world = world.at_end();
                if !(stays && world == *self) {
                    after.insert(world);
                }
                continue;
            }
            let sealing = (0..2).filter(|side| world.may_seal(*side)).map(|side| world.seal(side, setting));
            let delivering = (0..world.letters.len()).map(|place| world.deliver(place, setting));
            open.extend(sealing.chain(delivering).filter(|next| seen.insert(next.clone())));
        }
    }

    /// The first frame at any time, the second once all else has arrived.
    fn may_seal(&self, side: usize) -> bool {
        let is_settled = self.letters.is_empty() || self.sealed[1 - side] == 2;
        self.sealed[side] == 0 || (self.sealed[side] == 1 && self.sealed[1 - side] > 0 && is_settled)
    }

    fn seal(&self, side: usize, setting: &Setting) -> World {
        let mut world = self.clone();
        world.sealed[side] += 1;
        match world.sides[side].seal(setting.flaw) {
            Some(frame) => world.send(side, Letter::Frame(frame)),
            None => world.is_disturbed = true,
        }
        world
    }

    fn fresh(&mut self) -> Number {
        self.drawn += 1;
        2 * NUMBERS as Number + self.drawn
    }

    fn send(&mut self, side: usize, letter: Letter) {
        let place = self.letters.binary_search(&(1 - side, letter)).unwrap_or_else(|place| place);
        self.letters.insert(place, (1 - side, letter));
    }

    fn deliver(&self, place: usize, setting: &Setting) -> World {
        let mut world = self.clone();
        let (side, letter) = world.letters.remove(place);
        match letter {
            Letter::Frame(frame) => {
                let opens = world.sides[side].unseal(frame, setting.flaw);
                world.have_failed[side] = !opens;
                world.is_disturbed |= !opens;
            }
            Letter::Hello(hello) => {
                let fresh = (world.sides[side].open.is_none()).then(|| world.fresh());
                let said = world.sides[side].hear(hello, side == 1, fresh, setting.flaw);
                said.into_iter().for_each(|hello| world.send(side, Letter::Hello(hello)));
            }
        }
        world
    }

    /// No letter is on its way, so counters may start anew, and numbers may change their names.
    fn at_end(mut self) -> World {
        let mut names: Vec<Number> = Vec::new();
        let mut name = |number: &mut Number| {
            let place = names.iter().position(|known| known == number).unwrap_or(names.len());
            if place == names.len() {
                names.push(*number);
            }
            *number = place as Number;
        };
        for side in &mut self.sides {
            side.open.iter_mut().for_each(&mut name);
            for session in side.next.iter_mut().chain(&mut side.present) {
                (session.sent, session.marked) = (0, 0);
                name(&mut session.mine);
                name(&mut session.theirs);
            }
        }
        World { sealed: [0; 2], is_disturbed: false, drawn: 0, ..self }
    }
}
