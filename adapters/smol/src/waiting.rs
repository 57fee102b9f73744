use std::collections::VecDeque;
use std::net::SocketAddr;

use quorate::{Position, Round, Session};

/// The most commands, and the most reads, that wait for their answer at a node. Beyond it they are refused.
const WAITING_MAX: usize = 4096;

/// The most of the commands that open a session: so many can be in the log that are not applied yet. However many are
/// asked for, they neither fill the log nor keep commands from it.
const OPENS_MAX: usize = 64;

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
    /// How many of them open a session.
    opens: usize,
}

#[derive(Clone, Copy, Debug)]
struct Command {
    position: Position,
    session: Session,
    /// Of its bytes, as they came.
    check: u32,
    asker: Asker,
}

impl Command {
    fn is_open(&self) -> bool {
        self.session.sequence == 0
    }
}

/// Who waited for an index, and whether for this very entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Due(Asker),
    /// Another leader's entry came in its place.
    Superseded(Asker),
}

impl Commands {
    /// Whether another one of this session may wait.
    pub(crate) fn have_room(&self, session: Session) -> bool {
        self.queue.len() < WAITING_MAX && (session.sequence > 0 || self.opens < OPENS_MAX)
    }

    pub(crate) fn push(&mut self, position: Position, session: Session, check: u32, asker: Asker) {
        let command = Command { position, session, check, asker };
        self.opens += usize::from(command.is_open());
        self.queue.push_back(command);
    }

    /// Answers a retry together with the command that is under way already. Whether there is one, and not another
    /// command under the same session.
    pub(crate) fn join(&mut self, session: Session, check: u32, asker: Asker) -> bool {
        let mut latest = self.queue.iter_mut().rev();
        let same = latest.find(|command| (command.session, command.check) == (session, check));
        let Some(command) = same else { return false };
        command.asker = asker;
        true
    }

    /// Who waits for the entry that is applied at this position.
    pub(crate) fn take(&mut self, applied: Position) -> Option<Turn> {
        let command = *self.queue.front()?;
        let Command { position, asker, .. } = command;
        if position.index > applied.index {
            return None;
        }
        self.queue.pop_front();
        self.opens -= usize::from(command.is_open());
        Some(if position == applied { Turn::Due(asker) } else { Turn::Superseded(asker) })
    }

    /// All that still wait, after which nobody does.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Asker> {
        self.opens = 0;
        self.queue.drain(..).map(|command| command.asker)
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

    fn session(client: u64, sequence: u64) -> Session {
        Session { client, epoch: Index(1), sequence }
    }

    #[test]
    fn a_command_hears_of_its_own_entry_only() {
        let mut commands = Commands::default();
        commands.push(at(1, 5), session(1, 1), 0, asker(1));
        commands.push(at(1, 7), session(1, 2), 0, asker(2));
        assert_eq!(commands.take(at(1, 4)), None);
        assert_eq!(commands.take(at(1, 5)), Some(Turn::Due(asker(1))));
        assert_eq!(commands.take(at(2, 6)), None);
        assert_eq!(commands.take(at(2, 7)), Some(Turn::Superseded(asker(2))));
        assert_eq!(commands.drain().count(), 0);
    }

    #[test]
    fn a_retry_takes_the_place_of_whoever_asked_before() {
        let mut commands = Commands::default();
        assert!(!commands.join(session(1, 1), 7, asker(1)));
        commands.push(at(1, 5), session(1, 1), 7, asker(1));
        assert!(commands.join(session(1, 1), 7, asker(2)));
        assert_eq!(commands.take(at(1, 5)), Some(Turn::Due(asker(2))));
    }

    #[test]
    fn another_command_of_the_same_sequence_waits_for_an_answer_of_its_own() {
        let mut commands = Commands::default();
        commands.push(at(1, 5), session(1, 1), 7, asker(1));
        assert!(!commands.join(session(1, 1), 8, asker(2)));
        commands.push(at(1, 6), session(1, 1), 8, asker(2));
        assert_eq!(commands.take(at(1, 5)), Some(Turn::Due(asker(1))));
        assert_eq!(commands.take(at(1, 6)), Some(Turn::Due(asker(2))));
    }

    #[test]
    fn openings_leave_room_for_commands() {
        let mut commands = Commands::default();
        let fill = |commands: &mut Commands| {
            for number in 0..OPENS_MAX as u64 {
                assert!(commands.have_room(session(number, 0)));
                commands.push(at(1, number + 1), session(number, 0), 0, asker(number));
            }
        };
        fill(&mut commands);
        assert!(!commands.have_room(session(99, 0)) && commands.have_room(session(99, 1)));
        commands.take(at(1, 1));
        assert!(commands.have_room(session(99, 0)), "one is applied");
        assert_eq!(commands.drain().count(), OPENS_MAX - 1);
        fill(&mut commands);
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
            assert!(commands.have_room(session(number, 1)) && !reads.is_full());
            commands.push(at(1, number + 1), session(number, 1), 0, asker(number));
            reads.push(Round(1), asker(number), b"");
        }
        assert!(!commands.have_room(session(0, 2)) && reads.is_full());
    }
}
