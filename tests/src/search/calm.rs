use std::collections::VecDeque;
use std::time::Duration;

use quorate::{Input, Instant, Role};

use super::configuration::Configuration;
use super::law::{Verdict, hold};
use super::letter::Letter;
use super::member::{ELECTION, Member};
use super::node::Node;
use super::{Flaw, Setting};
use crate::simulator::Violation;
use crate::stage::show;

/// How long a letter takes, and a write.
const DELAY: Duration = Duration::from_millis(1);
/// In how many election time-outs a majority goes on.
const TIMEOUTS: u32 = 20;

/// So many steps take far more time than there is.
const STEPS_MAX: usize = 100_000;

/// What is under way to a node that is up.
enum Due {
    Arrives(Letter),
    Written(u8),
    /// Its app has taken the snapshot that it was asked for.
    Taken(u8),
}

/// A majority that is up, while nothing is lost any more and every timer runs out when it is due.
struct Calm {
    /// As it is from now on.
    setting: Setting,
    up: Vec<Member>,
    /// In the order in which they come: all take as long.
    due: VecDeque<(Instant, Due)>,
    now: Instant,
}

/// Whoever is up has a leader soon once the others are down and all other faults have ended, if majorities are among
/// them of those who take part by what is committed, and by every later entry in a log of theirs. It commits all that it
/// holds and something new, and who takes part is settled: none that has lost its disk waits any longer. If nobody is
/// down, all get in line. What was on its way is lost.
pub(crate) fn check(members: &[&Member], since: u64, committed: &Configuration, setting: &Setting) -> Verdict {
    for up in 1..1_u32 << members.len() {
        let is_up = |member: &&&Member| up >> member.seat() & 1 == 1 && !member.stopped;
        let up: Vec<&Member> = members.iter().filter(is_up).copied().collect();
        let is_there = |seat: u8, life| {
            up.iter().any(|member| (member.seat(), member.incarnation) == (seat, life) && !member.disk.is_lost)
        };
        let has_majorities = |configuration: &Configuration| configuration.has_majorities(is_there);
        let later = |member: &&Member| {
            let later = member.node.log().filter(|entry| entry.position().index.0 > since);
            later.filter_map(|entry| entry.roster()).all(|roster| has_majorities(&Configuration::of(&roster)))
        };
        if !has_majorities(committed) || !up.iter().all(later) {
            continue;
        }
        let mut calm = Calm::new(up.iter().copied(), setting);
        let goes_on = calm.comes_to(Calm::has_committed, TIMEOUTS)?;
        hold(goes_on, "a majority that can talk has a leader soon, and commits what that one holds", || calm.story())?;
        let settles = calm.comes_to(Calm::has_settled, TIMEOUTS * 2)?;
        hold(settles, "who takes part is settled soon, and whoever is there counts", || calm.story())?;
        if calm.asks()? {
            let goes_on = calm.comes_to(Calm::has_committed, TIMEOUTS)?;
            hold(goes_on, "a majority that can talk commits what is new", || calm.story())?;
        }
        if up.len() == members.iter().filter(|member| !member.stopped).count() {
            let meets = calm.comes_to(Calm::is_in_line, TIMEOUTS * 2)?;
            hold(meets, "once nobody is down, all get in line", || calm.story())?;
        }
    }
    Ok(())
}

impl Calm {
    fn new<'a>(members: impl Iterator<Item = &'a Member>, setting: &Setting) -> Calm {
        let lost = if setting.flaw == Flaw::LossesStay { setting.lost.clone() } else { Vec::new() };
        let (mut up, mut due) = (Vec::new(), VecDeque::new());
        for member in members {
            let mut member = member.clone();
            member.node.reseed(u64::from(member.seat()) + 1);
            due.extend(member.write.as_ref().map(|_| (Instant::START + DELAY, Due::Written(member.seat()))));
            up.push(member);
        }
        Calm { setting: Setting { lost, ..setting.clone() }, up, due, now: Instant::START }
    }

    /// Somebody wants something new of the leader. Whether that takes it: a log may be full.
    fn asks(&mut self) -> Result<bool, Violation> {
        let Some(place) = self.up.iter().position(Calm::leads) else { return Ok(false) };
        let before = self.up[place].node.last();
        self.step(place, Input::ClientCommand { session: None, command: Some("new".into()) })?;
        Ok(self.up[place].node.last() != before)
    }

    fn comes_to(&mut self, end: impl Fn(&Self) -> bool, timeouts: u32) -> Result<bool, Violation> {
        let until = self.now + ELECTION.saturating_since(Instant::START) * timeouts;
        for place in 0..self.up.len() {
            self.step(place, Input::Tick)?;
        }
        for _ in 0..STEPS_MAX {
            if end(self) {
                return Ok(true);
            }
            if self.now > until {
                return Ok(false);
            }
            let up = self.up.iter().enumerate().filter(|(_, up)| !up.stopped);
            let timers = up.filter_map(|(place, up)| Some((up.node.deadline()?, place)));
            let timer = timers.min();
            let arrives = self.due.front().map(|(at, _)| *at).filter(|at| timer.is_none_or(|(due, _)| *at <= due));
            if arrives.is_some()
                && let Some((at, due)) = self.due.pop_front()
            {
                self.now = at;
                self.happens(due)?;
            } else if let Some((at, place)) = timer {
                self.now = self.now.max(at);
                self.step(place, Input::Tick)?;
            } else {
                return Ok(false);
            }
        }
        hold(false, "time goes on", || self.story())?;
        Ok(false)
    }

    /// Whether it leads, and has committed all that it holds.
    fn leads(member: &Member) -> bool {
        let node = &member.node;
        !member.stopped && node.role() == Role::Leader && node.commit() == node.last().index
    }

    fn leader(&self) -> Option<&Node> {
        self.up.iter().find(|member| Calm::leads(member)).map(|member| &member.node)
    }

    fn has_committed(&self) -> bool {
        self.leader().is_some()
    }

    /// A leader is one of the voters, these are not about to change, and every store that is there is the one that takes
    /// part in its seat.
    fn has_settled(&self) -> bool {
        let Some(leader) = self.leader() else { return false };
        let configuration = Configuration::of(&leader.settled().roster);
        let is_named = |member: &Member| {
            let life = configuration.life(member.seat());
            member.stopped || life.is_none_or(|life| life == member.incarnation)
        };
        !leader.is_changing() && configuration.members.voters.contains(leader.seat()) && self.up.iter().all(is_named)
    }

    fn is_in_line(&self) -> bool {
        let Some(leader) = self.leader() else { return false };
        let members = leader.members().all();
        let mut here = self.up.iter().filter(|member| members.contains(member.node.seat()));
        here.all(|member| member.node.applied() == leader.commit())
    }

    fn happens(&mut self, due: Due) -> Verdict {
        let (Due::Written(to) | Due::Taken(to) | Due::Arrives(Letter { to, .. })) = due;
        let is_up = |member: &Member| member.seat() == to && !member.stopped;
        let Some(place) = self.up.iter().position(is_up) else { return Ok(()) };
        let member = &mut self.up[place];
        match &due {
            Due::Arrives(letter) => {
                self.step(place, Input::Receive { from: letter.sender(), message: letter.message() })
            }
            Due::Written(_) => {
                let input = member.sync(&self.setting)?;
                self.step(place, input)
            }
            Due::Taken(_) if member.may_take_snapshot() => {
                let input = member.take_snapshot();
                self.step(place, input)
            }
            Due::Taken(_) => Ok(()),
        }
    }

    fn step(&mut self, place: usize, input: Input<'_, String>) -> Verdict {
        let (member, at) = (&mut self.up[place], self.now + DELAY);
        let was_writing = member.write.is_some();
        let deed = member.act(self.now, input, usize::MAX, &self.setting, &mut |_| ())?;
        let seat = member.seat();
        self.due.extend(deed.sent.into_iter().map(|letter| (at, Due::Arrives(letter))));
        self.due.extend((!was_writing && member.write.is_some()).then_some((at, Due::Written(seat))));
        self.due.extend(deed.is_asked.then_some((at, Due::Taken(seat))));
        Ok(())
    }

    fn story(&self) -> String {
        let nodes = self.up.iter().map(|member| format!("{} {}", member.seat(), show::node(&member.node)));
        format!("after {} us:\n{}", self.now.as_micros(), nodes.collect::<Vec<_>>().join("\n"))
    }
}
