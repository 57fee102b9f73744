//! What the buttons do: orders of the console become commands, and their answers lines.

use core::fmt;

use lamps::{Answer, Command};
use quorate::{Instant, Role};

use crate::console::{Order, Tag, answer, refuse};
use crate::{Board, clock, flash, stack};

/// The order that waits for commands to be done.
#[derive(Default)]
pub(crate) struct Buttons {
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
    /// Does what an order wants, or begins to.
    pub(crate) fn obey(&mut self, board: &mut Board, tag: Tag, order: Order) {
        match order {
            Order::Press(_) | Order::Repeat(_) if self.work.is_some() => refuse(tag, &"another order is under way"),
            Order::Press(command) => self.propose(board, command, Work::Press(tag)),
            Order::Repeat(0) => answer(tag, &"nothing to do"),
            Order::Repeat(count) => {
                self.propose(board, COUNT, Work::Repeat { tag, left: count, count, begun: clock::now() });
            }
            Order::Lamps => {
                answer(tag, &format_args!("{} at index {}", board.app(), board.node().applied().0));
            }
            Order::Status => answer(tag, &Report(board)),
            Order::Stack => {
                let (used, room) = stack::depth();
                answer(tag, &format_args!("{used} of {room} bytes"));
            }
            Order::Cut(words) => {
                flash::cut_power_after(words);
                answer(tag, &format_args!("the power goes after {words} more words"));
            }
            Order::Panic => {
                answer(tag, &"as you like");
                panic!("somebody asked for it");
            }
        }
    }

    /// Goes on when a command is done.
    pub(crate) fn hear(&mut self, board: &mut Board) {
        let Some(done) = board.answer() else { return };
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
                self.propose(board, COUNT, Work::Repeat { tag, left: left - 1, count, begun });
            }
        }
    }

    fn propose(&mut self, board: &mut Board, command: Command, work: Work) {
        match board.propose(&command) {
            Ok(()) => self.work = Some(work),
            Err(error) => refuse(work.tag(), &error),
        }
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
struct Report<'a>(&'a Board);

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let node = self.0.node();
        let role = match node.role() {
            Role::Leader => "leader",
            Role::Candidate | Role::PreCandidate => "candidate",
            Role::Follower => "follower",
        };
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
        for line in 0..crate::LINES {
            let dropped: u32 = self.0.faults(line).iter().map(|(_, count)| count).sum();
            write!(f, ", line {line} {}", if self.0.is_up(line) { "up" } else { "down" })?;
            write!(f, " with {dropped} dropped")?;
        }
        Ok(())
    }
}

/// What `repeat` does: done twice, it shows.
const COUNT: Command = Command::Add { register: 0, amount: 1 };
