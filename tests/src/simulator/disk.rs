mod prune;

use std::io::{Read, Write};
use std::path::Path;

use quorate::founding::Record;
use quorate::{Charter, Entries, Features, Incarnation, Index, Members, Position, Seat, Snapshot};
use quorate_disk::{DiskError, Options, Owner, Recovered, SnapshotWriter, Snapshots};

use super::CLUSTER;
use super::oracle::Violation;
use super::records::{Batch, Records};
use crate::memory::{DIRECTORY, Memory, Trouble};

/// Of so many pieces of a snapshot, all that are there are synced after the last.
const SYNC_EVERY: u64 = 5;

/// One machine's disk: a log of `quorate-disk` on files in memory, and beside it what that log has to give back.
pub(crate) struct Disk {
    files: Memory,
    owner: Owner,
    options: Options,
    /// Open for as long as the node runs.
    log: Option<Open>,
    /// What is durable. While the node is down, a write that was cut off may have come on top.
    pub(crate) durable: Records,
    /// The snapshot in force.
    pub(crate) latest: Option<Snapshot>,
    /// The one before, which takes its place if it is gone.
    before: Option<Snapshot>,
    /// A snapshot that the log stood on, and that the host removed as the node refused it: after a power cut it may be
    /// back.
    refused: Option<Snapshot>,
    /// The snapshot that was in force before it rotted. Until the log is told of another one, any that the app has
    /// taken since may take its place, told or not.
    rotten: Option<Snapshot>,
    /// What its host kept when it last removed the rest, while the log is open.
    kept: Option<[Vec<Snapshot>; 2]>,
    /// The write that was cut off, or failed.
    cut_off: Option<Change>,
    /// A bit has flipped since it was last open.
    pub(crate) has_flipped: bool,
    /// A recovery wrote over a flipped bit, and the sync of that failed: with the power, the bit may come back.
    is_doubtful: bool,
    /// What the log stands on has rotted, and no other snapshot was installed since.
    pub(crate) is_lost: bool,
}

struct Open {
    disk: quorate_disk::Disk<Memory>,
    snapshots: Snapshots<Memory>,
}

/// A snapshot that is being written beside the log.
pub(crate) type Taking = SnapshotWriter<Memory>;

/// What a write makes of the disk.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Write(Batch),
    /// The app's own snapshot is in force.
    Mark(Snapshot),
    /// The store is prepared for a founding, or complete.
    Record(Record),
}

/// How an opening went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    Done {
        is_torn: bool,
    },
    /// The power went meanwhile, or the device failed.
    Stopped,
    /// It has rotted.
    Refused,
    /// It names these, and the build does not know them.
    Outdated(Features),
}

impl Disk {
    pub(crate) fn new(seat: Seat, segment_bytes: u64, seed: u64) -> Disk {
        Disk {
            files: Memory::new(seed),
            owner: Owner { cluster: CLUSTER.0, seat },
            options: Options { segment_bytes },
            log: None,
            durable: Records::default(),
            latest: None,
            before: None,
            refused: None,
            rotten: None,
            kept: None,
            cut_off: None,
            has_flipped: false,
            is_doubtful: false,
            is_lost: false,
        }
    }

    /// What makes the store complete, if it is.
    pub(crate) fn charter(&self) -> Option<Charter> {
        match self.durable.founding? {
            Record::Complete(charter) | Record::Joined(charter, _) => Some(charter),
            Record::Prepared(_) => None,
        }
    }

    /// Which life of its seat the store is.
    pub(crate) fn incarnation(&self) -> Incarnation {
        match self.durable.founding {
            Some(Record::Joined(_, incarnation)) => incarnation,
            _ => Incarnation::FOUNDER,
        }
    }

    /// Makes an empty store complete, as if it had been so for long.
    pub(crate) fn complete(&mut self, charter: Charter) -> Result<(), Violation> {
        self.open(None, |_| {})?;
        self.write(Change::Record(Record::Complete(charter)), None)?;
        self.close();
        Ok(())
    }

    /// Opens the log, which shows what it holds. It must be what was durable, perhaps with all of the write that was
    /// cut off.
    pub(crate) fn open(
        &mut self,
        trouble: Option<Trouble>,
        mut visit: impl FnMut(Recovered<'_>),
    ) -> Result<Opening, Violation> {
        self.files.expect(trouble);
        let mut found = Records::default();
        let (mut before, mut latest, mut lost, mut damaged) = (None, None, None, None);
        let visit = |item: Recovered<'_>| {
            match item {
                Recovered::HardState(hard_state) => found.hard_state = hard_state,
                Recovered::Entry(entry) => found.take(entry),
                Recovered::Mark(mark) => found.put_mark(&mark),
                Recovered::Snapshot(snapshot) => (before, latest) = (latest, Some(snapshot)),
                Recovered::LostSnapshot(position) => lost = Some(position),
                Recovered::Prepared(prepared) => found.founding = Some(Record::Prepared(prepared)),
                Recovered::Charter(charter) => found.founding = Some(Record::Complete(charter)),
                Recovered::Joined(charter, incarnation) => {
                    found.founding = Some(Record::Joined(charter, incarnation));
                }
                Recovered::Settled(settled) => found.settle(settled),
                Recovered::DamagedSnapshot(position) => damaged = Some(position),
                Recovered::Stored(_) => {}
            }
            visit(item);
            Ok::<(), DiskError>(())
        };
        let opened =
            quorate_disk::Disk::open_on(self.files.clone(), Path::new(DIRECTORY), self.owner, self.options, visit);
        self.files.expect(None);
        let (log, recovery) = match opened {
            Ok(opened) => opened,
            Err(DiskError::Io { .. }) if trouble.is_some() => {
                self.is_doubtful |= self.has_flipped && matches!(trouble, Some(Trouble::Failure(_)));
                return Ok(Opening::Stopped);
            }
            Err(DiskError::Damaged(_)) if self.has_flipped => return Ok(Opening::Refused),
            Err(error) => return self.broken("a log that has not rotted can be opened", error),
        };
        found.cover(lost.or(latest.map(|latest| latest.position)).unwrap_or_default());
        if lost.is_some() && !(self.has_flipped || self.is_lost || self.rotten.is_some()) {
            return self.broken("what the log stands on comes back", format!("{lost:?} is lost"));
        }
        if !self.allows(&found, latest) {
            if let Some(change) = self.cut_off.take() {
                self.take(change);
            }
            if !self.allows(&found, latest) {
                let story = format!("{latest:?} {found:?}, not {:?} {:?}", self.latest, self.durable);
                return self.broken("what is durable comes back", story);
            }
        }
        let snapshots = log.snapshots();
        self.log = Some(Open { disk: log, snapshots });
        if let Some(position) = lost {
            self.durable.cover(position);
        }
        if latest.is_some() && latest == self.refused {
            self.refused = None;
        } else if latest != self.latest {
            self.rotten = self.rotten.or(self.latest).filter(|rotten| latest != Some(*rotten));
        }
        (self.latest, self.before, self.is_lost) = (latest, before, lost.is_some());
        // The log was told of one that has rotted since, though that was cut off.
        if let Some(Change::Mark(snapshot)) = self.cut_off.take()
            && damaged == Some(snapshot.position)
        {
            self.rotten = Some(snapshot);
        }
        self.has_flipped = self.is_doubtful;
        Ok(Opening::Done { is_torn: recovery.torn_bytes > 0 })
    }

    /// Whether that may come back. If a snapshot has rotted, an earlier one may take its place, or none; the log behind
    /// that is all there in any case.
    fn allows(&self, found: &Records, latest: Option<Snapshot>) -> bool {
        let base = found.base.index;
        let position = |snapshot: Option<Snapshot>| snapshot.map_or(self.durable.base, |snapshot| snapshot.position);
        let is_as_it_was = latest == self.latest && found.base == position(self.latest);
        let (least, most) =
            (position(self.latest.filter(|_| !self.has_flipped)), position(self.rotten.or(self.latest)));
        let is_instead = (self.has_flipped || self.rotten.is_some())
            && (least.index..=most.index).contains(&base)
            && (found.base == most || self.durable.holds(found.base));
        let is_back = latest.is_some() && latest == self.refused && found.base == position(latest);
        let is_standing = is_as_it_was || is_instead || is_back;
        is_standing && self.durable.equals_behind(base, found)
    }

    fn take(&mut self, change: Change) {
        match change {
            Change::Write(batch) => {
                if batch.snapshot.is_some() {
                    (self.latest, self.before, self.is_lost) = (batch.snapshot, None, false);
                    (self.refused, self.rotten) = (None, None);
                }
                self.durable.sync(batch);
            }
            Change::Mark(snapshot) => {
                let index = snapshot.position.index;
                let is_later = self.latest.is_none_or(|latest| latest.position.index < index);
                if is_later && self.rotten.is_none_or(|rotten| rotten.position.index <= index) {
                    (self.before, self.latest) = (self.latest, Some(snapshot));
                    (self.refused, self.rotten) = (None, None);
                }
            }
            Change::Record(record) => self.durable.founding = Some(record),
        }
    }

    /// Writes a batch, or marks a snapshot. Whether that is durable: if not, it may be.
    pub(crate) fn write(&mut self, change: Change, trouble: Option<Trouble>) -> Result<bool, Violation> {
        self.files.expect(trouble);
        let log = &mut self.log.as_mut().expect("the log of a node that runs is open").disk;
        let mut write = || match &change {
            Change::Write(batch) => {
                let records = batch.bytes();
                let entries = Entries::parse(&records).expect("a node writes whole records, one after the other");
                log.write(batch.hard_state, batch.snapshot, entries, batch.settled(), batch.mark)
            }
            Change::Mark(snapshot) => log.mark(*snapshot),
            Change::Record(record) => log.record(*record),
        };
        let Err(error) = write() else {
            self.files.expect(None);
            self.take(change);
            return Ok(true);
        };
        let again = write();
        if trouble.is_none() || again.is_ok() {
            return self.broken("a write fails if its device does, and then for good", error);
        }
        self.cut_off = Some(change);
        Ok(false)
    }

    /// Begins to write a snapshot of the app's own. None if that fails.
    pub(crate) fn begin_snapshot(
        &mut self,
        position: Position,
        members: Members,
        state: &[u8],
        trouble: Option<Trouble>,
    ) -> Option<Taking> {
        let files = self.files.clone();
        files.expect_aside(trouble);
        let written = self.snapshots().create(position, members).map(|mut writer| {
            let is_written = writer.write_all(state).and_then(|()| writer.flush()).is_ok();
            is_written.then_some(writer)
        });
        files.expect(None);
        written.ok().flatten()
    }

    /// Makes a snapshot durable under its name. None if that fails, after which the log goes on as before.
    pub(crate) fn finish_snapshot(&mut self, taking: Taking, trouble: Option<Trouble>) -> Option<Snapshot> {
        self.files.expect_aside(trouble);
        let finished = taking.finish();
        self.files.expect(None);
        finished.ok()
    }

    /// The process ends while it writes a snapshot: nobody tidies up.
    pub(crate) fn abandon_snapshot(&mut self, taking: Taking) {
        self.files.expect_aside(Some(Trouble::Cut(0)));
        drop(taking);
        self.files.expect(None);
    }

    /// Keeps a piece of a snapshot of the leader, and syncs now and then what is there of it. Whether that went well.
    pub(crate) fn store(
        &mut self,
        snapshot: Snapshot,
        members: Members,
        (offset, bytes): (u64, &[u8]),
        trouble: Option<Trouble>,
    ) -> Result<bool, Violation> {
        self.files.expect(trouble);
        let stored = self.snapshots().store(snapshot, members, offset, bytes);
        let syncs = (offset / bytes.len() as u64) % SYNC_EVERY == SYNC_EVERY - 1;
        let stored = stored.and_then(|()| if syncs { self.snapshots().sync(snapshot) } else { Ok(()) });
        self.files.expect(None);
        match stored {
            Ok(()) => Ok(true),
            Err(_) if trouble.is_some() => Ok(false),
            Err(error) => self.broken("a piece can be stored", error),
        }
    }

    /// A piece of a snapshot, if it can be read.
    pub(crate) fn read_piece(&mut self, snapshot: Snapshot, offset: u64, length: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.snapshots().read_at(snapshot, offset, &mut bytes).ok().map(|()| bytes)
    }

    /// All bytes of a snapshot that is durable.
    pub(crate) fn read_snapshot(&mut self, snapshot: Snapshot) -> Result<Vec<u8>, Violation> {
        let mut bytes = Vec::new();
        let read = self.snapshots().open(snapshot).map_err(|error| error.to_string()).and_then(|mut reader| {
            reader.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
            reader.finish().map_err(|error| error.to_string())
        });
        match read {
            Ok(()) => Ok(bytes),
            Err(error) => self.broken("what is restored is durable", error),
        }
    }

    fn snapshots(&mut self) -> &mut Snapshots<Memory> {
        &mut self.log.as_mut().expect("the log of a node that runs is open").snapshots
    }

    /// The last index that a snapshot here covers, be it readable or not.
    pub(crate) fn covered(&self) -> Index {
        self.latest.map_or(self.durable.base.index, |latest| latest.position.index)
    }

    /// Whether a snapshot that was in force has rotted, and the log was told of no other one since.
    pub(crate) fn lacks_snapshot(&self) -> bool {
        self.rotten.is_some()
    }

    /// Whether a write was cut off, or failed, since it was last open.
    pub(crate) fn has_cut_off(&self) -> bool {
        self.cut_off.is_some()
    }

    /// The node stops.
    pub(crate) fn close(&mut self) {
        (self.log, self.kept) = (None, None);
    }

    /// The power goes.
    pub(crate) fn cut_power(&mut self) {
        self.close();
        self.files.cut_power();
    }

    /// A bit of some file flips. Where, in words; none if there is no file.
    pub(crate) fn rot(&mut self) -> Option<String> {
        let (path, byte) = self.files.rot()?;
        self.has_flipped = true;
        Some(format!("{}, byte {byte}", path.display()))
    }

    fn broken<T>(&self, law: &'static str, story: impl std::fmt::Display) -> Result<T, Violation> {
        Err(Violation { law, story: format!("{}: {story}", self.owner) })
    }
}
