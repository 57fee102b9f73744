use embedded_storage::nor_flash::NorFlash;
use quorate::{Entries, HardState, Members, Owner, Position, Recovered, Snapshot};

use crate::place::snapshot_of;
use crate::{Flash, FlashError, Layout};

/// Makes a new log that stands on a snapshot of this position and these bytes, with no entry behind it and no vote. Who
/// the members of the restored cluster are to be is written down in the snapshot, for those who found it.
///
/// The log is durable when this returns. If it fails or the power does before, there is a log that holds nothing, and
/// the same call begins anew. Nodes forget by this what came after the snapshot: restore all of a cluster from the same
/// bytes, or none. `scratch` is as long as for [`Flash::open`].
///
/// # Errors
/// [`FlashError::Occupied`] if the flash holds the data of a node, and what [`Flash::open`], [`Flash::store`] and
/// [`Flash::write`] return.
pub fn restore<F: NorFlash>(
    flash: F,
    layout: Layout,
    owner: Owner,
    scratch: &mut [u8],
    position: Position,
    members: Members,
    bytes: &[u8],
) -> Result<Snapshot, FlashError> {
    // What an earlier call has stored of a snapshot is no promise to anybody.
    let (mut flash, _) = Flash::open(flash, layout, owner, scratch, |item| match item {
        Recovered::Stored(_) => Ok(()),
        _ => Err(FlashError::Occupied),
    })?;
    let snapshot = snapshot_of(position, bytes);
    flash.store(snapshot, members, 0, bytes)?;
    let hard_state = HardState { term: position.term, vote: None };
    flash.write(Some(hard_state), Some(snapshot), Entries::default(), None, None)?;
    Ok(snapshot)
}
