use core::num::NonZero;

use embedded_storage::nor_flash::NorFlash;
use quorate::{Index, Owner};

use crate::append::pages_from;
use crate::head::{Found, HEAD, Head, MAGIC, Shape};
use crate::item::{Configuration, Prefix};
use crate::layout::{item_bytes, roster_bytes_max, word};
use crate::medium;
use crate::outline::Outline;
use crate::page::Page;
use crate::scan::Scan;
use crate::{FlashError, Layout};

/// The log: a ring of pages, of which the newest is written and the oldest go.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) ring: Ring,
    pub(crate) outline: Outline,
    /// The number of the newest page.
    pub(crate) number: u32,
    /// Where in it the next item goes.
    pub(crate) end: u32,
    /// How many items it has.
    pub(crate) ordinal: u16,
    /// Whether something stands behind the last write that shows that it had arrived.
    pub(crate) is_sealed: bool,
    /// The number of the first page that is needed.
    pub(crate) first: u32,
    /// The next page after that one which does not begin within a write, and the last entry before it, once it was
    /// looked up.
    pub(crate) behind_first: Option<(u32, Index)>,
    /// Entries up to here are not needed.
    pub(crate) covered: Index,
}

/// Where the pages of a log are, and whose it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ring {
    pub(crate) start: u32,
    /// As many as the shape has pages.
    places: NonZero<u32>,
    pub(crate) shape: Shape,
    pub(crate) owner: Owner,
    /// With no more free pages than that, room has to be made: as many as all that the memory holds takes, or a
    /// quarter.
    pub(crate) spare: u32,
    /// The most bytes of a roster: every page has room for one.
    roster_max: usize,
}

impl Ring {
    pub(crate) fn new<F: NorFlash>(layout: &Layout, owner: Owner) -> Result<Ring, FlashError> {
        let page = F::ERASE_SIZE as u32;
        let pages = (layout.log.end - layout.log.start) / page;
        let roster_max = roster_bytes_max(layout.seats);
        let fresh = fresh_end::<F>(roster_max);
        let spare = (pages_from::<F>(fresh, layout.log_memory, fresh) + 1).max(pages / 4);
        let places = NonZero::new(pages).ok_or(FlashError::Miscounted)?;
        let shape = Shape { word: word::<F>() as u8, page, pages };
        Ok(Ring { start: layout.log.start, places, shape, owner, spare, roster_max })
    }

    pub(crate) fn page(&self, number: u32) -> Page {
        Page { start: self.start + number % self.places * self.shape.page }
    }

    /// Refuses a roster that a page may have no room for.
    pub(crate) fn expect_roster(&self, bytes: usize) -> Result<(), FlashError> {
        let room = self.roster_max;
        if bytes <= room { Ok(()) } else { Err(FlashError::RosterTooLong { bytes, room }) }
    }

    /// How often the place of a page was used before it, modulo 256.
    pub(crate) fn round(&self, number: u32) -> u8 {
        (number / self.places) as u8
    }

    /// The head of the page that stands where the one of this number belongs.
    pub(crate) fn head<F: NorFlash>(&self, flash: &mut F, number: u32) -> Result<Option<Head>, FlashError> {
        let Some(head) = self.page(number).head(flash)? else { return Ok(None) };
        let (found, wanted) = (head.shape, self.shape);
        reshaped("word", found.word.into(), wanted.word.into())?;
        reshaped("page", found.page, wanted.page)?;
        reshaped("number of pages", found.pages, wanted.pages)?;
        if head.owner != self.owner {
            return Err(FlashError::Foreign { found: head.owner, wanted: self.owner });
        }
        Ok(Some(head))
    }

    /// Whom the log belongs to, if there is one, by the first page that has a head.
    pub(crate) fn owner<F: NorFlash>(flash: &mut F, layout: &Layout) -> Result<Option<Owner>, FlashError> {
        for start in layout.log.clone().step_by(F::ERASE_SIZE) {
            if let Some(head) = (Page { start }).head(flash)? {
                return Ok(Some(head.owner));
            }
        }
        Ok(None)
    }

    /// The newest page's number, if there is a log.
    fn newest<F: NorFlash>(&self, flash: &mut F) -> Result<Option<u32>, FlashError> {
        let mut newest = None;
        for place in 0..self.shape.pages {
            let Some(head) = self.head(flash, place)? else { continue };
            let address = self.page(place).start;
            if self.page(head.number).start != address || head.number > NUMBER_MAX {
                return Err(FlashError::Damaged { address, what: "a page stands in the place of another one" });
            }
            newest = newest.max(Some(head.number));
        }
        Ok(newest)
    }

    /// The oldest page from which on all are here. It does not begin within a write.
    ///
    /// The place of the next page is left out: nothing there is needed, and it may be erased in part.
    fn oldest<F: NorFlash>(&self, flash: &mut F, newest: u32) -> Result<u32, FlashError> {
        let mut oldest = newest;
        while oldest > 0 && newest - oldest + 2 < self.shape.pages {
            match self.head(flash, oldest - 1)? {
                Some(head) if head.number == oldest - 1 => oldest -= 1,
                _ => break,
            }
        }
        self.next_start(flash, oldest, newest)?.ok_or(self.headless(oldest))
    }

    /// The first of these pages that does not begin within a write.
    pub(crate) fn next_start<F: NorFlash>(
        &self,
        flash: &mut F,
        from: u32,
        newest: u32,
    ) -> Result<Option<u32>, FlashError> {
        for number in from..=newest {
            if !self.head(flash, number)?.ok_or(self.headless(number))?.is_within {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }

    pub(crate) fn headless(&self, number: u32) -> FlashError {
        FlashError::Damaged { address: self.page(number).start, what: HEADLESS }
    }

    /// Whether something was written to the page of this number.
    fn is_used<F: NorFlash>(&self, flash: &mut F, number: u32) -> Result<bool, FlashError> {
        let mut is_used = false;
        self.page(number).glance(flash, &mut |item| {
            is_used = Found::parse(item) == Found::Other
                && Prefix::parse(item).is_some_and(|(prefix, _)| prefix.round == self.round(number));
            !is_used
        })?;
        Ok(is_used)
    }

    /// Whether a page that has a head has all that it begins with: something stands behind it then. If not, all that the
    /// page was to begin with is in the pages before.
    fn is_begun<F: NorFlash>(&self, flash: &mut F, number: u32) -> Result<bool, FlashError> {
        let carried = self.head(flash, number)?.map_or(0, |head| usize::from(head.carried));
        let end = first_end::<F>() + Configuration::carried_bytes::<F>(carried) as u32;
        let rest = Page::limit::<F>().saturating_sub(end);
        Ok(carried == 0 || !medium::is_blank(flash, self.page(number).start + end, rest)?)
    }

    /// Looks for the log, and refuses one of whose newest pages the heads are gone.
    pub(crate) fn find<F: NorFlash>(&self, flash: &mut F) -> Result<Option<(u32, u32)>, FlashError> {
        let Some(mut newest) = self.newest(flash)? else { return Ok(None) };
        if !self.is_begun(flash, newest)? {
            newest = newest.checked_sub(1).ok_or(self.headless(newest))?;
        }
        for number in newest + 1..newest + self.shape.pages {
            if self.head(flash, number)?.is_none() && self.is_used(flash, number)? {
                return Err(self.headless(number));
            }
        }
        Ok(Some((self.oldest(flash, newest)?, newest)))
    }

    /// Where the next item goes in the newest page, whose items are so long together.
    ///
    /// What a power cut leaves of a write is behind all others and before what is erased. An item that is damaged may
    /// hide those behind it.
    fn end<F: NorFlash>(&self, flash: &mut F, newest: u32, items_end: u32) -> Result<u32, FlashError> {
        let (page, limit) = (self.page(newest), Page::limit::<F>());
        // What is left holds a seal at most. One that was cut off ends somewhere within it for the library.
        if limit.saturating_sub(items_end) <= item_bytes::<F>(0) as u32 {
            return Ok(limit);
        }
        let end = page.end(flash)?;
        let written = medium::count_written(flash, page.start + end, self.shape.page - end)?;
        if written == 0 {
            return Ok(end);
        }
        // Behind an item that is gone at least its content stands, and a seal.
        if end != items_end || written > 1 {
            return Err(FlashError::Damaged {
                address: page.start,
                what: "an item is damaged, and more was written after it",
            });
        }
        // What has changed there was never written to. No item goes to this page any longer.
        Ok(limit)
    }

    /// The place for the first page of a new log: one that is erased. Before it there may be such as lack power for
    /// their head to become whole; whatever else is there was not erased for a log.
    fn blank<F: NorFlash>(&self, flash: &mut F) -> Result<u32, FlashError> {
        let mut blank = None;
        for place in 0..self.shape.pages {
            let page = self.page(place);
            self.expect_same_word(flash, page)?;
            let mut is_empty = true;
            page.glance(flash, &mut |_| {
                is_empty = false;
                false
            })?;
            if !is_empty {
                return Err(FlashError::Damaged { address: page.start, what: HEADLESS });
            }
            let is_blank = medium::is_blank(flash, page.start, self.shape.page)?;
            let begun = first_end::<F>();
            let mut is_begun = || medium::is_blank(flash, page.start + begun, self.shape.page - begun);
            match blank {
                None if is_blank => blank = Some(place),
                None if is_begun()? => {}
                Some(_) if is_blank => {}
                _ => return Err(FlashError::NotBlank { address: page.start }),
            }
        }
        blank.ok_or(FlashError::NotBlank { address: self.start })
    }

    /// Refuses a head that only a flash with other words would see.
    fn expect_same_word<F: NorFlash>(&self, flash: &mut F, page: Page) -> Result<(), FlashError> {
        for shift in 0..=5 {
            let word = 1u32 << shift;
            let mut found = [0; MAGIC.len()];
            medium::read(flash, page.start + word + word.max(8), &mut found)?;
            if found == MAGIC {
                reshaped("word", word, self.shape.word.into())?;
            }
        }
        Ok(())
    }
}

impl Log {
    /// Makes a new log.
    pub(crate) fn create<F: NorFlash>(flash: &mut F, ring: Ring) -> Result<Log, FlashError> {
        let number = ring.blank(flash)?;
        let mut log = Log {
            ring,
            outline: Outline::default(),
            number,
            end: 0,
            ordinal: 0,
            is_sealed: true,
            first: number,
            behind_first: None,
            covered: Index(0),
        };
        log.begin(flash, 0, false)?;
        Ok(log)
    }

    /// Reads the log whose first and newest pages these are, and checks it.
    pub(crate) fn read<F: NorFlash>(
        flash: &mut F,
        ring: Ring,
        (first, newest): (u32, u32),
        scratch: &mut [u8],
    ) -> Result<Log, FlashError> {
        let head = ring.head(flash, first)?.ok_or(ring.headless(first))?;
        let mut scan = Scan::new(&head, ring, scratch);
        let mut items_end = 0;
        for number in first..=newest {
            let page = ring.page(number);
            if number > first {
                scan.turn(&ring.head(flash, number)?.ok_or(ring.headless(number))?)?;
            }
            let (mut is_head, mut result) = (true, Ok(()));
            items_end = word::<F>() as u32;
            page.each(flash, &mut |item| {
                items_end += item_bytes::<F>(item.len()) as u32;
                if !core::mem::take(&mut is_head) {
                    result = scan.item(item);
                }
                result.is_ok()
            })?;
            result?;
        }
        let end = ring.end(flash, newest, items_end)?;
        // Pages may only go if a snapshot covers what no page behind them holds.
        let covered = scan.outline.mark.snapshot.position.index;
        if scan.outline.base > covered {
            return Err(FlashError::Damaged {
                address: ring.page(first).start,
                what: "the page before this one is missing",
            });
        }
        let Scan { outline, ordinal, is_sealed, .. } = scan;
        Ok(Log { ring, outline, number: newest, end, ordinal, is_sealed, first, behind_first: None, covered })
    }

    /// Writes the head of the page of the newest number, which is erased.
    pub(crate) fn begin<F: NorFlash>(&mut self, flash: &mut F, before: u16, is_within: bool) -> Result<(), FlashError> {
        let Outline { hard_state, last, mark, term_mark, record, .. } = self.outline;
        let Ring { owner, shape, .. } = self.ring;
        let number = self.number;
        let carried = if is_within { 0 } else { self.outline.settled.configuration.bytes };
        let head = Head { owner, shape, number, is_within, before, carried, hard_state, last, mark, term_mark, record };
        self.ring.page(self.number).push(flash, &head.bytes())?;
        self.ordinal = 0;
        self.end = first_end::<F>();
        self.is_sealed = true;
        Ok(())
    }
}

/// Where the first item behind a page's head goes.
pub(crate) const fn first_end<F: NorFlash>() -> u32 {
    (word::<F>() + item_bytes::<F>(HEAD)) as u32
}

/// Where the first item goes behind what a page begins with that carries a roster of so many bytes; zero if none.
pub(crate) const fn fresh_end<F: NorFlash>(roster: usize) -> u32 {
    let carried = if roster == 0 { 0 } else { Configuration::carried_bytes::<F>(roster) + item_bytes::<F>(0) };
    first_end::<F>() + carried as u32
}

fn reshaped(what: &'static str, found: u32, wanted: u32) -> Result<(), FlashError> {
    if found == wanted { Ok(()) } else { Err(FlashError::Reshaped { what, found, wanted }) }
}

/// No flash lives to see as many pages.
const NUMBER_MAX: u32 = u32::MAX >> 1;
/// What is wrong if a page holds items, and does not say whose.
const HEADLESS: &str = "the head of a page is damaged";
