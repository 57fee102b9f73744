use embedded_storage::nor_flash::NorFlash;
use quorate::Index;

use crate::head::{About, Head};
use crate::item::Walk;
use crate::medium::{Failed, Medium};
use crate::outline::{GIST, Outline};
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
    /// One that begins with this page, of which nothing was read yet.
    fn new(ring: Ring, first: u32, outline: Outline) -> Log {
        let (number, covered) = (first, Index(0));
        Log { ring, outline, number, end: 0, ordinal: 0, is_sealed: true, first, behind_first: None, covered }
    }

    /// Makes a new log.
    pub(crate) fn create<F: NorFlash>(flash: &mut Medium<F>, ring: Ring) -> Result<Log, Failed> {
        let mut log = Log::new(ring, ring.blank(flash)?, Outline::behind([0; GIST]));
        log.begin(flash, 0, false)?;
        Ok(log)
    }

    /// Reads the log whose first and newest pages these are, and checks it.
    pub(crate) fn read<F: NorFlash>(
        flash: &mut Medium<F>,
        ring: Ring,
        (first, newest): (u32, u32),
        scratch: &mut [u8],
    ) -> Result<Log, Failed> {
        let gist = *ring.present(flash, first)?.gist();
        let mut log = Log::new(ring, first, Outline::behind(gist));
        let end = log.scan(flash, newest, scratch)?;
        log.end = ring.end(flash, newest, end)?;
        // Pages may only go if a snapshot covers what no page behind them holds.
        let covered = log.outline.mark().snapshot.position.index;
        if log.outline.base > covered {
            return Err(flash.damaged(ring.page::<F>(first), "the page before this one is missing"));
        }
        log.covered = covered;
        Ok(log)
    }

    /// Reads all pages up to the newest, and says where the items of that end.
    #[inline(never)]
    fn scan<F: NorFlash>(&mut self, flash: &mut Medium<F>, newest: u32, scratch: &mut [u8]) -> Result<u32, Failed> {
        let (first, ring) = (self.first, self.ring);
        let mut scan = Scan::new(self, scratch);
        let mut walk = Walk::new::<F>(first, first);
        for number in first..=newest {
            if number > first {
                let head = ring.present(flash, number)?;
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
        let about = About { is_within, before, carried, ..self.ring.about::<F>(self.number) };
        let head = Head::new(&about, &self.outline.gist);
        head.write(flash, self.ring.page::<F>(self.number))?;
        self.ordinal = 0;
        self.end = first_end::<F>();
        self.is_sealed = true;
        Ok(())
    }
}
