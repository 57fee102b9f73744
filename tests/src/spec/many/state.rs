use super::ear::{Cast, Ear, Frame, NUMBERS, Notice, Number};
use super::rules::{Flaw, Setting};
use crate::spec::breadth::Verdict;

/// How many nodes there are at most.
pub(crate) const NODES: usize = 3;

pub(crate) const ONCE: &str = "a frame opens once";
pub(crate) const ANEW: &str = "no counter of a key seals twice";
pub(crate) const FRESH: &str = "what opens was sealed by its sender, since this node has started";
pub(crate) const BACK: &str = "nothing opens of a number before the one that is listened to";
pub(crate) const PART: &str = "a receiver listens only to what was said to its open number";

/// Of each number of a sender and each number that it was told to, the counters that were told, as bits.
pub(crate) type Notices = [[u8; NUMBERS]; NUMBERS];

/// All that was ever said is on its way for good. Whoever draws a number to call with has called.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) casts: [Option<Cast>; NODES],
    /// What a receiver knows of each sender.
    pub(crate) ears: [[Ear; NODES]; NODES],
    /// How many numbers to seal under each has drawn.
    pub(crate) drawn: [u8; NODES],
    /// How many numbers to call with each has drawn.
    pub(crate) called: [u8; NODES],
    /// The numbers that a receiver has called each sender with, as bits.
    pub(crate) calls: [[u8; NODES]; NODES],
    /// What a sender has told each receiver.
    pub(crate) notices: [[Notices; NODES]; NODES],
    /// How many frames each has sealed under each of its numbers.
    pub(crate) sealed: [[u8; NUMBERS]; NODES],
    /// The frames that have opened at a receiver, of each sender and number, by counter.
    pub(crate) opened: [[[u8; NUMBERS]; NODES]; NODES],
    /// How many frames were sealed when a receiver started, of each sender and number.
    pub(crate) old: [[[u8; NUMBERS]; NODES]; NODES],
}

impl State {
    /// The next number of those that were drawn. Nothing if it would be one too many.
    fn fresh(drawn: u8, setting: &Setting) -> Option<Number> {
        (drawn < setting.numbers).then_some(drawn)
    }

    pub(crate) fn call(&mut self, receiver: usize, sender: usize, setting: &Setting) {
        let ear = &mut self.ears[receiver][sender];
        if ear.open.is_none()
            && let Some(number) = ear.call(State::fresh(self.called[receiver], setting))
        {
            self.called[receiver] += 1;
            self.calls[receiver][sender] |= 1 << number;
        }
    }

    /// The cast of a sender, begun if need be.
    fn cast(&mut self, sender: usize, setting: &Setting) -> Option<&mut Cast> {
        let fresh = State::fresh(self.drawn[sender], setting).filter(|_| self.casts[sender].is_none());
        self.drawn[sender] += u8::from(fresh.is_some());
        Cast::of(&mut self.casts[sender], fresh)
    }

    pub(crate) fn answer(&mut self, sender: usize, receiver: usize, echo: Number, setting: &Setting) {
        let Some(cast) = self.cast(sender, setting) else { return };
        let Notice { number, echo, counter } = cast.answer(echo, setting.flaw);
        self.notices[sender][receiver][usize::from(number)][usize::from(echo)] |= 1 << counter;
    }

    pub(crate) fn may_cast(&self, sender: usize, setting: &Setting) -> bool {
        self.casts[sender].is_some() || State::fresh(self.drawn[sender], setting).is_some()
    }

    pub(crate) fn seal(&mut self, sender: usize, setting: &Setting) -> Verdict {
        let Some(cast) = self.cast(sender, setting) else { return Ok(()) };
        let Frame { number, counter } = cast.seal();
        let sealed = &mut self.sealed[sender][usize::from(number)];
        if counter < *sealed {
            return Err(ANEW);
        }
        *sealed = counter + 1;
        Ok(())
    }

    pub(crate) fn hear(&mut self, receiver: usize, sender: usize, notice: Notice, setting: &Setting) -> Verdict {
        let before = self.ears[receiver][sender];
        if !self.ears[receiver][sender].hear(notice, setting.flaw) {
            return Ok(());
        }
        let Notice { number, counter, .. } = notice;
        let said = self.notices[sender][receiver][usize::from(number)];
        let has_said = |open: Number| said[usize::from(open)] >> counter & 1 == 1;
        if !before.open.is_some_and(has_said) {
            return Err(PART);
        }
        if before.heard.is_some_and(|heard| heard.number > number) { Err(BACK) } else { Ok(()) }
    }

    /// A frame that `by` has sealed is taken for one of the sender.
    pub(crate) fn unseal(
        &mut self,
        receiver: usize,
        sender: usize,
        by: usize,
        frame: Frame,
        setting: &Setting,
    ) -> Verdict {
        let ear = &mut self.ears[receiver][sender];
        if !ear.unseal(frame, setting.flaw) {
            return Ok(());
        }
        let number = usize::from(frame.number);
        if by != sender || frame.counter < self.old[receiver][sender][number] {
            return Err(FRESH);
        }
        let opened = &mut self.opened[receiver][sender][number];
        if *opened >> frame.counter & 1 == 1 {
            return Err(ONCE);
        }
        *opened |= 1 << frame.counter;
        if ear.heard.is_some_and(|heard| heard.number > frame.number) { Err(BACK) } else { Ok(()) }
    }

    pub(crate) fn restart(&mut self, node: usize, setting: &Setting) {
        self.casts[node] = None;
        self.ears[node] = Default::default();
        self.old[node] = self.sealed;
        if setting.flaw == Flaw::DrawnAgain {
            (self.drawn[node], self.called[node]) = (0, 0);
        }
    }
}
