use embedded_storage::nor_flash::NorFlash;
use quorate::Index;

use crate::assembler::LENGTH_END;
use crate::damage::Damage;
use crate::head::Head;
use crate::item::Walk;
use crate::medium::{Aligned, Failed, Medium};
use crate::outline::Outline;
use crate::ring::{Ring, first_end};
use crate::scan::Scan;

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

impl Log {
    /// An empty one.
    #[inline(never)]
    pub(crate) fn new(ring: Ring) -> Log {
        let outline = Outline::new();
        let (number, first, covered) = (0, 0, Index(0));
        Log { ring, outline, number, end: 0, ordinal: 0, is_sealed: true, first, behind_first: None, covered }
    }

    /// Makes a new log.
    pub(crate) fn create<F: NorFlash>(&mut self, flash: &mut Medium<F>) -> Result<(), Failed> {
        self.first = self.ring.blank(flash)?;
        self.number = self.first;
        self.begin(flash, 0, false)
    }

    /// Reads the log whose first and newest pages these are, and checks it.
    pub(crate) fn read<F: NorFlash>(
        &mut self,
        flash: &mut Medium<F>,
        (first, newest): (u32, u32),
        scratch: &mut [u8],
    ) -> Result<(), Failed> {
        self.first = first;
        let end = self.scan(flash, newest, scratch, false)?;
        self.end = self.ring.end(flash, newest, end)?;
        // Pages may only go if a snapshot covers what no page behind them holds.
        if self.outline.base > self.outline.mark().0.index() {
            return Err(flash.damaged(self.ring.page::<F>(first), Damage::PageMissing));
        }
        Ok(())
    }

    /// The index behind which the pages from this one on hold every entry.
    #[inline(never)]
    pub(crate) fn base_from<F: NorFlash>(&self, flash: &mut Medium<F>, first: u32) -> Result<Index, Failed> {
        let mut log = Log::new(self.ring);
        log.first = first;
        log.scan(flash, self.number, &mut Aligned::<LENGTH_END>::new().0, true)?;
        Ok(log.outline.base)
    }

    /// Reads all pages from the first to the newest, and says where the items of that end. A scan that is
    /// skimming does not look into records.
    #[inline(never)]
    fn scan<F: NorFlash>(
        &mut self,
        flash: &mut Medium<F>,
        newest: u32,
        scratch: &mut [u8],
        is_skimming: bool,
    ) -> Result<u32, Failed> {
        let (first, ring) = (self.first, self.ring);
        let (mut walk, mut head) = (Walk::new::<F>(first, first), Head::new());
        ring.present(flash, first, &mut head)?;
        self.number = first;
        self.outline.begin(head.gist());
        let mut scan = Scan::new(self, scratch, is_skimming);
        for number in first..=newest {
            if number > first {
                ring.present(flash, number, &mut head)?;
                scan.turn(flash, &head)?;
                walk.turn::<F>(number);
            }
            while walk.next(flash, &ring)? {
                scan.item(flash, &walk)?;
            }
        }
        Ok(walk.end)
    }

    /// Writes the head of the page of the newest number, which is erased.
    #[inline(never)]
    pub(crate) fn begin<F: NorFlash>(
        &mut self,
        flash: &mut Medium<F>,
        before: u16,
        is_within: bool,
    ) -> Result<(), Failed> {
        let carried = if is_within { 0 } else { self.outline.settled.configuration.bytes };
        let Log { ring, outline, number, .. } = self;
        let place = (ring.page::<F>(*number), ring.label::<F>());
        Head::write(flash, place, (*number, before, carried), &outline.gist.0, is_within)?;
        self.ordinal = 0;
        self.end = first_end::<F>();
        self.is_sealed = true;
        Ok(())
    }
}
