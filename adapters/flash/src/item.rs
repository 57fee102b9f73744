use quorate::founding::Record;
use quorate::{HardState, Index, Snapshot};

use crate::bytes::{Reader, Writer};

/// The most bytes of an item: what is read and written at a time, on the stack.
pub(crate) const ITEM: usize = 256;
/// Bytes of an item before its content: flags (1), the page's round (1), the item's number in its page (2).
pub(crate) const PREFIX: usize = 4;
/// Bytes of a term and vote.
pub(crate) const HARD_STATE: usize = 18;
/// The most bytes of a write before its roster and its records.
pub(crate) const FRONT: usize = HARD_STATE + MARK + CONFIGURATION + TERM_MARK;
/// Bytes of the mark of a snapshot.
pub(crate) const MARK: usize = 36;
/// Bytes of the mark of a term.
const TERM_MARK: usize = 24;
/// Bytes of a founding record.
pub(crate) const RECORD: usize = 49;
/// Bytes of what stands for a configuration in front of its roster.
pub(crate) const CONFIGURATION: usize = 10;

const FIRST: u8 = 1;
const LAST: u8 = 2;
const FRONT_SHIFT: u32 = 2;
const STATE: u8 = 1;
const MARKED: u8 = 2;
const INSTALLED: u8 = 4;
const FOUNDED: u8 = MARKED | INSTALLED;
const TERM_MARKED: u8 = 8;
const SETTLED: u8 = 16;

/// What an item says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Prefix {
    /// Whether a write begins here.
    pub(crate) is_first: bool,
    /// Whether a write ends here. It counts once this item is whole.
    pub(crate) is_last: bool,
    /// What a write has before its records.
    pub(crate) front: u8,
    /// How often the page's place was used before, so that what stood there before is told apart.
    pub(crate) round: u8,
    /// Counts the items of a page from zero.
    pub(crate) ordinal: u16,
}

impl Prefix {
    pub(crate) fn bytes(self) -> [u8; PREFIX] {
        let mut bytes = [0; PREFIX];
        let mut writer = Writer::to(&mut bytes);
        let first = if self.is_first { FIRST } else { 0 };
        let last = if self.is_last { LAST } else { 0 };
        writer.put(&[first | last | self.front << FRONT_SHIFT, self.round]);
        writer.put(&self.ordinal.to_le_bytes());
        bytes
    }

    /// The prefix, and the content behind it.
    pub(crate) fn parse(item: &[u8]) -> Option<(Prefix, &[u8])> {
        let mut reader = Reader(item);
        let [flags, round] = reader.array()?;
        let prefix = Prefix {
            is_first: flags & FIRST != 0,
            is_last: flags & LAST != 0,
            front: flags >> FRONT_SHIFT,
            round,
            ordinal: reader.short()?,
        };
        Some((prefix, reader.0))
    }
}

/// What the log says of the snapshot in force; of index zero if there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) snapshot: Snapshot,
    /// The address of its header.
    pub(crate) at: u32,
    /// The address of the one that was in force before; the same if there was none.
    pub(crate) before: u32,
}

/// What a write puts in force beside a term and vote: a snapshot, or a founding record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stand {
    /// The app's own.
    Marked(Mark),
    /// One of the leader: all entries before it are void.
    Installed(Mark),
    /// What makes the store a member, or is to.
    Founded(Record),
}

/// A configuration that is committed, as a write says it in front of the roster; of no bytes if there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Configuration {
    /// The index of the entry that made it.
    pub(crate) since: Index,
    /// How long the roster is.
    pub(crate) bytes: u16,
}

/// What a write has before its roster and its records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Front {
    pub(crate) hard_state: Option<HardState>,
    pub(crate) stand: Option<Stand>,
    /// The last configuration that is known to be committed, if it is a new one. The roster follows the front.
    pub(crate) settled: Configuration,
    /// It counts behind the records of the write.
    pub(crate) term_mark: Option<quorate::Mark>,
}

/// Why the beginning of a write cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrontError {
    Damaged,
    /// A later version wrote it.
    Later(u8),
}

impl Front {
    /// Whether it puts a snapshot in force, so that entries can go.
    pub(crate) fn makes_room(&self) -> bool {
        matches!(self.stand, Some(Stand::Marked(_) | Stand::Installed(_)))
    }

    pub(crate) fn kind(&self) -> u8 {
        let stand = match self.stand {
            Some(Stand::Marked(_)) => MARKED,
            Some(Stand::Installed(_)) => INSTALLED,
            Some(Stand::Founded(_)) => FOUNDED,
            None => 0,
        };
        let state = if self.hard_state.is_some() { STATE } else { 0 };
        let settled = if self.settled.bytes > 0 { SETTLED } else { 0 };
        let term_mark = if self.term_mark.is_some() { TERM_MARKED } else { 0 };
        state | stand | settled | term_mark
    }

    /// Writes it to where there is room for [`FRONT`] bytes, and says how many it has.
    pub(crate) fn write(&self, room: &mut [u8]) -> usize {
        let mut writer = Writer::to(room);
        if let Some(state) = self.hard_state {
            writer.hard_state(state);
        }
        match self.stand {
            Some(Stand::Marked(mark) | Stand::Installed(mark)) => writer.mark(mark),
            Some(Stand::Founded(record)) => writer.record(Some(record)),
            None => {}
        }
        if self.settled.bytes > 0 {
            writer.configuration(self.settled);
        }
        if let Some(quorate::Mark { term, last }) = self.term_mark {
            writer.term(term);
            writer.position(last);
        }
        writer.length()
    }

    /// The front, and what is behind it.
    pub(crate) fn parse(kind: u8, content: &[u8]) -> Result<(Front, &[u8]), FrontError> {
        if kind & !(STATE | FOUNDED | TERM_MARKED | SETTLED) != 0 {
            return Err(FrontError::Later(kind));
        }
        let mut reader = Reader(content);
        let mut front = Front::default();
        if kind & STATE != 0 {
            front.hard_state = Some(reader.hard_state().ok_or(FrontError::Damaged)?);
        }
        front.stand = match kind & FOUNDED {
            0 => None,
            FOUNDED => Some(Stand::Founded(reader.record().flatten().ok_or(FrontError::Damaged)?)),
            kind => {
                let mark = reader.mark().ok_or(FrontError::Damaged)?;
                Some(if kind == MARKED { Stand::Marked(mark) } else { Stand::Installed(mark) })
            }
        };
        if kind & SETTLED != 0 {
            front.settled = reader.configuration().ok_or(FrontError::Damaged)?;
        }
        if kind & TERM_MARKED != 0 {
            front.term_mark = Some(reader.term_mark().ok_or(FrontError::Damaged)?);
        }
        Ok((front, reader.0))
    }
}
