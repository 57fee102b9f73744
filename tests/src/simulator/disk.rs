use std::path::Path;

use quorate::{Entries, Seat};
use quorate_disk::{DiskError, Options, Owner, Recovered};

use super::CLUSTER;
use super::oracle::Violation;
use super::records::{Batch, Records};
use crate::memory::{DIRECTORY, Memory, Trouble};

/// One machine's disk: a log of `quorate-disk` on files in memory, and beside it what that log has to give back.
pub(crate) struct Disk {
    files: Memory,
    owner: Owner,
    options: Options,
    /// Open for as long as the node runs.
    log: Option<quorate_disk::Disk<Memory>>,
    /// What is durable. While the node is down, a write that was cut off may have come on top.
    pub(crate) durable: Records,
    /// The write that was cut off, or failed.
    cut_off: Option<Batch>,
    /// A bit has flipped since it was last open.
    pub(crate) has_flipped: bool,
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
}

impl Disk {
    pub(crate) fn new(seat: Seat, segment_bytes: u64, seed: u64) -> Disk {
        Disk {
            files: Memory::new(seed),
            owner: Owner { cluster: CLUSTER.0, identity: seat.into() },
            options: Options { segment_bytes },
            log: None,
            durable: Records::default(),
            cut_off: None,
            has_flipped: false,
        }
    }

    /// Opens the log, which shows what it holds. It must be what was durable, perhaps with all of the write that was cut off.
    pub(crate) fn open(
        &mut self,
        trouble: Option<Trouble>,
        mut visit: impl FnMut(Recovered<'_>),
    ) -> Result<Opening, Violation> {
        self.files.expect(trouble);
        let mut found = Records::default();
        let visit = |item: Recovered<'_>| {
            match item {
                Recovered::HardState(hard_state) => found.hard_state = hard_state,
                Recovered::Entry(entry) => found.take(entry),
                Recovered::Snapshot(_) | Recovered::LostSnapshot(_) | Recovered::Stored(_) => {}
            }
            visit(item);
            Ok::<(), DiskError>(())
        };
        let opened =
            quorate_disk::Disk::open_on(self.files.clone(), Path::new(DIRECTORY), self.owner, self.options, visit);
        self.files.expect(None);
        let (log, recovery) = match opened {
            Ok(opened) => opened,
            Err(DiskError::Io { .. }) if trouble.is_some() => return Ok(Opening::Stopped),
            Err(DiskError::Damaged(_)) if self.has_flipped => return Ok(Opening::Refused),
            Err(error) => return self.broken("a log that has not rotted can be opened", error),
        };
        if found != self.durable {
            if let Some(batch) = self.cut_off.take() {
                self.durable.sync(batch);
            }
            if found != self.durable {
                return self.broken("what is durable comes back", format_args!("{found:?}, not {:?}", self.durable));
            }
        }
        self.log = Some(log);
        self.cut_off = None;
        self.has_flipped = false;
        Ok(Opening::Done { is_torn: recovery.torn_bytes > 0 })
    }

    /// Writes a batch. Whether it is durable: if not, it may be.
    pub(crate) fn write(&mut self, batch: Batch, trouble: Option<Trouble>) -> Result<bool, Violation> {
        self.files.expect(trouble);
        let log = self.log.as_mut().expect("the log of a node that runs is open");
        let records = batch.bytes();
        let entries = Entries::parse(&records).expect("a node writes whole records, one after the other");
        let Err(error) = log.write(batch.hard_state, None, entries) else {
            self.durable.sync(batch);
            return Ok(true);
        };
        let again = log.write(batch.hard_state, None, entries);
        if trouble.is_none() || again.is_ok() {
            return self.broken("a write fails if its device does, and then for good", error);
        }
        self.cut_off = Some(batch);
        Ok(false)
    }

    /// Whether a write was cut off, or failed, since it was last open.
    pub(crate) fn has_cut_off(&self) -> bool {
        self.cut_off.is_some()
    }

    /// The node stops.
    pub(crate) fn close(&mut self) {
        self.log = None;
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
