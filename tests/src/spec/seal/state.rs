use super::rules::{Flaw, Setting};
use super::side::{Frame, Hello, Key, Number, Session, Side, Word};
use crate::spec::breadth::Verdict;

/// How many numbers a side has at most; those of B follow upon those of A.
pub(crate) const NUMBERS: usize = 8;
/// How many frames a side seals under a session at most.
pub(crate) const FRAMES: usize = 2;

pub(crate) const ONCE: &str = "a frame opens once";
pub(crate) const ANEW: &str = "no counter of a key seals twice";
pub(crate) const FRESH: &str = "what opens was sealed by the other side, for this boot, by one that was there";
pub(crate) const BACK: &str = "nothing opens once a frame of a later session has opened";
pub(crate) const WAY: &str = "a confirmed session makes way only for one that the other side has made";
pub(crate) const PART: &str = "a session is made only of what the other side has said since";
pub(crate) const GAP: &str = "beside a confirmed session nothing is sealed that the other side never could open";

pub(crate) const GONE: &str = "nothing opens that was made with a key that is here no longer";

/// Pairs of numbers under a key: of each number, with which, and above those the same under the second key.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pairs(pub(crate) [u32; 2 * NUMBERS]);

impl Pairs {
    pub(crate) fn has(&self, x: Number, y: Number, key: Key) -> bool {
        self.0[usize::from(x)] & place(y, key) != 0
    }

    /// Whether they are one under any key.
    pub(crate) fn has_any(&self, x: Number, y: Number) -> bool {
        self.has(x, y, 0) || self.has(x, y, 1)
    }

    pub(crate) fn add(&mut self, x: Number, y: Number, key: Key) {
        self.0[usize::from(x)] |= place(y, key);
    }

    pub(crate) fn or(&self, other: &Pairs) -> Pairs {
        Pairs(std::array::from_fn(|x| self.0[x] | other.0[x]))
    }

    pub(crate) fn retain(&mut self, is_kept: impl Fn(Number, Number, Key) -> bool) {
        let all = *self;
        let gone = all.iter().filter(|(x, y, key)| !is_kept(*x, *y, *key));
        gone.for_each(|(x, y, key)| self.0[usize::from(x)] &= !place(y, key));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Number, Number, Key)> {
        let rows = self.0.into_iter().zip(0..).filter(|(row, _)| *row != 0);
        rows.flat_map(|(row, x)| {
            let rests = std::iter::successors(Some(row), |rest| Some(rest & (rest - 1)).filter(|rest| *rest != 0));
            let places = rests.map(|rest| rest.trailing_zeros() as u8);
            places.map(move |place| (x, place % ALL, place / ALL))
        })
    }
}

/// How many numbers there are.
pub(crate) const ALL: u8 = 2 * NUMBERS as u8;

fn place(y: Number, key: Key) -> u32 {
    1 << (y + ALL * key)
}

/// All that was ever said is on its way for good. Whoever draws a number has asked with it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) sides: [Side; 2],
    pub(crate) drawn: [u8; 2],
    pub(crate) answers: Pairs,
    pub(crate) dones: Pairs,
    /// The frames, by counter.
    pub(crate) frames: [Pairs; FRAMES],
    /// The frames that have opened, by counter.
    pub(crate) opened: [Pairs; FRAMES],
    /// The sessions that were ever made, the number of the side that made it first.
    pub(crate) made: Pairs,
    /// The sessions a later one of which has opened a frame at that side.
    pub(crate) past: Pairs,
    /// The numbers that were drawn in this boot of their side.
    pub(crate) current: u16,
    /// Of each number, those of the other side that a boot of that had drawn which was over when this one was drawn.
    pub(crate) stale: Pairs,
}

/// What becomes of a side's keys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    Install,
    Use,
    Remove,
}

pub(crate) fn side_of(number: Number) -> usize {
    usize::from(number) / NUMBERS
}

/// The numbers of a side.
pub(crate) fn set_of(side: usize) -> u16 {
    0xFF << (NUMBERS * side)
}

impl State {
    /// The number that a side draws if it has to. Nothing if it would be one too many.
    fn fresh(&self, side: usize, setting: &Setting) -> Option<Number> {
        (self.drawn[side] < setting.numbers).then_some((NUMBERS * side) as Number + self.drawn[side])
    }

    pub(crate) fn ask(&mut self, side: usize, setting: &Setting) {
        let fresh = self.fresh(side, setting);
        self.sides[side].ask(fresh);
        self.note_draw(side, fresh);
    }

    pub(crate) fn hear(&mut self, side: usize, hello: Hello, setting: &Setting) -> Verdict {
        let (before, fresh) = (self.sides[side], self.fresh(side, setting));
        let said = self.sides[side].hear(hello, side == 1, fresh, setting.flaw);
        if before.open.is_none() && matches!(hello.word, Word::Ask { .. }) {
            self.note_draw(side, fresh);
        }
        let here = self.sides[side];
        let was_there = |it: &Session| before.session(it.mine, it.theirs, it.key).is_some();
        for session in here.sessions().filter(|session| !was_there(session)) {
            self.check_made(side, session)?;
            self.made.add(session.mine, session.theirs, session.key);
        }
        match said {
            Some(Hello { key, word: Word::Answer { x, y } }) => self.answers.add(x, y, key),
            Some(Hello { key, word: Word::Done { x, y } }) => self.dones.add(x, y, key),
            _ => {}
        }
        self.check_way(&before, &here)
    }

    pub(crate) fn seal(&mut self, side: usize, setting: &Setting) -> Verdict {
        let has_confirmed = self.sides[side].sessions().any(|session| session.is_confirmed);
        let Some(Frame { x, y, key, counter }) = self.sides[side].seal(setting.flaw) else { return Ok(()) };
        let frames = &mut self.frames[usize::from(counter)];
        if frames.has(x, y, key) {
            return Err(ANEW);
        }
        frames.add(x, y, key);
        if has_confirmed && !self.made.has(y, x, key) { Err(GAP) } else { Ok(()) }
    }

    pub(crate) fn unseal(&mut self, side: usize, frame: Frame, setting: &Setting) -> Verdict {
        let before = self.sides[side];
        if !self.sides[side].unseal(frame, setting.flaw) {
            return Ok(());
        }
        let Frame { x, y, key, counter } = frame;
        let is_sound = side_of(x) != side && self.current >> y & 1 == 1 && !self.stale.has(y, x, 0);
        if !is_sound {
            return Err(FRESH);
        }
        if !before.keys.has(key) {
            return Err(GONE);
        }
        let opened = &mut self.opened[usize::from(counter)];
        if opened.has(x, y, key) {
            return Err(ONCE);
        }
        opened.add(x, y, key);
        if self.past.has(y, x, key) {
            return Err(BACK);
        }
        let is_later = |mine, theirs, its| {
            before.next.is_some_and(|next| next.is_of(mine, theirs, its))
                && before.present.is_some_and(|it| it.is_of(y, x, key))
        };
        let made = self.made;
        let earlier =
            made.iter().filter(|(mine, theirs, its)| side_of(*mine) == side && !is_later(*mine, *theirs, *its));
        let earlier = earlier.filter(|session| *session != (y, x, key));
        earlier.for_each(|(mine, theirs, its)| self.past.add(mine, theirs, its));
        let here = self.sides[side];
        self.check_way(&before, &here)
    }

    pub(crate) fn restart(&mut self, side: usize, setting: &Setting) {
        self.sides[side] = Side { keys: self.sides[side].keys, ..Side::default() };
        self.current &= !set_of(side);
        if setting.flaw == Flaw::DrawnAgain {
            self.drawn[side] = 0;
        }
    }

    /// A side is given the other key, uses it, or loses the one that it does not use.
    pub(crate) fn turn_key(&mut self, side: usize, turn: Turn, flaw: Flaw) {
        let side = &mut self.sides[side];
        match turn {
            Turn::Install => side.keys.has_both = true,
            Turn::Use if side.keys.has_both => side.keys.used ^= 1,
            Turn::Use => {}
            Turn::Remove => side.remove(flaw),
        }
    }

    /// A side says Done again, and so does not look back to whom it has answered.
    pub(crate) fn say_again(&mut self, side: usize) {
        let side = &mut self.sides[side];
        if side.next.is_some_and(|next| !next.is_confirmed) {
            side.answered = None;
        }
    }

    fn note_draw(&mut self, side: usize, fresh: Option<Number>) {
        let Some(fresh) = fresh.filter(|fresh| self.sides[side].open == Some(*fresh)) else { return };
        self.drawn[side] += 1;
        self.current |= 1 << fresh;
        self.stale.0[usize::from(fresh)] = (set_of(1 - side) & !self.current & self.ever_drawn(1 - side)).into();
    }

    fn ever_drawn(&self, side: usize) -> u16 {
        ((1 << self.drawn[side]) - 1) << (NUMBERS * side)
    }

    /// The other side has said both numbers of a session that is made here.
    fn check_made(&self, side: usize, session: Session) -> Verdict {
        let Session { mine, theirs, key, .. } = session;
        let has_said = self.answers.has(theirs, mine, key) || self.dones.has(theirs, mine, key);
        if has_said && side_of(theirs) != side { Ok(()) } else { Err(PART) }
    }

    /// Whatever has taken the place of a confirmed session was made by both.
    fn check_way(&self, before: &Side, after: &Side) -> Verdict {
        for (old, new) in [(before.present, after.present), (before.next, after.next)] {
            let gone = old.filter(|old| old.is_confirmed && after.session(old.mine, old.theirs, old.key).is_none());
            let is_made = new.is_some_and(|new| self.made.has(new.theirs, new.mine, new.key));
            if gone.is_some() && !is_made {
                return Err(WAY);
            }
        }
        Ok(())
    }
}
