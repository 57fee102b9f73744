use embedded_storage::nor_flash::NorFlash;
use quorate::{Entries, Index};

use crate::FlashError;
use crate::content::{Content, Write};
use crate::item::{CONTENT, HEADER, ITEM, PREFIX, Prefix, Room, close, item_bytes};
use crate::layout::ROOM_MIN;
use crate::log::Log;
use crate::medium::{Failed, Medium};
use crate::ring::{Ring, first_end, fresh_end};

impl Log {
    /// Refuses a write that there is no room for. One page is kept for a write that makes room: one that puts a
    /// snapshot in force, or that holds every entry which no snapshot covers.
    pub(crate) fn expect_room<F: NorFlash>(&mut self, flash: &mut Medium<F>, write: &Write<'_>) -> Result<(), Failed> {
        self.ring.expect_roster(flash, write.roster.len())?;
        let kept = u32::from(!write.front.makes_room() && !self.is_all(write.entries));
        let length = Content::new(write, self.outline.last()).length();
        let (needed, _) = self.pages_for::<F>(length);
        while needed > 0 && needed + kept > self.free() {
            if !self.drop_replaced(flash)? {
                let free = self.free().saturating_sub(kept);
                return Err(flash.fail(FlashError::LogFull { needed, free }));
            }
        }
        Ok(())
    }

    /// Makes a write durable, for which there is room.
    pub(crate) fn append<F: NorFlash>(&mut self, flash: &mut Medium<F>, write: &Write<'_>) -> Result<(), Failed> {
        let mut rest = Content::new(write, self.outline.last());
        let length = rest.length();
        if self.pages_for::<F>(length).1 {
            self.turn(flash, false)?;
        }
        let (mut left, mut place) = (length, None);
        while left > 0 {
            let room = room::<F>(self.end, left);
            if room == 0 {
                self.turn(flash, place.is_some())?;
                continue;
            }
            let is_first = place.is_none();
            place = place.or(Some((self.number, self.end)));
            left -= self.push_next(flash, write.front.kind, is_first, &mut rest, room)?;
        }
        self.seal(flash)?;
        let Write { front, entries, .. } = write;
        self.outline.note_front(front.kind, front.bytes(), place.ok_or(Failed)?).ok_or(Failed)?;
        entries.for_each(|entry| self.outline.note_entry(entry.position()));
        if front.makes_room() {
            self.covered = self.outline.mark().0.index();
        }
        if self.is_all(write.entries) { self.drop_unneeded(flash) } else { self.drop_covered(flash) }
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
    pub(crate) fn settle<F: NorFlash>(&mut self, flash: &mut Medium<F>) -> Result<(), Failed> {
        if self.is_sealed {
            return Ok(());
        }
        self.is_sealed = true;
        if self.end + item_bytes::<F>(0) as u32 <= F::ERASE_SIZE as u32 {
            return self.seal(flash);
        }
        if self.free() == 0 {
            return Ok(());
        }
        self.turn(flash, false)
    }

    /// How many pages can be taken now. The one that is erased next holds nothing that is needed.
    pub(crate) fn free(&self) -> u32 {
        (self.first + self.ring.pages() - 2).saturating_sub(self.number)
    }

    /// Lets the first pages go whose entries are covered or, if room is short, replaced.
    pub(crate) fn drop_unneeded<F: NorFlash>(&mut self, flash: &mut Medium<F>) -> Result<(), Failed> {
        self.drop_covered(flash)?;
        while self.is_crowded() && self.drop_replaced(flash)? {}
        Ok(())
    }

    /// Lets the first pages go whose entries are covered all. The pages of a write go together.
    pub(crate) fn drop_covered<F: NorFlash>(&mut self, flash: &mut Medium<F>) -> Result<(), Failed> {
        while self.first < self.number {
            let Some((next, last)) = self.behind_first(flash)? else {
                if self.outline.last().index > self.covered || self.free() == 0 {
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
    fn drop_replaced<F: NorFlash>(&mut self, flash: &mut Medium<F>) -> Result<bool, Failed> {
        let Some((next, _)) = self.behind_first(flash)? else { return Ok(false) };
        let is_replaced = self.base_from(flash, next)? <= self.covered;
        if is_replaced {
            self.first = next;
            self.drop_covered(flash)?;
        }
        Ok(is_replaced)
    }

    /// The page behind the first ones that go together, and the last entry before it.
    fn behind_first<F: NorFlash>(&mut self, flash: &mut Medium<F>) -> Result<Option<(u32, Index)>, Failed> {
        if self.behind_first.is_none_or(|(next, _)| next <= self.first) {
            let next = self.ring.next_start(flash, self.first + 1, self.number)?;
            self.behind_first = match next {
                Some(next) => Some((next, self.ring.last_before(flash, next)?)),
                None => None,
            };
        }
        Ok(self.behind_first)
    }

    /// How many new pages a write of so many bytes takes, and whether it leaves the rest of this one.
    ///
    /// A write that fits into one page is not cut by the end of another: a page that begins within a write cannot stay
    /// alone.
    fn pages_for<F: NorFlash>(&self, length: usize) -> (u32, bool) {
        let fresh = fresh_end::<F>(self.outline.settled.configuration.bytes.into());
        let pages = pages_from::<F>(self.end, length, fresh);
        let is_apart = pages > 0 && pages_from::<F>(fresh, length, fresh) == 0;
        (if is_apart { 1 } else { pages }, is_apart)
    }

    /// Goes on with the next page, of which nothing is needed any longer.
    fn turn<F: NorFlash>(&mut self, flash: &mut Medium<F>, is_within: bool) -> Result<(), Failed> {
        let before = self.ordinal;
        self.number += 1;
        flash.erase(self.ring.page::<F>(self.number))?;
        self.begin(flash, before, is_within)?;
        if is_within { Ok(()) } else { self.carry(flash) }
    }

    /// Writes as much of the rest as fits into one item with so much room, and says how much that is. Apart, so that its
    /// buffer is not on the stack while a page is turned.
    #[inline(never)]
    fn push_next<F: NorFlash>(
        &mut self,
        flash: &mut Medium<F>,
        kind: u8,
        is_first: bool,
        rest: &mut Content<'_>,
        room: usize,
    ) -> Result<usize, Failed> {
        let mut item = Room::new();
        let length = rest.take(item.0.get_mut(CONTENT..HEADER + room).ok_or(Failed)?);
        self.push_item(flash, kind, (is_first, rest.is_done()), &mut item, length)?;
        Ok(length)
    }

    /// Writes an item that has so much content where it belongs, and room for all before it: of a write of this kind, of
    /// which it is the first or the last item or both.
    #[inline(never)]
    pub(crate) fn push_item<F: NorFlash>(
        &mut self,
        flash: &mut Medium<F>,
        front: u8,
        (is_first, is_last): (bool, bool),
        item: &mut Room,
        length: usize,
    ) -> Result<(), Failed> {
        let prefix = Prefix { is_first, is_last, front, ordinal: self.ordinal }.bytes();
        item.0.iter_mut().skip(HEADER).zip(prefix).for_each(|(room, byte)| *room = byte);
        self.ordinal = self.ordinal.wrapping_add(1);
        self.push(flash, item, PREFIX + length)
    }

    /// Says that the write before it arrived as a whole: an item without data.
    pub(crate) fn seal<F: NorFlash>(&mut self, flash: &mut Medium<F>) -> Result<(), Failed> {
        self.push(flash, &mut Room::new(), 0)
    }

    /// Writes an item that has so much data.
    #[inline(never)]
    fn push<F: NorFlash>(&mut self, flash: &mut Medium<F>, item: &mut Room, data: usize) -> Result<(), Failed> {
        close(item.0.get_mut(..HEADER + data).ok_or(Failed)?, Ring::place::<F>(self.number, self.end))?;
        let taken = item_bytes::<F>(data);
        let page = self.ring.page::<F>(self.number);
        flash.write(page + self.end, item.0.get(..taken).ok_or(Failed)?)?;
        self.end += taken as u32;
        Ok(())
    }
}

/// How much data an item may have that goes to this place of a page, and a seal behind it, if so many bytes of content
/// are left; zero if that is too little.
fn room<F: NorFlash>(end: u32, left: usize) -> usize {
    let taken = end as usize + item_bytes::<F>(0) + HEADER;
    let room = F::ERASE_SIZE.saturating_sub(taken);
    if room < ROOM_MIN.min(PREFIX + left) { 0 } else { room.min(ITEM) }
}

/// How many new pages so many bytes take that go to this place of a page, if a page that begins with them has room from
/// `fresh` on.
pub(crate) fn pages_from<F: NorFlash>(end: u32, length: usize, fresh: u32) -> u32 {
    let (mut end, mut left, mut pages) = (end, length, 0);
    while left > 0 {
        let room = room::<F>(end, left);
        if room == 0 {
            end = if left == length { fresh } else { first_end::<F>() };
            pages += 1;
            continue;
        }
        let content = left.min(room - PREFIX);
        end += item_bytes::<F>(PREFIX + content) as u32;
        left -= content;
    }
    pages
}
