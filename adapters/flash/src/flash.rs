use embedded_storage::nor_flash::NorFlash;
use quorate::founding::Record;
use quorate::{Entries, HardState, Mark, Members, Owner, Position, Recovered, Settled, Snapshot};

use crate::content::Write;
use crate::front::{Configuration, Front, FrontRoom};
use crate::medium::Failed;
use crate::place::{Kept, id_of, snapshot_of};
use crate::reading::Reading;
use crate::{FlashError, Layout};

/// The log and the snapshots of one node on a NOR flash.
///
/// Every call blocks until the flash is done. After the first write that fails the log stays as it is: each later one
/// returns the same error, and only opening the log anew tells what is durable.
#[derive(Debug)]
pub struct Flash<F> {
    reading: Reading<F>,
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
    /// `scratch` is used meanwhile: as many bytes as the longest record has are enough, so
    /// [`Config::entry_bytes_max`](quorate::Config::entry_bytes_max), or as the longest roster if that is longer.
    ///
    /// # Errors
    /// What `visit` returns, or why the log cannot be used. Nothing has been changed then that was durable.
    #[cfg_attr(target_os = "none", inline(never))]
    pub fn open<E: From<FlashError>>(
        flash: F,
        layout: Layout,
        owner: Owner,
        scratch: &mut [u8],
        visit: impl FnMut(Recovered<'_>) -> Result<(), E>,
    ) -> Result<(Flash<F>, Recovery), E> {
        layout.check(&flash).map_err(FlashError::Layout)?;
        let mut flash = Flash { reading: Reading::new(flash, &layout, owner), failure: None };
        let created = flash.reading.open(scratch, visit)?;
        let recovery = Recovery { created, writes: flash.reading.log.outline.writes };
        Ok((flash, recovery))
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
        let mut room = FrontRoom::new();
        let mut front = Front::to(&mut room);
        if let Some(state) = hard_state {
            front.hard_state(state);
        }
        self.until_it_fails(|Reading { medium, log, shelf }| {
            let id = id_of(snapshot.unwrap_or_default());
            if snapshot.is_some() {
                let start = shelf.stored(medium, &id)?;
                front.marked(&Kept { start, id }, shelf.before(start), true);
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
            log.expect_room(medium, &write)?;
            if snapshot.is_some() {
                shelf.complete(medium, &id)?;
            }
            log.append(medium, &write)?;
            if snapshot.is_some() { shelf.install(medium, &id) } else { Ok(()) }
        })
    }

    /// Makes a founding record durable, in place of the one before: all of it or, if it fails or the power does, it or
    /// the one before.
    ///
    /// # Errors
    /// As [`write`](Flash::write).
    pub fn record(&mut self, record: Record) -> Result<(), FlashError> {
        let mut room = FrontRoom::new();
        let mut front = Front::to(&mut room);
        front.founded(record);
        let write = Write::of(&front);
        self.until_it_fails(|Reading { medium, log, .. }| {
            log.expect_room(medium, &write)?;
            log.append(medium, &write)
        })
    }

    /// Whether there is a place for a snapshot of so many bytes: to know before one has to be taken.
    ///
    /// # Errors
    /// [`FlashError::SnapshotTooLarge`].
    pub fn expect_room(&self, bytes: u64) -> Result<(), FlashError> {
        let room = self.reading.shelf.bytes_max();
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
        self.until_it_fails(|Reading { medium, log, shelf }| {
            let latest = log.covered;
            if position.index <= latest {
                return Err(medium.fail(FlashError::NotLater { latest }));
            }
            shelf.expect_room(medium, snapshot.bytes)?;
            let of = Kept { start: shelf.place_for(snapshot.bytes as u32)?, id: id_of(snapshot) };
            let mut room = FrontRoom::new();
            let mut front = Front::to(&mut room);
            front.marked(&of, shelf.before(of.start), false);
            let write = Write::of(&front);
            log.expect_room(medium, &write)?;
            shelf.take(medium, of, members, bytes)?;
            log.append(medium, &write)?;
            shelf.enforce(medium, &of)?;
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
        self.until_it_fails(|Reading { medium, shelf, .. }| {
            shelf.expect_room(medium, snapshot.bytes)?;
            shelf.store(medium, (&id_of(snapshot), members), offset, bytes)
        })
    }

    /// Fills `buffer` from the snapshot's `offset` on: to restore the app's state from it, or to send it as a piece.
    ///
    /// # Errors
    /// [`FlashError::NoSnapshot`], or what the flash driver says. The log goes on.
    pub fn read(&mut self, snapshot: Snapshot, offset: u64, buffer: &mut [u8]) -> Result<(), FlashError> {
        let Reading { medium, shelf, .. } = &mut self.reading;
        shelf.read_content(medium, snapshot, offset, buffer).map_err(|Failed| medium.fault())
    }

    /// Whom a snapshot names as the members: those that a store which was [restored](crate::restore) is to found a
    /// cluster with.
    ///
    /// # Errors
    /// As [`read`](Flash::read).
    pub fn members(&mut self, snapshot: Snapshot) -> Result<Members, FlashError> {
        let Reading { medium, shelf, .. } = &mut self.reading;
        shelf.members(medium, snapshot).map_err(|Failed| medium.fault())
    }

    /// Whether the log's region is nearly full. [Take](Flash::take) a snapshot of what is applied soon: the entries
    /// that it covers make room. If nothing was applied since the last one, [write](Flash::write)
    /// [all entries](quorate::Node::log) once more, as soon as they are durable: that makes room as well.
    pub fn is_crowded(&self) -> bool {
        self.reading.log.is_crowded()
    }

    /// Gives the flash back.
    pub fn release(self) -> F {
        self.reading.medium.flash
    }

    /// A failure is final: nothing is known then about what is durable. What is refused before anything is written is
    /// none.
    fn until_it_fails<T>(&mut self, work: impl FnOnce(&mut Reading<F>) -> Result<T, Failed>) -> Result<T, FlashError> {
        if self.failure.is_none()
            && let Ok(found) = work(&mut self.reading)
        {
            return Ok(found);
        }
        Err(self.explain())
    }

    /// What is wrong now, or was before.
    #[cold]
    #[inline(never)]
    fn explain(&mut self) -> FlashError {
        if let Some(failure) = self.failure {
            return failure;
        }
        let error = self.reading.medium.fault();
        if !error.is_refusal() {
            self.failure = Some(error);
        }
        error
    }
}
