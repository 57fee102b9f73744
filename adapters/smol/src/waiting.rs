use std::collections::VecDeque;
use std::net::SocketAddr;

use quorate::{Position, Round, Session};

/// The most commands, and the most reads, that wait for their answer at a node. Beyond it they are refused.
const WAITING_MAX: usize = 4096;

/// Whom to answer: a client's address, and what its reply has to echo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asker {
    pub(crate) address: SocketAddr,
    pub(crate) client: u64,
    pub(crate) number: u64,
}

/// The commands in a leader's log that are not applied yet, by rising index.
#[derive(Debug, Default)]
pub(crate) struct Commands {
    queue: VecDeque<Command>,
}

#[derive(Clone, Copy, Debug)]
struct Command {
    position: Position,
    session: Session,
    asker: Asker,
}

/// Who waited for an index, and whether for this very entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Due(Asker),
    /// Another leader's entry came in its place.
    Superseded(Asker),
}

impl Commands {
    pub(crate) fn is_full(&self) -> bool {
        self.queue.len() >= WAITING_MAX
    }

    pub(crate) fn push(&mut self, position: Position, session: Session, asker: Asker) {
        self.queue.push_back(Command {
            position,
            session,
            asker,
        });
    }

    /// Answers a retry together with the command that is under way already. Whether there is one.
    pub(crate) fn join(&mut self, session: Session, asker: Asker) -> bool {
        let same = self.queue.iter_mut().rev().find(|command| command.session == session);
        let Some(command) = same else { return false };
        command.asker = asker;
        true
    }

    /// Who waits for the entry that is applied at this position.
    pub(crate) fn take(&mut self, applied: Position) -> Option<Turn> {
        let Command { position, asker, .. } = *self.queue.front()?;
        if position.index > applied.index {
            return None;
        }
        self.queue.pop_front();
        Some(if position == applied {
            Turn::Due(asker)
        } else {
            Turn::Superseded(asker)
        })
    }

    /// All that still wait, after which nobody does.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Asker> {
        self.queue.drain(..).map(|command| command.asker)
    }

    /// The position of the first that waits.
    pub(crate) fn first(&self) -> Option<Position> {
        self.queue.front().map(|command| command.position)
    }
}

/// The reads that wait for their round.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    queue: VecDeque<Read>,
}

#[derive(Debug)]
pub(crate) struct Read {
    round: Round,
    pub(crate) asker: Asker,
    pub(crate) query: Box<[u8]>,
}

impl Reads {
    pub(crate) fn is_full(&self) -> bool {
        self.queue.len() >= WAITING_MAX
    }

    pub(crate) fn push(&mut self, round: Round, asker: Asker, query: &[u8]) {
        let query = query.into();
        self.queue.push_back(Read { round, asker, query });
    }

    /// The next read of a round up to this one.
    pub(crate) fn take(&mut self, through: Round) -> Option<Read> {
        if self.queue.front()?.round > through {
            return None;
        }
        self.queue.pop_front()
    }

    /// All that still wait, after which nobody does.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Asker> {
        self.queue.drain(..).map(|read| read.asker)
    }
}
