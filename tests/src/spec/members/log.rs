use super::configuration::{Lives, Members};

/// The most entries of a log.
pub(crate) const ENTRIES: usize = 10;

/// An entry by its term and, if it is one of members, all that it says. No entry has term zero. Two leaders never share
/// a term, so at one index it is a name as well.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Entry(pub(crate) u32);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Command,
    /// The members before it and the ones that it names, a majority of each.
    Joint,
    /// The members that it names.
    Plain,
}

impl Entry {
    pub(crate) fn command(term: u8) -> Entry {
        Entry(u32::from(term) | (Kind::Command as u32) << 4)
    }

    pub(crate) fn of(kind: Kind, term: u8, members: &Members) -> Entry {
        let Members { voters, learners, lives, .. } = *members;
        let (voters, learners) = (u32::from(voters), u32::from(learners));
        Entry(u32::from(term) | (kind as u32) << 4 | voters << 6 | learners << 11 | u32::from(lives.0) << 16)
    }

    pub(crate) fn term(self) -> u8 {
        (self.0 & 15) as u8
    }

    pub(crate) fn kind(self) -> Kind {
        match self.0 >> 4 & 3 {
            0 => Kind::Command,
            1 => Kind::Joint,
            _ => Kind::Plain,
        }
    }

    pub(crate) fn voters(self) -> u8 {
        (self.0 >> 6 & 31) as u8
    }

    pub(crate) fn learners(self) -> u8 {
        (self.0 >> 11 & 31) as u8
    }

    pub(crate) fn lives(self) -> Lives {
        Lives((self.0 >> 16) as u16)
    }

    fn renamed(self, names: &[u8]) -> Entry {
        Entry(self.0 & !15 | u32::from(names[usize::from(self.term())]))
    }

    /// The same entry if the seat in each place were named by that place.
    fn reseated(self, order: &[usize]) -> Entry {
        if self.kind() == Kind::Command {
            return self;
        }
        let members =
            Members { voters: self.voters(), learners: self.learners(), lives: self.lives(), ..Members::NONE };
        Entry::of(self.kind(), self.term(), &members.reseated(order))
    }
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Log {
    entries: [Entry; ENTRIES],
    length: u8,
}

impl Log {
    pub(crate) fn len(&self) -> u8 {
        self.length
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries[..usize::from(self.length)]
    }

    /// The entry at an index, which starts with one; nothing's term is zero.
    pub(crate) fn at(&self, index: u8) -> Entry {
        if index == 0 || index > self.length { Entry(0) } else { self.entries[usize::from(index) - 1] }
    }

    pub(crate) fn last_term(&self) -> u8 {
        self.at(self.length).term()
    }

    pub(crate) fn push(&mut self, entry: Entry) {
        self.entries[usize::from(self.length)] = entry;
        self.length += 1;
    }

    pub(crate) fn front(&self, length: u8) -> Log {
        let mut front = Log { length: length.min(self.length), ..Log::default() };
        front.entries[..usize::from(front.length)].copy_from_slice(&self.entries[..usize::from(front.length)]);
        front
    }

    /// How many entries two logs have in common from the front.
    pub(crate) fn meeting(&self, other: &Log) -> u8 {
        let pairs = self.entries().iter().zip(other.entries());
        pairs.take_while(|(one, other)| one == other).count() as u8
    }

    pub(crate) fn has_front(&self, front: &Log) -> bool {
        self.meeting(front) == front.length
    }

    /// Whether two logs that have an entry in common have all before it in common (figure 3).
    pub(crate) fn matches(&self, other: &Log) -> bool {
        let meeting = self.meeting(other);
        (meeting + 1..=self.length.min(other.length)).all(|index| self.at(index) != other.at(index))
    }

    pub(crate) fn renamed(&self, names: &[u8]) -> Log {
        let mut log = *self;
        log.entries[..usize::from(self.length)].iter_mut().for_each(|entry| *entry = entry.renamed(names));
        log
    }

    pub(crate) fn reseated(&self, order: &[usize]) -> Log {
        let mut log = *self;
        log.entries[..usize::from(self.length)].iter_mut().for_each(|entry| *entry = entry.reseated(order));
        log
    }

    /// The set of its terms, a bit each.
    pub(crate) fn terms(&self) -> u16 {
        self.entries().iter().fold(0, |terms, entry| terms | 1 << entry.term())
    }
}
