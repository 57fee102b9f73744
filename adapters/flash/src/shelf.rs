mod content;

use embedded_storage::nor_flash::NorFlash;
use quorate::{Index, Members, Position, Recovered, Stored};

use crate::fetch::Fetch;
use crate::layout::WORD_MAX;
use crate::medium::{Failed, Medium};
use crate::outline::Outline;
use crate::place::{HEADER, Header, Id, Kept};
use crate::places::{NO_PLACE, PLACES, Places};
use crate::show::Visit;
use crate::{FlashError, Layout};

/// The places of the snapshots, and what is in them that counts.
#[derive(Debug)]
pub(crate) struct Shelf {
    places: Places,
    cluster: u64,
    in_force: Kept,
    /// The one that was in force before.
    before: Kept,
    /// What has become of the snapshot that the log says is in force.
    fate: Fate,
    /// Where the next one can go behind the one in force: in a page that was erased, and not written to since.
    end: Option<u32>,
    /// A snapshot of the leader, all of which is here, and which may still be put in force while a later one is fetched.
    whole: Kept,
    fetch: Fetch,
}

/// What is found of a snapshot that is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It is whole, or there is none.
    Sound,
    /// It is damaged, though what takes its place is here.
    Replaced,
    /// It is damaged, and entries behind what is left are missing.
    Lost,
}

impl Shelf {
    /// An empty one.
    pub(crate) fn new<F: NorFlash>(layout: &Layout, cluster: u64) -> Shelf {
        let (places, none) = (Places::new::<F>(layout), Kept::NONE);
        let (fate, fetch) = (Fate::Sound, Fetch::NONE);
        Shelf { places, cluster, in_force: none, before: none, fate, end: None, whole: none, fetch }
    }

    /// Looks at what the places begin with: whose it is, what is being fetched, and where the first one is.
    pub(crate) fn read<F: NorFlash>(&mut self, flash: &mut Medium<F>) -> Result<Option<u32>, Failed> {
        let (mut first, mut header) = (None, Header::new());
        for number in 0..PLACES {
            let start = self.places.begin_of(number);
            if !self.header(flash, start, &mut header)? {
                continue;
            }
            if header.cluster() != self.cluster {
                return Err(flash.fail(FlashError::ForeignSnapshot { address: start }));
            }
            first = first.or(Some(start));
            let of = Kept { start, id: *header.id() };
            if header.is_fetched() && self.fetch.of.index() < of.index() {
                self.fetch = Fetch::new(of, 0);
            }
        }
        if self.fetch.of.is_some() {
            self.fetch.written = self.fetch.of.received(flash)?;
        }
        Ok(first)
    }

    /// Finds what the log stands on, and says up to where that covers it; snapshots that are damaged are forgotten.
    #[inline(never)]
    pub(crate) fn settle<F: NorFlash>(&mut self, flash: &mut Medium<F>, log: &Outline) -> Result<Index, Failed> {
        let (marked, before) = log.mark();
        let is_marked = marked.index() > Index(0);
        if is_marked {
            self.in_force = self.find_whole(flash, marked.start)?;
            self.before = self.find_whole(flash, before)?;
            if self.before.index() >= marked.index() {
                self.before = Kept::NONE;
            }
        }
        if self.in_force.id != marked.id {
            self.in_force = Kept::NONE;
            if self.before.is_some() && log.base <= self.before.index() {
                self.in_force = self.before;
            }
            self.before = Kept::NONE;
            self.fate = match log.base {
                base if base > self.in_force.index() => Fate::Lost,
                _ if is_marked => Fate::Replaced,
                _ => Fate::Sound,
            };
        }
        let covered = if self.fate == Fate::Lost { marked.index() } else { self.in_force.index() };
        // One that is as late as what is lost can take its place.
        let needed = Index(covered.0 + u64::from(self.fate != Fate::Lost));
        let of = &self.fetch.of;
        if self.places.number_of(of) == self.places.number_of(&self.in_force) || of.index() < needed {
            self.fetch = Fetch::NONE;
        }
        self.find_end(flash)?;
        Ok(covered)
    }

    /// The snapshot whose header is at this address, if all of it is there.
    #[inline(never)]
    fn find_whole<F: NorFlash>(&self, flash: &mut Medium<F>, at: u32) -> Result<Kept, Failed> {
        let mut header = Header::new();
        if !self.header(flash, at, &mut header)? {
            return Ok(Kept::NONE);
        }
        let found = Kept { start: at, id: *header.id() };
        Ok(if found.is_whole(flash)? { found } else { Kept::NONE })
    }

    /// Reads the header at an address, and says whether one is there.
    fn header<F: NorFlash>(&self, flash: &mut Medium<F>, at: u32, header: &mut Header) -> Result<bool, Failed> {
        match self.places.room(at) {
            Some(room) => header.read(flash, at, room),
            None => Ok(false),
        }
    }

    /// Looks for room behind the snapshot in force. Its page was erased before its header was written.
    fn find_end<F: NorFlash>(&mut self, flash: &mut Medium<F>) -> Result<(), Failed> {
        self.end = None;
        let found = &self.in_force;
        if !found.is_some() {
            return Ok(());
        }
        let (end, page) = (found.end::<F>(), F::ERASE_SIZE as u32);
        let is_within = end < self.places.end_of(found.start);
        if is_within && flash.is_blank(end, (end + 1).next_multiple_of(page))? {
            self.end = Some(end);
        }
        Ok(())
    }

    /// Shows the snapshots: the one before, the one in force, and what is here of one that is being fetched.
    pub(crate) fn show<F: NorFlash>(
        &self,
        flash: &mut Medium<F>,
        marked: Position,
        visit: &mut Visit<'_>,
    ) -> Result<(), Failed> {
        for found in [&self.before, &self.in_force] {
            if found.is_some() {
                visit(Recovered::Snapshot(found.snapshot()))?;
            }
        }
        match self.fate {
            Fate::Sound => {}
            Fate::Replaced => visit(Recovered::DamagedSnapshot(marked))?,
            Fate::Lost => visit(Recovered::LostSnapshot(marked))?,
        }
        let Fetch { of, written, .. } = &self.fetch;
        if !of.is_some() {
            return Ok(());
        }
        let check = of.check(flash, *written)?;
        visit(Recovered::Stored(Stored { snapshot: of.snapshot(), received: u64::from(*written), check }))
    }

    /// How many bytes a snapshot may have.
    pub(crate) fn bytes_max(&self) -> u32 {
        self.places.length() - HEADER as u32
    }

    /// Refuses a snapshot that does not fit.
    pub(crate) fn expect_room<F>(&self, flash: &mut Medium<F>, bytes: u64) -> Result<(), Failed> {
        let room = self.bytes_max();
        if bytes <= room.into() { Ok(()) } else { Err(flash.fail(FlashError::SnapshotTooLarge { bytes, room })) }
    }

    /// Where a snapshot of the app's own goes: behind the one in force, or else to the beginning of another place. If there
    /// is no other, one of the leader's goes that was not put in force.
    pub(crate) fn place_for(&mut self, bytes: u32) -> Result<u32, Failed> {
        match self.end {
            Some(end) if self.places.room(end).is_some_and(|room| bytes <= room) => Ok(end),
            _ => self.unneeded().or_else(|Failed| {
                self.whole = Kept::NONE;
                self.unneeded()
            }),
        }
    }

    /// Where the snapshot in force is; that address if there is none.
    pub(crate) fn before(&self, at: u32) -> u32 {
        if self.in_force.is_some() { self.in_force.start } else { at }
    }

    /// The snapshot of the leader that is being stored, which has to be this one.
    fn fetched<F>(&mut self, flash: &mut Medium<F>, id: &Id) -> Result<&mut Fetch, Failed> {
        let fetch = &mut self.fetch;
        if fetch.of.is_some() && fetch.of.id == *id { Ok(fetch) } else { Err(missing(flash, id)) }
    }

    /// Where this snapshot of the leader is.
    pub(crate) fn stored<F>(&mut self, flash: &mut Medium<F>, id: &Id) -> Result<u32, Failed> {
        if self.is_kept_whole(id) { Ok(self.whole.start) } else { Ok(self.fetched(flash, id)?.of.start) }
    }

    fn is_kept_whole(&self, id: &Id) -> bool {
        self.whole.is_some() && self.whole.id == *id
    }

    /// Writes a snapshot of the app's own. It counts once the log says so.
    pub(crate) fn take<F: NorFlash>(
        &mut self,
        flash: &mut Medium<F>,
        of: Kept,
        members: Members,
        bytes: &[u8],
    ) -> Result<(), Failed> {
        self.begin(flash, &of, members, false)?;
        let mut all = Fetch::new(of, 0);
        all.add(flash, bytes)?;
        all.finish(flash)
    }

    /// Keeps a piece of a snapshot of the leader.
    pub(crate) fn store<F: NorFlash>(
        &mut self,
        flash: &mut Medium<F>,
        (id, members): (&Id, Members),
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), Failed> {
        if offset == 0 {
            let Fetch { of, .. } = &self.fetch;
            let is_later = of.index() < (Kept { start: 0, id: *id }).index();
            if of.is_some() && is_later && self.fetch.received() == of.bytes() {
                self.fetch.finish(flash)?;
                self.whole = self.fetch.of;
                self.fetch = Fetch::NONE;
            }
            let start = if self.fetch.of.is_some() { self.fetch.of.start } else { self.unneeded()? };
            self.fetch = Fetch::NONE;
            let of = Kept { start, id: *id };
            self.begin(flash, &of, members, true)?;
            self.fetch = Fetch::new(of, 0);
        }
        let fetch = self.fetched(flash, id)?;
        let (received, all) = (fetch.received(), fetch.of.bytes());
        if offset != received.into() || bytes.len() as u64 > (all - received).into() {
            return Err(missing(flash, id));
        }
        fetch.add(flash, bytes)
    }

    /// Writes the end of a snapshot of the leader, all of which has to be there, unchanged. It counts once the log says
    /// so.
    pub(crate) fn complete<F: NorFlash>(&mut self, flash: &mut Medium<F>, id: &Id) -> Result<(), Failed> {
        if !self.is_kept_whole(id) {
            let fetch = self.fetched(flash, id)?;
            fetch.finish(flash)?;
            if fetch.written != fetch.of.bytes() {
                return Err(missing(flash, id));
            }
        }
        let of = Kept { start: self.stored(flash, id)?, id: *id };
        if !of.is_whole(flash)? {
            return Err(flash.fail(FlashError::DamagedSnapshot { address: of.start }));
        }
        Ok(())
    }

    /// The log says that the snapshot of the leader is in force, which is this one.
    pub(crate) fn install<F: NorFlash>(&mut self, flash: &mut Medium<F>, id: &Id) -> Result<(), Failed> {
        let start = self.stored(flash, id)?;
        self.enforce(flash, &Kept { start, id: *id })
    }

    /// The log says that this snapshot is in force.
    #[inline(never)]
    pub(crate) fn enforce<F: NorFlash>(&mut self, flash: &mut Medium<F>, of: &Kept) -> Result<(), Failed> {
        self.before = self.in_force;
        self.in_force = *of;
        if self.whole.index() <= of.index() {
            self.whole = Kept::NONE;
        }
        if self.fetch.of.index() <= of.index() {
            self.fetch = Fetch::NONE;
        }
        self.find_end(flash)
    }

    /// Where the next place begins in which nothing is in force, fetched or being fetched; rather not that of the one before.
    #[inline(never)]
    fn unneeded(&self) -> Result<u32, Failed> {
        let taken = [&self.in_force, &self.before, &self.whole, &self.fetch.of];
        let [in_force, before, whole, fetched] = taken.map(|found| self.places.number_of(found));
        let mut unneeded = NO_PLACE;
        for step in 1..=PLACES {
            let number = in_force.wrapping_add(step) % PLACES;
            if number != in_force && number != whole && number != fetched {
                unneeded = number;
                if number != before {
                    break;
                }
            }
        }
        if unneeded == NO_PLACE { Err(Failed) } else { Ok(self.places.begin_of(unneeded)) }
    }

    /// Erases the pages that a snapshot reaches into, and writes its header. One that begins the place goes first with
    /// its page: nothing is believed of what stood there. Behind another one, the rest of the page is erased already:
    /// so is the page in which a snapshot ends with the page before.
    #[inline(never)]
    fn begin<F: NorFlash>(
        &mut self,
        flash: &mut Medium<F>,
        of: &Kept,
        members: Members,
        is_fetched: bool,
    ) -> Result<(), Failed> {
        let (at, page) = (of.start, F::ERASE_SIZE as u32);
        let mut next = (at + 1).next_multiple_of(page);
        if at == self.places.begin_of(self.places.number_at(at)) {
            next = at;
            if self.places.number_of(&self.before) == self.places.number_at(at) {
                self.before = Kept::NONE;
            }
        }
        while next <= of.end::<F>() && next < self.places.end_of(at) {
            flash.erase(next)?;
            next += page;
        }
        flash.write(at, Header::of(self.cluster, members, &of.id, is_fetched).bytes())
    }
}

#[cold]
#[inline(never)]
fn missing<F>(flash: &mut Medium<F>, id: &Id) -> Failed {
    let index = Kept { start: 0, id: *id }.index();
    flash.fail(FlashError::NoSnapshot { index })
}

const _: () = assert!(HEADER.is_multiple_of(WORD_MAX), "the header of a snapshot fills whole words");
