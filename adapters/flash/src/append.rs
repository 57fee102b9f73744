use embedded_storage::nor_flash::NorFlash;
use quorate::{Entries, Index};

use crate::FlashError;
use crate::content::{Content, FOLLOWS};
use crate::item::{Front, ITEM, PREFIX, Prefix, Stand};
use crate::layout::{ROOM_MIN, item_bytes, word};
use crate::log::{Log, first_end};
use crate::page::Page;

impl Log {
    /// Refuses a write that there is no room for. One page is kept for a write that makes room: one that puts a
    /// snapshot in force, or that holds every entry which no snapshot covers.
    pub(crate) fn expect_room<F: NorFlash>(
        &mut self,
        flash: &mut F,
        front: &Front,
        entries: Entries<'_>,
    ) -> Result<(), FlashError> {
        let kept = u32::from(!front.makes_room() && !self.is_all(entries));
        let length = Content::new(front, entries, self.outline.last).length();
        let (needed, _) = self.pages_for::<F>(length);
        while needed > 0 && needed + kept > self.free() {
            if !self.drop_replaced(flash)? {
                return Err(FlashError::LogFull { needed, free: self.free().saturating_sub(kept) });
            }
        }
        Ok(())
    }

    /// Makes a write durable, for which there is room.
    pub(crate) fn append<F: NorFlash>(
        &mut self,
        flash: &mut F,
        front: &Front,
        entries: Entries<'_>,
    ) -> Result<(), FlashError> {
        let mut rest = Content::new(front, entries, self.outline.last);
        let mut is_first = true;
        if self.pages_for::<F>(rest.length()).1 {
            self.turn(flash, false)?;
        }
        loop {
            let room = room::<F>(self.end);
            if room == 0 {
                self.turn(flash, !is_first)?;
                continue;
            }
            let mut item = [0; ITEM];
            let (prefix, content) = item.split_at_mut(PREFIX);
            let length = rest.take(content.get_mut(..room - PREFIX).ok_or(FlashError::Miscounted)?);
            let is_last = rest.is_done();
            let (ordinal, round) = (self.ordinal, self.ring.round(self.number));
            prefix.copy_from_slice(&Prefix { is_first, is_last, front: front.kind(), round, ordinal }.bytes());
            self.push(flash, item.get(..PREFIX + length).ok_or(FlashError::Miscounted)?)?;
            self.ordinal = self.ordinal.wrapping_add(1);
            is_first = false;
            if is_last {
                break;
            }
        }
        self.push(flash, SEAL)?;
        self.outline.note_front(front);
        entries.for_each(|entry| self.outline.note_entry(entry.position()));
        if let Some(Stand::Marked(mark) | Stand::Installed(mark)) = front.stand {
            self.covered = mark.snapshot.position.index;
        }
        if self.is_all(entries) { self.drop_unneeded(flash) } else { self.drop_covered(flash) }
    }

    /// Whether these are all entries that no snapshot covers.
    fn is_all(&self, entries: Entries<'_>) -> bool {
        entries.first().is_some_and(|first| first.position().index.0 <= self.covered.0 + 1)
    }

    /// Whether room has to be made.
    pub(crate) fn is_crowded(&self) -> bool {
        self.free() <= self.ring.spare
    }

    /// Sees to it that something stands behind the last write: it was believed, and must not look as if it was cut off.
    pub(crate) fn settle<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), FlashError> {
        if self.is_sealed {
            return Ok(());
        }
        self.is_sealed = true;
        if self.end + item_bytes::<F>(0) as u32 <= Page::limit::<F>() {
            return self.push(flash, SEAL);
        }
        if self.free() == 0 {
            return Ok(());
        }
        self.turn(flash, false)
    }

    /// How many pages can be taken now. The one that is erased next holds nothing that is needed.
    pub(crate) fn free(&self) -> u32 {
        (self.first + self.ring.shape.pages - 2).saturating_sub(self.number)
    }

    /// Lets the first pages go whose entries are covered or, if room is short, replaced.
    pub(crate) fn drop_unneeded<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), FlashError> {
        self.drop_covered(flash)?;
        while self.is_crowded() && self.drop_replaced(flash)? {}
        Ok(())
    }

    /// Lets the first pages go whose entries are covered all. The pages of a write go together.
    pub(crate) fn drop_covered<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), FlashError> {
        while self.first < self.number {
            let Some((next, last)) = self.behind_first(flash)? else {
                if self.outline.last.index > self.covered || self.free() == 0 {
                    break;
                }
                self.turn(flash, false)?;
                continue;
            };
            if last > self.covered {
                break;
            }
            self.first = next;
        }
        Ok(())
    }

    /// Lets the first pages go if later ones replace what they hold beyond what is covered.
    fn drop_replaced<F: NorFlash>(&mut self, flash: &mut F) -> Result<bool, FlashError> {
        let Some((next, _)) = self.behind_first(flash)? else { return Ok(false) };
        let is_replaced = self.base_from(flash, next)? <= self.covered;
        if is_replaced {
            self.first = next;
            self.drop_covered(flash)?;
        }
        Ok(is_replaced)
    }

    /// The page behind the first ones that go together, and the last entry before it.
    fn behind_first<F: NorFlash>(&mut self, flash: &mut F) -> Result<Option<(u32, Index)>, FlashError> {
        if self.behind_first.is_none_or(|(next, _)| next <= self.first) {
            let next = self.ring.next_start(flash, self.first + 1, self.number)?;
            self.behind_first = match next {
                Some(next) => Some((next, self.last_before(flash, next)?)),
                None => None,
            };
        }
        Ok(self.behind_first)
    }

    fn last_before<F: NorFlash>(&self, flash: &mut F, number: u32) -> Result<Index, FlashError> {
        Ok(self.ring.head(flash, number)?.ok_or(self.ring.headless(number))?.last.index)
    }

    /// The index behind which the pages from this one on hold every entry.
    fn base_from<F: NorFlash>(&self, flash: &mut F, first: u32) -> Result<Index, FlashError> {
        let mut base = self.last_before(flash, first)?;
        let (mut draft, mut is_sound) = (base, true);
        for number in first..=self.number {
            let mut is_head = true;
            self.ring.page(number).each(flash, &mut |item| {
                if core::mem::take(&mut is_head) {
                    return true;
                }
                let Some((prefix, content)) = Prefix::parse(item) else { return true };
                if prefix.is_first {
                    draft = base;
                    let Ok((front, records)) = Front::parse(prefix.front, content) else {
                        is_sound = false;
                        return false;
                    };
                    if let Some(Stand::Installed(mark)) = front.stand {
                        draft = mark.snapshot.position.index;
                    }
                    // An entry that follows the one before replaces none.
                    if let Some((kind, rest)) = records.split_first()
                        && kind & FOLLOWS == 0
                        && let Some(index) = rest.first_chunk()
                    {
                        draft = draft.min(Index(u64::from_le_bytes(*index).saturating_sub(1)));
                    }
                }
                if prefix.is_last {
                    base = draft;
                }
                true
            })?;
        }
        if is_sound { Ok(base) } else { Err(FlashError::Miscounted) }
    }

    /// How many new pages a write of so many bytes takes, and whether it leaves the rest of this one.
    ///
    /// A write that fits into one page is not cut by the end of another: a page that begins within a write cannot stay
    /// alone.
    fn pages_for<F: NorFlash>(&self, length: usize) -> (u32, bool) {
        let pages = pages_from::<F>(self.end, length);
        let is_apart = pages > 0 && pages_from::<F>(first_end::<F>(), length) == 0;
        (if is_apart { 1 } else { pages }, is_apart)
    }

    /// Goes on with the next page, of which nothing is needed any longer.
    fn turn<F: NorFlash>(&mut self, flash: &mut F, is_within: bool) -> Result<(), FlashError> {
        let before = self.ordinal;
        self.number += 1;
        self.ring.page(self.number).erase(flash)?;
        self.begin(flash, before, is_within)
    }

    fn push<F: NorFlash>(&mut self, flash: &mut F, item: &[u8]) -> Result<(), FlashError> {
        self.ring.page(self.number).push(flash, item)?;
        self.end += item_bytes::<F>(item.len()) as u32;
        Ok(())
    }
}

/// An item without content: the write before it arrived as a whole.
const SEAL: &[u8] = &[];

/// How many bytes an item may have that goes to this place of a page, and a seal behind it; zero if that is too few.
fn room<F: NorFlash>(end: u32) -> usize {
    let taken = end as usize + 2 * item_bytes::<F>(0);
    let left = (Page::limit::<F>() as usize).saturating_sub(taken) / word::<F>() * word::<F>();
    if left < ROOM_MIN { 0 } else { left.min(ITEM) }
}

/// How many new pages so many bytes take that go to this place of a page.
pub(crate) fn pages_from<F: NorFlash>(end: u32, length: usize) -> u32 {
    let (mut end, mut left, mut pages) = (end, length, 0);
    loop {
        let room = room::<F>(end);
        if room == 0 {
            end = first_end::<F>();
            pages += 1;
            continue;
        }
        let content = left.min(room - PREFIX);
        end += item_bytes::<F>(PREFIX + content) as u32;
        left -= content;
        if left == 0 {
            return pages;
        }
    }
}
