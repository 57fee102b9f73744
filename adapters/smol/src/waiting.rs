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
        self.queue.push_back(Command { position, session, asker });
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
        Some(if position == applied { Turn::Due(asker) } else { Turn::Superseded(asker) })
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

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use quorate::{Index, Term};

    use super::*;

    fn asker(number: u64) -> Asker {
        Asker { address: SocketAddr::from((Ipv4Addr::LOCALHOST, 1)), client: 1, number }
    }

    fn at(term: u64, index: u64) -> Position {
        Position { term: Term(term), index: Index(index) }
    }

    #[test]
    fn a_command_hears_of_its_own_entry_only() {
        let mut commands = Commands::default();
        let session = |sequence| Session { client: 1, sequence };
        commands.push(at(1, 5), session(1), asker(1));
        commands.push(at(1, 7), session(2), asker(2));
        assert_eq!(commands.take(at(1, 4)), None);
        assert_eq!(commands.take(at(1, 5)), Some(Turn::Due(asker(1))));
        assert_eq!(commands.take(at(2, 6)), None);
        assert_eq!(commands.take(at(2, 7)), Some(Turn::Superseded(asker(2))));
        assert_eq!(commands.first(), None);
    }

    #[test]
    fn a_retry_takes_the_place_of_whoever_asked_before() {
        let mut commands = Commands::default();
        let session = Session { client: 1, sequence: 1 };
        assert!(!commands.join(session, asker(1)));
        commands.push(at(1, 5), session, asker(1));
        assert!(commands.join(session, asker(2)));
        assert_eq!(commands.take(at(1, 5)), Some(Turn::Due(asker(2))));
    }

    #[test]
    fn a_round_answers_those_before_it_as_well() {
        let mut reads = Reads::default();
        for round in [1, 1, 2, 3] {
            reads.push(Round(round), asker(round), b"");
        }
        let due: Vec<_> = std::iter::from_fn(|| reads.take(Round(2))).collect();
        assert_eq!(due.iter().map(|read| read.asker.number).collect::<Vec<_>>(), [1, 1, 2]);
        assert_eq!(reads.drain().count(), 1);
    }

    #[test]
    fn nobody_waits_beyond_the_bound() {
        let (mut commands, mut reads) = (Commands::default(), Reads::default());
        for number in 0..WAITING_MAX as u64 {
            assert!(!commands.is_full() && !reads.is_full());
            let session = Session { client: number, sequence: 1 };
            commands.push(at(1, number + 1), session, asker(number));
            reads.push(Round(1), asker(number), b"");
        }
        assert!(commands.is_full() && reads.is_full());
    }
}
