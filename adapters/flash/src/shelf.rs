use embedded_storage::nor_flash::NorFlash;
use quorate::{Index, Members, Position, Recovered, Snapshot, Stored, crc32c};

use crate::front::Mark;
use crate::layout::{WORD_MAX, word};
use crate::medium::{ERASED, Failed, Medium};
use crate::outline::Outline;
use crate::place::{HEADER, Header, Kept, Place};
use crate::show::Visit;
use crate::{FlashError, Layout};

/// The places of the snapshots, and what is in them that counts.
#[derive(Debug)]
pub(crate) struct Shelf {
    start: u32,
    /// Bytes of a place.
    length: u32,
    cluster: u64,
    in_force: Option<Kept>,
    /// The one that was in force before.
    before: Option<Kept>,
    /// The position of one that is damaged, though what takes its place is here.
    replaced: Option<Position>,
    /// Where the next one can go behind the one in force: in a page that was erased, and not written to since.
    end: Option<u32>,
    fetch: Option<Fetch>,
}

/// A snapshot of the leader that is being stored. It has a place of its own.
#[derive(Clone, Copy, Debug)]
struct Fetch {
    of: Kept,
    /// Bytes that are in the flash: whole words, or all of it.
    written: u32,
    /// The beginning of the next word.
    tail: [u8; WORD_MAX],
    fill: usize,
}

/// What a log stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stand {
    /// Nothing: all entries are there.
    Nothing,
    /// This snapshot, which is whole.
    Snapshot(Snapshot),
    /// A snapshot of this position, which is lost.
    Lost(Position),
}

/// One for the snapshot in force, one for the one before it, and one for a snapshot under way.
const PLACES: u32 = 3;

impl Shelf {
    /// Looks at what the places begin with: whose it is, what is being fetched, and where the first one is.
    pub(crate) fn read<F: NorFlash>(
        flash: &mut Medium<F>,
        layout: &Layout,
        cluster: u64,
    ) -> Result<(Shelf, Option<u32>), Failed> {
        let page = F::ERASE_SIZE as u32;
        let length = (layout.snapshots.end - layout.snapshots.start) / page / PLACES * page;
        let start = layout.snapshots.start;
        let mut shelf =
            Shelf { start, length, cluster, in_force: None, before: None, replaced: None, end: None, fetch: None };
        let mut first = None;
        for number in 0..PLACES {
            let place = shelf.place(number);
            let Some(header) = place.header(flash, place.start)? else { continue };
            if header.cluster != cluster {
                return Err(flash.fail(FlashError::ForeignSnapshot { address: place.start }));
            }
            first = first.or(Some(place.start));
            let of = Kept { start: place.start, snapshot: header.snapshot };
            let is_later = |fetch: &Fetch| fetch.of.snapshot.position.index < header.snapshot.position.index;
            if header.is_fetched && shelf.fetch.as_ref().is_none_or(is_later) {
                let written = of.received(flash)?;
                shelf.fetch = Some(Fetch { of, written, tail: [0; WORD_MAX], fill: 0 });
            }
        }
        Ok((shelf, first))
    }

    /// What the log stands on; snapshots that are damaged are forgotten.
    pub(crate) fn settle<F: NorFlash>(&mut self, flash: &mut Medium<F>, log: &Outline) -> Result<Stand, Failed> {
        let Mark { snapshot: marked, at, before } = log.mark();
        let none = Index(0);
        if marked.position.index > none {
            self.in_force = self.find_whole(flash, at)?.filter(|found| found.snapshot == marked);
            let before = self.find_whole(flash, before)?;
            self.before = before.filter(|found| found.snapshot.position.index < marked.position.index);
        }
        if self.in_force.is_none() {
            let before = self.before.take();
            self.in_force = before.filter(|found| log.base <= found.snapshot.position.index);
        }
        let (stand, needed) = match self.in_force {
            Some(Kept { snapshot, .. }) => (Stand::Snapshot(snapshot), Index(snapshot.position.index.0 + 1)),
            None if log.base == none => (Stand::Nothing, Index(1)),
            None => (Stand::Lost(marked.position), marked.position.index),
        };
        self.replaced =
            (needed <= marked.position.index && !matches!(stand, Stand::Lost(_))).then_some(marked.position);
        let taken = self.in_force.map(|found| self.number_at(found.start));
        let is_needed =
            |fetch: &Fetch| taken != Some(self.number_at(fetch.of.start)) && fetch.of.snapshot.position.index >= needed;
        self.fetch = self.fetch.filter(is_needed);
        self.find_end(flash)?;
        Ok(stand)
    }

    /// The snapshot whose header is at this address, if all of it is there.
    fn find_whole<F: NorFlash>(&self, flash: &mut Medium<F>, at: u32) -> Result<Option<Kept>, Failed> {
        let place = self.place(self.number_at(at));
        let header = if (place.start..place.end()).contains(&at) { place.header(flash, at)? } else { None };
        let Some(Header { snapshot, .. }) = header else { return Ok(None) };
        let found = Kept { start: at, snapshot };
        Ok(if found.is_whole(flash)? { Some(found) } else { None })
    }

    /// Looks for room behind the snapshot in force. Its page was erased before its header was written.
    fn find_end<F: NorFlash>(&mut self, flash: &mut Medium<F>) -> Result<(), Failed> {
        self.end = None;
        let Some(found) = self.in_force else { return Ok(()) };
        let (end, page) = (found.end::<F>(), F::ERASE_SIZE as u32);
        let is_within = end < self.place(self.number_at(found.start)).end();
        if is_within && flash.is_blank(end, (end + 1).next_multiple_of(page))? {
            self.end = Some(end);
        }
        Ok(())
    }

    /// Shows the snapshots: the one before, the one in force, and what is here of one that is being fetched.
    pub(crate) fn show<F: NorFlash>(
        &self,
        flash: &mut Medium<F>,
        stand: Stand,
        visit: &mut Visit<'_>,
    ) -> Result<(), Failed> {
        for found in [self.before, self.in_force].into_iter().flatten() {
            visit(Recovered::Snapshot(found.snapshot))?;
        }
        if let Stand::Lost(position) = stand {
            visit(Recovered::LostSnapshot(position))?;
        }
        if let Some(position) = self.replaced {
            visit(Recovered::DamagedSnapshot(position))?;
        }
        let Some(Fetch { of, written, .. }) = self.fetch else { return Ok(()) };
        let check = of.check(flash, written)?;
        visit(Recovered::Stored(Stored { snapshot: of.snapshot, received: u64::from(written), check }))
    }

    /// How many bytes a snapshot may have.
    pub(crate) fn room(&self) -> u32 {
        self.length - HEADER as u32
    }

    /// Refuses a snapshot that does not fit.
    pub(crate) fn expect_room<F>(&self, flash: &mut Medium<F>, bytes: u64) -> Result<(), Failed> {
        let room = self.room();
        if bytes <= room.into() { Ok(()) } else { Err(flash.fail(FlashError::SnapshotTooLarge { bytes, room })) }
    }

    /// Where a snapshot of the app's own goes: behind the one in force, or else to the beginning of another place.
    pub(crate) fn mark_for(&self, snapshot: Snapshot) -> Result<Mark, Failed> {
        let room = |end| self.place(self.number_at(end)).room(end);
        let fits = |end: &u32| room(*end).is_some_and(|room| snapshot.bytes <= u64::from(room));
        let at = self.end.filter(fits).map_or_else(|| self.unneeded(), Ok)?;
        Ok(self.mark(snapshot, at))
    }

    /// Where the snapshot of the leader is.
    pub(crate) fn fetched<F>(&self, flash: &mut Medium<F>, snapshot: Snapshot) -> Result<Mark, Failed> {
        match &self.fetch {
            Some(fetch) if fetch.of.snapshot == snapshot => Ok(self.mark(snapshot, fetch.of.start)),
            _ => Err(missing(flash, snapshot)),
        }
    }

    fn mark(&self, snapshot: Snapshot, at: u32) -> Mark {
        Mark { snapshot, at, before: self.in_force.map_or(at, |found| found.start) }
    }

    /// Writes a snapshot of the app's own. It counts once the log says so.
    pub(crate) fn take<F: NorFlash>(
        &mut self,
        flash: &mut Medium<F>,
        at: u32,
        header: &Header,
        bytes: &[u8],
    ) -> Result<(), Failed> {
        let content = self.begin(flash, at, header)?.content();
        let rest = bytes.chunks_exact(word::<F>()).remainder();
        let words = bytes.get(..bytes.len() - rest.len()).ok_or(Failed)?;
        flash.write(content, words)?;
        write_rest(flash, content + words.len() as u32, rest)
    }

    /// Keeps a piece of a snapshot of the leader.
    pub(crate) fn store<F: NorFlash>(
        &mut self,
        flash: &mut Medium<F>,
        header: &Header,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), Failed> {
        if offset == 0 {
            let at = self.fetch.map_or_else(|| self.unneeded(), |fetch| Ok(fetch.of.start))?;
            self.fetch = None;
            let of = self.begin(flash, at, header)?;
            self.fetch = Some(Fetch { of, written: 0, tail: [0; WORD_MAX], fill: 0 });
        }
        let Some(fetch) = &mut self.fetch else { return Err(missing(flash, header.snapshot)) };
        let received = u64::from(fetch.written) + fetch.fill as u64;
        let is_due = fetch.of.snapshot == header.snapshot && offset == received;
        if !is_due || bytes.len() as u64 > header.snapshot.bytes - received {
            return Err(missing(flash, header.snapshot));
        }
        fetch.add(flash, bytes)
    }

    /// Writes the end of a snapshot of the leader, all of which has to be there, unchanged. It counts once the log says
    /// so.
    pub(crate) fn complete<F: NorFlash>(&mut self, flash: &mut Medium<F>, mark: Mark) -> Result<(), Failed> {
        let Some(fetch) = &mut self.fetch else { return Err(missing(flash, mark.snapshot)) };
        let rest = fetch.tail.get(..fetch.fill).ok_or(Failed)?;
        write_rest(flash, fetch.of.content() + fetch.written, rest)?;
        fetch.written += fetch.fill as u32;
        fetch.fill = 0;
        if u64::from(fetch.written) != mark.snapshot.bytes {
            return Err(missing(flash, mark.snapshot));
        }
        if !fetch.of.is_whole(flash)? {
            return Err(flash.fail(FlashError::DamagedSnapshot { address: mark.at }));
        }
        Ok(())
    }

    /// The log says that this snapshot is in force.
    pub(crate) fn enforce<F: NorFlash>(&mut self, flash: &mut Medium<F>, mark: Mark) -> Result<(), Failed> {
        self.before = self.in_force;
        self.in_force = Some(Kept { start: mark.at, snapshot: mark.snapshot });
        let is_later = |fetch: &Fetch| fetch.of.snapshot.position.index > mark.snapshot.position.index;
        self.fetch = self.fetch.filter(is_later);
        self.find_end(flash)
    }

    /// Fills `buffer` from the snapshot's `offset` on.
    pub(crate) fn read_content<F: NorFlash>(
        &self,
        flash: &mut Medium<F>,
        snapshot: Snapshot,
        offset: u64,
        buffer: &mut [u8],
    ) -> Result<(), Failed> {
        let Some(found) = self.find(snapshot) else { return Err(missing(flash, snapshot)) };
        let is_within = offset.checked_add(buffer.len() as u64).is_some_and(|end| end <= snapshot.bytes);
        if !is_within {
            return Err(missing(flash, snapshot));
        }
        flash.read(found.content() + offset as u32, buffer)
    }

    /// Whom a snapshot names as the members.
    pub(crate) fn members<F: NorFlash>(&self, flash: &mut Medium<F>, snapshot: Snapshot) -> Result<Members, Failed> {
        if let Some(Kept { start, .. }) = self.find(snapshot)
            && let Some(header) = self.place(self.number_at(start)).header(flash, start)?
        {
            return Ok(header.members);
        }
        Err(missing(flash, snapshot))
    }

    /// A snapshot that can be read.
    fn find(&self, snapshot: Snapshot) -> Option<Kept> {
        [self.in_force, self.before].into_iter().flatten().find(|found| found.snapshot == snapshot)
    }

    /// Where the next place begins in which nothing is in force nor being fetched; rather not that of the one before.
    fn unneeded(&self) -> Result<u32, Failed> {
        let [in_force, before] =
            [self.in_force, self.before].map(|found| found.map(|found| self.number_at(found.start)));
        let fetched = self.fetch.map(|fetch| self.number_at(fetch.of.start));
        let next = in_force.map_or(0, |number| number + 1);
        let numbers = (next..next + PLACES).map(|number| number % PLACES);
        let unneeded = numbers.filter(|number| in_force != Some(*number) && fetched != Some(*number));
        let number = unneeded.min_by_key(|number| before == Some(*number)).ok_or(Failed)?;
        Ok(self.place(number).start)
    }

    fn begin<F: NorFlash>(&mut self, flash: &mut Medium<F>, at: u32, header: &Header) -> Result<Kept, Failed> {
        let number = self.number_at(at);
        let place = self.place(number);
        if at == place.start {
            self.before = self.before.filter(|found| self.number_at(found.start) != number);
        }
        place.begin(flash, at, header)?;
        Ok(Kept { start: at, snapshot: header.snapshot })
    }

    pub(crate) fn cluster(&self) -> u64 {
        self.cluster
    }

    fn place(&self, number: u32) -> Place {
        Place { start: self.start + number * self.length, length: self.length }
    }

    /// The number of the place that an address belongs to.
    fn number_at(&self, at: u32) -> u32 {
        (at.saturating_sub(self.start) / self.length.max(1)).min(PLACES - 1)
    }
}

impl Fetch {
    /// Writes the words that are whole now, and keeps the beginning of the next one.
    fn add<F: NorFlash>(&mut self, flash: &mut Medium<F>, bytes: &[u8]) -> Result<(), Failed> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = word::<F>() - self.fill;
            let (now, later) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            self.tail.iter_mut().skip(self.fill).zip(now).for_each(|(room, byte)| *room = *byte);
            self.fill += now.len();
            rest = later;
            if self.fill == word::<F>() {
                let whole = self.tail.get(..self.fill).ok_or(Failed)?;
                flash.write(self.of.content() + self.written, whole)?;
                self.written += self.fill as u32;
                self.fill = 0;
            }
        }
        Ok(())
    }
}

#[cold]
#[inline(never)]
fn missing<F>(flash: &mut Medium<F>, snapshot: Snapshot) -> Failed {
    flash.fail(FlashError::NoSnapshot { index: snapshot.position.index })
}

/// Writes bytes that do not fill their word, if there are any.
fn write_rest<F: NorFlash>(flash: &mut Medium<F>, address: u32, bytes: &[u8]) -> Result<(), Failed> {
    let mut last = [ERASED; WORD_MAX];
    last.iter_mut().zip(bytes).for_each(|(room, byte)| *room = *byte);
    flash.write(address, last.get(..word::<F>()).ok_or(Failed)?)
}

/// A snapshot by its bytes.
pub(crate) fn snapshot_of(position: Position, bytes: &[u8]) -> Snapshot {
    Snapshot { position, bytes: bytes.len() as u64, check: crc32c(bytes) }
}

const _: () = assert!(HEADER.is_multiple_of(WORD_MAX), "the header of a snapshot fills whole words");
