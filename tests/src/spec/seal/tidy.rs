use super::rules::Setting;
use super::side::{Key, Keys, Number, Session, Side};
use super::state::{ALL, FRAMES, NUMBERS, Pairs, State, side_of};

/// How many sets of pairs a state has.
const MATRICES: usize = 5 + 2 * FRAMES;

impl State {
    /// Leaves out what can have no effect any more, and names numbers anew.
    pub(crate) fn tidy(&mut self, setting: &Setting) {
        // The side of the lower seat never asks whom it has answered, and with one key nobody does.
        self.sides[0].answered = None;
        if setting.keys == 1 {
            self.sides[1].answered = None;
        }
        if setting.folds {
            self.fold();
            self.rename();
        }
    }

    /// What is left if all letters are lost and none is remembered.
    pub(crate) fn rested(&self) -> State {
        let mut state = State { sides: self.sides, ..State::default() };
        for session in state.sides.iter_mut().flat_map(|side| side.next.iter_mut().chain(&mut side.present)) {
            (session.sent, session.marked) = (0, 0);
        }
        state.rename();
        state
    }

    /// A number that is neither open nor in a session makes none any more: rules 1, 4 and 5.
    fn fold(&mut self) {
        let sides = self.sides;
        let is_open = |y: Number| sides[side_of(y)].open == Some(y);
        let here = |mine: Number, theirs: Number, key: Key| sides[side_of(mine)].session(mine, theirs, key);
        let any_here = |mine: Number, theirs: Number| here(mine, theirs, 0).or(here(mine, theirs, 1)).is_some();
        let is_said = self.answers.or(&self.dones);
        self.answers.retain(|_, y, _| is_open(y));
        self.dones.retain(|x, y, key| {
            is_open(y) || here(y, x, key).is_some_and(|session| !session.is_confirmed || !session.is_asked)
        });
        for (frames, counter) in self.frames.iter_mut().zip(0..) {
            let is_unmarked = |session: Session| session.marked >> counter & 1 == 0;
            frames.retain(|x, y, key| is_open(y) || here(y, x, key).is_some_and(is_unmarked));
        }
        let opened = self.opened.iter_mut();
        opened.for_each(|opened| opened.retain(|x, y, key| is_open(y) || here(y, x, key).is_some()));
        self.made.retain(|mine, theirs, key| {
            is_open(theirs) || here(theirs, mine, key).is_some() || here(mine, theirs, key).is_some()
        });
        self.past.retain(|mine, theirs, key| here(mine, theirs, key).is_some());
        self.stale.retain(|y, x, _| any_here(y, x) || (is_open(y) && is_said.has_any(x, y)));
        for number in 0..ALL {
            let side = &sides[side_of(number)];
            if !is_open(number) && side.sessions().all(|session| session.mine != number) {
                self.current &= !(1 << number);
            }
        }
    }

    /// Numbers that are open or in a session are named by that, others by what was said with them. Of two others with
    /// which the same was said one is enough, for what they are to make a session with is used up by that.
    fn rename(&mut self) {
        let mut names = Names::default();
        for side in 0..2 {
            let (here, there) = (&self.sides[side], &self.sides[1 - side]);
            let mine = here.open.into_iter().chain(here.sessions().map(|session| session.mine));
            mine.chain(there.sessions().map(|session| session.theirs)).for_each(|number| names.give(number));
        }
        let is_drawn = |number: &Number| number % (NUMBERS as Number) < self.drawn[side_of(*number)];
        let unnamed = (0..ALL).filter(is_drawn).filter(|number| names.of[usize::from(*number)].is_none());
        let mut others: Vec<_> = unnamed.map(|number| (side_of(number), self.key(number, &names), number)).collect();
        others.retain(|(_, key, _)| key.iter().any(|set| *set != 0));
        others.sort_unstable();
        others.dedup_by(|a, b| (a.0, a.1) == (b.0, b.1));
        others.iter().for_each(|(_, _, number)| names.give(*number));
        self.map(|number| names.of[usize::from(number)]);
        self.drawn = names.given;
    }

    /// With which named numbers a number was said, in which way.
    fn key(&self, number: Number, names: &Names) -> [u32; 2 * MATRICES] {
        let mut key = [0; 2 * MATRICES];
        for (pairs, sets) in self.matrices().into_iter().zip(key.chunks_exact_mut(2)) {
            for (other, name) in names.of.iter().enumerate().filter_map(|(other, name)| Some((other as u8, (*name)?))) {
                for key in 0..2 {
                    sets[0] |= u32::from(pairs.has(number, other, key)) << (name + ALL * key);
                    sets[1] |= u32::from(pairs.has(other, number, key)) << (name + ALL * key);
                }
            }
        }
        key
    }

    fn matrices(&self) -> [&Pairs; MATRICES] {
        let State { answers, dones, frames: [first, second], opened: [once, twice], made, past, stale, .. } = self;
        [answers, dones, first, second, once, twice, made, past, stale]
    }

    fn matrices_mut(&mut self) -> [&mut Pairs; MATRICES] {
        let State { answers, dones, frames: [first, second], opened: [once, twice], made, past, stale, .. } = self;
        [answers, dones, first, second, once, twice, made, past, stale]
    }

    /// Names all numbers anew, and leaves out those that get no name.
    fn map(&mut self, name: impl Fn(Number) -> Option<Number>) {
        for side in &mut self.sides {
            side.open = side.open.and_then(&name);
            for session in side.next.iter_mut().chain(&mut side.present) {
                session.mine = name(session.mine).expect("a session's numbers have names");
                session.theirs = name(session.theirs).expect("a session's numbers have names");
            }
        }
        for pairs in self.matrices_mut() {
            let old = std::mem::take(pairs);
            let named = old.iter().filter_map(|(x, y, key)| Some((name(x)?, name(y)?, key)));
            named.for_each(|(x, y, key)| pairs.add(x, y, key));
        }
        let kept = (0..ALL).filter(|number| self.current >> number & 1 == 1).filter_map(name);
        self.current = kept.fold(0, |all, number| all | 1 << number);
    }

    /// The lesser of the forms that this state has under both names of the sides; or, if there are two keys, where the higher
    /// seat gives way, under both names of the keys.
    pub(crate) fn pack(&self, words: &mut Vec<u32>, setting: &Setting) {
        let mut other = *self;
        if setting.keys == 1 {
            other.swap();
        } else {
            other.swap_keys();
        }
        let mut form = Vec::new();
        self.write_words(words);
        other.write_words(&mut form);
        if form < *words {
            std::mem::swap(&mut form, words);
        }
    }

    fn swap(&mut self) {
        self.map(|number| Some(number ^ NUMBERS as Number));
        self.sides.swap(0, 1);
        self.drawn.swap(0, 1);
    }

    fn swap_keys(&mut self) {
        for side in &mut self.sides {
            side.keys.used ^= 1;
            side.answered.iter_mut().for_each(|key| *key ^= 1);
            side.next.iter_mut().chain(&mut side.present).for_each(|session| session.key ^= 1);
        }
        let State { answers, dones, frames: [first, second], opened: [once, twice], made, past, .. } = self;
        for pairs in [answers, dones, first, second, once, twice, made, past] {
            pairs.0.iter_mut().for_each(|row| *row = row.rotate_left(u32::from(ALL)));
        }
    }

    fn write_words(&self, words: &mut Vec<u32>) {
        for (side, drawn) in self.sides.iter().zip(self.drawn) {
            let open = side.open.map_or(0, |open| 1 + u32::from(open));
            let answered = side.answered.map_or(0, |key| 1 + u32::from(key));
            let keys = u32::from(side.keys.has_both) << 1 | u32::from(side.keys.used);
            words.push(answered << 11 | keys << 9 | open << 4 | u32::from(drawn));
            words.push(session_word(side.next) << 16 | session_word(side.present));
        }
        words.push(self.current.into());
        for pairs in self.matrices() {
            let rows = pairs.0.iter().enumerate().filter(|(_, row)| **row != 0);
            let start = words.len();
            words.push(0);
            for (x, row) in rows {
                words[start] |= 1 << x;
                words.push(*row);
            }
        }
    }

    /// The state that this is a form of.
    pub(crate) fn unpack(words: &[u32]) -> State {
        let mut state = State::default();
        let mut words = words.iter().copied();
        let mut next = || words.next().expect("a form is whole");
        for (side, drawn) in state.sides.iter_mut().zip(&mut state.drawn) {
            let (head, sessions) = (next(), next());
            *drawn = (head & 15) as u8;
            let open = (head >> 4 & 31).checked_sub(1).map(|open| open as Number);
            let keys = Keys { used: (head >> 9 & 1) as Key, has_both: head >> 10 & 1 == 1 };
            let answered = (head >> 11).checked_sub(1).map(|key| key as Key);
            let (next, present) = (session_of(sessions >> 16), session_of(sessions & 0xFFFF));
            *side = Side { keys, open, answered, next, present };
        }
        state.current = next() as u16;
        for pairs in state.matrices_mut() {
            let mask = next();
            let rows = pairs.0.iter_mut().enumerate().filter(|(x, _)| mask >> x & 1 == 1);
            rows.for_each(|(_, row)| *row = next());
        }
        state
    }
}

/// The new names of numbers.
#[derive(Default)]
struct Names {
    of: [Option<Number>; 2 * NUMBERS],
    given: [u8; 2],
}

impl Names {
    fn give(&mut self, number: Number) {
        let side = side_of(number);
        let name = &mut self.of[usize::from(number)];
        if name.is_none() {
            *name = Some((side * NUMBERS) as Number + self.given[side]);
            self.given[side] += 1;
        }
    }
}

fn session_word(session: Option<Session>) -> u32 {
    session.map_or(0, |session| {
        let Session { mine, theirs, key, sent, marked, is_confirmed, is_asked } = session;
        let numbers = u32::from(key) << 8 | u32::from(mine) << 4 | u32::from(theirs);
        let is = u32::from(is_asked) << 2 | u32::from(is_confirmed) << 1 | 1;
        numbers << 7 | u32::from(sent) << 5 | u32::from(marked) << 3 | is
    })
}

fn session_of(word: u32) -> Option<Session> {
    (word & 1 == 1).then_some(Session {
        mine: (word >> 11 & 15) as Number,
        theirs: (word >> 7 & 15) as Number,
        key: (word >> 15 & 1) as Key,
        sent: (word >> 5 & 3) as u8,
        marked: (word >> 3 & 3) as u8,
        is_confirmed: word >> 1 & 1 == 1,
        is_asked: word >> 2 & 1 == 1,
    })
}
