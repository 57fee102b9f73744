use heapless::{Deque, Vec};
use quorate::{Position, Round, Session};

use crate::Address;

/// The most commands that wait at a leader for their answer. Beyond it they are refused.
const WAITING_MAX: usize = 16;

/// The most of them that open a session: so many can be in the log that are not applied yet. However many are asked
/// for, they neither fill the log nor keep commands from it.
const OPENS_MAX: usize = 4;

/// Whom to answer: an address, and what its reply has to echo. A station's own app asks from its own address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asker {
    pub(crate) address: Address,
    pub(crate) client: u64,
    pub(crate) number: u64,
}

/// The commands in a leader's log that are not applied yet, by rising index.
#[derive(Default)]
pub(crate) struct Waiting {
    queue: Deque<Command, WAITING_MAX>,
}

#[derive(Clone, Copy)]
struct Command {
    position: Position,
    session: Session,
    /// Of its bytes, as they came.
    check: u32,
    asker: Asker,
}

/// Who waited for an index, and whether for this very entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Due(Asker),
    /// Another leader's entry came in its place.
    Superseded(Asker),
}

impl Waiting {
    /// Whether another one of this session may wait.
    pub(crate) fn have_room(&self, session: Session) -> bool {
        let opens = self.queue.iter().filter(|command| command.session.sequence == 0);
        !self.queue.is_full() && (session.sequence > 0 || opens.count() < OPENS_MAX)
    }

    pub(crate) fn push(&mut self, position: Position, session: Session, check: u32, asker: Asker) {
        let _ = self.queue.push_back(Command { position, session, check, asker });
    }

    /// Answers a retry together with the command that is under way already. Whether there is one, and not another
    /// command under the same session.
    pub(crate) fn join(&mut self, session: Session, check: u32, asker: Asker) -> bool {
        let same = self.queue.iter_mut().find(|command| (command.session, command.check) == (session, check));
        same.map(|command| command.asker = asker).is_some()
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

    /// Whoever waited longest waits no more.
    pub(crate) fn pop(&mut self) -> Option<Asker> {
        self.queue.pop_front().map(|command| command.asker)
    }
}

/// The most reads that wait at a station, and the most bytes of a question that waits.
const READS_MAX: usize = 4;
pub(crate) const QUERY_MAX: usize = 32;

/// The reads that wait for their round.
#[derive(Default)]
pub(crate) struct Reads {
    queue: Deque<Read, READS_MAX>,
}

pub(crate) struct Read {
    round: Round,
    pub(crate) asker: Asker,
    pub(crate) query: Vec<u8, QUERY_MAX>,
}

impl Reads {
    pub(crate) fn is_full(&self) -> bool {
        self.queue.is_full()
    }

    pub(crate) fn push(&mut self, round: Round, asker: Asker, query: Vec<u8, QUERY_MAX>) {
        let _ = self.queue.push_back(Read { round, asker, query });
    }

    /// The next read of a round up to this one.
    pub(crate) fn take(&mut self, through: Round) -> Option<Read> {
        if self.queue.front()?.round > through {
            return None;
        }
        self.queue.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use quorate::{Index, Seat, Term};

    use super::*;

    fn asker(number: u64) -> Asker {
        Asker { address: Seat(0).into(), client: 1, number }
    }

    fn at(term: u64, index: u64) -> Position {
        Position { term: Term(term), index: Index(index) }
    }

    fn session(sequence: u64) -> Session {
        Session { client: 1, epoch: Index(1), sequence }
    }

    #[test]
    fn a_command_hears_of_its_own_entry_only() {
        let mut waiting = Waiting::default();
        waiting.push(at(1, 5), session(1), 0, asker(1));
        waiting.push(at(1, 7), session(2), 0, asker(2));
        assert_eq!(waiting.take(at(1, 4)), None);
        assert_eq!(waiting.take(at(1, 5)), Some(Turn::Due(asker(1))));
        assert_eq!(waiting.take(at(2, 6)), None);
        assert_eq!(waiting.take(at(2, 7)), Some(Turn::Superseded(asker(2))));
        assert_eq!(waiting.pop(), None);
    }

    #[test]
    fn a_retry_takes_the_place_of_whoever_asked_before() {
        let mut waiting = Waiting::default();
        assert!(!waiting.join(session(1), 7, asker(1)));
        waiting.push(at(1, 5), session(1), 7, asker(1));
        assert!(waiting.join(session(1), 7, asker(2)));
        assert_eq!(waiting.take(at(1, 5)), Some(Turn::Due(asker(2))));
    }

    #[test]
    fn another_command_of_the_same_sequence_waits_for_an_answer_of_its_own() {
        let mut waiting = Waiting::default();
        waiting.push(at(1, 5), session(1), 7, asker(1));
        assert!(!waiting.join(session(1), 8, asker(2)));
        waiting.push(at(1, 6), session(1), 8, asker(2));
        assert_eq!(waiting.take(at(1, 5)), Some(Turn::Due(asker(1))));
        assert_eq!(waiting.take(at(1, 6)), Some(Turn::Due(asker(2))));
    }

    #[test]
    fn openings_leave_room_for_commands() {
        let mut waiting = Waiting::default();
        for number in 0..OPENS_MAX as u64 {
            assert!(waiting.have_room(session(0)));
            waiting.push(at(1, number + 1), Session { client: number, ..session(0) }, 0, asker(number));
        }
        assert!(!waiting.have_room(session(0)) && waiting.have_room(session(1)));
        waiting.take(at(1, 1));
        assert!(waiting.have_room(session(0)), "one is applied");
    }

    #[test]
    fn nobody_waits_beyond_the_bound() {
        let mut waiting = Waiting::default();
        for number in 0..WAITING_MAX as u64 {
            assert!(waiting.have_room(session(1)));
            waiting.push(at(1, number + 1), Session { client: number, ..session(1) }, 0, asker(number));
        }
        assert!(!waiting.have_room(session(1)));
    }
}
