use std::sync::Arc;

use quorate::{Answer, Input, Members, Position, Snapshot, Snapshotted};
use quorate_disk::SnapshotReader;
use quorate_wire::client::{Reason, ReplyBody};
use smol::unblock;

use super::Server;
use crate::replica::{Replica, State, Thaw};
use crate::snapshotter::{Snapshotter, Taken};
use crate::waiting::Asker;
use crate::{App, Event, ServeError};

/// The most clients that wait for one snapshot.
const ASKERS_MAX: usize = 16;

impl<A: App, F: FnMut(&Event)> Server<A, F> {
    /// A snapshot is written, or could not be: the log is told of it before the node is.
    pub(super) fn mark(&mut self, taken: Taken) {
        self.snapshotter.finish();
        let Taken { result, pause, time } = taken;
        match result {
            Ok(snapshot) => {
                self.writer.mark(snapshot);
                (self.on_event)(&Event::SnapshotTaken { snapshot, pause, time });
            }
            Err(error) => {
                if self.watch.is_new_failure(self.clock.now()) {
                    (self.on_event)(&Event::SnapshotFailed { error: Arc::new(error) });
                }
                for asker in std::mem::take(&mut self.wants_snapshot) {
                    self.link.reply(asker, ReplyBody::Refused(Reason::NoSnapshot));
                }
            }
        }
    }

    /// The log stands on a snapshot.
    pub(super) fn take_note(&mut self, snapshot: Snapshot) {
        let now = self.clock.now();
        self.trace.begin(&self.node, now, &Input::<()>::Snapshotted(snapshot));
        // One that came too late has gone already: the log looks first whether it is later than what it has.
        let refused = self.node.step(now, Snapshotted(snapshot)).answer.err();
        self.trace.answer(&self.node, refused.map(Answer::Reject));
        for asker in std::mem::take(&mut self.wants_snapshot) {
            self.show_latest(asker);
        }
    }

    /// A snapshot of the leader is durable here: it is made into a state while the node goes on.
    pub(super) fn restore(&mut self, snapshot: Snapshot) -> Result<(), ServeError> {
        let (reader, thaw) = (self.snapshots.open(snapshot)?, self.replica.thaw());
        let work = move || Thawed { snapshot, result: read(snapshot, reader, thaw) };
        self.restoring.begin(work).map_err(ServeError::Thread)
    }

    /// The state that a snapshot was made into takes the place of what is here.
    pub(super) fn replace(&mut self, thawed: Thawed<A>) -> Result<(), ServeError> {
        self.restoring.finish();
        let Thawed { snapshot, result } = thawed;
        let old = self.replica.replace(snapshot.position, result?);
        // To free what is large takes long as well.
        unblock(|| drop(old)).detach();
        (self.on_event)(&Event::SnapshotRestored { snapshot });
        Ok(())
    }

    /// A client wants a snapshot of what is applied here.
    pub(super) fn ask_snapshot(&mut self, asker: Asker) -> Result<(), ServeError> {
        let applied = self.replica.applied();
        let is_covered = self.node.snapshots().next().is_some_and(|latest| latest.position == applied);
        if is_covered {
            self.show_latest(asker);
        } else if self.restoring.is_busy() {
            self.refuse(asker, Reason::Busy);
        } else if applied == Position::default() || self.is_stopping {
            self.refuse(asker, Reason::NoSnapshot);
        } else if self.wants_snapshot.len() >= ASKERS_MAX {
            self.refuse(asker, Reason::Busy);
        } else {
            self.wants_snapshot.retain(|waiting| waiting.client != asker.client);
            self.wants_snapshot.push(asker);
            begin_snapshot(&mut self.snapshotter, &self.replica, applied, self.charter.members)?;
        }
        Ok(())
    }

    /// A client wants a piece of a snapshot.
    pub(super) fn show_piece(&mut self, asker: Asker, index: u64, check: u32, offset: u64) {
        let is_meant = |found: &Snapshot| (found.position.index.0, found.check) == (index, check);
        let found = self.node.snapshots().find(is_meant);
        let Some(snapshot) = found else {
            return self.refuse(asker, Reason::NoSnapshot);
        };
        let length = self.piece.len().min(usize::try_from(snapshot.bytes.saturating_sub(offset)).unwrap_or(usize::MAX));
        let bytes = &mut self.piece[..length];
        match self.snapshots.read_at(snapshot, offset, bytes) {
            Ok(()) => self.link.reply(asker, ReplyBody::Piece { offset, bytes }),
            Err(_) => self.refuse(asker, Reason::NoSnapshot),
        }
    }

    fn show_latest(&mut self, asker: Asker) {
        let latest = self.node.snapshots().next();
        match latest {
            Some(snapshot) => self.link.reply(asker, ReplyBody::Snapshot { snapshot, members: self.charter.members }),
            None => self.refuse(asker, Reason::NoSnapshot),
        }
    }
}

/// Begins a snapshot, unless one is under way: the node asks again.
pub(super) fn begin_snapshot<A: App>(
    snapshotter: &mut Snapshotter,
    replica: &Replica<A>,
    position: Position,
    members: Members,
) -> Result<(), ServeError> {
    if snapshotter.is_busy() {
        return Ok(());
    }
    snapshotter.begin(position, members, || replica.snapshot()).map_err(ServeError::Thread)
}

/// A state that a snapshot was made into.
pub(super) struct Thawed<A> {
    snapshot: Snapshot,
    result: Result<State<A>, ServeError>,
}

/// Makes a state of a snapshot that is durable here.
pub(super) fn read<A>(snapshot: Snapshot, mut reader: SnapshotReader, thaw: Thaw<A>) -> Result<State<A>, ServeError> {
    let state = thaw(&mut reader).map_err(|source| ServeError::Snapshot { snapshot, source })?;
    reader.finish()?;
    Ok(state)
}
