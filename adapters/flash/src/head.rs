use quorate::founding::Record;
use quorate::{HardState, Owner, Position, Seat, Term};

use crate::bytes::{Reader, Writer};
use crate::item::{HARD_STATE, MARK, Mark, RECORD};

/// What a page begins with: whose it is, and what the pages before it amount to, so that those can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) owner: Owner,
    pub(crate) shape: Shape,
    /// The pages of a log are numbered from zero; a page's number says where in the region it stands.
    pub(crate) number: u32,
    /// Whether it begins within a write. What it says of before is then what stands before that write.
    pub(crate) is_within: bool,
    /// How many items the page before it has.
    pub(crate) before: u16,
    /// How long the roster is that the page begins with, behind the head; zero if with none.
    pub(crate) carried: u16,
    pub(crate) hard_state: HardState,
    /// The last entry.
    pub(crate) last: Position,
    /// The snapshot in force; zeros if there is none.
    pub(crate) mark: Mark,
    /// The latest term that was marked.
    pub(crate) term_mark: Term,
    /// What makes the store a member, or is to.
    pub(crate) record: Option<Record>,
}

/// What the place of an item depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) word: u8,
    pub(crate) page: u32,
    pub(crate) pages: u32,
}

/// Bytes of a head.
pub(crate) const HEAD: usize = 36 + HARD_STATE + 16 + MARK + 8 + RECORD;
/// What a head begins with, in every version. The version's byte follows.
pub(crate) const MAGIC: [u8; 8] = *b"quoflash";
/// The version of the format that this program writes, and the only one that it reads.
pub(crate) const VERSION: u8 = 1;

/// What the first item of a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Head(Head),
    /// The head of a later version.
    Later(u8),
    /// No head.
    Other,
}

impl Head {
    pub(crate) fn bytes(&self) -> [u8; HEAD] {
        let Head { owner, shape, .. } = self;
        let mut bytes = [0; HEAD];
        let mut writer = Writer::to(&mut bytes);
        writer.put(&MAGIC);
        writer.put(&[VERSION, shape.word, owner.seat.0, u8::from(self.is_within)]);
        // Numbers of which all bits may be set stand apart: a row of such words would read as erased.
        let [low, high] = [owner.cluster as u32, (owner.cluster >> 32) as u32];
        for word in [shape.page, low, shape.pages, high, self.number] {
            writer.put(&word.to_le_bytes());
        }
        writer.put(&self.before.to_le_bytes());
        writer.put(&self.carried.to_le_bytes());
        writer.hard_state(self.hard_state);
        writer.position(self.last);
        writer.mark(self.mark);
        writer.term(self.term_mark);
        writer.record(self.record);
        bytes
    }
}

impl Found {
    pub(crate) fn parse(item: &[u8]) -> Found {
        let mut reader = Reader(item);
        if reader.array() != Some(MAGIC) {
            return Found::Other;
        }
        match reader.byte() {
            Some(VERSION) => Found::parse_rest(reader).map_or(Found::Other, Found::Head),
            version => Found::Later(version.unwrap_or(0)),
        }
    }

    fn parse_rest(mut reader: Reader<'_>) -> Option<Head> {
        let [word, seat, within] = reader.array()?;
        let page = reader.word()?;
        let low = reader.word()?;
        let pages = reader.word()?;
        let high = reader.word()?;
        let cluster = u64::from(high) << 32 | u64::from(low);
        Some(Head {
            owner: Owner { cluster, seat: Seat(seat) },
            shape: Shape { word, page, pages },
            number: reader.word()?,
            is_within: within != 0,
            before: reader.short()?,
            carried: reader.short()?,
            hard_state: reader.hard_state()?,
            last: reader.position()?,
            mark: reader.mark()?,
            term_mark: reader.term()?,
            record: reader.record()?,
        })
    }
}
