use std::collections::VecDeque;
use std::time::Duration;

use quorate::{Effect, Identity, Incarnation, Input, Instant, Role};

use super::law::{Verdict, hold};
use super::letter::{Kind, Letter};
use super::member::{ELECTION, Member, Node};
use super::{Flaw, Setting};
use crate::stage::show;

/// How long a letter takes, and a write.
const DELAY: Duration = Duration::from_millis(1);
/// In how many election time-outs a majority goes on.
const TIMEOUTS: u32 = 10;

/// What is under way to a node that is up.
enum Due {
    Arrives(Letter),
    Written(u8),
}

/// A majority that is up, while nothing is lost any more and every timer runs out when it is due.
struct Calm<'a> {
    setting: &'a Setting,
    up: Vec<(Identity, Node)>,
    /// In the order in which they come: all take as long.
    due: VecDeque<(Instant, Due)>,
}

/// Every majority of nodes has a leader soon once the others are down and all other faults have ended, and commits all
/// that this one holds. What was on its way is lost.
pub(crate) fn check(members: &[&Member], setting: &Setting) -> Verdict {
    let counting = |up: u32| {
        let counts = |(seat, member): &(usize, &&Member)| up >> seat & 1 == 1 && member.incarnation == Incarnation(0);
        members.iter().enumerate().filter(counts).count()
    };
    for up in (1..1 << members.len()).filter(|up| counting(*up) * 2 > members.len()) {
        let is_up = |member: &&&Member| up >> member.seat() & 1 == 1;
        let mut calm = Calm::new(members.iter().filter(is_up).copied(), setting);
        let goes_on = calm.goes_on();
        hold(goes_on, "a majority that can talk has a leader soon, and commits what that one holds", || {
            let nodes: Vec<_> =
                calm.up.iter().map(|(_, node)| format!("{} {}", node.seat().0, show::node(node))).collect();
            format!("after {TIMEOUTS} election time-outs:\n{}", nodes.join("\n"))
        })?;
    }
    Ok(())
}

impl<'a> Calm<'a> {
    fn new<'m>(members: impl Iterator<Item = &'m Member>, setting: &'a Setting) -> Calm<'a> {
        let (mut up, mut due) = (Vec::new(), VecDeque::new());
        for member in members {
            let mut node = member.node.clone();
            node.reseed(u64::from(member.seat()) + 1);
            due.extend(member.write.as_ref().map(|_| (Instant::START + DELAY, Due::Written(member.seat()))));
            up.push((member.identity(), node));
        }
        Calm { setting, up, due }
    }

    fn goes_on(&mut self) -> bool {
        let end = Instant::START + ELECTION.saturating_since(Instant::START) * TIMEOUTS;
        let mut now = Instant::START;
        for place in 0..self.up.len() {
            self.step(place, now, Input::Tick);
        }
        while now <= end {
            if self.has_committed() {
                return true;
            }
            let timers = self.up.iter().enumerate().filter_map(|(place, (_, node))| Some((node.deadline()?, place)));
            let timer = timers.min();
            let arrives = self.due.front().map(|(at, _)| *at).filter(|at| timer.is_none_or(|(due, _)| *at <= due));
            if arrives.is_some()
                && let Some((at, due)) = self.due.pop_front()
            {
                now = at;
                self.happens(now, due);
            } else if let Some((at, place)) = timer {
                now = now.max(at);
                self.step(place, now, Input::Tick);
            } else {
                return false;
            }
        }
        false
    }

    fn has_committed(&self) -> bool {
        let last = |node: &Node| node.log().last().map_or(node.commit(), |entry| entry.position().index);
        self.up.iter().any(|(_, node)| node.role() == Role::Leader && node.commit() == last(node))
    }

    fn happens(&mut self, now: Instant, due: Due) {
        match due {
            Due::Arrives(letter) => {
                if let Some(place) = self.place(letter.to) {
                    self.step(place, now, Input::Receive { from: letter.sender(), message: letter.message() });
                }
            }
            Due::Written(seat) => {
                if let Some(place) = self.place(seat)
                    && let Some(ticket) = self.up[place].1.reissue_ticket()
                {
                    self.step(place, now, Input::Persisted(ticket));
                }
            }
        }
    }

    fn place(&self, seat: u8) -> Option<usize> {
        self.up.iter().position(|(identity, _)| identity.seat.0 == seat)
    }

    fn step(&mut self, place: usize, now: Instant, input: Input<'_, String>) {
        let is_lost = |kind| self.setting.flaw == Flaw::LossesStay && self.setting.lost.contains(&kind);
        let (from, node) = &mut self.up[place];
        let at = now + DELAY;
        for effect in node.step(now, input) {
            match effect {
                Effect::Persist(_) => self.due.push_back((at, Due::Written(from.seat.0))),
                Effect::Send { to, message } if !is_lost(Kind::of(&message)) => {
                    self.due.push_back((at, Due::Arrives(Letter::new(*from, to, &message))));
                }
                _ => {}
            }
        }
    }
}
