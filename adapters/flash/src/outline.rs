use quorate::founding::Record;
use quorate::{HardState, Index, Position, Term};

use crate::head::Head;
use crate::item::{FRONT, Front, Mark, Stand};
use crate::settled::Place;

/// What a log amounts to, without its entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outline {
    pub(crate) hard_state: HardState,
    /// The last entry, be it here or not.
    pub(crate) last: Position,
    pub(crate) mark: Mark,
    /// The latest term that was marked. What its mark made void may still count for `last`: it will be replaced.
    pub(crate) term_mark: Term,
    /// What makes the store a member, or is to.
    pub(crate) record: Option<Record>,
    /// Where the last configuration is that is known to be committed.
    pub(crate) settled: Place,
    /// All entries after this index are here, up to the last.
    pub(crate) base: Index,
    /// How often a snapshot of the leader made all before it void.
    pub(crate) installs: u32,
    pub(crate) writes: u32,
}

impl Outline {
    /// What the pages before this one amount to.
    pub(crate) fn behind(head: &Head) -> Outline {
        let Head { hard_state, last, mark, term_mark, record, .. } = *head;
        Outline { hard_state, last, mark, term_mark, record, base: last.index, ..Outline::default() }
    }

    /// Whether a page's head says the same.
    #[inline(never)]
    pub(crate) fn agrees(&self, head: &Head) -> bool {
        let Outline { hard_state, last, mark, term_mark, record, .. } = *self;
        Head { hard_state, last, mark, term_mark, record, ..*head }.bytes() == head.bytes()
    }

    /// Notes the front of a write that begins in this page, with the item of this number.
    pub(crate) fn note_front(&mut self, front: &Front, (page, ordinal): (u32, u16)) {
        self.hard_state = front.hard_state.unwrap_or(self.hard_state);
        self.term_mark = front.term_mark.map_or(self.term_mark, |mark| mark.term);
        if front.settled.bytes > 0 {
            let front_bytes = front.write(&mut [0; FRONT]) as u16;
            self.settled = Place { configuration: front.settled, page, ordinal, front: front_bytes };
        }
        match front.stand {
            Some(Stand::Founded(record)) => self.record = Some(record),
            Some(Stand::Marked(mark)) => self.mark = mark,
            Some(Stand::Installed(mark)) => {
                self.mark = mark;
                self.last = mark.snapshot.position;
                self.base = mark.snapshot.position.index;
                self.installs += 1;
            }
            None => {}
        }
    }

    pub(crate) fn note_entry(&mut self, position: Position) {
        self.base = self.base.min(Index(position.index.0.saturating_sub(1)));
        self.last = position;
    }
}
