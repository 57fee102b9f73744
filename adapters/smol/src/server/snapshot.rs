use std::sync::Arc;

use quorate::{Index, Snapshot};
use quorate_disk::{SnapshotReader, Snapshots};
use quorate_driver::Host;
use quorate_wire::client::Reason;
use smol::unblock;

use super::Server;
use crate::replica::{Replica, State, Thaw, replace, thaw};
use crate::snapshotter::Taken;
use crate::{App, Event, ServeError};

impl<A: App, F: FnMut(&Event)> Server<A, F> {
    /// A snapshot is written, or could not be: the log is told of it before the node is.
    pub(super) fn mark(&mut self, taken: Taken) {
        self.machine.snapshotter.finish();
        let Taken { result, pause, time } = taken;
        match result {
            Ok(snapshot) => {
                self.machine.writer.mark(snapshot, self.driver.node().unsettled());
                (self.on_event)(&Event::SnapshotTaken { snapshot, pause, time });
            }
            Err(error) => {
                if self.watch.is_new_failure(self.clock.now()) {
                    (self.on_event)(&Event::SnapshotFailed { error: Arc::new(error) });
                }
                for (asker, _) in std::mem::take(&mut self.wants_snapshot) {
                    self.refuse(asker, Reason::NoSnapshot);
                }
            }
        }
    }

    /// The log stands on a snapshot.
    ///
    /// # Errors
    /// The system has no thread for the next one.
    pub(super) fn take_note(&mut self, snapshot: Snapshot) -> Result<(), ServeError> {
        // One that came too late has gone already: the log looks first whether it is later than what it has.
        let _ = self.driver.snapshotted(&mut self.machine, self.clock.now(), snapshot);
        let covered = self.driver.node().snapshots().next().map_or(Index(0), |latest| latest.position.index);
        for (asker, applied) in std::mem::take(&mut self.wants_snapshot) {
            if applied <= covered {
                self.show_latest(asker);
            } else if self.machine.restoring.is_busy() || self.driver.is_closed() {
                self.refuse(asker, Reason::Busy);
            } else {
                self.wants_snapshot.push((asker, applied));
            }
        }
        if self.wants_snapshot.is_empty() { Ok(()) } else { self.take_wanted_snapshot() }
    }

    /// Begins a snapshot of what is applied, unless one is under way.
    pub(super) fn take_wanted_snapshot(&mut self) -> Result<(), ServeError> {
        let (replica, members) = (self.driver.replica(), self.machine.company.members);
        self.machine.take_snapshot(replica, replica.applied(), members)
    }

    /// The state that a snapshot was made into takes the place of what is here.
    pub(super) fn replace(&mut self, thawed: Thawed<A>) -> Result<(), ServeError> {
        self.machine.restoring.finish();
        let Thawed { snapshot, result } = thawed;
        let old = replace(self.driver.replica_mut(), snapshot.position, result?);
        // To free what is large takes long as well.
        unblock(|| drop(old)).detach();
        (self.on_event)(&Event::SnapshotRestored { snapshot });
        Ok(())
    }
}

/// A state that a snapshot was made into.
pub(super) struct Thawed<A> {
    snapshot: Snapshot,
    result: Result<State<A>, ServeError>,
}

impl<A: App> Thawed<A> {
    /// What makes a state of a snapshot that is durable here, on another thread.
    pub(super) fn read(
        files: &Snapshots,
        replica: &Replica<A>,
        snapshot: Snapshot,
    ) -> Result<impl FnOnce() -> Thawed<A> + Send + 'static, ServeError> {
        let (reader, thaw) = (files.open(snapshot)?, thaw(&replica.app().0));
        Ok(move || Thawed { snapshot, result: read(snapshot, reader, thaw) })
    }
}

/// Makes a state of a snapshot that is durable here.
pub(crate) fn read<A>(snapshot: Snapshot, mut reader: SnapshotReader, thaw: Thaw<A>) -> Result<State<A>, ServeError> {
    let state = thaw(&mut reader).map_err(|source| ServeError::Snapshot { snapshot, source })?;
    reader.finish()?;
    Ok(state)
}
