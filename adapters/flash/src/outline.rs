use quorate::founding::Record;
use quorate::{HardState, Index, Position};

use crate::head::Head;
use crate::item::{Front, Mark, Stand};

/// What a log amounts to, without its entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outline {
    pub(crate) hard_state: HardState,
    /// The last entry, be it here or not.
    pub(crate) last: Position,
    pub(crate) mark: Mark,
    /// What makes the store a member, or is to.
    pub(crate) record: Option<Record>,
    /// All entries after this index are here, up to the last.
    pub(crate) base: Index,
    /// How often a snapshot of the leader made all before it void.
    pub(crate) installs: u32,
    pub(crate) writes: u32,
}

impl Outline {
    /// What the pages before this one amount to.
    pub(crate) fn behind(head: &Head) -> Outline {
        let Head { hard_state, last, mark, record, .. } = *head;
        Outline { hard_state, last, mark, record, base: last.index, ..Outline::default() }
    }

    /// Whether a page's head says the same.
    pub(crate) fn agrees(&self, head: &Head) -> bool {
        let Outline { hard_state, last, mark, record, .. } = *self;
        (hard_state, last, mark, record) == (head.hard_state, head.last, head.mark, head.record)
    }

    pub(crate) fn note_front(&mut self, front: &Front) {
        self.hard_state = front.hard_state.unwrap_or(self.hard_state);
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
