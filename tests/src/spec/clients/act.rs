use super::letter::{Frame, Hello, Side};
use super::pairs::{CHALLENGES, Challenge, Number, Pairs};
use super::rules::{Flaw, Setting};
use super::state::{FRAMES, State};
use crate::spec::breadth::Verdict;

/// What can happen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// The client draws a number and asks with it.
    Ask,
    /// A Hello arrives.
    Hear(Hello),
    /// The client seals a frame.
    Seal,
    /// The node seals a frame under one of its sessions.
    Reply { x: Number, y: Challenge },
    /// A side gets a frame that opens.
    Open { side: Side, frame: Frame },
    /// The next challenge is the present one.
    GoOn,
    /// The node forgets a session.
    Forget { x: Number, y: Challenge },
    /// A side starts again.
    Restart(Side),
}

impl State {
    /// Lets an act happen. Nothing if it changes nothing.
    pub(crate) fn after(&self, act: Act, setting: &Setting) -> Option<(State, Verdict)> {
        let mut state = *self;
        let mut verdict = Ok(());
        match act {
            Act::Ask => state.ask(setting),
            Act::Hear(hello) => verdict = state.hear(hello, setting),
            Act::Seal => verdict = state.seal(setting),
            Act::Reply { x, y } => verdict = state.reply(x, y),
            Act::Open { side, frame } => verdict = state.unseal(side, frame, setting),
            Act::GoOn => state.go_on(),
            Act::Forget { x, y } => state.node.forget(x, y),
            Act::Restart(Side::Client) => state.restart_client(setting),
            Act::Restart(Side::Node) => state.restart_node(setting),
        }
        (verdict.is_err() || state != *self).then_some((state, verdict))
    }

    /// All that can happen.
    pub(crate) fn acts(&self, setting: &Setting, acts: &mut Vec<Act>) {
        acts.push(Act::Ask);
        acts.extend(self.hellos(setting).map(Act::Hear));
        if self
            .client
            .session
            .is_some_and(|session| session.sent < setting.frames || setting.flaw == Flaw::CounterAgain)
        {
            acts.push(Act::Seal);
        }
        let here = self.node.here;
        let may_reply = |(x, y): &(Number, Challenge)| self.node.counter(*x, *y) < setting.frames;
        acts.extend(here.iter().filter(may_reply).map(|(x, y)| Act::Reply { x, y }));
        acts.extend(self.opening(setting).map(|(side, frame)| Act::Open { side, frame }));
        let may_forget = |(_, y): &(Number, Challenge)| self.node.may_forget(*y, setting.flaw);
        acts.extend(here.iter().filter(may_forget).map(|(x, y)| Act::Forget { x, y }));
        acts.push(Act::Restart(Side::Client));
        let last = if setting.folds { CHALLENGES as Challenge } else { setting.challenges };
        if self.node.present + 1 < last {
            acts.push(Act::GoOn);
        }
        if self.node.present + 2 < last || setting.flaw == Flaw::ChallengesAgain {
            acts.push(Act::Restart(Side::Node));
        }
    }

    /// What a side may get and take for the other's.
    fn hellos(&self, setting: &Setting) -> impl Iterator<Item = Hello> {
        let asks = (0..self.drawn).map(|x| Hello::Ask { x });
        let answers = self.answers.iter().map(|(x, y)| Hello::Answer { x, y });
        let is_confused = setting.flaw == Flaw::HelloWithoutKind;
        let said_back = if is_confused { self.answers } else { Pairs::default() };
        let dones = self.dones.iter().chain(said_back.iter()).map(|(x, y)| Hello::Done { x, y });
        asks.chain(answers).chain(dones)
    }

    fn opening(&self, setting: &Setting) -> impl Iterator<Item = (Side, Frame)> {
        let (client, node, flaw) = (self.client, self.node, setting.flaw);
        let of = |by: Side, frames: [Pairs; FRAMES]| {
            let frames = frames.into_iter().zip(0..);
            frames.flat_map(move |(pairs, counter)| pairs.iter().map(move |(x, y)| Frame { x, y, counter, by }))
        };
        let frames = of(Side::Client, self.asked).chain(of(Side::Node, self.replied));
        let for_both = frames.flat_map(|frame| [(Side::Client, frame), (Side::Node, frame)]);
        for_both.filter(move |(side, frame)| match side {
            Side::Client => { client }.unseal(*frame, flaw),
            Side::Node => node.opens(*frame, flaw).is_some(),
        })
    }
}
