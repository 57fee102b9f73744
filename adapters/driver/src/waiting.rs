use core::marker::PhantomData;

use quorate::{Position, Round, Session};

use crate::Queue;

/// A command in a leader's log that is not applied yet, and who waits for it.
#[derive(Clone, Copy)]
pub struct WaitingCommand<K> {
    position: Position,
    session: Session,
    /// Of its bytes, as they came.
    check: u32,
    asker: K,
}

/// A read that waits for its round, and who waits for it.
pub struct WaitingRead<K, Q> {
    round: Round,
    pub(crate) asker: K,
    pub(crate) query: Q,
}

/// Who waited for an index, and whether for this very entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn<K> {
    Due(K),
    /// Another leader's entry came in its place.
    Superseded(K),
    /// Its index was passed over.
    Lost(K),
}

/// The commands in a leader's log that are not applied yet, by rising index.
pub(crate) struct Commands<K, T> {
    queue: T,
    asker: PhantomData<K>,
}

/// The most of the commands that open a session: a part of all that may wait, and so many in any case. More are not in
/// the log before they are applied: however many are asked for, they neither fill it nor keep commands from it.
const OPENS_PART: usize = 4;
const OPENS_MAX: usize = 64;

impl<K: Copy, T: Queue<WaitingCommand<K>>> Commands<K, T> {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Commands { queue: T::default(), asker: PhantomData }
    }

    /// Whether another one of this session may wait.
    pub(crate) fn have_room(&self, session: Session) -> bool {
        let room = self.queue.capacity();
        let opens = self.queue.iter().filter(|command| command.session.sequence == 0);
        self.queue.len() < room && (session.sequence > 0 || opens.count() < OPENS_MAX.min(room.div_ceil(OPENS_PART)))
    }

    pub(crate) fn push(&mut self, position: Position, session: Session, check: u32, asker: K) {
        self.queue.push(WaitingCommand { position, session, check, asker });
    }

    /// Answers a retry together with the command that is under way already. Whether there is one, and not another
    /// command under the same session.
    pub(crate) fn join(&mut self, session: Session, check: u32, asker: K) -> bool {
        let mut latest = self.queue.iter_mut_back();
        let same = latest.find(|command| (command.session, command.check) == (session, check));
        same.map(|command| command.asker = asker).is_some()
    }

    /// Who waits for the entry that is applied at this position.
    pub(crate) fn take(&mut self, applied: Position) -> Option<Turn<K>> {
        let WaitingCommand { position, asker, .. } = *self.queue.iter().next()?;
        if position.index > applied.index {
            return None;
        }
        self.queue.pop();
        Some(match position {
            _ if position == applied => Turn::Due(asker),
            _ if position.index == applied.index => Turn::Superseded(asker),
            _ => Turn::Lost(asker),
        })
    }

    /// Whoever waited longest waits no more.
    pub(crate) fn pop(&mut self) -> Option<K> {
        self.queue.pop().map(|command| command.asker)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Position, K)> {
        self.queue.iter().map(|command| (command.position, command.asker))
    }
}

/// The reads that wait for their round.
pub(crate) struct Reads<K, Q, T> {
    queue: T,
    read: PhantomData<(K, Q)>,
}

impl<K: Copy, Q, T: Queue<WaitingRead<K, Q>>> Reads<K, Q, T> {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Reads { queue: T::default(), read: PhantomData }
    }

    pub(crate) fn have_room(&self) -> bool {
        self.queue.len() < self.queue.capacity()
    }

    pub(crate) fn push(&mut self, round: Round, asker: K, query: Q) {
        self.queue.push(WaitingRead { round, asker, query });
    }

    /// The next read of a round up to this one.
    pub(crate) fn take(&mut self, through: Round) -> Option<WaitingRead<K, Q>> {
        if self.queue.iter().next()?.round > through {
            return None;
        }
        self.queue.pop()
    }

    /// Whoever waited longest waits no more.
    pub(crate) fn pop(&mut self) -> Option<K> {
        self.queue.pop().map(|read| read.asker)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Round, K)> {
        self.queue.iter().map(|read| (read.round, read.asker))
    }
}

#[cfg(test)]
mod tests {
    use heapless::Deque;
    use quorate::{Index, Term};

    use super::*;

    fn at(term: u64, index: u64) -> Position {
        Position { term: Term(term), index: Index(index) }
    }

    fn session(sequence: u64) -> Session {
        Session { client: 1, epoch: Index(1), sequence }
    }

    #[test]
    fn a_command_hears_of_its_own_entry_only() {
        let mut commands = Commands::<_, Deque<_, 16>>::new();
        commands.push(at(1, 5), session(1), 0, "first");
        commands.push(at(1, 7), session(2), 0, "second");
        assert_eq!(commands.take(at(1, 4)), None);
        assert_eq!(commands.take(at(1, 5)), Some(Turn::Due("first")));
        assert_eq!(commands.take(at(2, 6)), None);
        assert_eq!(commands.take(at(2, 7)), Some(Turn::Superseded("second")));
        assert_eq!(commands.pop(), None);
    }

    #[test]
    fn a_retry_takes_the_place_of_whoever_asked_before() {
        let mut commands = Commands::<_, Deque<_, 16>>::new();
        assert!(!commands.join(session(1), 7, "first"));
        commands.push(at(1, 5), session(1), 7, "first");
        assert!(commands.join(session(1), 7, "second"));
        assert_eq!(commands.take(at(1, 5)), Some(Turn::Due("second")));
    }

    #[test]
    fn another_command_of_the_same_sequence_waits_for_an_answer_of_its_own() {
        let mut commands = Commands::<_, Deque<_, 16>>::new();
        commands.push(at(1, 5), session(1), 7, "first");
        assert!(!commands.join(session(1), 8, "second"));
        commands.push(at(1, 6), session(1), 8, "second");
        assert_eq!(commands.take(at(1, 5)), Some(Turn::Due("first")));
        assert_eq!(commands.take(at(1, 6)), Some(Turn::Due("second")));
    }

    #[test]
    fn openings_leave_room_for_commands() {
        let mut commands = Commands::<_, Deque<_, 16>>::new();
        for number in 0..4 {
            assert!(commands.have_room(session(0)));
            commands.push(at(1, number + 1), Session { client: number, ..session(0) }, 0, number);
        }
        assert!(!commands.have_room(session(0)) && commands.have_room(session(1)));
        commands.take(at(1, 1));
        assert!(commands.have_room(session(0)), "one is applied");
    }

    #[test]
    fn nobody_waits_beyond_the_bound() {
        let mut commands = Commands::<_, Deque<_, 16>>::new();
        for number in 0..16 {
            assert!(commands.have_room(session(1)));
            commands.push(at(1, number + 1), Session { client: number, ..session(1) }, 0, number);
        }
        assert!(!commands.have_room(session(1)));
    }
}
