use super::rules::{Flaw, Setting};
use super::side::{Frame, Hello, Word};
use super::state::{ALL, NUMBERS, State, Turn, side_of};
use crate::spec::breadth::Verdict;

/// What can happen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// A side draws a number and asks with it.
    Ask {
        side: u8,
    },
    /// A side gets a Hello, and says what it has to say to that.
    Hear {
        side: u8,
        hello: Hello,
    },
    Seal {
        side: u8,
    },
    /// A side gets a frame that opens.
    Open {
        side: u8,
        frame: Frame,
    },
    /// A side says Done again of itself.
    Again {
        side: u8,
    },
    /// Somebody turns to a side's keys.
    Key {
        side: u8,
        turn: Turn,
    },
    /// A side starts again.
    Restart {
        side: u8,
    },
}

impl State {
    /// Lets an act happen. Nothing if it changes nothing.
    pub(crate) fn after(&self, act: Act, setting: &Setting) -> Option<(State, Verdict)> {
        let mut state = *self;
        let verdict = match act {
            Act::Ask { side } => {
                state.ask(side.into(), setting);
                Ok(())
            }
            Act::Hear { side, hello } => state.hear(side.into(), hello, setting),
            Act::Seal { side } => state.seal(side.into(), setting),
            Act::Open { side, frame } => state.unseal(side.into(), frame, setting),
            Act::Again { side } => {
                state.say_again(side.into());
                Ok(())
            }
            Act::Key { side, turn } => {
                state.turn_key(side.into(), turn, setting.flaw);
                Ok(())
            }
            Act::Restart { side } => {
                state.restart(side.into(), setting);
                Ok(())
            }
        };
        (verdict.is_err() || state != *self).then_some((state, verdict))
    }

    /// All that can happen.
    pub(crate) fn acts(&self, setting: &Setting, acts: &mut Vec<Act>) {
        for side in 0..2_u8 {
            acts.push(Act::Ask { side });
            acts.extend(self.hellos(side.into(), setting).map(|hello| Act::Hear { side, hello }));
            if self.may_seal(side.into(), setting) {
                acts.push(Act::Seal { side });
            }
            acts.extend(self.opening(side.into(), setting).map(|frame| Act::Open { side, frame }));
            acts.push(Act::Restart { side });
            if setting.keys > 1 {
                acts.push(Act::Again { side });
                acts.extend([Turn::Install, Turn::Use, Turn::Remove].map(|turn| Act::Key { side, turn }));
            }
        }
    }

    /// What a side may get and take for the other's.
    fn hellos(&self, side: usize, setting: &Setting) -> impl Iterator<Item = Hello> {
        let is_taken = move |x: u8| side_of(x) != side || setting.flaw == Flaw::HelloWithoutSeats;
        let is_drawn = |x: &u8| x % (NUMBERS as u8) < self.drawn[side_of(*x)];
        let drawn = (0..ALL).filter(is_drawn);
        let asks = drawn.flat_map(|x| (0..setting.keys).map(move |key| Hello { key, word: Word::Ask { x } }));
        let answers = self.answers.iter().map(|(x, y, key)| Hello { key, word: Word::Answer { x, y } });
        let dones = self.dones.iter().map(|(x, y, key)| Hello { key, word: Word::Done { x, y } });
        let all = asks.chain(answers).chain(dones);
        all.filter(move |hello| is_taken(hello.sender()))
    }

    fn may_seal(&self, side: usize, setting: &Setting) -> bool {
        let sealed = { self.sides[side] }.seal(setting.flaw);
        sealed.is_some_and(|frame| frame.counter < setting.frames)
    }

    fn opening(&self, side: usize, setting: &Setting) -> impl Iterator<Item = Frame> {
        let frames = self.frames.iter().zip(0..);
        let frames =
            frames.flat_map(|(pairs, counter)| pairs.iter().map(move |(x, y, key)| Frame { x, y, key, counter }));
        frames.filter(move |frame| { self.sides[side] }.unseal(*frame, setting.flaw))
    }
}
