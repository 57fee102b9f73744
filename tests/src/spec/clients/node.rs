use super::letter::{Frame, Side};
use super::pairs::{Challenge, Number, Pairs};
use super::rules::Flaw;
use super::state::FRAMES;

/// What a node knows of a client.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Node {
    pub(crate) present: Challenge,
    /// The sessions that it has.
    pub(crate) here: Pairs,
    /// In which of them it has sealed, by counter.
    pub(crate) sent: [Pairs; FRAMES],
    /// In which of them a counter of the client is marked.
    pub(crate) marked: [Pairs; FRAMES],
}

impl Node {
    /// Whether a challenge is the present one or the one before.
    pub(crate) fn is_good(&self, y: Challenge) -> bool {
        y <= self.present && self.present - y < 2
    }

    /// Rule 3: an Ask.
    pub(crate) fn answer(&self, flaw: Flaw) -> Challenge {
        if flaw == Flaw::AnswersByOneBefore { self.present.saturating_sub(1) } else { self.present }
    }

    /// Rule 5: a Done. Whether a session is made.
    pub(crate) fn hear(&mut self, x: Number, y: Challenge, is_of_boot: bool, flaw: Flaw) -> bool {
        let is_good = match flaw {
            Flaw::DoneUnchecked => true,
            Flaw::DoneOfBoot => is_of_boot,
            Flaw::DoneOfPresentAlone => y == self.present,
            _ => self.is_good(y),
        };
        if !is_good || (self.here.has(x, y) && flaw != Flaw::DoneMakesAgain) {
            return false;
        }
        self.forget(x, y);
        self.here.add(x, y);
        true
    }

    /// Rule 6.
    pub(crate) fn may_forget(&self, y: Challenge, flaw: Flaw) -> bool {
        match flaw {
            Flaw::ForgetsAny => true,
            Flaw::ForgetsBefore => y < self.present,
            _ => !self.is_good(y),
        }
    }

    pub(crate) fn forget(&mut self, x: Number, y: Challenge) {
        let Node { here, sent, marked, .. } = self;
        std::iter::once(here).chain(sent).chain(marked).for_each(|pairs| pairs.remove(x, y));
    }

    pub(crate) fn counter(&self, x: Number, y: Challenge) -> u8 {
        self.sent.iter().take_while(|sent| sent.has(x, y)).count() as u8
    }

    /// Rules 7 and 8. Its counter is one that may be.
    pub(crate) fn seal(&mut self, x: Number, y: Challenge) -> Frame {
        let counter = self.counter(x, y);
        self.sent[usize::from(counter)].add(x, y);
        Frame { x, y, counter, by: Side::Node }
    }

    /// Rule 7: the session under which a frame opens.
    pub(crate) fn opens(&self, frame: Frame, flaw: Flaw) -> Option<(Number, Challenge)> {
        let Frame { x, y, counter, by } = frame;
        if by == Side::Node && flaw != Flaw::FramesWithoutSender {
            return None;
        }
        let is_of = |(mine, given): &(Number, Challenge)| *mine == x && (*given == y || flaw == Flaw::KeyOfOneNumber);
        let mut here = self.here.iter().filter(is_of);
        here.find(|(x, y)| !self.marked[usize::from(counter)].has(*x, *y))
    }

    pub(crate) fn mark(&mut self, (x, y): (Number, Challenge), counter: u8, flaw: Flaw) {
        if flaw != Flaw::NodeMarksNone {
            self.marked[usize::from(counter)].add(x, y);
        }
    }
}
