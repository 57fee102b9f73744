use embedded_storage::nor_flash::NorFlash;
use quorate::{Index, Position, Recovered, Snapshot, Stored, crc32c};

use crate::layout::word;
use crate::outline::Outline;
use crate::place::{HEADER, Header, Place};
use crate::{FlashError, Layout, medium};

/// The places of the snapshots, and what is in them.
#[derive(Debug)]
pub(crate) struct Shelf {
    start: u32,
    /// Bytes of a place.
    length: u32,
    cluster: u64,
    found: [Option<Snapshot>; PLACES],
    /// Which of them is in force.
    in_force: Option<usize>,
    fetch: Option<Fetch>,
}

/// A snapshot of the leader that is being stored.
#[derive(Clone, Copy, Debug)]
struct Fetch {
    at: usize,
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
const PLACES: usize = 3;
const WORD_MAX: usize = 32;

impl Shelf {
    /// Reads what the places hold.
    pub(crate) fn read<F: NorFlash>(flash: &mut F, layout: &Layout, cluster: u64) -> Result<Shelf, FlashError> {
        let page = F::ERASE_SIZE as u32;
        let length = (layout.snapshots.end - layout.snapshots.start) / page / PLACES as u32 * page;
        let start = layout.snapshots.start;
        let mut shelf = Shelf { start, length, cluster, found: [None; PLACES], in_force: None, fetch: None };
        for at in 0..PLACES {
            let place = shelf.place(at);
            let Some(header) = place.header(flash)? else { continue };
            if header.cluster != cluster {
                return Err(FlashError::ForeignSnapshot { address: place.start });
            }
            shelf.set(at, Some(header.snapshot));
            if header.is_fetched {
                let written = place.received(flash, header.snapshot)?;
                let is_later = |fetch: &Fetch| {
                    shelf.at(fetch.at).is_none_or(|other| other.position.index < header.snapshot.position.index)
                };
                if shelf.fetch.as_ref().is_none_or(is_later) {
                    shelf.fetch = Some(Fetch { at, written, tail: [0; WORD_MAX], fill: 0 });
                }
            }
        }
        Ok(shelf)
    }

    /// The address of a snapshot, if there is one at all.
    pub(crate) fn first(&self) -> Option<u32> {
        (0..PLACES).find(|at| self.at(*at).is_some()).map(|at| self.place(at).start)
    }

    /// What the log stands on; snapshots that are damaged are forgotten.
    pub(crate) fn settle<F: NorFlash>(&mut self, flash: &mut F, log: &Outline) -> Result<Stand, FlashError> {
        let marked = log.snapshot;
        for at in 0..PLACES {
            let Some(snapshot) = self.at(at) else { continue };
            let is_fetched = self.fetch.is_some_and(|fetch| fetch.at == at);
            let is_candidate = snapshot == marked || snapshot.position.index < marked.position.index;
            let is_needed = if is_candidate { self.place(at).is_whole(flash, snapshot)? } else { is_fetched };
            if !is_needed {
                self.set(at, None);
            }
        }
        let none = Index(0);
        self.in_force = (0..PLACES).find(|at| marked.position.index > none && self.at(*at) == Some(marked));
        if self.in_force.is_none() {
            let before = self.latest_before(marked.position.index);
            self.in_force = before.filter(|at| self.at(*at).is_some_and(|found| log.base <= found.position.index));
        }
        let stand = match self.in_force.and_then(|at| self.at(at)) {
            Some(snapshot) => Stand::Snapshot(snapshot),
            None if log.base == none => Stand::Nothing,
            None => Stand::Lost(marked.position),
        };
        let needed = match stand {
            Stand::Nothing => Index(1),
            Stand::Snapshot(snapshot) => Index(snapshot.position.index.0 + 1),
            Stand::Lost(position) => position.index,
        };
        let is_needed = |fetch: &Fetch| {
            self.in_force != Some(fetch.at) && self.at(fetch.at).is_some_and(|found| found.position.index >= needed)
        };
        self.fetch = self.fetch.filter(is_needed);
        Ok(stand)
    }

    /// Shows the snapshots: the one before, the one in force, and what is here of one that is being fetched.
    pub(crate) fn show<F: NorFlash, E: From<FlashError>>(
        &self,
        flash: &mut F,
        stand: Stand,
        visit: &mut impl FnMut(Recovered<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match stand {
            Stand::Nothing => {}
            Stand::Snapshot(snapshot) => {
                if let Some(before) = self.latest_before(snapshot.position.index).and_then(|at| self.at(at)) {
                    visit(Recovered::Snapshot(before))?;
                }
                visit(Recovered::Snapshot(snapshot))?;
            }
            Stand::Lost(position) => visit(Recovered::LostSnapshot(position))?,
        }
        let Some(Fetch { at, written, .. }) = self.fetch else { return Ok(()) };
        let Some(snapshot) = self.at(at) else { return Ok(()) };
        let check = self.place(at).check(flash, written)?;
        visit(Recovered::Stored(Stored { snapshot, received: u64::from(written), check }))
    }

    /// Refuses a snapshot that does not fit.
    pub(crate) fn expect_room(&self, bytes: u64) -> Result<(), FlashError> {
        let room = self.place(0).room();
        if bytes > u64::from(room) {
            return Err(FlashError::SnapshotTooLarge { bytes, room });
        }
        Ok(())
    }

    /// Writes a snapshot of the app's own. It counts once the log says so.
    pub(crate) fn take<F: NorFlash>(
        &mut self,
        flash: &mut F,
        header: &Header,
        bytes: &[u8],
    ) -> Result<usize, FlashError> {
        let at = self.unneeded();
        let place = self.begin(flash, at, header)?;
        let (words, rest) = bytes.split_at(bytes.len() - bytes.len() % word::<F>());
        medium::write(flash, place.content(), words)?;
        if !rest.is_empty() {
            write_rest(flash, place.content() + words.len() as u32, rest)?;
        }
        Ok(at)
    }

    /// Keeps a piece of a snapshot of the leader.
    pub(crate) fn store<F: NorFlash>(
        &mut self,
        flash: &mut F,
        header: &Header,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), FlashError> {
        if offset == 0 {
            let at = self.fetch.map_or(self.unneeded(), |fetch| fetch.at);
            self.begin(flash, at, header)?;
            self.fetch = Some(Fetch { at, written: 0, tail: [0; WORD_MAX], fill: 0 });
        }
        let missing = FlashError::NoSnapshot { index: header.snapshot.position.index };
        let mut fetch = self.fetch.ok_or(missing)?;
        let received = u64::from(fetch.written) + fetch.fill as u64;
        let is_due = self.at(fetch.at) == Some(header.snapshot) && offset == received;
        if !is_due || bytes.len() as u64 > header.snapshot.bytes - received {
            return Err(missing);
        }
        fetch.add(flash, self.place(fetch.at), bytes)?;
        self.fetch = Some(fetch);
        Ok(())
    }

    /// Writes the end of a snapshot of the leader, all of which has to be there, unchanged. It counts once the log says so.
    pub(crate) fn complete<F: NorFlash>(&mut self, flash: &mut F, snapshot: Snapshot) -> Result<usize, FlashError> {
        let missing = FlashError::NoSnapshot { index: snapshot.position.index };
        let fetch = self.fetch.as_mut().ok_or(missing)?;
        let at = fetch.at;
        let length = self.length;
        let place = Place { start: self.start + at as u32 * length, length };
        if fetch.fill > 0 {
            let rest = fetch.tail.get(..fetch.fill).unwrap_or_default();
            write_rest(flash, place.content() + fetch.written, rest)?;
            fetch.written += fetch.fill as u32;
            fetch.fill = 0;
        }
        let written = u64::from(fetch.written);
        if self.at(at) != Some(snapshot) || written != snapshot.bytes {
            return Err(missing);
        }
        if !place.is_whole(flash, snapshot)? {
            return Err(FlashError::DamagedSnapshot { address: place.start });
        }
        Ok(at)
    }

    /// The log says that the snapshot in this place is in force.
    pub(crate) fn enforce(&mut self, at: usize) {
        self.in_force = Some(at);
        let latest = self.at(at).map_or(Index(0), |snapshot| snapshot.position.index);
        let is_later = |fetch: &Fetch| self.at(fetch.at).is_some_and(|found| found.position.index > latest);
        self.fetch = self.fetch.filter(|fetch| fetch.at != at && is_later(fetch));
    }

    /// The place of a snapshot that can be read.
    pub(crate) fn find(&self, snapshot: Snapshot) -> Option<Place> {
        let is_fetched = |at: usize| self.fetch.is_some_and(|fetch| fetch.at == at);
        let at = (0..PLACES).find(|at| self.at(*at) == Some(snapshot) && !is_fetched(*at))?;
        Some(self.place(at))
    }

    /// A place whose content is not needed: neither in force nor being fetched; rather an empty one, or else the oldest.
    fn unneeded(&self) -> usize {
        let fetched = self.fetch.map(|fetch| fetch.at);
        let places = (0..PLACES).filter(|at| self.in_force != Some(*at) && fetched != Some(*at));
        places.min_by_key(|at| self.at(*at).map(|snapshot| snapshot.position.index)).unwrap_or(0)
    }

    fn begin<F: NorFlash>(&mut self, flash: &mut F, at: usize, header: &Header) -> Result<Place, FlashError> {
        let place = self.place(at);
        self.set(at, None);
        place.begin(flash, header)?;
        self.set(at, Some(header.snapshot));
        Ok(place)
    }

    fn latest_before(&self, index: Index) -> Option<usize> {
        let earlier = (0..PLACES).filter(|at| self.at(*at).is_some_and(|found| found.position.index < index));
        earlier.max_by_key(|at| self.at(*at).map(|found| found.position.index))
    }

    pub(crate) fn cluster(&self) -> u64 {
        self.cluster
    }

    fn place(&self, at: usize) -> Place {
        Place { start: self.start + at as u32 * self.length, length: self.length }
    }

    fn at(&self, at: usize) -> Option<Snapshot> {
        self.found.get(at).copied().flatten()
    }

    fn set(&mut self, at: usize, snapshot: Option<Snapshot>) {
        if let Some(found) = self.found.get_mut(at) {
            *found = snapshot;
        }
    }
}

impl Fetch {
    /// Writes the words that are whole now, and keeps the beginning of the next one.
    fn add<F: NorFlash>(&mut self, flash: &mut F, place: Place, bytes: &[u8]) -> Result<(), FlashError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(word::<F>() - self.fill));
            self.tail.iter_mut().skip(self.fill).zip(now).for_each(|(room, byte)| *room = *byte);
            self.fill += now.len();
            rest = later;
            if self.fill == word::<F>() {
                let whole = self.tail.get(..self.fill).unwrap_or_default();
                medium::write(flash, place.content() + self.written, whole)?;
                self.written += self.fill as u32;
                self.fill = 0;
            }
        }
        Ok(())
    }
}

/// Writes bytes that do not fill their word.
fn write_rest<F: NorFlash>(flash: &mut F, address: u32, bytes: &[u8]) -> Result<(), FlashError> {
    let mut last = [medium::ERASED; WORD_MAX];
    last.iter_mut().zip(bytes).for_each(|(room, byte)| *room = *byte);
    medium::write(flash, address, last.get(..word::<F>()).unwrap_or_default())
}

/// A snapshot by its bytes.
pub(crate) fn snapshot_of(position: Position, bytes: &[u8]) -> Snapshot {
    Snapshot { position, bytes: bytes.len() as u64, check: crc32c(bytes) }
}

const _: () = assert!(HEADER.is_multiple_of(WORD_MAX), "the header of a place fills whole words");
