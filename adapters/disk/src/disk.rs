use std::path::{Path, PathBuf};

use quorate::{Entries, HardState};

use crate::batch;
use crate::directory::Directory;
use crate::replay::Replay;
use crate::segment::{self, Header, Segment};
use crate::{Direct, DiskError, Medium, Owner, Recovered, item};

/// The log of one node in one directory, open and locked.
///
/// Every call blocks until the file system is done. After the first write that fails, the log stays as it is: each later
/// write returns the same error, and only opening the log anew tells what is durable.
#[derive(Debug)]
#[must_use = "the directory is locked only as long as the log is kept"]
pub struct Disk<M: Medium = Direct> {
    directory: Directory<M::Handle>,
    medium: M,
    options: Options,
    segment: Segment<M::Handle>,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Recovery {
    /// Whether there was no log, so that a new one was made. A node that has run before under this identity must not go on
    /// with a new log: it would have forgotten what it promised.
    pub created: bool,
    /// How many writes were recovered.
    pub batches: u64,
    /// Bytes of a last write that did not arrive as a whole. It was never acknowledged, and has been removed.
    pub torn_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options { segment_bytes: 16 << 20 }
    }
}

impl Disk {
    /// Opens the log in `directory`, which is made if it is not there, and shows all that it holds to `visit`, in the
    /// order in which it was written.
    ///
    /// # Errors
    /// What `visit` returns, or why the log cannot be used; nothing has been changed then, but a new directory may be there.
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
        visit: impl FnMut(Recovered<'_>) -> Result<(), E>,
    ) -> Result<(Disk<M>, Recovery), E> {
        let path = directory;
        let directory = Directory::open(path, &mut medium)?;
        let mut replay = Replay::new(Some(owner));
        replay.run(path, &mut medium, visit)?;
        let recovery = Recovery {
            created: replay.last.is_none(),
            batches: replay.batches,
            torn_bytes: replay.torn_end - replay.end,
        };
        let sequence = replay.sequence();
        let segment = match replay.last.take() {
            Some((path, header)) => settle(path, header, &mut replay, &mut medium)?,
            None => directory.create(first_segment(owner, options), &mut medium)?,
        };
        let disk = Disk { directory, medium, options, segment, sequence, buffer: Vec::new(), failure: None };
        Ok((disk, recovery))
    }

    /// Makes a term and vote and entries durable, all of them or, if it fails or the machine stops, none or all.
    ///
    /// One write and one sync, however many entries there are; nothing at all if there is nothing to write.
    ///
    /// # Errors
    /// What the system says. It is final: this write may be durable or not, and every later one returns the same error.
    pub fn write(&mut self, hard_state: Option<HardState>, entries: Entries<'_>) -> Result<(), DiskError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        if hard_state.is_none() && entries.is_empty() {
            return Ok(());
        }
        self.buffer.clear();
        self.buffer.resize(batch::HEADER, 0);
        item::append(&mut self.buffer, hard_state, entries);
        self.write_batch().inspect_err(|error| self.failure = Some(error.clone()))
    }

    fn write_batch(&mut self) -> Result<(), DiskError> {
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
            owner: self.segment.header.owner,
            number: self.segment.header.number + 1,
            sequence: self.sequence,
            length: segment::length(size.max(self.options.segment_bytes)),
        };
        self.segment = self.directory.create(header, &mut self.medium)?;
        Ok(())
    }
}

fn first_segment(owner: Owner, options: Options) -> Header {
    Header { owner, number: 1, sequence: 1, length: segment::length(options.segment_bytes) }
}

/// Makes durable what was recovered, and zeros what was torn.
///
/// The last batch is written once more: a sync that failed before this opening may have left it in memory alone, marked as
/// written, and no later sync would write it.
///
/// Where a torn batch starts, its stamp goes first: a stamp without a whole header would be damage, and that is what zeros
/// from the front leave if they are cut off themselves.
fn settle<M: Medium>(
    path: PathBuf,
    header: Header,
    replay: &mut Replay,
    medium: &mut M,
) -> Result<Segment<M::Handle>, DiskError> {
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
