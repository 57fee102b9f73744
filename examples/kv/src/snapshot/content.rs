use std::io::BufReader;
use std::path::Path;

use quorate_disk::{SnapshotHeader, SnapshotReader};

use super::{failure, progress};
use crate::exit::{Exit, Failure};
use crate::store::Store;

/// What a saved snapshot holds.
pub(super) struct Content {
    pub(super) header: SnapshotHeader,
    pub(super) keys: usize,
    pub(super) sessions: usize,
}

impl Content {
    /// Reads all of it, as a node would that starts from it.
    ///
    /// # Errors
    /// It is damaged, cannot be read, or is none of a store.
    pub(super) fn read(file: &Path) -> Result<Content, Failure> {
        let mut reader = SnapshotReader::of(file).map_err(failure)?;
        let header = reader.header();
        let bar = progress::bar("checking", header.snapshot.bytes);
        let mut buffered = BufReader::with_capacity(1 << 16, bar.wrap_read(&mut reader));
        let restored = quorate_smol::restore(&Store::default(), &mut buffered);
        // Damage is seen at the end, and explains what could not be understood before.
        reader.finish().map_err(failure)?;
        let (store, sessions) = restored.map_err(|error| {
            let message = format!(
                "{} is no state of a store: {error}. Use the version of the program that saved it, or a later one",
                file.display()
            );
            Failure::new(Exit::LaterVersion, message)
        })?;
        Ok(Content { header, keys: store.len(), sessions })
    }
}
