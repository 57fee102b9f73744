//! What the buttons do: orders of the console become commands, and their answers lines.

use core::fmt;

use lamps::{Answer, Command, Machines};
use quorate::{Instant, Rejection, Role, Unchanged};

use crate::console::{Order, Tag, answer, refuse};
use crate::station::LINES;
use crate::{Station, clock, flash, stack};

/// The order that waits for commands to be done.
#[derive(Default)]
pub struct Buttons {
    work: Option<Work>,
}

#[derive(Clone, Copy)]
enum Work {
    /// One command.
    Press(Tag),
    /// So many more of so many commands, since then.
    Repeat { tag: Tag, left: u32, count: u32, begun: Instant },
}

impl Buttons {
    /// Does what an order wants, or begins to. Whether the station has to have its turn for it.
    pub fn obey(&mut self, station: &mut Station, tag: Tag, order: Order) -> bool {
        match order {
            Order::Press(command) if self.work.is_none() => return self.propose(station, command, Work::Press(tag)),
            Order::Repeat(count @ 1..) if self.work.is_none() => {
                let work = Work::Repeat { tag, left: count, count, begun: clock::now() };
                return self.propose(station, COUNT, work);
            }
            Order::Repeat(0) => answer(tag, &"nothing to do"),
            Order::Press(_) | Order::Repeat(_) => refuse(tag, &"another order is under way"),
            Order::Lamps => match (station.app(), station.node()) {
                (Some(lamps), Some(node)) => answer(tag, &format_args!("{lamps} at index {}", node.applied().0)),
                _ => refuse(tag, &"no member yet"),
            },
            Order::Status => answer(tag, &Report(station)),
            Order::Stack => answer(tag, &stack::depth()),
            Order::Change(change) => match station.change(change) {
                Ok(()) => {
                    answer(tag, &"taken up");
                    return true;
                }
                Err(rejection) => refuse(tag, &why(rejection)),
            },
            Order::Cut(words) => {
                flash::cut_power_after(words);
                answer(tag, &format_args!("the power goes after {words} more words"));
            }
            Order::Panic => {
                answer(tag, &"as you like");
                panic!("somebody asked for it");
            }
        }
        false
    }

    /// Goes on when a command is done. Whether another one was proposed.
    pub fn hear(&mut self, station: &mut Station) -> bool {
        let Some(done) = station.answer() else { return false };
        match (self.work.take(), done) {
            (None, _) => {}
            (Some(work), Err(error)) => refuse(work.tag(), &error),
            (Some(Work::Press(tag)), Ok((_, bytes))) => match Answer::from_bytes(&bytes) {
                Some(Answer::NoSuch) => refuse(tag, &Answer::NoSuch),
                Some(told) => answer(tag, &told),
                None => refuse(tag, &"it was done, and its answer cannot be read"),
            },
            (Some(Work::Repeat { tag, left: 1, count, begun }), Ok(_)) => {
                let millis = clock::now().saturating_since(begun).as_millis() as u32;
                answer(tag, &format_args!("{count} commands in {millis} ms"));
            }
            (Some(Work::Repeat { tag, left, count, begun }), Ok(_)) => {
                return self.propose(station, COUNT, Work::Repeat { tag, left: left - 1, count, begun });
            }
        }
        false
    }

    fn propose(&mut self, station: &mut Station, command: Command, work: Work) -> bool {
        let proposed = station.propose(&command);
        match proposed {
            Ok(()) => self.work = Some(work),
            Err(error) => refuse(work.tag(), &error),
        }
        proposed.is_ok()
    }
}

impl Work {
    fn tag(self) -> Tag {
        match self {
            Work::Press(tag) | Work::Repeat { tag, .. } => tag,
        }
    }
}

/// How a node is, in a line.
struct Report<'a>(&'a Station);

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(node) = self.0.node() else { return f.write_str("no member of a cluster yet") };
        let role = match node.role() {
            Role::Leader => "leader",
            Role::Candidate | Role::PreCandidate => "candidate",
            Role::Follower => "follower",
        };
        if !node.is_member() {
            f.write_str("no member, ")?;
        }
        write!(f, "{role} of term {}, ", node.term().0)?;
        match node.leader() {
            Some(leader) => write!(f, "led by {}, ", leader.0 + 1)?,
            None => f.write_str("led by nobody, ")?,
        }
        write!(
            f,
            "committed {}, applied {}, log from {} to {}",
            node.commit().0,
            node.applied().0,
            node.base().index.0 + 1,
            node.last().index.0
        )?;
        let voters = node.members().voters.0;
        write!(f, ", {}", Machines { voters, is_settled: node.is_settled() })?;
        for line in 0..LINES {
            let dropped: u32 = self.0.faults(line).iter().map(|(_, count)| count).sum();
            write!(f, ", line {line} {}", if self.0.is_up(line) { "up" } else { "down" })?;
            write!(f, " with {dropped} dropped")?;
        }
        Ok(())
    }
}

/// Why the members stay as they are.
fn why(rejection: Rejection) -> &'static str {
    match rejection {
        Rejection::NotLeader { .. } => "another one leads",
        Rejection::Unchanged(Unchanged::NotEstablished | Unchanged::UnderWay) => "another change is under way",
        Rejection::Unchanged(Unchanged::Unknown) => "it is not among the members",
        Rejection::Unchanged(Unchanged::Known) => "it is a member already",
        Rejection::Unchanged(Unchanged::Unheard(_)) => "it does not answer, or too few of the others do",
        Rejection::Unchanged(Unchanged::LastVoter) => "the last one stays",
        _ => "it cannot be done now",
    }
}

/// What `repeat` does: done twice, it shows.
const COUNT: Command = Command::Add { register: 0, amount: 1 };
