use core::num::NonZero;

use embedded_storage::nor_flash::NorFlash;
use quorate::{Index, Owner};

use crate::append::pages_from;
use crate::damage::Damage;
use crate::front::Configuration;
use crate::head::{HEAD, Head, Label};
use crate::item::{HEADER, Walk, item_bytes, length};
use crate::layout::{roster_bytes_max, word};
use crate::medium::{Failed, Medium};
use crate::outline::last_of;
use crate::{FlashError, Layout};

/// Where the pages of a log are, and whose it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ring {
    start: u32,
    places: NonZero<u32>,
    owner: Owner,
    /// With no more free pages than that, room has to be made: as many as all that the memory holds takes, or a
    /// quarter.
    pub(crate) spare: u32,
    /// The most bytes of a roster: every page has room for one.
    roster_max: usize,
}

impl Ring {
    pub(crate) fn new<F: NorFlash>(layout: &Layout, owner: Owner) -> Ring {
        let pages = (layout.log.end - layout.log.start) / F::ERASE_SIZE as u32;
        let roster_max = roster_bytes_max(layout.seats);
        let fresh = fresh_end::<F>(roster_max);
        let spare = (pages_from::<F>(fresh, layout.log_memory, fresh) + 1).max(pages / 4);
        // A layout that was checked has some.
        let places = NonZero::new(pages).unwrap_or(NonZero::<u32>::MIN);
        Ring { start: layout.log.start, places, owner, spare, roster_max }
    }

    /// How many pages it has.
    #[inline(never)]
    pub(crate) fn pages(&self) -> u32 {
        self.places.get()
    }

    /// The address of the page of this number.
    #[inline(never)]
    pub(crate) fn page<F: NorFlash>(&self, number: u32) -> u32 {
        self.start + number % self.places * F::ERASE_SIZE as u32
    }

    /// Refuses a roster that a page may have no room for.
    pub(crate) fn expect_roster<F>(&self, flash: &mut Medium<F>, bytes: usize) -> Result<(), Failed> {
        let room = self.roster_max;
        if bytes <= room { Ok(()) } else { Err(flash.fail(FlashError::RosterTooLong { bytes, room })) }
    }

    /// What the head of a page of this ring begins with.
    pub(crate) fn label<F: NorFlash>(&self) -> Label {
        Label::new::<F>(self.owner, self.pages())
    }

    /// Reads the head of the page that stands where the one of this number belongs, and says whether there is one.
    #[inline(never)]
    pub(crate) fn head<F: NorFlash>(
        &self,
        flash: &mut Medium<F>,
        number: u32,
        head: &mut Head,
    ) -> Result<bool, Failed> {
        if !head.read(flash, self.page::<F>(number))? {
            return Ok(false);
        }
        let (found, wanted) = (head.label(), self.label::<F>());
        if found == wanted { Ok(true) } else { Err(flash.fail(found.difference(&wanted))) }
    }

    /// Reads the head of a page that has one.
    #[inline(never)]
    pub(crate) fn present<F: NorFlash>(
        &self,
        flash: &mut Medium<F>,
        number: u32,
        head: &mut Head,
    ) -> Result<(), Failed> {
        if self.head(flash, number, head)? { Ok(()) } else { Err(self.headless(flash, number)) }
    }

    /// The last entry before a page.
    pub(crate) fn last_before<F: NorFlash>(&self, flash: &mut Medium<F>, number: u32) -> Result<Index, Failed> {
        let mut head = Head::new();
        self.present(flash, number, &mut head)?;
        Ok(last_of(head.gist()).index)
    }

    /// Whom the log belongs to, if there is one, by the first page that has a head.
    pub(crate) fn owner<F: NorFlash>(flash: &mut Medium<F>, layout: &Layout) -> Result<Option<Owner>, Failed> {
        let mut head = Head::new();
        for start in layout.log.clone().step_by(F::ERASE_SIZE) {
            if head.read(flash, start)? {
                return Ok(Some(head.label().owner()));
            }
        }
        Ok(None)
    }

    /// The newest page's number, and its head, if there is a log.
    fn newest<F: NorFlash>(&self, flash: &mut Medium<F>, head: &mut Head) -> Result<Option<u32>, Failed> {
        let mut newest = None;
        for place in 0..self.pages() {
            if !self.head(flash, place, head)? {
                continue;
            }
            let number = head.number();
            if number % self.places != place || number > NUMBER_MAX {
                return Err(flash.damaged(self.page::<F>(place), Damage::Misplaced));
            }
            newest = newest.max(Some(number));
        }
        Ok(newest)
    }

    /// The oldest page from which on all are here. It does not begin within a write.
    ///
    /// The place of the next page is left out: nothing there is needed, and it may be erased in part.
    fn oldest<F: NorFlash>(&self, flash: &mut Medium<F>, newest: u32, head: &mut Head) -> Result<u32, Failed> {
        let mut oldest = newest;
        while oldest > 0
            && newest - oldest + 2 < self.pages()
            && self.head(flash, oldest - 1, head)?
            && head.number() == oldest - 1
        {
            oldest -= 1;
        }
        let start = self.next_start(flash, oldest, newest)?;
        start.ok_or_else(|| self.headless(flash, oldest))
    }

    /// The first of these pages that does not begin within a write.
    #[inline(never)]
    pub(crate) fn next_start<F: NorFlash>(
        &self,
        flash: &mut Medium<F>,
        from: u32,
        newest: u32,
    ) -> Result<Option<u32>, Failed> {
        let mut head = Head::new();
        for number in from..=newest {
            self.present(flash, number, &mut head)?;
            if !head.is_within() {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }

    #[cold]
    pub(crate) fn headless<F: NorFlash>(&self, flash: &mut Medium<F>, number: u32) -> Failed {
        flash.damaged(self.page::<F>(number), Damage::Head)
    }

    /// Where an item stands in a log without end: its check begins with that, so that none counts in another page, or
    /// at another place of its own.
    pub(crate) fn place<F: NorFlash>(number: u32, at: u32) -> u32 {
        number.wrapping_mul(F::ERASE_SIZE as u32).wrapping_add(at)
    }

    /// Whether a page that has this head has all that it begins with: something stands behind it then. If not, all that
    /// the page was to begin with is in the pages before.
    fn is_begun<F: NorFlash>(&self, flash: &mut Medium<F>, number: u32, head: &Head) -> Result<bool, Failed> {
        let carried = head.carried();
        let end = first_end::<F>() + Configuration::carried_bytes::<F>(carried) as u32;
        let (page, length) = (self.page::<F>(number), F::ERASE_SIZE as u32);
        Ok(carried == 0 || !flash.is_blank(page + end.min(length), page + length)?)
    }

    /// Looks for the log, and refuses one of whose newest pages the heads are gone.
    pub(crate) fn find<F: NorFlash>(&self, flash: &mut Medium<F>) -> Result<Option<(u32, u32)>, Failed> {
        let mut head = Head::new();
        let Some(mut newest) = self.newest(flash, &mut head)? else { return Ok(None) };
        self.present(flash, newest, &mut head)?;
        if !self.is_begun(flash, newest, &head)? {
            newest = newest.checked_sub(1).ok_or(Failed)?;
        }
        for number in newest + 1..newest + self.pages() {
            if !self.head(flash, number, &mut head)? {
                self.expect_unused(flash, number)?;
            }
        }
        Ok(Some((self.oldest(flash, newest, &mut head)?, newest)))
    }

    /// Refuses a page without a head that has items of this number.
    fn expect_unused<F: NorFlash>(&self, flash: &mut Medium<F>, number: u32) -> Result<(), Failed> {
        let mut walk = Walk::new::<F>(number, number);
        if walk.next(flash, self)? { Err(self.headless(flash, number)) } else { Ok(()) }
    }

    /// Where the next item goes in the newest page, whose items end here.
    ///
    /// What a power cut leaves of a write is behind all others and before what is erased: as much as its header says,
    /// or a word of the header itself.
    pub(crate) fn end<F: NorFlash>(&self, flash: &mut Medium<F>, newest: u32, items_end: u32) -> Result<u32, Failed> {
        let (start, page) = (self.page::<F>(newest), F::ERASE_SIZE as u32);
        let mut end = items_end;
        while end < page {
            let written = flash.next_written(start + end, start + page)? - start;
            if written == page {
                break;
            }
            if written > end {
                // What has changed there was never written to. No item goes to this page any longer.
                if end == items_end && flash.is_blank(start + written + word::<F>() as u32, start + page)? {
                    return Ok(page);
                }
                return Err(flash.damaged(start, Damage::ItemBefore));
            }
            let mut header = [0; HEADER];
            if end + HEADER as u32 <= page {
                flash.read(start + end, &mut header)?;
            }
            end += length(&header).map_or(word::<F>(), item_bytes::<F>) as u32;
        }
        Ok(end.min(page))
    }

    /// The place for the first page of a new log: one that is erased. Before it there may be such as lack power for
    /// their head to become whole; whatever else is there was not erased for a log. Once all others hold such heads, the
    /// first place is erased: its own erasure may have been cut off before.
    #[inline(never)]
    pub(crate) fn blank<F: NorFlash>(&self, flash: &mut Medium<F>) -> Result<u32, Failed> {
        let (mut blank, mut strange, mut begun) = (None, None, 0);
        for place in 0..self.pages() {
            let (start, page) = (self.page::<F>(place), F::ERASE_SIZE as u32);
            self.expect_unused(flash, place)?;
            let is_erased = flash.is_blank(start, start + page)?;
            let is_begun = !is_erased && flash.is_blank(start + first_end::<F>(), start + page)?;
            if is_erased {
                blank = blank.or(Some(place));
            } else if blank.is_some() || !is_begun {
                strange = strange.or(Some(start));
            }
            begun += u32::from(is_begun && place > 0);
        }
        if begun + 1 == self.pages() {
            flash.erase(self.start)?;
            return Ok(0);
        }
        match (strange, blank) {
            (None, Some(blank)) => Ok(blank),
            _ => Err(flash.fail(FlashError::NotBlank { address: strange.unwrap_or(self.start) })),
        }
    }
}

/// Where the first item behind a page's head goes.
pub(crate) const fn first_end<F: NorFlash>() -> u32 {
    HEAD.next_multiple_of(word::<F>()) as u32
}

/// Where the first item goes behind what a page begins with that carries a roster of so many bytes; zero if none.
pub(crate) const fn fresh_end<F: NorFlash>(roster: usize) -> u32 {
    let carried = if roster == 0 { 0 } else { Configuration::carried_bytes::<F>(roster) + item_bytes::<F>(0) };
    first_end::<F>() + carried as u32
}

/// No flash lives to see as many pages.
const NUMBER_MAX: u32 = u32::MAX >> 1;
