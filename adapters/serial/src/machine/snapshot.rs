use embedded_storage::nor_flash::NorFlash;
use quorate::{Members, Node, Position, Snapshot};
use quorate_flash::{Flash, FlashError};

use super::{Driver, Machine};
use crate::replica::{Replica, read, write};
use crate::{App, Stop, Undone};

impl<A, F, B, const SEATS: usize, const LINES: usize, const FRAME: usize, const CLIENTS: usize>
    Machine<A, F, B, SEATS, LINES, FRAME, CLIENTS>
where
    A: App,
    F: NorFlash,
    B: AsRef<[u8]> + AsMut<[u8]>,
{
    /// Takes a snapshot of what is applied, because the node or the flash needs room.
    pub(super) fn make_room(&mut self, driver: &mut Driver<A, F, B, SEATS, LINES, FRAME, CLIENTS>) -> Result<(), Stop> {
        self.wants_snapshot = false;
        let (node, position) = (driver.node(), driver.replica().applied());
        let is_covered = node.snapshots().next().is_some_and(|latest| latest.position >= position);
        if node.is_lost() {
            return Ok(());
        }
        if is_covered || position == Position::default() {
            return self.write_again(node);
        }
        let (flash, buffer) = (&mut self.flash, self.buffer.as_mut());
        let taken = take(driver.replica(), flash, buffer, position, node.members())?;
        self.undone = taken.err();
        match taken {
            // What the node does not want is left: the next one takes its place.
            Ok(Some(snapshot)) => {
                let _ = driver.snapshotted(self, self.now, snapshot);
                driver.act(self, self.now)
            }
            Ok(None) => Ok(()),
            Err(_) => self.write_again(driver.node()),
        }
    }

    /// Terms came and went, and nothing was applied, or no snapshot of it can be taken: all entries once more, behind
    /// the terms and votes that fill the flash.
    fn write_again(&mut self, node: &Node<A::Command, B, SEATS>) -> Result<(), Stop> {
        let is_durable = node.durable() == node.last().index;
        if self.flash.is_crowded() && is_durable {
            self.flash.write(None, None, node.log(), None, None)?;
        }
        Ok(())
    }
}

/// Makes a snapshot of the state durable. If the flash has no room for it now, or it is too long, the node asks again.
fn take<A: App, F: NorFlash, const CLIENTS: usize>(
    replica: &Replica<A, CLIENTS>,
    flash: &mut Flash<F>,
    buffer: &mut [u8],
    position: Position,
    members: Members,
) -> Result<Result<Option<Snapshot>, Undone>, Stop> {
    let room = buffer.len();
    let Some(bytes) = write(replica, buffer) else { return Ok(Err(Undone::TooLong { room })) };
    match flash.take(position, members, bytes) {
        Ok(snapshot) => Ok(Ok(Some(snapshot))),
        Err(FlashError::LogFull { .. } | FlashError::NotLater { .. }) => Ok(Ok(None)),
        Err(error @ FlashError::SnapshotTooLarge { .. }) => Ok(Err(Undone::Flash(error))),
        Err(error) => Err(error.into()),
    }
}

/// Puts a snapshot that is durable here in the place of the state.
pub(crate) fn restore<A: App, F: NorFlash, const CLIENTS: usize>(
    replica: &mut Replica<A, CLIENTS>,
    flash: &mut Flash<F>,
    buffer: &mut [u8],
    snapshot: Snapshot,
) -> Result<(), Stop> {
    let bytes = room_for(snapshot, buffer)?;
    flash.read(snapshot, 0, bytes)?;
    replace(replica, snapshot, bytes)
}

/// Where a snapshot's bytes go, to be read whole.
pub(crate) fn room_for(snapshot: Snapshot, buffer: &mut [u8]) -> Result<&mut [u8], Stop> {
    let room = buffer.len();
    let length = usize::try_from(snapshot.bytes).unwrap_or(usize::MAX);
    buffer.get_mut(..length).ok_or(Stop::SnapshotTooLong { room })
}

/// Puts a snapshot of these bytes in the place of the state.
pub(crate) fn replace<A: App, const CLIENTS: usize>(
    replica: &mut Replica<A, CLIENTS>,
    snapshot: Snapshot,
    bytes: &[u8],
) -> Result<(), Stop> {
    let is_restored = read(replica, snapshot.position, bytes);
    if is_restored { Ok(()) } else { Err(Stop::ForeignSnapshot { index: snapshot.position.index }) }
}
