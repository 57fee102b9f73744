use quorate::founding::Record;
use quorate::{Index, Position};

use crate::bytes::{Reader, Writer};
use crate::content::POSITION;
use crate::front::{HARD_STATE, MARK, Mark, Parts, RECORD};
use crate::settled::Place;

/// What a log amounts to, without its entries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outline {
    pub(crate) gist: Gist,
    /// Where the last configuration is that is known to be committed.
    pub(crate) settled: Place,
    /// All entries after this index are here, up to the last.
    pub(crate) base: Index,
    /// How often a snapshot of the leader made all before it void.
    pub(crate) installs: u32,
    pub(crate) writes: u32,
}

/// What a head says of the log, as it stands there: term and vote; the last entry, be it here or not; the mark of the
/// snapshot in force; the latest term that was marked; the founding record. Zeros if there is none. What the mark of a
/// term made void may still count for the last entry: it will be replaced.
pub(crate) type Gist = [u8; GIST];

/// Bytes of a [`Gist`].
pub(crate) const GIST: usize = RECORD_AT + RECORD;
pub(crate) const LAST_AT: usize = HARD_STATE;
pub(crate) const MARK_AT: usize = LAST_AT + POSITION;
pub(crate) const TERM_MARK_AT: usize = MARK_AT + MARK;
pub(crate) const RECORD_AT: usize = TERM_MARK_AT + TERM;

/// Bytes of a term.
const TERM: usize = 8;

/// What stands in a gist from here on.
pub(crate) fn read(gist: &Gist, at: usize) -> Reader<'_> {
    Reader(gist.get(at..).unwrap_or_default())
}

/// The last entry that a gist tells of.
pub(crate) fn last_of(gist: &Gist) -> Position {
    read(gist, LAST_AT).position().unwrap_or_default()
}

impl Outline {
    /// What the pages before amount to, by the head of a page.
    pub(crate) fn behind(gist: Gist) -> Outline {
        Outline { gist, settled: Place::default(), base: last_of(&gist).index, installs: 0, writes: 0 }
    }

    pub(crate) fn last(&self) -> Position {
        last_of(&self.gist)
    }

    /// What makes the store a member, or is to.
    pub(crate) fn record(&self) -> Option<Record> {
        read(&self.gist, RECORD_AT).record().flatten()
    }

    /// The mark of the snapshot in force.
    pub(crate) fn mark(&self) -> Mark {
        read(&self.gist, MARK_AT).mark().unwrap_or_default()
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        Writer { room: &mut self.gist, length: at }.put(bytes);
    }

    /// Notes the front of a write that begins in this page, with the item that stands here.
    #[inline(never)]
    pub(crate) fn note_front(&mut self, front: &Parts<'_>, (page, at): (u32, u32)) {
        if let Some(state) = front.hard_state {
            self.put(0, state);
        }
        if let Some(record) = front.record {
            self.put(RECORD_AT, record);
        }
        if let Some(mark) = front.term_mark {
            self.put(TERM_MARK_AT, mark.get(..TERM).unwrap_or_default());
        }
        if let Some(mark) = front.mark {
            self.put(MARK_AT, mark);
            if front.is_installed {
                // A mark begins with the position of its snapshot.
                self.put(LAST_AT, mark.get(..POSITION).unwrap_or_default());
                self.base = self.last().index;
                self.installs += 1;
            }
        }
        if front.settled.bytes > 0 {
            self.settled = Place { configuration: front.settled, page, at, front: front.length as u16 };
        }
    }

    pub(crate) fn note_entry(&mut self, position: Position) {
        self.base = self.base.min(Index(position.index.0.saturating_sub(1)));
        Writer { room: &mut self.gist, length: LAST_AT }.position(position);
    }
}
