use core::ops::Range;
use core::slice;

use quorate::{Entries, Index, Position};

use crate::bytes::Writer;
use crate::item::{FRONT, Front, Stand};

/// What a write holds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Write<'a> {
    pub(crate) front: Front,
    /// What the front says of a configuration is about these bytes.
    pub(crate) roster: &'a [u8],
    pub(crate) entries: Entries<'a>,
}

/// The bytes of a write, piece by piece: its front, then its roster, then its records. An entry that follows the one before in the same
/// term stands there without index and term.
#[derive(Clone)]
pub(crate) struct Content<'a> {
    /// What stands before the rest of a record, or the front.
    head: [u8; FRONT],
    /// Which bytes of it are left.
    left: Range<usize>,
    rest: &'a [u8],
    entries: Entries<'a>,
    last: Position,
}

impl Write<'_> {
    /// One that puts this in force, and nothing else.
    pub(crate) fn of(stand: Stand) -> Self {
        Write { front: Front { stand: Some(stand), ..Front::default() }, ..Write::default() }
    }
}

/// Moves as many bytes as there are and find room, and says how many.
fn fill(room: &mut slice::IterMut<'_, u8>, from: &mut slice::Iter<'_, u8>) -> usize {
    let count = room.len().min(from.len());
    from.take(count).zip(room).for_each(|(byte, room)| *room = *byte);
    count
}

/// Set in a record's kind if the entry follows the one before in the same term.
pub(crate) const FOLLOWS: u8 = 0x80;
/// Bytes of the index and the term of a record.
pub(crate) const POSITION: usize = 16;

impl<'a> Content<'a> {
    /// `last` is the last entry before.
    pub(crate) fn new(write: &Write<'a>, last: Position) -> Self {
        let Write { front, roster, entries } = *write;
        let last = match front.stand {
            Some(Stand::Installed(mark)) => mark.snapshot.position,
            _ => last,
        };
        let mut head = [0; FRONT];
        let left = 0..front.write(&mut head);
        Content { head, left, rest: roster, entries, last }
    }

    /// How many bytes there are.
    pub(crate) fn length(&self) -> usize {
        let mut content = self.clone();
        let mut length = 0;
        loop {
            let (head, rest) = content.parts();
            length += head.len() + rest.len();
            if !content.advance() {
                return length;
            }
        }
    }

    /// Takes as many bytes as there are and find room, and says how many.
    pub(crate) fn take(&mut self, room: &mut [u8]) -> usize {
        let size = room.len();
        let mut room = room.iter_mut();
        loop {
            let (head, rest) = self.parts();
            let (mut head, mut rest) = (head.iter(), rest.iter());
            let of_head = fill(&mut room, &mut head);
            fill(&mut room, &mut rest);
            (self.left.start, self.rest) = (self.left.start + of_head, rest.as_slice());
            let (head, rest) = self.parts();
            if !(head.is_empty() && rest.is_empty() && self.advance()) {
                return size - room.len();
            }
        }
    }

    /// Whether all of it was taken.
    pub(crate) fn is_done(&self) -> bool {
        let (head, rest) = self.parts();
        head.is_empty() && rest.is_empty() && self.entries.is_empty()
    }

    /// No more is taken of the head than there is.
    fn parts(&self) -> (&[u8], &'a [u8]) {
        let head = self.head.get(self.left.clone());
        debug_assert!(head.is_some(), "more was taken than there was");
        (head.unwrap_or_default(), self.rest)
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
        self.left = 0..head.length();
        self.rest = rest;
        true
    }
}
