use core::slice;

use quorate::{Entries, Index, Position};

use crate::front::Front;

/// What a write holds.
#[derive(Debug)]
pub(crate) struct Write<'a> {
    pub(crate) front: &'a Front<'a>,
    /// What the front says of a configuration is about these bytes.
    pub(crate) roster: &'a [u8],
    pub(crate) entries: Entries<'a>,
}

/// The bytes of a write, piece by piece: its front, then its roster, then its records. An entry that follows the one before in the same
/// term stands there without index and term.
#[derive(Clone)]
pub(crate) struct Content<'a> {
    /// The kind of a record, until it is taken.
    kind: Option<u8>,
    /// What is left of its index and term, or of the front.
    position: &'a [u8],
    /// What is left behind that.
    rest: &'a [u8],
    entries: Entries<'a>,
    last: Position,
}

impl<'a> Write<'a> {
    /// One that puts this in force, and nothing else.
    pub(crate) fn of(front: &'a Front<'_>) -> Self {
        Write { front, roster: &[], entries: Entries::default() }
    }
}

/// Moves as many bytes as there are and find room.
#[inline(never)]
fn fill(room: &mut slice::IterMut<'_, u8>, from: &mut &[u8]) {
    let (now, later) = from.split_at_checked(room.len()).unwrap_or((from, &[]));
    now.iter().zip(room).for_each(|(byte, room)| *room = *byte);
    *from = later;
}

/// Set in a record's kind if the entry follows the one before in the same term.
pub(crate) const FOLLOWS: u8 = 0x80;
/// Bytes of the index and the term of a record.
pub(crate) const POSITION: usize = 16;

impl<'a> Content<'a> {
    /// `last` is the last entry before.
    pub(crate) fn new(write: &Write<'a>, last: Position) -> Self {
        let Write { front, roster, entries } = *write;
        // What is behind a snapshot of the leader follows nothing that was written.
        let last = if front.installs() { Position::default() } else { last };
        Content { kind: None, position: front.bytes(), rest: roster, entries, last }
    }

    /// How many bytes there are.
    pub(crate) fn length(&self) -> usize {
        let mut content = self.clone();
        let mut length = content.position.len() + content.rest.len();
        while content.advance() {
            length += 1 + content.position.len() + content.rest.len();
        }
        length
    }

    /// Takes as many bytes as there are and find room, and says how many.
    pub(crate) fn take(&mut self, room: &mut [u8]) -> usize {
        let size = room.len();
        let mut room = room.iter_mut();
        loop {
            if let Some(kind) = self.kind
                && let Some(room) = room.next()
            {
                *room = kind;
                self.kind = None;
            }
            fill(&mut room, &mut self.position);
            fill(&mut room, &mut self.rest);
            if !self.is_between() || !self.advance() {
                return size - room.len();
            }
        }
    }

    /// Whether all of it was taken.
    pub(crate) fn is_done(&self) -> bool {
        self.is_between() && self.entries.is_empty()
    }

    /// Whether no record is taken in part.
    fn is_between(&self) -> bool {
        self.kind.is_none() && self.position.is_empty() && self.rest.is_empty()
    }

    /// Goes on with the next record.
    #[inline(never)]
    fn advance(&mut self) -> bool {
        let Some(entry) = self.entries.next() else { return false };
        let Position { term, index } = core::mem::replace(&mut self.last, entry.position());
        let Some((position, [kind, rest @ ..])) = entry.record().split_at_checked(POSITION) else { return false };
        (self.kind, self.position, self.rest) = (Some(*kind), position, rest);
        let follows = self.last == Position { term, index: Index(index.0 + 1) };
        if follows {
            (self.kind, self.position) = (Some(*kind | FOLLOWS), &[]);
        }
        true
    }
}
