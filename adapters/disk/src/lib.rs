//! The log of a quorate node on a file system: term, vote and entries, each batch durable with one write and one sync,
//! and the snapshots that let the log before them go.
//!
//! ```
//! use quorate::{Entries, Entry, HardState, Identity, Index, Kind, Position, RECORD_OVERHEAD, Seat, Term};
//! use quorate_disk::{Disk, DiskError, Options, Owner, Recovered};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let directory = tempfile::tempdir()?;
//! let owner = Owner { cluster: 7, identity: Identity::from(Seat(0)) };
//! let nothing = |_: Recovered<'_>| Ok::<(), DiskError>(());
//! let (mut disk, recovery) = Disk::open(directory.path(), owner, Options::default(), nothing)?;
//! assert!(recovery.created);
//!
//! let mut record = [0; RECORD_OVERHEAD + 5];
//! let position = Position { term: Term(1), index: Index(1) };
//! Entry::write(&mut record, position, Kind::Command, b"hello").ok_or("too long")?;
//! let voted = HardState { term: Term(1), vote: Some(Seat(0)) };
//! disk.write(Some(voted), None, Entries::parse(&record)?, None)?;
//! drop(disk);
//!
//! let mut indices = Vec::new();
//! Disk::open(directory.path(), owner, Options::default(), |item| -> Result<(), DiskError> {
//!     match item {
//!         Recovered::HardState(state) => assert_eq!(state, voted),
//!         Recovered::Entry(entry) => indices.push(entry.position().index),
//!         _ => unreachable!("no snapshot was taken"),
//!     }
//!     Ok(())
//! })?;
//! assert_eq!(indices, [Index(1)]);
//! # Ok(())
//! # }
//! ```
//!
//! Snapshots are written and read beside the log, by other threads: [`Disk::snapshots`] gives a handle to them.
//!
//! ```
//! # use quorate::{Entries, Identity, Index, Members, Position, Seat, Seats, Term};
//! # use quorate_disk::{Disk, DiskError, Options, Owner, Recovered};
//! use std::io::{Read, Write};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let owner = Owner { cluster: 7, identity: Identity::from(Seat(0)) };
//! # let nothing = |_: Recovered<'_>| Ok::<(), DiskError>(());
//! # let (mut disk, _) = Disk::open(directory.path(), owner, Options::default(), nothing)?;
//! // What comes with `Effect::TakeSnapshot`.
//! let position = Position { term: Term(1), index: Index(42) };
//! let members = Members::of(Seats::first(3));
//! let mut writer = disk.snapshots().create(position, members)?;
//! writer.write_all(b"the app's state")?;
//! let snapshot = writer.finish()?;
//! // On the log's thread; then the node is told with `Input::Snapshotted`.
//! disk.mark(snapshot)?;
//!
//! let mut state = String::new();
//! disk.snapshots().open(snapshot)?.read_to_string(&mut state)?;
//! assert_eq!(state, "the app's state");
//! # Ok(())
//! # }
//! ```
//!
//! A snapshot can be kept aside, as a file of its own: [`SnapshotHeader::bytes`] and then the content.
//! [`SnapshotReader::of`] reads it, and [`restore`] makes a new log that stands on it.
//!
//! # What may be relied on
//! - When [`Disk::write`] returns, the batch is durable, on a device that keeps what a sync promises. If the machine
//!   stops before, the batch comes back as a whole or not at all.
//! - A write or sync that fails is final. It is never tried again.
//! - A torn tail is dropped, and [`Recovery`] says how much. Damage anywhere else is an error that says where, and
//!   never taken for a torn tail. The file FORMAT.md tells how the two are told apart, and the one case in which they
//!   cannot be.
//! - A snapshot counts once it is durable and the log says so; until then the one before is in force, also if the
//!   device is full. Two are kept, and the log behind the older one. A damaged snapshot is never shown: the older one
//!   takes its place, or the node is told that it is lost.
//! - A directory is open once, and belongs to one node, in one incarnation, of one cluster.
//! - A write allocates nothing but for a buffer that is kept, and a segment when the last one is full.
//!
//! # What is not here
//! A thread: every call blocks, and the caller chooses where. Systems other than
//! Unix. File systems that do not keep an exclusive `flock` on a directory, such as some network file systems.

mod batch;
mod bytes;
pub mod conformance;
mod directory;
mod disk;
mod error;
mod inspection;
mod item;
mod medium;
mod outline;
mod record;
mod replay;
mod restoration;
mod segment;
mod snapshots;

pub use disk::{Disk, Options, Recovery};
pub use error::{Damage, DiskError};
pub use inspection::{Inspection, SnapshotInspection, inspect};
pub use medium::{Direct, Medium};
pub use quorate::{Owner, Recovered};
pub use restoration::restore;
pub use snapshots::{SnapshotHeader, SnapshotReader, SnapshotWriter, Snapshots};
