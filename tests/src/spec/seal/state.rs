use super::rules::{Flaw, Setting};
use super::side::{Frame, Hello, Number, Session, Side};
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

/// Pairs of numbers: of each number, with which.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pairs(pub(crate) [u16; 2 * NUMBERS]);

impl Pairs {
    pub(crate) fn has(&self, x: Number, y: Number) -> bool {
        self.0[usize::from(x)] >> y & 1 == 1
    }

    pub(crate) fn add(&mut self, x: Number, y: Number) {
        self.0[usize::from(x)] |= 1 << y;
    }

    pub(crate) fn or(&self, other: &Pairs) -> Pairs {
        Pairs(std::array::from_fn(|x| self.0[x] | other.0[x]))
    }

    pub(crate) fn retain(&mut self, is_kept: impl Fn(Number, Number) -> bool) {
        let all = *self;
        let gone = all.iter().filter(|(x, y)| !is_kept(*x, *y));
        gone.for_each(|(x, y)| self.0[usize::from(x)] &= !(1 << y));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Number, Number)> {
        let rows = self.0.into_iter().zip(0..).filter(|(row, _)| *row != 0);
        rows.flat_map(|(row, x)| {
            let rests = std::iter::successors(Some(row), |rest| Some(rest & (rest - 1)).filter(|rest| *rest != 0));
            rests.map(move |rest| (x, rest.trailing_zeros() as Number))
        })
    }
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
        let said = self.sides[side].hear(hello, fresh, setting.flaw);
        if before.open.is_none() && matches!(hello, Hello::Ask { .. }) {
            self.note_draw(side, fresh);
        }
        let here = self.sides[side];
        for session in here.sessions().filter(|session| before.session(session.mine, session.theirs).is_none()) {
            self.check_made(side, session)?;
            self.made.add(session.mine, session.theirs);
        }
        match said {
            Some(Hello::Answer { x, y }) => self.answers.add(x, y),
            Some(Hello::Done { x, y }) => self.dones.add(x, y),
            _ => {}
        }
        self.check_way(&before, &here)
    }

    pub(crate) fn seal(&mut self, side: usize, setting: &Setting) -> Verdict {
        let has_confirmed = self.sides[side].sessions().any(|session| session.is_confirmed);
        let Some(Frame { x, y, counter }) = self.sides[side].seal(setting.flaw) else { return Ok(()) };
        let frames = &mut self.frames[usize::from(counter)];
        if frames.has(x, y) {
            return Err(ANEW);
        }
        frames.add(x, y);
        if has_confirmed && !self.made.has(y, x) { Err(GAP) } else { Ok(()) }
    }

    pub(crate) fn unseal(&mut self, side: usize, frame: Frame, setting: &Setting) -> Verdict {
        let before = self.sides[side];
        if !self.sides[side].unseal(frame, setting.flaw) {
            return Ok(());
        }
        let Frame { x, y, counter } = frame;
        let is_sound = side_of(x) != side && self.current >> y & 1 == 1 && !self.stale.has(y, x);
        if !is_sound {
            return Err(FRESH);
        }
        let opened = &mut self.opened[usize::from(counter)];
        if opened.has(x, y) {
            return Err(ONCE);
        }
        opened.add(x, y);
        if self.past.has(y, x) {
            return Err(BACK);
        }
        let is_later = |mine, theirs| {
            before.next.is_some_and(|next| next.is_of(mine, theirs)) && before.present.is_some_and(|it| it.is_of(y, x))
        };
        let earlier = self.made;
        let earlier = earlier.iter().filter(|(mine, theirs)| side_of(*mine) == side && !is_later(*mine, *theirs));
        earlier.filter(|pair| *pair != (y, x)).for_each(|(mine, theirs)| self.past.add(mine, theirs));
        let here = self.sides[side];
        self.check_way(&before, &here)
    }

    pub(crate) fn restart(&mut self, side: usize, setting: &Setting) {
        self.sides[side] = Side::default();
        self.current &= !set_of(side);
        if setting.flaw == Flaw::DrawnAgain {
            self.drawn[side] = 0;
        }
    }

    fn note_draw(&mut self, side: usize, fresh: Option<Number>) {
        let Some(fresh) = fresh.filter(|fresh| self.sides[side].open == Some(*fresh)) else { return };
        self.drawn[side] += 1;
        self.current |= 1 << fresh;
        self.stale.0[usize::from(fresh)] = set_of(1 - side) & !self.current & self.ever_drawn(1 - side);
    }

    fn ever_drawn(&self, side: usize) -> u16 {
        ((1 << self.drawn[side]) - 1) << (NUMBERS * side)
    }

    /// The other side has said both numbers of a session that is made here.
    fn check_made(&self, side: usize, session: Session) -> Verdict {
        let Session { mine, theirs, .. } = session;
        let has_said = self.answers.has(theirs, mine) || self.dones.has(theirs, mine);
        if has_said && side_of(theirs) != side { Ok(()) } else { Err(PART) }
    }

    /// Whatever has taken the place of a confirmed session was made by both.
    fn check_way(&self, before: &Side, after: &Side) -> Verdict {
        for (old, new) in [(before.present, after.present), (before.next, after.next)] {
            let gone = old.filter(|old| old.is_confirmed && after.session(old.mine, old.theirs).is_none());
            let is_made = new.is_some_and(|new| self.made.has(new.theirs, new.mine));
            if gone.is_some() && !is_made {
                return Err(WAY);
            }
        }
        Ok(())
    }
}
