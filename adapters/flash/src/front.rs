use quorate::founding::Record;
use quorate::{HardState, Index};

use crate::bytes::Writer;
use crate::medium::Aligned;
use crate::place::{ID, Kept};

/// Bytes of a term and vote.
pub(crate) const HARD_STATE: usize = 18;
/// Bytes of the mark of a snapshot.
pub(crate) const MARK: usize = ID + 8;
/// Bytes of a founding record.
pub(crate) const RECORD: usize = 49;
/// Bytes of what stands for a configuration in front of its roster.
pub(crate) const CONFIGURATION: usize = 10;
/// Bytes of the mark of a term.
pub(crate) const TERM_MARK: usize = 24;
/// The most bytes of a write before its roster and its records.
pub(crate) const FRONT: usize = HARD_STATE + MARK + CONFIGURATION + TERM_MARK;

pub(crate) const STATE: u8 = 1;
const MARKED: u8 = 2;
pub(crate) const INSTALLED: u8 = 4;
pub(crate) const FOUNDED: u8 = MARKED | INSTALLED;
pub(crate) const TERM_MARKED: u8 = 8;
pub(crate) const SETTLED: u8 = 16;

/// A configuration that is committed, as a write says it in front of the roster; of no bytes if there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Configuration {
    /// The index of the entry that made it.
    pub(crate) since: Index,
    /// How long the roster is.
    pub(crate) bytes: u16,
}

/// What a write has before its roster and its records, as it is put together: the parts come in the order in which they
/// stand.
#[derive(Debug)]
pub(crate) struct Front<'b> {
    pub(crate) kind: u8,
    writer: Writer<'b>,
}

/// Room for a front.
pub(crate) type FrontRoom = Aligned<FRONT>;

impl<'b> Front<'b> {
    pub(crate) fn to(room: &'b mut FrontRoom) -> Front<'b> {
        Front { kind: 0, writer: Writer::to(&mut room.0) }
    }

    pub(crate) fn hard_state(&mut self, state: HardState) {
        self.kind |= STATE;
        self.writer.hard_state(state);
    }

    /// The mark of a snapshot, of the leader or of the app's own, and the address of the one before.
    #[inline(never)]
    pub(crate) fn marked(&mut self, of: &Kept, before: u32, is_installed: bool) {
        self.kind |= if is_installed { INSTALLED } else { MARKED };
        self.writer.put(&of.id);
        self.writer.word(of.start);
        self.writer.word(before);
    }

    pub(crate) fn founded(&mut self, record: Record) {
        self.kind |= FOUNDED;
        self.writer.record(record);
    }

    pub(crate) fn settled(&mut self, Configuration { since, bytes }: Configuration) {
        self.kind |= SETTLED;
        self.writer.number(since.0);
        self.writer.put(&bytes.to_le_bytes());
    }

    pub(crate) fn term_mark(&mut self, quorate::Mark { term, last }: quorate::Mark) {
        self.kind |= TERM_MARKED;
        self.writer.term(term);
        self.writer.position(last);
    }

    /// Whether it is a snapshot of the leader that it puts in force.
    pub(crate) fn installs(&self) -> bool {
        self.kind & FOUNDED == INSTALLED
    }

    /// Whether it puts a snapshot in force, so that entries can go.
    pub(crate) fn makes_room(&self) -> bool {
        !matches!(self.kind & FOUNDED, 0 | FOUNDED)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.writer.room.get(..self.writer.length).unwrap_or_default()
    }
}

/// Whether nothing in this is of a later version.
pub(crate) fn is_known(kind: u8) -> bool {
    kind & !(STATE | FOUNDED | TERM_MARKED | SETTLED) == 0
}
