//! Words that the tests share.
#![allow(dead_code, reason = "each test binary uses some of them")]

use std::path::Path;

use quorate::{Entry, HardState, Identity, Index, Kind, Position, RECORD_OVERHEAD, Seat, Term};
use quorate_disk::{Disk, DiskError, Medium, Options, Owner, Recovered, Recovery};

/// Small enough that a few writes fill a segment.
pub(crate) const SMALL: Options = Options { segment_bytes: 2_048 };

pub(crate) fn owner() -> Owner {
    Owner {
        cluster: 7,
        identity: Identity::from(Seat(1)),
    }
}

pub(crate) fn state(term: u64) -> Option<HardState> {
    let term = Term(term);
    Some(HardState { term, vote: None })
}

/// The record of one entry of term 1.
pub(crate) fn record(index: u64, payload: &[u8]) -> Vec<u8> {
    let mut room = vec![0; RECORD_OVERHEAD + payload.len()];
    let position = Position {
        term: Term(1),
        index: Index(index),
    };
    Entry::write(&mut room, position, Kind::Command, payload).expect("the payload fits");
    room
}

/// Opens a directory and lists what it holds, one line an item.
pub(crate) fn open(directory: &Path) -> Result<(Disk, Recovery, Vec<String>), DiskError> {
    open_on(quorate_disk::Direct, directory)
}

pub(crate) fn open_on<M: Medium>(medium: M, directory: &Path) -> Result<(Disk<M>, Recovery, Vec<String>), DiskError> {
    let mut seen = Vec::new();
    let (disk, recovery) = Disk::open_on(medium, directory, owner(), SMALL, |item| -> Result<(), DiskError> {
        seen.push(match item {
            Recovered::HardState(state) => format!("term {}", state.term.0),
            Recovered::Entry(entry) => format!("{entry:?}"),
        });
        Ok(())
    })?;
    Ok((disk, recovery, seen))
}
