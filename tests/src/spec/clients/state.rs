use super::client::Client;
use super::letter::{Frame, Hello, Side};
use super::node::Node;
use super::pairs::{Challenge, Number, Pairs};
use super::rules::{Flaw, Setting};
use super::tidy::PRESENT;
use crate::spec::breadth::Verdict;

/// How many frames a side seals under a session at most.
pub(crate) const FRAMES: usize = 2;

pub(crate) const ONCE: &str = "a frame opens once";
pub(crate) const ANEW: &str = "no counter of a key seals twice";
pub(crate) const FRESH: &str = "what opens was sealed by the other side, for this boot and this process";
pub(crate) const TAKEN: &str = "a node makes a session only of what the client has just taken from it";
pub(crate) const PART: &str = "a client makes a session only of what the node has said to its open number";

/// All that was ever said is on its way for good. Whoever draws a number has asked with it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) client: Client,
    pub(crate) node: Node,
    /// How many numbers the client has drawn, or would not draw again.
    pub(crate) drawn: u8,
    pub(crate) answers: Pairs,
    pub(crate) dones: Pairs,
    /// The frames of the client, by counter.
    pub(crate) asked: [Pairs; FRAMES],
    /// The frames of the node, by counter.
    pub(crate) replied: [Pairs; FRAMES],
    /// The frames that have opened at the node, by counter.
    pub(crate) opened: [Pairs; FRAMES],
    /// The frames that have opened at the client, by counter.
    pub(crate) read: [Pairs; FRAMES],
    /// What was answered since the client drew the number.
    pub(crate) said: Pairs,
    /// The sessions that the client has made of what this boot of the node has said.
    pub(crate) taken: Pairs,
    /// The numbers that were drawn in this process of the client.
    pub(crate) process: u8,
    /// The challenges of this boot of the node.
    pub(crate) boot: u8,
}

impl State {
    /// Where it begins.
    pub(crate) fn first(setting: &Setting) -> State {
        let present = if setting.folds { PRESENT } else { 0 };
        State { node: Node { present, ..Node::default() }, boot: 1 << present, ..State::default() }
    }

    pub(crate) fn is_of_boot(&self, y: Challenge) -> bool {
        self.boot >> y & 1 == 1
    }

    pub(crate) fn ask(&mut self, setting: &Setting) {
        let fresh = (self.drawn < setting.numbers).then_some(self.drawn);
        let Some(x) = fresh.filter(|_| self.client.open.is_none()) else { return };
        self.client.ask(fresh);
        self.drawn += 1;
        self.process |= 1 << x;
        self.said.0[usize::from(x)] = 0;
    }

    pub(crate) fn hear(&mut self, hello: Hello, setting: &Setting) -> Verdict {
        match hello {
            Hello::Ask { x } => {
                let y = self.node.answer(setting.flaw);
                self.answers.add(x, y);
                self.said.add(x, y);
                Ok(())
            }
            Hello::Answer { x, y } => self.take(x, y, setting),
            Hello::Done { x, y } => {
                let is_of_boot = self.is_of_boot(y);
                let is_made = self.node.hear(x, y, is_of_boot, setting.flaw);
                let is_sound = self.taken.has(x, y) && self.node.is_good(y);
                if is_made && !is_sound { Err(TAKEN) } else { Ok(()) }
            }
        }
    }

    fn take(&mut self, x: Number, y: Challenge, setting: &Setting) -> Verdict {
        if !self.client.hear(x, y, setting.flaw) {
            return Ok(());
        }
        let Some(session) = self.client.session else { return Ok(()) };
        let (x, y) = (session.x, session.y);
        if !self.said.has(x, y) || self.process >> x & 1 == 0 {
            return Err(PART);
        }
        if self.is_of_boot(y) {
            self.taken.add(x, y);
        }
        if setting.flaw != Flaw::DoneLater {
            self.dones.add(x, y);
        }
        Ok(())
    }

    pub(crate) fn seal(&mut self, setting: &Setting) -> Verdict {
        let Some(Frame { x, y, counter, .. }) = self.client.seal(setting.flaw) else { return Ok(()) };
        self.dones.add(x, y);
        once(&mut self.asked[usize::from(counter)], x, y, ANEW)
    }

    pub(crate) fn reply(&mut self, x: Number, y: Challenge) -> Verdict {
        let Frame { x, y, counter, .. } = self.node.seal(x, y);
        once(&mut self.replied[usize::from(counter)], x, y, ANEW)
    }

    pub(crate) fn unseal(&mut self, side: Side, frame: Frame, setting: &Setting) -> Verdict {
        let Frame { x, y, counter, by } = frame;
        let is_sound = match side {
            Side::Client => {
                if !self.client.unseal(frame, setting.flaw) {
                    return Ok(());
                }
                self.process >> x & 1 == 1
            }
            Side::Node => {
                let Some(session) = self.node.opens(frame, setting.flaw) else { return Ok(()) };
                self.node.mark(session, counter, setting.flaw);
                self.is_of_boot(y)
            }
        };
        if !is_sound || by == side {
            return Err(FRESH);
        }
        let opened = if side == Side::Client { &mut self.read } else { &mut self.opened };
        once(&mut opened[usize::from(counter)], x, y, ONCE)
    }

    pub(crate) fn restart_client(&mut self, setting: &Setting) {
        self.client = Client::default();
        self.process = 0;
        if setting.flaw == Flaw::DrawnAgain {
            self.drawn = 0;
        }
    }

    pub(crate) fn restart_node(&mut self, setting: &Setting) {
        let present = if setting.flaw == Flaw::ChallengesAgain { 0 } else { self.node.present + 2 };
        self.node = Node { present, ..Node::default() };
        self.boot = 1 << present;
        self.taken = Pairs::default();
    }

    pub(crate) fn go_on(&mut self) {
        self.node.present += 1;
        self.boot |= 1 << self.node.present;
    }
}

/// Adds what is to be there once.
fn once(pairs: &mut Pairs, x: Number, y: Challenge, promise: &'static str) -> Verdict {
    if pairs.has(x, y) {
        return Err(promise);
    }
    pairs.add(x, y);
    Ok(())
}
