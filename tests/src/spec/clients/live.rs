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

const ANSWERED: &str = "a client comes to an answer";

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Letter {
    Hello(Hello),
    Frame(Frame),
    /// What the client sealed was not taken.
    Word,
}

/// A client and a node between which no letter gets lost, and which do not start again.
#[derive(Clone, PartialEq, Eq, Hash)]
struct World {
    client: Client,
    node: Node,
    /// Whether nothing has opened since the client sealed the last frame under its session.
    is_unanswered: bool,
    /// Whether the client was told that a frame was not taken, and nothing has opened since.
    is_told: bool,
    /// Whether a session was made by the client in the interval before, and in this one.
    has_made: [bool; 2],
    interval: Interval,
    /// What is on its way.
    letters: Vec<Letter>,
}

/// What has happened in an interval.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Interval {
    has_asked: bool,
    /// Whether the client had a frame to seal, and whether it waits for a session to seal it under.
    has_come: bool,
    waits: bool,
    has_gone_on: bool,
    /// Whether a frame has not opened, or a session was made.
    is_disturbed: bool,
}

impl State {
    /// In each interval the client has a frame to seal at some time, and the challenge goes on at some time or not. All that is said arrives,
    /// in any order, with what is said to it. The node says of a frame that it does not take it, or has no word left for that.
    pub(crate) fn check_way_on(&self, setting: &Setting) -> Verdict {
        let mut worlds = HashSet::new();
        for flags in 0..8_u8 {
            let [is_unanswered, is_told, has_made] = [0, 1, 2].map(|flag| flags >> flag & 1 == 1);
            let (client, node) = (self.client, self.node);
            let (has_made, interval, letters) = ([has_made, false], Interval::default(), Vec::new());
            worlds.insert(World { client, node, is_unanswered, is_told, has_made, interval, letters });
        }
        for _ in 0..ROUNDS {
            worlds = worlds.iter().flat_map(|world| world.round(setting)).map(World::at_end).collect();
        }
        let mut open: Vec<_> = worlds.iter().cloned().collect();
        while let Some(world) = open.pop() {
            for after in world.round(setting) {
                if after.interval.is_disturbed || after.interval.has_asked {
                    return Err(ANSWERED);
                }
                let after = after.at_end();
                if worlds.insert(after.clone()) {
                    open.push(after);
                }
            }
        }
        Ok(())
    }
}

impl World {
    /// All that may come of an interval.
    fn round(&self, setting: &Setting) -> Vec<World> {
        let (mut seen, mut open) = (HashSet::from([self.clone()]), vec![self.clone()]);
        let mut ends = Vec::new();
        while let Some(world) = open.pop() {
            if world.letters.is_empty() && world.interval.has_come {
                let is_disturbed = world.interval.is_disturbed || world.interval.waits;
                ends.push(World { interval: Interval { is_disturbed, ..world.interval }, ..world.clone() });
            }
            let mut nexts = Vec::new();
            if !world.interval.has_come {
                nexts.push(world.come(setting.flaw));
            }
            if !world.interval.has_gone_on {
                nexts.push(world.go_on());
            }
            for place in 0..world.letters.len() {
                world.deliver(place, setting.flaw, &mut nexts);
            }
            open.extend(nexts.into_iter().filter(|next| seen.insert(next.clone())));
        }
        ends
    }

    /// Rules 8 and 9: there is a frame to seal.
    fn come(&self, flaw: Flaw) -> World {
        let mut world = self.clone();
        world.interval.has_come = true;
        let is_mute = world.client.session.is_none() && flaw != Flaw::NoAskWithoutSession;
        if is_mute || (world.is_unanswered && flaw != Flaw::AsksOnlyIfTold) || world.is_told {
            world.ask(flaw);
        }
        if world.client.session.is_some() {
            world.seal(flaw);
        } else {
            world.interval.waits = true;
        }
        world
    }

    /// Rule 9: at most once in an interval, and in none after one in which a session was made.
    fn ask(&mut self, flaw: Flaw) {
        let is_too_soon = self.has_made[0] && flaw != Flaw::AsksAtOnce;
        if !self.interval.has_asked && !is_too_soon {
            (self.interval.has_asked, self.is_told) = (true, false);
            let said = self.client.ask(Some(FRESH));
            said.into_iter().for_each(|hello| self.say(Letter::Hello(hello)));
        }
    }

    fn seal(&mut self, flaw: Flaw) {
        let unheard = self.client.session.filter(|session| !session.is_heard && flaw != Flaw::DoneNotAgain);
        unheard.into_iter().for_each(|session| self.say(Letter::Hello(session.done())));
        let frame = self.client.seal();
        frame.into_iter().for_each(|frame| self.say(Letter::Frame(frame)));
        (self.is_unanswered, self.interval.waits) = (true, false);
    }

    fn go_on(&self) -> World {
        let mut world = self.clone();
        world.interval.has_gone_on = true;
        world.node.present += 1;
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
            Letter::Frame(frame) => {
                if world.client.unseal(frame, flaw) {
                    (world.is_unanswered, world.is_told) = (false, false);
                } else {
                    world.interval.is_disturbed = true;
                }
            }
            Letter::Word if flaw != Flaw::MindsNoWord => {
                world.is_told = true;
                world.ask(flaw);
            }
            Letter::Word => {}
        }
        nexts.push(world);
    }

    /// Rule 4.
    fn take(&mut self, x: Number, y: Challenge, flaw: Flaw) {
        if !self.client.hear(x, y, flaw) {
            return;
        }
        (self.has_made[1], self.interval.is_disturbed) = (true, true);
        (self.is_unanswered, self.is_told) = (self.is_unanswered && flaw == Flaw::UnansweredStays, false);
        let said = self.client.session.filter(|_| flaw != Flaw::DoneLater);
        said.into_iter().for_each(|session| self.say(Letter::Hello(session.done())));
        if self.interval.waits {
            self.seal(flaw);
        }
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

    /// No letter is on its way, so counters start anew, and numbers and challenges change their names.
    fn at_end(self) -> World {
        let (client, node) = rested(self.client, &self.node);
        World { client, node, has_made: [self.has_made[1], false], interval: Interval::default(), ..self }
    }
}
