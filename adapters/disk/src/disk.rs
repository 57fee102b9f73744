use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use quorate::founding::Record;
use quorate::{Entries, HardState, Index, Mark, Settled, Snapshot};

use crate::batch;
use crate::directory::Directory;
use crate::item::Item;
use crate::outline::Outline;
use crate::replay::Replay;
use crate::segment::{self, Header, Segment};
use crate::snapshots::{self, KEPT, Shelf};
use crate::{Damage, Direct, DiskError, Medium, Owner, Recovered, Snapshots};

/// The log of one node in one directory, open and locked.
///
/// Every call blocks until the file system is done. After the first write that fails, the log stays as it is: each
/// later write returns the same error, and only opening the log anew tells what is durable.
#[derive(Debug)]
#[must_use = "the directory is locked only as long as the log is kept"]
pub struct Disk<M: Medium = Direct> {
    directory: Directory<M::Handle>,
    medium: M,
    options: Options,
    segment: Segment<M::Handle>,
    log: Outline,
    /// The snapshot in force comes last, before it the one before.
    kept: Vec<Snapshot>,
    /// How many of the app's own snapshots were begun.
    begun: Arc<AtomicU32>,
    /// The number of the next batch.
    sequence: u64,
    /// The batch that is being made; kept, so that a write allocates nothing.
    buffer: Vec<u8>,
    failure: Option<DiskError>,
}

/// How a log is laid out. The options may change from one opening to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Options {
    /// Bytes of a segment. A segment is filled with zeros before it is used, which takes about a millisecond per MiB.
    pub segment_bytes: u64,
}

/// What was found when a log was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// Whether there was no log, so that a new one was made. Nothing is in it then: a node that has run before is
    /// another one now, and joins its cluster anew.
    pub created: bool,
    /// How many writes were recovered.
    pub batches: u64,
    /// Bytes of a last write that did not arrive as a whole. It was never acknowledged, and has been removed.
    pub torn_bytes: u64,
    /// What is wrong with the latest snapshots, if the one before takes their place or another one has to.
    pub damaged: Vec<Damage>,
}

impl Default for Options {
    fn default() -> Self {
        Options { segment_bytes: 16 << 20 }
    }
}

impl Disk {
    /// Opens the log in `directory`, which is made if it is not there, and shows all that it holds to `visit`: the
    /// founding record first, then snapshots, then the rest in the order in which it was written. All of it is read once
    /// before.
    ///
    /// # Errors
    /// What `visit` returns, or why the log cannot be used; nothing has been changed then, but a new directory may be
    /// there.
    pub fn open<E: From<DiskError>>(
        directory: &Path,
        owner: Owner,
        options: Options,
        visit: impl FnMut(Recovered<'_>) -> Result<(), E>,
    ) -> Result<(Disk, Recovery), E> {
        Disk::open_on(Direct, directory, owner, options, visit)
    }
}

impl<M: Medium> Disk<M> {
    /// As [`Disk::open`], on the file system that `medium` is.
    ///
    /// # Errors
    /// As [`Disk::open`], and what `medium` returns.
    pub fn open_on<E: From<DiskError>>(
        mut medium: M,
        directory: &Path,
        owner: Owner,
        options: Options,
        mut visit: impl FnMut(Recovered<'_>) -> Result<(), E>,
    ) -> Result<(Disk<M>, Recovery), E> {
        let path = directory;
        let directory = Directory::open(path, &mut medium).map_err(DiskError::of_opening)?;
        let mut log = Outline::default();
        log.read(path, &mut Replay::new(Some(owner)), &mut medium).map_err(DiskError::of_opening)?;
        let mut shelf = Shelf::read(path, owner.cluster, &log, &mut medium).map_err(DiskError::of_opening)?;
        log.record.map_or(Ok(()), |record| visit(record.into()))?;
        shelf.show(&mut visit)?;
        let mut replay = Replay::new(Some(owner));
        log.show(path, &mut replay, &mut medium, visit)?;
        let recovery = Recovery {
            created: replay.last.is_none(),
            batches: replay.batches,
            torn_bytes: replay.torn_end - replay.end,
            damaged: std::mem::take(&mut shelf.damaged),
        };
        let sequence = replay.sequence;
        let segment = match replay.last.take() {
            Some((path, header)) => settle(path, header, &mut replay, &mut medium),
            None => directory.create(first_segment(owner, options), &mut medium),
        };
        let segment = segment.map_err(DiskError::of_opening)?;
        shelf.settle(path, owner.cluster, &mut medium).map_err(DiskError::of_opening)?;
        let disk = Disk {
            directory,
            medium,
            options,
            segment,
            log,
            kept: shelf.kept,
            begun: Arc::default(),
            sequence,
            buffer: Vec::new(),
            failure: None,
        };
        Ok((disk, recovery))
    }

    /// Makes a term and vote, a snapshot, entries, a configuration and a mark durable, all of them or, if it fails or the
    /// machine stops, none or all: the fields of a [`Persist`](quorate::Persist).
    ///
    /// One write and one sync, however many entries there are; nothing at all if there is nothing to write. A snapshot
    /// is one of the leader, all of which was [stored](Snapshots::store); it takes the place of all that was written
    /// before but term, vote, configuration and mark.
    ///
    /// # Errors
    /// What the system says, or how the snapshot is damaged. It is final: this write may be durable or not, and every
    /// later one returns the same error.
    pub fn write(
        &mut self,
        hard_state: Option<HardState>,
        snapshot: Option<Snapshot>,
        entries: Entries<'_>,
        settled: Option<Settled<'_>>,
        mark: Option<Mark>,
    ) -> Result<(), DiskError> {
        let items = [
            hard_state.map(Item::HardState),
            snapshot.map(Item::Installed),
            (!entries.is_empty()).then_some(Item::Entries(entries)),
            settled.map(Item::Settled),
            mark.map(Item::Mark),
        ];
        self.until_it_fails(|disk| {
            if let Some(snapshot) = snapshot {
                snapshots::install(disk.directory.path(), disk.owner().cluster, snapshot, &mut disk.medium)?;
                disk.directory.sync(&mut disk.medium)?;
            }
            disk.write_items(items.into_iter().flatten())?;
            match snapshot {
                Some(snapshot) => {
                    disk.kept = vec![snapshot];
                    disk.clean()
                }
                None => Ok(()),
            }
        })
    }

    /// Makes a founding record durable, in place of the one before: all of it or, if it fails or the machine stops, it or
    /// the one before.
    ///
    /// # Errors
    /// As [`write`](Disk::write).
    pub fn record(&mut self, record: Record) -> Result<(), DiskError> {
        self.until_it_fails(|disk| disk.write_items([Item::Founding(record)].into_iter()))
    }

    /// Lets the log stand on a snapshot of the app's own state, which was [finished](crate::SnapshotWriter::finish)
    /// aside. Once this returns, tell the node of it. The snapshot before the last one goes, and segments that only it
    /// needed.
    ///
    /// A snapshot that is not later than the last one is removed instead; the node does not want it either. Nor does one
    /// count that covers less than a damaged one.
    ///
    /// # Errors
    /// [`DiskError::SnapshotIo`] or [`DiskError::DamagedSnapshot`] if the snapshot's file is not there: then nothing
    /// has changed. Or else as [`write`](Disk::write).
    pub fn mark(&mut self, snapshot: Snapshot) -> Result<(), DiskError> {
        let latest = self.kept.last().map_or(Index(0), |latest| latest.position.index);
        // One that is damaged says all the same what is committed.
        let in_force = self.log.snapshot.map_or(Index(0), |in_force| in_force.position.index);
        let is_later = snapshot.position.index > latest && snapshot.position.index >= in_force;
        if is_later {
            snapshots::whole(self.directory.path(), self.owner().cluster, snapshot, &mut self.medium)?;
        }
        self.until_it_fails(|disk| {
            if is_later {
                disk.write_items([Item::Marked(snapshot)].into_iter())?;
                disk.kept.push(snapshot);
            }
            disk.clean()
        })
    }

    fn owner(&self) -> Owner {
        self.segment.header.owner
    }

    /// A failure is final: nothing is known then about what is durable.
    fn until_it_fails(&mut self, work: impl FnOnce(&mut Self) -> Result<(), DiskError>) -> Result<(), DiskError> {
        match &self.failure {
            Some(failure) => Err(failure.clone()),
            None => work(self).map_err(|error| self.failure.insert(error.of_log()).clone()),
        }
    }

    /// Makes a batch of these items durable.
    fn write_items<'a>(&mut self, items: impl Iterator<Item = Item<'a>> + Clone) -> Result<(), DiskError> {
        self.buffer.clear();
        self.buffer.resize(batch::HEADER, 0);
        items.clone().for_each(|item| item.append(&mut self.buffer));
        if self.buffer.len() == batch::HEADER {
            return Ok(());
        }
        self.write_batch()?;
        let number = self.segment.header.number;
        items.for_each(|item| self.log.note(number, item));
        Ok(())
    }

    fn write_batch(&mut self) -> Result<(), DiskError> {
        let is_full = !self.segment.has_room(batch::size(self.buffer.len()) as u64);
        if is_full || (self.segment.is_empty() && self.segment.header.number > 1) {
            self.log.head().insert(&mut self.buffer, batch::HEADER);
        }
        let size = batch::size(self.buffer.len()) as u64;
        if !self.segment.has_room(size) {
            self.next_segment(size)?;
        }
        batch::seal(&mut self.buffer, self.sequence, self.segment.place());
        let Segment { file, path, end, .. } = &mut self.segment;
        self.medium.write(file, *end, &self.buffer).map_err(DiskError::io("write", path))?;
        self.medium.sync(file).map_err(DiskError::io("sync", path))?;
        *end += size;
        self.sequence += 1;
        Ok(())
    }

    fn next_segment(&mut self, size: u64) -> Result<(), DiskError> {
        let header = Header {
            owner: self.owner(),
            number: self.segment.header.number + 1,
            sequence: self.sequence,
            length: segment::length(size.max(self.options.segment_bytes)),
        };
        let next = self.directory.create(header, &mut self.medium)?;
        let Segment { file, path, .. } = std::mem::replace(&mut self.segment, next);
        segment::close(&file, &path, &mut self.medium)
    }

    /// Removes what neither the last snapshot needs nor the one before it, which takes its place if it is damaged.
    fn clean(&mut self) -> Result<(), DiskError> {
        let old = self.kept.len().saturating_sub(KEPT);
        self.kept.drain(..old);
        snapshots::keep(self.directory.path(), &self.kept, &mut self.medium)?;
        let covered = match self.kept[..] {
            [before, _] => before.position.index,
            _ => Index(0),
        };
        while let Some(number) = self.log.pop_segment(covered) {
            self.directory.remove_segment(number, &mut self.medium)?;
        }
        Ok(())
    }
}

impl<M: Medium + Clone> Disk<M> {
    /// The snapshots beside the log, for other threads than the log's.
    pub fn snapshots(&self) -> Snapshots<M> {
        let directory = self.directory.path().to_owned();
        Snapshots::new(self.medium.clone(), directory, self.owner().cluster, Arc::clone(&self.begun))
    }
}

fn first_segment(owner: Owner, options: Options) -> Header {
    Header { owner, number: 1, sequence: 1, length: segment::length(options.segment_bytes) }
}

/// Makes durable what was recovered, and zeros what was torn.
///
/// The segment before the last one is closed once more: whoever made the last one may have stopped before.
///
/// The last batch is written once more: a sync that failed before this opening may have left it in memory alone, marked
/// as written, and no later sync would write it.
///
/// Where a torn batch starts, its stamp goes first: a stamp without a whole header would be damage, and that is what
/// zeros from the front leave if they are cut off themselves.
fn settle<M: Medium>(
    path: PathBuf,
    header: Header,
    replay: &mut Replay,
    medium: &mut M,
) -> Result<Segment<M::Handle>, DiskError> {
    if let Some(path) = &replay.previous {
        let file = medium.open(path).map_err(DiskError::io("open", path))?;
        segment::close(&file, path, medium)?;
    }
    let file = medium.open(&path).map_err(DiskError::io("open", &path))?;
    let (last, end, torn_end) = (replay.last_batch, replay.end as usize, replay.torn_end as usize);
    if end < torn_end && replay.bytes[end + batch::BODY] != 0 {
        medium.write(&file, (end + batch::BODY) as u64, &[0]).map_err(DiskError::io("write", &path))?;
        medium.sync(&file).map_err(DiskError::io("sync", &path))?;
    }
    replay.bytes[end..torn_end].fill(0);
    let bytes = &mut replay.bytes[last as usize..torn_end];
    batch::stamp(&mut bytes[..end - last as usize]);
    if !bytes.is_empty() {
        medium.write(&file, last, bytes).map_err(DiskError::io("write", &path))?;
        medium.sync(&file).map_err(DiskError::io("sync", &path))?;
    }
    Ok(Segment::new(file, path, header, replay.end))
}
