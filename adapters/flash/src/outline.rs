use quorate::founding::Record;
use quorate::{Index, Position};

use crate::bytes::{Reader, Writer};
use crate::content::POSITION;
use crate::front::{
    CONFIGURATION, FOUNDED, HARD_STATE, INSTALLED, MARK, RECORD, SETTLED, STATE, TERM_MARK, TERM_MARKED,
};
use crate::medium::Aligned;
use crate::place::Kept;
use crate::settled::Place;

/// What a log amounts to, without its entries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outline {
    pub(crate) gist: Aligned<GIST>,
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
const LAST_AT: usize = HARD_STATE;
const MARK_AT: usize = LAST_AT + POSITION;
pub(crate) const TERM_MARK_AT: usize = MARK_AT + MARK;
const RECORD_AT: usize = TERM_MARK_AT + TERM;

/// Bytes of a term.
const TERM: usize = 8;

/// What stands in a gist from here on.
pub(crate) fn read(gist: &Gist, at: usize) -> Reader<'_> {
    Reader(gist.get(at..).unwrap_or_default())
}

/// Whether a gist says what can be.
#[inline(never)]
pub(crate) fn is_sound(gist: &Gist) -> bool {
    read(gist, 0).hard_state().is_some()
        && read(gist, LAST_AT).position().is_some()
        && read(gist, MARK_AT).position().is_some()
        && read(gist, RECORD_AT).record().is_some()
}

/// The last entry that a gist tells of.
pub(crate) fn last_of(gist: &Gist) -> Position {
    read(gist, LAST_AT).position().unwrap_or_default()
}

impl Outline {
    /// What nothing amounts to.
    #[inline(never)]
    pub(crate) fn new() -> Outline {
        Outline { gist: Aligned::new(), settled: Place::default(), base: Index(0), installs: 0, writes: 0 }
    }

    /// Begins with what the pages before amount to, by the head of a page.
    pub(crate) fn begin(&mut self, gist: &Gist) {
        self.put(0, gist);
        self.base = self.last().index;
    }

    /// Becomes what another one is. Apart, so that the compiler sees two of them, and not what may be one.
    #[inline(never)]
    pub(crate) fn copy(&mut self, other: &Outline) {
        *self = *other;
    }

    pub(crate) fn last(&self) -> Position {
        last_of(&self.gist.0)
    }

    /// What makes the store a member, or is to.
    pub(crate) fn record(&self) -> Option<Record> {
        read(&self.gist.0, RECORD_AT).record().flatten()
    }

    /// The snapshot in force, of index zero if there is none, and the address of the one that was in force before: the
    /// same if there was none.
    pub(crate) fn mark(&self) -> (Kept, u32) {
        let mut mark = read(&self.gist.0, MARK_AT);
        let (id, start) = (mark.array(), mark.word());
        (Kept { start, id }, mark.word())
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        Writer { room: &mut self.gist.0, length: at }.put(bytes);
    }

    /// Notes the front of a write of this kind that begins in this page, with the item that stands here, and says how long
    /// it is; `None` if it ends too early, or says what cannot be.
    #[inline(never)]
    pub(crate) fn note_front(&mut self, kind: u8, content: &[u8], (page, at): (u32, u32)) -> Option<u16> {
        let mut rest = content;
        if kind & STATE != 0 {
            self.take(0, HARD_STATE, &mut rest)?;
        }
        match kind & FOUNDED {
            0 => {}
            FOUNDED => {
                self.take(RECORD_AT, RECORD, &mut rest)?;
                self.record()?;
            }
            stand => {
                self.take(MARK_AT, MARK, &mut rest)?;
                if stand == INSTALLED {
                    let last = read(&self.gist.0, MARK_AT).position()?;
                    self.put_last(last);
                    self.base = last.index;
                    self.installs += 1;
                }
            }
        }
        if kind & SETTLED != 0 {
            let configuration = Reader(rest).configuration();
            self.settled = Place { configuration, page, at, front: 0 };
            rest = rest.get(CONFIGURATION..)?;
        }
        if kind & TERM_MARKED != 0 {
            Reader(rest).term_mark()?;
            self.take(TERM_MARK_AT, TERM, &mut rest)?;
            rest = rest.get(TERM_MARK - TERM..)?;
        }
        let length = (content.len() - rest.len()) as u16;
        if kind & SETTLED != 0 {
            self.settled.front = length;
        }
        is_sound(&self.gist.0).then_some(length)
    }

    /// Takes a part of a gist over.
    fn take(&mut self, at: usize, length: usize, rest: &mut &[u8]) -> Option<()> {
        let (now, later) = rest.split_at_checked(length)?;
        self.put(at, now);
        *rest = later;
        Some(())
    }

    fn put_last(&mut self, last: Position) {
        Writer { room: &mut self.gist.0, length: LAST_AT }.position(last);
    }

    pub(crate) fn note_entry(&mut self, position: Position) {
        self.base = self.base.min(Index(position.index.0.saturating_sub(1)));
        self.put_last(position);
    }
}
