use std::path::{Path, PathBuf};

use crate::batch::{self, Found, Place};
use crate::item::{self, Item, ItemError};
use crate::segment::{CLOSED, Header, HeaderError, START};
use crate::{DiskError, Medium, Owner, directory};

/// What is wrong if a log does not reach back far enough.
pub(crate) const MISSING: &str = "the segment before this one is missing";
/// What is wrong if a log does not reach as far as it did.
const CUT_OFF: &str = "the segment after this one is missing";

/// Reads a log from its first segment to its end.
#[derive(Debug, Default)]
pub(crate) struct Replay {
    /// Whom the segments must belong to; if nobody is asked for, then the first one says it.
    owner: Option<Owner>,
    /// What was read last, as it stands in its file.
    pub(crate) bytes: Vec<u8>,
    /// The last segment that was read, and its header.
    pub(crate) last: Option<(PathBuf, Header)>,
    /// The path of the one before it.
    pub(crate) previous: Option<PathBuf>,
    /// Where the last batch of that segment starts, and where the next one goes.
    pub(crate) last_batch: u64,
    pub(crate) end: u64,
    /// Where the torn bytes end; equal to `end` if there are none.
    pub(crate) torn_end: u64,
    pub(crate) batches: u64,
    /// Bytes of all segments.
    pub(crate) total_bytes: u64,
    /// The sequence number of the next batch.
    pub(crate) sequence: u64,
    /// The path of the first segment.
    pub(crate) first: Option<(u64, PathBuf)>,
    scratch: Vec<u8>,
}

/// What ends a replay early: the log itself, or whom it is shown to.
#[derive(Debug)]
enum Stop<E> {
    Item(ItemError),
    Visitor(E),
}

impl<E> From<ItemError> for Stop<E> {
    fn from(error: ItemError) -> Self {
        Stop::Item(error)
    }
}

impl Replay {
    pub(crate) fn new(owner: Option<Owner>) -> Replay {
        Replay { owner, sequence: 1, ..Replay::default() }
    }

    /// Reads all of a directory, and shows what it holds to `visit`, with the number of the segment that holds it.
    pub(crate) fn run<E: From<DiskError>>(
        &mut self,
        directory: &Path,
        medium: &mut impl Medium,
        mut visit: impl FnMut(u64, Item<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let segments = directory::segments(directory, medium)?;
        self.first = segments.first().cloned();
        let Some((first, _)) = self.first else { return Ok(()) };
        let end = first.saturating_add(segments.len() as u64);
        for ((found, path), number) in segments.into_iter().zip(first..) {
            if found != number {
                return Err(DiskError::damaged(&path, 0, MISSING).into());
            }
            let header = self.open(&path, number, medium)?;
            let is_last = number + 1 == end;
            if is_last && self.bytes.get(CLOSED as usize).is_some_and(|byte| *byte != 0) {
                return Err(DiskError::damaged(&path, CLOSED, CUT_OFF).into());
            }
            self.previous = self.last.replace((path, header)).map(|(path, _)| path);
            self.read(is_last, &mut |item| visit(number, item))?;
        }
        Ok(())
    }

    pub(crate) fn owner(&self) -> Option<Owner> {
        self.owner
    }

    fn open(&mut self, path: &Path, number: u64, medium: &mut impl Medium) -> Result<Header, DiskError> {
        self.bytes = medium.read(path).map_err(DiskError::io("read", path))?;
        self.total_bytes += self.bytes.len() as u64;
        let damaged = |what| DiskError::damaged(path, 0, what);
        let header = Header::parse(&self.bytes).map_err(|error| match error {
            HeaderError::Damaged(what) => damaged(what),
            HeaderError::Later(version) => {
                DiskError::LaterVersion { file: path.to_owned(), offset: 0, what: format!("format version {version}") }
            }
        })?;
        let wanted = *self.owner.get_or_insert(header.owner);
        if header.owner != wanted {
            return Err(DiskError::Foreign {
                directory: path.parent().unwrap_or(path).to_owned(),
                found: header.owner,
                wanted,
            });
        }
        if header.number != number {
            return Err(damaged("the segment's number is not the one in its name"));
        }
        if header.length != self.bytes.len() as u64 {
            return Err(damaged("the segment's length has changed"));
        }
        if self.last.is_none() && number > 1 {
            self.sequence = header.sequence;
        }
        if header.sequence != self.sequence {
            return Err(damaged("batches are missing at the end of the segment before this one"));
        }
        Ok(header)
    }

    /// Reads the batches of the segment that is open.
    fn read<E: From<DiskError>>(
        &mut self,
        is_last: bool,
        visit: &mut impl FnMut(Item<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some((path, header)) = &self.last else {
            return Ok(());
        };
        let segment = header.check();
        self.last_batch = START;
        self.end = START;
        self.torn_end = START;
        loop {
            let offset = self.end;
            let rest = &self.bytes[offset as usize..];
            let place = Place { segment, offset };
            match batch::find(rest, place, self.sequence, &mut self.scratch) {
                Found::Batch { payload, size } => {
                    item::read(payload, &mut |item| visit(item).map_err(Stop::Visitor))
                        .map_err(|stop| stop.locate(path, offset))?;
                    self.batches += 1;
                    self.sequence += 1;
                    self.last_batch = offset;
                    self.end = offset + size as u64;
                    self.torn_end = self.end;
                }
                Found::End => {
                    self.torn_end = offset;
                    return Ok(());
                }
                Found::Torn if is_last => {
                    self.torn_end = offset + batch::used(rest) as u64;
                    return Ok(());
                }
                Found::Torn => {
                    let what = "a batch is incomplete, but a later segment is there";
                    return Err(DiskError::damaged(path, offset, what).into());
                }
                Found::Damaged(what) => return Err(DiskError::damaged(path, offset, what).into()),
            }
        }
    }
}

impl<E: From<DiskError>> Stop<E> {
    fn locate(self, file: &Path, offset: u64) -> E {
        match self {
            Stop::Visitor(error) => error,
            Stop::Item(ItemError::Damaged(what)) => DiskError::damaged(file, offset, what).into(),
            Stop::Item(ItemError::Later(what)) => {
                DiskError::LaterVersion { file: file.to_owned(), offset, what }.into()
            }
        }
    }
}
