use std::collections::HashSet;

use super::client::Client;
use super::letter::{Frame, Hello, Side};
use super::node::Node;
use super::pairs::{Challenge, Number};
use super::rules::{Flaw, Setting};
use super::state::State;
use super::tidy::rested;
use crate::spec::breadth::Verdict;

/// After how many intervals all is well, for good.
const ROUNDS: usize = 2;
/// The first number that a client draws in an interval.
const FRESH: Number = 3;

const ANSWERED: &str = "a client comes to an answer, and makes no other session";
const IN_TWO: &str = "of two intervals in which words are forged, one brings an answer";

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Letter {
    Hello(Hello),
    Frame(Frame),
    /// What the client sealed was not taken.
    Word,
}

/// What is looked at.
#[derive(Clone, Copy)]
struct Look {
    flaw: Flaw,
    /// How many frames the client has to seal in an interval at most.
    frames: u8,
    /// Whether somebody forges a word in each interval.
    is_forged: bool,
}

/// A client and a node between which no letter gets lost, and which do not start again.
#[derive(Clone, PartialEq, Eq, Hash)]
struct World {
    client: Client,
    node: Node,
    /// Whether the client sealed a frame under its session in an interval before, and nothing has opened since.
    is_unanswered: bool,
    /// Whether the client made a session in the interval before.
    has_made: bool,
    /// Whether a frame was answered in the interval before.
    was_answered: bool,
    interval: Interval,
    /// What is on its way.
    letters: Vec<Letter>,
}

/// What has happened in an interval.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Interval {
    has_asked: bool,
    has_made: bool,
    /// How many frames the client had to seal, and how many wait for a session to be sealed under.
    come: u8,
    waiting: u8,
    /// Whether the client sealed a frame under its session, and nothing has opened since.
    is_unanswered: bool,
    is_answered: bool,
    has_gone_on: bool,
    is_forged: bool,
    /// Whether a frame has not opened, or a session was made.
    is_disturbed: bool,
}

impl State {
    /// In each interval the client has a frame to seal at some time, or two, and the challenge goes on at some time or not. All that is
    /// said arrives, in any order, with what is said to it. The node says of a frame that it does not take it, or has no word left for
    /// that.
    pub(crate) fn check_way_on(&self, setting: &Setting) -> Verdict {
        let look = Look { flaw: setting.flaw, frames: 2, is_forged: false };
        let is_well = |world: &World| !world.interval.is_disturbed && !world.interval.has_asked;
        self.check_from_third(look, is_well, ANSWERED)?;
        if !setting.forged {
            return Ok(());
        }
        let look = Look { frames: 1, is_forged: true, ..look };
        let is_well = |world: &World| world.was_answered || world.interval.is_answered;
        self.check_from_third(look, is_well, IN_TWO)
    }

    fn check_from_third(&self, look: Look, is_well: impl Fn(&World) -> bool, promise: &'static str) -> Verdict {
        let mut worlds = self.worlds();
        for _ in 0..ROUNDS {
            worlds = worlds.iter().flat_map(|world| world.round(look)).map(|world| world.at_end(look.flaw)).collect();
        }
        let mut open: Vec<_> = worlds.iter().cloned().collect();
        while let Some(world) = open.pop() {
            for after in world.round(look) {
                if !is_well(&after) {
                    return Err(promise);
                }
                let after = after.at_end(look.flaw);
                if worlds.insert(after.clone()) {
                    open.push(after);
                }
            }
        }
        Ok(())
    }

    fn worlds(&self) -> HashSet<World> {
        let flags = [false, true].into_iter().flat_map(|flag| [(flag, false), (flag, true)]);
        let world = |(is_unanswered, has_made)| {
            let (client, node, interval, letters) = (self.client, self.node, Interval::default(), Vec::new());
            World { client, node, is_unanswered, has_made, was_answered: false, interval, letters }
        };
        flags.map(world).collect()
    }
}

impl World {
    /// All that may come of an interval.
    fn round(&self, look: Look) -> Vec<World> {
        let (mut seen, mut open) = (HashSet::from([self.clone()]), vec![self.clone()]);
        let mut ends = Vec::new();
        while let Some(world) = open.pop() {
            if world.letters.is_empty() && world.interval.come > 0 {
                let is_disturbed = world.interval.is_disturbed || world.interval.waiting > 0;
                ends.push(World { interval: Interval { is_disturbed, ..world.interval }, ..world.clone() });
            }
            let mut nexts = Vec::new();
            if world.interval.come < look.frames {
                nexts.extend([world.asking(look.flaw), world.coming(look.flaw)]);
            }
            if !world.interval.has_gone_on {
                nexts.push(world.going_on());
            }
            if look.is_forged && !world.interval.is_forged {
                nexts.push(world.forging());
            }
            for place in 0..world.letters.len() {
                world.deliver(place, look.flaw, &mut nexts);
            }
            open.extend(nexts.into_iter().filter(|next| seen.insert(next.clone())));
        }
        ends
    }

    /// Rule 9: there is a frame to seal.
    fn asking(&self, flaw: Flaw) -> World {
        let mut world = self.clone();
        let is_mute = world.client.session.is_none() && flaw != Flaw::NoAskWithoutSession;
        let is_unanswered = world.is_unanswered || (world.interval.is_unanswered && flaw == Flaw::AsksWithinInterval);
        if is_mute || (is_unanswered && flaw != Flaw::AsksOnlyIfTold) {
            world.ask(flaw);
        }
        world
    }

    /// Rules 8 and 9: a frame is sealed, or waits to be.
    fn coming(&self, flaw: Flaw) -> World {
        let mut world = self.asking(flaw);
        world.interval.come += 1;
        world.interval.waiting += 1;
        world.seal(flaw);
        world
    }

    /// Rule 9: at most once in an interval, and in none after one in which a session was made.
    fn ask(&mut self, flaw: Flaw) {
        let is_too_soon = self.has_made && flaw != Flaw::AsksAtOnce;
        if !self.interval.has_asked && !is_too_soon {
            self.interval.has_asked = true;
            let said = self.client.ask(Some(FRESH));
            said.into_iter().for_each(|hello| self.say(Letter::Hello(hello)));
        }
    }

    /// Rule 8: seals all that waits, if there is a session.
    fn seal(&mut self, flaw: Flaw) {
        let Some(session) = self.client.session else { return };
        for _ in 0..std::mem::take(&mut self.interval.waiting) {
            if !session.is_heard && flaw != Flaw::DoneNotAgain {
                self.say(Letter::Hello(session.done()));
            }
            let frame = self.client.seal(flaw);
            frame.into_iter().for_each(|frame| self.say(Letter::Frame(frame)));
            self.interval.is_unanswered = true;
        }
    }

    fn going_on(&self) -> World {
        let mut world = self.clone();
        world.interval.has_gone_on = true;
        world.node.present += 1;
        world
    }

    fn forging(&self) -> World {
        let mut world = self.clone();
        world.interval.is_forged = true;
        world.say(Letter::Word);
        world
    }

    fn say(&mut self, letter: Letter) {
        let place = self.letters.binary_search(&letter).unwrap_or_else(|place| place);
        self.letters.insert(place, letter);
    }

    fn deliver(&self, place: usize, flaw: Flaw, nexts: &mut Vec<World>) {
        let mut world = self.clone();
        match world.letters.remove(place) {
            Letter::Hello(Hello::Ask { x }) => {
                let y = world.node.answer(flaw);
                world.say(Letter::Hello(Hello::Answer { x, y }));
            }
            Letter::Hello(Hello::Answer { x, y }) => world.take(x, y, flaw),
            Letter::Hello(Hello::Done { x, y }) => {
                let is_made = world.node.hear(x, y, true, flaw);
                world.interval.is_disturbed |= is_made;
            }
            Letter::Frame(frame) if frame.by == Side::Client => {
                if !world.answer(frame, flaw) {
                    world.interval.is_disturbed = true;
                    let mut told = world.clone();
                    told.say(Letter::Word);
                    nexts.push(told);
                }
            }
            Letter::Frame(frame) => world.read(frame, flaw),
            Letter::Word => {
                let is_unanswered = world.is_unanswered || world.interval.is_unanswered;
                if flaw != Flaw::MindsNoWord && (is_unanswered || flaw == Flaw::MindsAnyWord) {
                    world.has_made &= flaw != Flaw::AsksAtOnceIfTold;
                    world.ask(flaw);
                }
            }
        }
        nexts.push(world);
    }

    /// Rule 4.
    fn take(&mut self, x: Number, y: Challenge, flaw: Flaw) {
        if !self.client.hear(x, y, flaw) {
            return;
        }
        (self.interval.has_made, self.interval.is_disturbed) = (true, true);
        if flaw != Flaw::UnansweredStays {
            (self.is_unanswered, self.interval.is_unanswered) = (false, false);
        }
        let said = self.client.session.filter(|_| flaw != Flaw::DoneLater);
        said.into_iter().for_each(|session| self.say(Letter::Hello(session.done())));
        self.seal(flaw);
    }

    /// Rules 7 and 8. Whether a frame of the client opens.
    fn answer(&mut self, frame: Frame, flaw: Flaw) -> bool {
        let Some((x, y)) = self.node.opens(frame, flaw) else { return false };
        self.node.mark((x, y), frame.counter, flaw);
        let another = self.node.here.iter().find(|pair| *pair != (x, y) && flaw == Flaw::AnswersUnderAnother);
        let (x, y) = another.unwrap_or((x, y));
        let reply = self.node.seal(x, y);
        self.say(Letter::Frame(reply));
        true
    }

    /// A frame of the node arrives.
    fn read(&mut self, frame: Frame, flaw: Flaw) {
        if self.client.unseal(frame, flaw) {
            (self.is_unanswered, self.interval.is_unanswered) = (false, false);
            self.interval.is_answered = true;
        } else {
            self.interval.is_disturbed = true;
        }
    }

    /// No letter is on its way, so counters start anew, and numbers and challenges change their names.
    fn at_end(self, flaw: Flaw) -> World {
        let (client, node) = rested(self.client, &self.node, flaw);
        let Interval { has_made, is_answered, is_unanswered, .. } = self.interval;
        let is_unanswered = self.is_unanswered || is_unanswered;
        let interval = Interval::default();
        World { client, node, is_unanswered, has_made, was_answered: is_answered, interval, letters: self.letters }
    }
}
