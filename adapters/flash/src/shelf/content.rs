use embedded_storage::nor_flash::NorFlash;
use quorate::{Members, Snapshot};

use super::{Shelf, missing};
use crate::medium::{Failed, Medium};
use crate::place::{Header, Kept, id_of};

/// What is read of the snapshots that can be shown.
impl Shelf {
    /// Fills `buffer` from the snapshot's `offset` on.
    pub(crate) fn read_content<F: NorFlash>(
        &self,
        flash: &mut Medium<F>,
        snapshot: Snapshot,
        offset: u64,
        buffer: &mut [u8],
    ) -> Result<(), Failed> {
        let found = self.find(flash, snapshot)?;
        let is_within = offset.checked_add(buffer.len() as u64).is_some_and(|end| end <= snapshot.bytes);
        if !is_within {
            return Err(missing(flash, &found.id));
        }
        flash.read(found.content() + offset as u32, buffer)
    }

    /// Whom a snapshot names as the members.
    pub(crate) fn members<F: NorFlash>(&self, flash: &mut Medium<F>, snapshot: Snapshot) -> Result<Members, Failed> {
        let found = self.find(flash, snapshot)?;
        let mut header = Header::new();
        if self.header(flash, found.start, &mut header)? {
            Ok(header.members())
        } else {
            Err(missing(flash, &found.id))
        }
    }

    /// A snapshot that can be read.
    #[inline(never)]
    fn find<F>(&self, flash: &mut Medium<F>, snapshot: Snapshot) -> Result<&Kept, Failed> {
        let id = id_of(snapshot);
        match [&self.in_force, &self.before].into_iter().find(|found| found.is_some() && found.id == id) {
            Some(found) => Ok(found),
            None => Err(missing(flash, &id)),
        }
    }
}
