use embedded_storage::nor_flash::NorFlash;
use quorate::founding::Record;
use quorate::{Entries, HardState, Mark, Members, Owner, Position, Recovered, Settled, Snapshot};

use crate::content::Write;
use crate::front::{Configuration, Front};
use crate::log::Log;
use crate::medium::{Failed, Medium};
use crate::place::Header;
use crate::reading::{Reading, shown};
use crate::ring::Ring;
use crate::shelf::{Shelf, snapshot_of};
use crate::{FlashError, Layout};

/// The log and the snapshots of one node on a NOR flash.
///
/// Every call blocks until the flash is done. After the first write that fails the log stays as it is: each later one
/// returns the same error, and only opening the log anew tells what is durable.
#[derive(Debug)]
pub struct Flash<F> {
    medium: Medium<F>,
    log: Log,
    shelf: Shelf,
    failure: Option<FlashError>,
}

/// What was found when a log was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Recovery {
    /// Whether there was no log, so that a new one was made. Nothing is in it then: a node that has run before is
    /// another one now, and joins its cluster anew.
    pub created: bool,
    /// How many writes were recovered, those included that say once more at the front of a page who takes part.
    pub writes: u32,
}

impl<F: NorFlash> Flash<F> {
    /// Opens the log, and shows all that it holds to `visit`: the founding record first, then snapshots, then term, vote
    /// and entries in the order in which they were written, then the last configuration. All of it is read and checked
    /// once before. For a new node, both regions have to be erased.
    ///
    /// `scratch` is used meanwhile: 268 bytes more than the longest record are enough, so
    /// [`Config::entry_bytes_max`](quorate::Config::entry_bytes_max) and 268.
    ///
    /// # Errors
    /// What `visit` returns, or why the log cannot be used. Nothing has been changed then that was durable.
    pub fn open<E: From<FlashError>>(
        flash: F,
        layout: Layout,
        owner: Owner,
        scratch: &mut [u8],
        visit: impl FnMut(Recovered<'_>) -> Result<(), E>,
    ) -> Result<(Flash<F>, Recovery), E> {
        layout.check(&flash).map_err(FlashError::Layout)?;
        let mut medium = Medium::new(flash);
        let (mut found, created) = match read(&mut medium, &layout, owner, scratch) {
            Ok(found) => found,
            Err(Failed) => return Err(medium.fault().into()),
        };
        shown(&mut medium, visit, |flash, visit| {
            found.show(flash, scratch, visit)?;
            found.log.drop_unneeded(flash)?;
            found.log.settle(flash)
        })?;
        let Reading { log, shelf, .. } = found;
        let recovery = Recovery { created, writes: log.outline.writes };
        Ok((Flash { medium, log, shelf, failure: None }, recovery))
    }

    /// Makes a term and vote, a snapshot, entries, a configuration and a mark durable, all of them or, if it fails or the
    /// power does, none or all: the fields of a [`Persist`](quorate::Persist).
    ///
    /// Nothing at all is done if there is nothing to write. A snapshot is one of the leader, all of which was
    /// [stored](Flash::store); it takes the place of all that was written before but term, vote,
    /// configuration and mark.
    ///
    /// # Errors
    /// [`FlashError::LogFull`], and nothing was written: [take](Flash::take) a snapshot of what is applied, then try
    /// again. [`FlashError::RosterTooLong`], and nothing was written: no node with so many seats as the layout says has
    /// such a configuration. Any other error is final: this write may be durable or not, and every later one returns the
    /// same error.
    pub fn write(
        &mut self,
        hard_state: Option<HardState>,
        snapshot: Option<Snapshot>,
        entries: Entries<'_>,
        settled: Option<Settled<'_>>,
        term_mark: Option<Mark>,
    ) -> Result<(), FlashError> {
        if hard_state.is_none() && snapshot.is_none() && entries.is_empty() && settled.is_none() && term_mark.is_none()
        {
            return Ok(());
        }
        let mut front = Front::new();
        if let Some(state) = hard_state {
            front.hard_state(state);
        }
        self.until_it_fails(|store| {
            let mark = match snapshot {
                Some(snapshot) => Some(store.shelf.fetched(&mut store.medium, snapshot)?),
                None => None,
            };
            if let Some(mark) = mark {
                front.installed(mark);
            }
            let mut roster = &[][..];
            if let Some(Settled { since, roster: found }) = settled {
                roster = found.bytes();
                front.settled(Configuration { since, bytes: roster.len() as u16 });
            }
            if let Some(mark) = term_mark {
                front.term_mark(mark);
            }
            let write = Write { front: &front, roster, entries };
            store.log.expect_room(&mut store.medium, &write)?;
            if let Some(mark) = mark {
                store.shelf.complete(&mut store.medium, mark)?;
            }
            store.log.append(&mut store.medium, &write)?;
            mark.map_or(Ok(()), |mark| store.shelf.enforce(&mut store.medium, mark))
        })
    }

    /// Makes a founding record durable, in place of the one before: all of it or, if it fails or the power does, it or
    /// the one before.
    ///
    /// # Errors
    /// As [`write`](Flash::write).
    pub fn record(&mut self, record: Record) -> Result<(), FlashError> {
        let mut front = Front::new();
        front.founded(record);
        let write = Write::of(&front);
        self.until_it_fails(|store| {
            store.log.expect_room(&mut store.medium, &write)?;
            store.log.append(&mut store.medium, &write)
        })
    }

    /// Whether there is a place for a snapshot of so many bytes: to know before one has to be taken.
    ///
    /// # Errors
    /// [`FlashError::SnapshotTooLarge`].
    pub fn expect_room(&self, bytes: u64) -> Result<(), FlashError> {
        let room = self.shelf.room();
        if bytes <= room.into() { Ok(()) } else { Err(FlashError::SnapshotTooLarge { bytes, room }) }
    }

    /// Makes a snapshot of the app's own state durable, and lets the log stand on it. Once this returns, tell the node
    /// of it with [`Input::Snapshotted`](quorate::Input::Snapshotted).
    ///
    /// # Errors
    /// [`FlashError::NotLater`], [`FlashError::SnapshotTooLarge`], [`FlashError::LogFull`]: nothing was written, and
    /// the log goes on. Any other error is final.
    pub fn take(&mut self, position: Position, members: Members, bytes: &[u8]) -> Result<Snapshot, FlashError> {
        let snapshot = snapshot_of(position, bytes);
        self.until_it_fails(|store| {
            let latest = store.log.covered;
            if position.index <= latest {
                return Err(store.medium.fail(FlashError::NotLater { latest }));
            }
            store.shelf.expect_room(&mut store.medium, snapshot.bytes)?;
            let mark = store.shelf.mark_for(snapshot)?;
            let mut front = Front::new();
            front.marked(mark);
            let write = Write::of(&front);
            store.log.expect_room(&mut store.medium, &write)?;
            let header = Header { cluster: store.shelf.cluster(), members, snapshot, is_fetched: false };
            store.shelf.take(&mut store.medium, mark.at, &header, bytes)?;
            store.log.append(&mut store.medium, &write)?;
            store.shelf.enforce(&mut store.medium, mark)?;
            Ok(snapshot)
        })
    }

    /// Keeps a piece of a snapshot of the leader: its first one, or one that follows those before, for flash is written
    /// in order. So the node has to have [`pieces_in_order`](quorate::Config::pieces_in_order).
    /// [`write`](Flash::write) makes all of it count.
    ///
    /// # Errors
    /// [`FlashError::SnapshotTooLarge`], and nothing was written: a node that is told its bound asks for none of these
    /// ([`Config::snapshot_bytes_max`](quorate::Config::snapshot_bytes_max)). Any other error is final.
    pub fn store(&mut self, snapshot: Snapshot, members: Members, offset: u64, bytes: &[u8]) -> Result<(), FlashError> {
        self.until_it_fails(|store| {
            store.shelf.expect_room(&mut store.medium, snapshot.bytes)?;
            let header = Header { cluster: store.shelf.cluster(), members, snapshot, is_fetched: true };
            store.shelf.store(&mut store.medium, &header, offset, bytes)
        })
    }

    /// Fills `buffer` from the snapshot's `offset` on: to restore the app's state from it, or to send it as a piece.
    ///
    /// # Errors
    /// [`FlashError::NoSnapshot`], or what the flash driver says. The log goes on.
    pub fn read(&mut self, snapshot: Snapshot, offset: u64, buffer: &mut [u8]) -> Result<(), FlashError> {
        self.shelf.read_content(&mut self.medium, snapshot, offset, buffer).map_err(|Failed| self.medium.fault())
    }

    /// Whom a snapshot names as the members: those that a store which was [restored](crate::restore) is to found a
    /// cluster with.
    ///
    /// # Errors
    /// As [`read`](Flash::read).
    pub fn members(&mut self, snapshot: Snapshot) -> Result<Members, FlashError> {
        self.shelf.members(&mut self.medium, snapshot).map_err(|Failed| self.medium.fault())
    }

    /// Whether the log's region is nearly full. [Take](Flash::take) a snapshot of what is applied soon: the entries
    /// that it covers make room. If nothing was applied since the last one, [write](Flash::write)
    /// [all entries](quorate::Node::log) once more, as soon as they are durable: that makes room as well.
    pub fn is_crowded(&self) -> bool {
        self.log.is_crowded()
    }

    /// Gives the flash back.
    pub fn release(self) -> F {
        self.medium.flash
    }

    /// A failure is final: nothing is known then about what is durable. What is refused before anything is written is
    /// none.
    fn until_it_fails<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Failed>) -> Result<T, FlashError> {
        match self.failure {
            Some(failure) => Err(failure),
            None => work(self).map_err(|Failed| self.explain()),
        }
    }

    #[cold]
    #[inline(never)]
    fn explain(&mut self) -> FlashError {
        let error = self.medium.fault();
        if !error.is_refusal() {
            self.failure = Some(error);
        }
        error
    }
}

/// Reads all that a flash holds, or makes a new log; and whether it did that.
fn read<F: NorFlash>(
    flash: &mut Medium<F>,
    layout: &Layout,
    owner: Owner,
    scratch: &mut [u8],
) -> Result<(Reading, bool), Failed> {
    let ring = Ring::new::<F>(layout, owner)?;
    let pages = ring.find(flash)?;
    let (shelf, first) = Shelf::read(flash, layout, owner.cluster)?;
    let log = match (pages, first) {
        (Some(pages), _) => Log::read(flash, ring, pages, scratch)?,
        (None, None) => Log::create(flash, ring)?,
        (None, Some(address)) => return Err(flash.damaged(address, ORPHANED)),
    };
    Ok((Reading::of(flash, log, shelf, scratch)?, pages.is_none()))
}

/// What is wrong with a snapshot beside no log at all.
const ORPHANED: &str = "the log that this snapshot belongs to is missing";
