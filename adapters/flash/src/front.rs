use quorate::founding::Record;
use quorate::{HardState, Index, Snapshot};

use crate::bytes::{Reader, Writer};

/// Bytes of a term and vote.
pub(crate) const HARD_STATE: usize = 18;
/// Bytes of the mark of a snapshot.
pub(crate) const MARK: usize = 36;
/// Bytes of a founding record.
pub(crate) const RECORD: usize = 49;
/// Bytes of what stands for a configuration in front of its roster.
pub(crate) const CONFIGURATION: usize = 10;
/// Bytes of the mark of a term.
const TERM_MARK: usize = 24;
/// The most bytes of a write before its roster and its records.
pub(crate) const FRONT: usize = HARD_STATE + MARK + CONFIGURATION + TERM_MARK;

const STATE: u8 = 1;
const MARKED: u8 = 2;
const INSTALLED: u8 = 4;
const FOUNDED: u8 = MARKED | INSTALLED;
const TERM_MARKED: u8 = 8;
const SETTLED: u8 = 16;

/// What the log says of the snapshot in force; of index zero if there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) snapshot: Snapshot,
    /// The address of its header.
    pub(crate) at: u32,
    /// The address of the one that was in force before; the same if there was none.
    pub(crate) before: u32,
}

/// A configuration that is committed, as a write says it in front of the roster; of no bytes if there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Configuration {
    /// The index of the entry that made it.
    pub(crate) since: Index,
    /// How long the roster is.
    pub(crate) bytes: u16,
}

/// What a write has before its roster and its records, as it is put together.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) kind: u8,
    bytes: [u8; FRONT],
    length: usize,
}

/// The same, as it stands in an item.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Parts<'a> {
    pub(crate) hard_state: Option<&'a [u8; HARD_STATE]>,
    /// A snapshot that is put in force.
    pub(crate) mark: Option<&'a [u8; MARK]>,
    /// Whether it is one of the leader: all entries before it are void.
    pub(crate) is_installed: bool,
    /// What makes the store a member, or is to.
    pub(crate) record: Option<&'a [u8; RECORD]>,
    /// The last configuration that is known to be committed, if it is a new one. The roster follows the front.
    pub(crate) settled: Configuration,
    /// It counts behind the records of the write.
    pub(crate) term_mark: Option<&'a [u8; TERM_MARK]>,
    /// How long the front is.
    pub(crate) length: usize,
}

impl Front {
    pub(crate) fn new() -> Front {
        Front { kind: 0, bytes: [0; FRONT], length: 0 }
    }

    /// Adds a part; they come in the order in which they stand.
    fn add(&mut self, kind: u8, put: impl FnOnce(&mut Writer<'_>)) {
        let mut writer = Writer { room: &mut self.bytes, length: self.length };
        put(&mut writer);
        (self.kind, self.length) = (self.kind | kind, writer.length);
    }

    pub(crate) fn hard_state(&mut self, state: HardState) {
        self.add(STATE, |writer| writer.hard_state(state));
    }

    /// The mark of a snapshot of the app's own.
    pub(crate) fn marked(&mut self, mark: Mark) {
        self.add(MARKED, |writer| writer.mark(mark));
    }

    /// The mark of one of the leader.
    pub(crate) fn installed(&mut self, mark: Mark) {
        self.add(INSTALLED, |writer| writer.mark(mark));
    }

    pub(crate) fn founded(&mut self, record: Record) {
        self.add(FOUNDED, |writer| writer.record(record));
    }

    pub(crate) fn settled(&mut self, configuration: Configuration) {
        self.add(SETTLED, |writer| writer.configuration(configuration));
    }

    pub(crate) fn term_mark(&mut self, quorate::Mark { term, last }: quorate::Mark) {
        self.add(TERM_MARKED, |writer| {
            writer.term(term);
            writer.position(last);
        });
    }

    /// Whether it puts a snapshot in force, so that entries can go.
    pub(crate) fn makes_room(&self) -> bool {
        !matches!(self.kind & FOUNDED, 0 | FOUNDED)
    }

    /// Whether it is a snapshot of the leader that it puts in force.
    pub(crate) fn installs(&self) -> bool {
        self.kind & FOUNDED == INSTALLED
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl<'a> Parts<'a> {
    /// The front of a write of this kind, and what stands behind it; `None` if it ends too early, or says what cannot be.
    pub(crate) fn parse(kind: u8, content: &'a [u8]) -> Option<(Parts<'a>, &'a [u8])> {
        let mut rest = content;
        let stand = kind & FOUNDED;
        let hard_state = part(&mut rest, kind & STATE != 0)?;
        let mark = part(&mut rest, stand == MARKED || stand == INSTALLED)?;
        let record = part(&mut rest, stand == FOUNDED)?;
        let settled = part::<CONFIGURATION>(&mut rest, kind & SETTLED != 0)?;
        let term_mark = part::<TERM_MARK>(&mut rest, kind & TERM_MARKED != 0)?;
        let settled = settled.map_or_else(Configuration::default, |bytes| Reader(bytes).configuration());
        let is_sound = hard_state.is_none_or(|state| Reader(state).hard_state().is_some())
            && mark.is_none_or(|mark| Reader(mark).position().is_some())
            && record.is_none_or(|record| matches!(Reader(record).record(), Some(Some(_))))
            && term_mark.is_none_or(|mark| Reader(mark).term_mark().is_some());
        if !is_sound {
            return None;
        }
        let length = content.len() - rest.len();
        Some((Parts { hard_state, mark, is_installed: stand == INSTALLED, record, settled, term_mark, length }, rest))
    }
}

/// The next part, if it is there.
fn part<'a, const N: usize>(rest: &mut &'a [u8], is_there: bool) -> Option<Option<&'a [u8; N]>> {
    if !is_there {
        return Some(None);
    }
    let (part, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(Some(part))
}

/// Whether nothing in this is of a later version.
pub(crate) fn is_known(kind: u8) -> bool {
    kind & !(STATE | FOUNDED | TERM_MARKED | SETTLED) == 0
}
