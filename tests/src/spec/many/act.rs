use super::ear::{FRAMES, Frame, NUMBERS, Notice, Number};
use super::rules::{Flaw, Setting};
use super::state::State;
use crate::spec::breadth::Verdict;

/// What can happen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// A receiver draws a number and calls a sender with it.
    Call {
        receiver: usize,
        sender: usize,
    },
    /// A sender gets a call, and answers it.
    Answer {
        sender: usize,
        receiver: usize,
        echo: Number,
    },
    /// A receiver gets a Notice.
    Hear {
        receiver: usize,
        sender: usize,
        notice: Notice,
    },
    Seal {
        sender: usize,
    },
    /// A receiver gets a frame that opens as one of the sender.
    Open {
        receiver: usize,
        sender: usize,
        by: usize,
        frame: Frame,
    },
    /// A sender gives its number up, though it does not start again.
    Leave {
        sender: usize,
    },
    /// A node starts again.
    Restart {
        node: usize,
    },
}

impl State {
    /// Lets an act happen. Nothing if it changes nothing.
    pub(crate) fn after(&self, act: Act, setting: &Setting) -> Option<(State, Verdict)> {
        let mut state = *self;
        let mut verdict = Ok(());
        match act {
            Act::Call { receiver, sender } => state.call(receiver, sender, setting),
            Act::Answer { sender, receiver, echo } => state.answer(sender, receiver, echo, setting),
            Act::Hear { receiver, sender, notice } => verdict = state.hear(receiver, sender, notice, setting),
            Act::Seal { sender } => verdict = state.seal(sender, setting),
            Act::Open { receiver, sender, by, frame } => {
                verdict = state.unseal(receiver, sender, by, frame, setting);
            }
            Act::Leave { sender } => state.casts[sender] = None,
            Act::Restart { node } => state.restart(node, setting),
        }
        (verdict.is_err() || state != *self).then_some((state, verdict))
    }

    /// All that can happen.
    pub(crate) fn acts(&self, setting: &Setting, acts: &mut Vec<Act>) {
        for sender in 0..setting.speakers {
            let may_seal =
                self.may_cast(sender, setting) && self.casts[sender].is_none_or(|cast| cast.sent < setting.frames);
            if may_seal {
                acts.push(Act::Seal { sender });
            }
            acts.push(Act::Leave { sender });
            for receiver in (0..setting.nodes).filter(|receiver| *receiver != sender) {
                acts.push(Act::Call { receiver, sender });
                let calls = self.calls[receiver][sender];
                let echoes = (0..NUMBERS as Number).filter(|echo| calls >> echo & 1 == 1);
                acts.extend(echoes.map(|echo| Act::Answer { sender, receiver, echo }));
                let notices = self.heard(receiver, sender, setting);
                acts.extend(notices.map(|notice| Act::Hear { receiver, sender, notice }));
                self.opening(receiver, sender, setting, acts);
            }
        }
        acts.extend((0..setting.nodes).map(|node| Act::Restart { node }));
    }

    /// What a receiver may get and take for the sender's.
    fn heard(&self, receiver: usize, sender: usize, setting: &Setting) -> impl Iterator<Item = Notice> {
        let without_seats = setting.flaw == Flaw::WordsWithoutSeats;
        let pairs = (0..setting.speakers).flat_map(|by| (0..setting.nodes).map(move |to| (by, to)));
        let pairs = pairs.filter(move |pair| *pair == (sender, receiver) || without_seats);
        let said = pairs.flat_map(|(by, to)| self.said(by, to));
        let (flaw, drawn) = (setting.flaw, self.drawn[sender]);
        said.flat_map(move |notice| {
            let numbers = if flaw == Flaw::TagWithoutNumber { 0..drawn } else { notice.number..notice.number + 1 };
            let any = 0..FRAMES as u8 + 1;
            let counters = if flaw == Flaw::TagWithoutCounter { any } else { notice.counter..notice.counter + 1 };
            numbers.flat_map(move |number| counters.clone().map(move |counter| Notice { number, counter, ..notice }))
        })
    }

    fn said(&self, sender: usize, receiver: usize) -> impl Iterator<Item = Notice> {
        let notices = self.notices[sender][receiver];
        let numbers = 0..NUMBERS as Number;
        numbers.clone().flat_map(move |number| {
            numbers.clone().flat_map(move |echo| {
                let told = notices[usize::from(number)][usize::from(echo)];
                let counters = (0..FRAMES as u8 + 1).filter(move |counter| told >> counter & 1 == 1);
                counters.map(move |counter| Notice { number, echo, counter })
            })
        })
    }

    fn opening(&self, receiver: usize, sender: usize, setting: &Setting, acts: &mut Vec<Act>) {
        let without_sender = setting.flaw == Flaw::FramesWithoutSender;
        for by in (0..setting.speakers).filter(|by| *by == sender || without_sender) {
            for (number, sealed) in (0..).zip(self.sealed[by]) {
                let frames = (0..sealed).map(|counter| Frame { number, counter });
                let opening = frames.filter(|frame| { self.ears[receiver][sender] }.unseal(*frame, setting.flaw));
                acts.extend(opening.map(|frame| Act::Open { receiver, sender, by, frame }));
            }
        }
    }
}
