use embedded_storage::nor_flash::NorFlash;
use quorate::founding::Record;
use quorate::{Owner, Recovered, Snapshot};

use crate::medium::{Failed, Medium};
use crate::reading::Reading;
use crate::ring::Ring;
use crate::{FlashError, Layout};

/// The log of a node that is not to run again: read, and never changed.
///
/// Nothing can lock a flash: whoever reads it sees to it that its node does not run.
#[derive(Debug)]
pub struct Survivor<F> {
    owner: Owner,
    reading: Reading<F>,
}

impl<F: NorFlash> Survivor<F> {
    /// Reads all of a flash, or of an image of one, whosever it is. `None` if there is no log in it.
    ///
    /// A last write that did not arrive as a whole is left out, and stays where it is. `scratch` is as long as for
    /// [`Flash::open`](crate::Flash::open).
    ///
    /// # Errors
    /// The flash cannot be read, has another layout, or is damaged. Or a later version wrote it.
    pub fn open(flash: F, layout: Layout, scratch: &mut [u8]) -> Result<Option<Survivor<F>>, FlashError> {
        layout.check(&flash).map_err(FlashError::Layout)?;
        let mut flash = flash;
        let mut medium = Medium::new(&mut flash);
        let owner = Ring::owner(&mut medium, &layout);
        let Some(owner) = owner.map_err(|Failed| medium.fault())? else { return Ok(None) };
        let mut reading = Reading::new(flash, &layout, owner);
        let is_there = reading.read(scratch).map_err(|Failed| reading.medium.fault())?;
        Ok(is_there.then_some(Survivor { owner, reading }))
    }

    /// Whom the flash belongs to.
    pub fn owner(&self) -> Owner {
        self.owner
    }

    /// What makes the store a member, or is to.
    pub fn record(&self) -> Option<Record> {
        self.reading.log.outline.record()
    }

    /// Shows all that the log holds, as [`Flash::open`](crate::Flash::open) does.
    ///
    /// # Errors
    /// What `visit` returns, or the flash driver says.
    pub fn show<E: From<FlashError>>(
        &mut self,
        scratch: &mut [u8],
        visit: impl FnMut(Recovered<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.reading.shown(visit, |reading, visit| reading.show(scratch, visit))
    }

    /// Fills `buffer` from the snapshot's `offset` on.
    ///
    /// # Errors
    /// [`FlashError::NoSnapshot`], or what the flash driver says.
    pub fn read(&mut self, snapshot: Snapshot, offset: u64, buffer: &mut [u8]) -> Result<(), FlashError> {
        let Reading { medium, shelf, .. } = &mut self.reading;
        shelf.read_content(medium, snapshot, offset, buffer).map_err(|Failed| medium.fault())
    }
}
