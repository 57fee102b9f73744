use core::ops::Range;
use core::slice;

use quorate::{Entries, Index, Position};

use crate::bytes::{Reader, Writer};
use crate::front::{Front, Parts};

/// What a write holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Write<'a> {
    pub(crate) front: &'a Front,
    /// What the front says of a configuration is about these bytes.
    pub(crate) roster: &'a [u8],
    pub(crate) entries: Entries<'a>,
}

/// The bytes of a write, piece by piece: its front, then its roster, then its records. An entry that follows the one before in the same
/// term stands there without index and term.
#[derive(Clone)]
pub(crate) struct Content<'a> {
    front: &'a [u8],
    /// What stands before the rest of a record.
    head: [u8; POSITION + 1],
    /// Which bytes of it are left.
    left: Range<usize>,
    rest: &'a [u8],
    entries: Entries<'a>,
    last: Position,
}

impl<'a> Write<'a> {
    /// One that puts this in force, and nothing else.
    pub(crate) fn of(front: &'a Front) -> Self {
        Write { front, roster: &[], entries: Entries::default() }
    }

    pub(crate) fn parts(&self) -> Parts<'a> {
        Parts::parse(self.front.kind, self.front.bytes()).map_or_else(Parts::default, |(parts, _)| parts)
    }
}

/// Moves as many bytes as there are and find room.
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
        let installed = write.parts().mark.filter(|_| front.installs());
        let last = installed.and_then(|mark| Reader(mark).position()).unwrap_or(last);
        Content { front: front.bytes(), head: [0; POSITION + 1], left: 0..0, rest: roster, entries, last }
    }

    /// How many bytes there are.
    pub(crate) fn length(&self) -> usize {
        let mut content = self.clone();
        let mut length = content.front.len() + content.rest.len();
        while content.advance() {
            length += content.left.len() + content.rest.len();
        }
        length
    }

    /// Takes as many bytes as there are and find room, and says how many.
    pub(crate) fn take(&mut self, room: &mut [u8]) -> usize {
        let size = room.len();
        let mut room = room.iter_mut();
        fill(&mut room, &mut self.front);
        loop {
            let head = self.head.get(self.left.clone());
            debug_assert!(head.is_some(), "more was taken than there was");
            let mut head = head.unwrap_or_default();
            fill(&mut room, &mut head);
            self.left.start = self.left.end - head.len();
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
        self.front.is_empty() && self.left.is_empty() && self.rest.is_empty()
    }

    /// Goes on with the next record.
    fn advance(&mut self) -> bool {
        let Some(entry) = self.entries.next() else { return false };
        let Position { term, index } = core::mem::replace(&mut self.last, entry.position());
        let follows = self.last == Position { term, index: Index(index.0 + 1) };
        let Some((position, [kind, rest @ ..])) = entry.record().split_at_checked(POSITION) else { return false };
        let mut head = Writer::to(&mut self.head);
        if follows {
            head.put(&[*kind | FOLLOWS]);
        } else {
            head.put(&[*kind]);
            head.put(position);
        }
        self.left = 0..head.length;
        self.rest = rest;
        true
    }
}
