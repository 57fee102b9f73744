use std::net::SocketAddr;

use quorate::{Position, Snapshot};
use quorate_driver::Asked;
use quorate_wire::DecodeError;
use quorate_wire::client::{Reason, ReplyBody};

use super::Server;
use crate::link::Asker;
use crate::{App, Event, ServeError};

/// The most clients that wait for one snapshot.
const ASKERS_MAX: usize = 16;

impl<A: App, F: FnMut(&Event)> Server<A, F> {
    pub(super) fn take_request(
        &mut self,
        frame: &mut [u8],
        from: SocketAddr,
    ) -> Result<Result<(), DecodeError>, ServeError> {
        let (asker, body) = match self.machine.link.open_request(frame, from, self.clock.now()) {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(Ok(())),
            Err(refusal) => return Ok(Err(refusal)),
        };
        match self.driver.request(&mut self.machine, self.clock.now(), asker, body) {
            None => {}
            Some(Asked::Snapshot) => self.ask_snapshot(asker)?,
            Some(Asked::Piece { index, check, offset }) => self.show_piece(asker, index.0, check, offset),
        }
        Ok(Ok(()))
    }

    /// A client wants a snapshot of what is applied here.
    fn ask_snapshot(&mut self, asker: Asker) -> Result<(), ServeError> {
        let applied = self.driver.replica().applied();
        let is_covered = self.driver.node().snapshots().next().is_some_and(|latest| latest.position == applied);
        if is_covered {
            self.show_latest(asker);
        } else if self.machine.restoring.is_busy() {
            self.refuse(asker, Reason::Busy);
        } else if applied == Position::default() || self.driver.is_closed() {
            self.refuse(asker, Reason::NoSnapshot);
        } else if self.wants_snapshot.len() >= ASKERS_MAX {
            self.refuse(asker, Reason::Busy);
        } else {
            self.wants_snapshot.retain(|(waiting, _)| waiting.client != asker.client);
            self.wants_snapshot.push((asker, applied.index));
            self.take_wanted_snapshot()?;
        }
        Ok(())
    }

    /// A client wants a piece of a snapshot.
    fn show_piece(&mut self, asker: Asker, index: u64, check: u32, offset: u64) {
        let is_meant = |found: &Snapshot| (found.position.index.0, found.check) == (index, check);
        let found = self.driver.node().snapshots().find(is_meant);
        let Some(snapshot) = found else {
            return self.refuse(asker, Reason::NoSnapshot);
        };
        let machine = &mut self.machine;
        let left = usize::try_from(snapshot.bytes.saturating_sub(offset)).unwrap_or(usize::MAX);
        let length = machine.piece.len().min(left);
        let bytes = &mut machine.piece[..length];
        match machine.snapshots.read_at(snapshot, offset, bytes) {
            Ok(()) => machine.link.reply(asker, ReplyBody::Piece { offset, bytes }),
            Err(_) => self.refuse(asker, Reason::NoSnapshot),
        }
    }

    pub(super) fn show_latest(&mut self, asker: Asker) {
        let members = self.machine.company.members;
        let latest = self.driver.node().snapshots().next();
        match latest {
            Some(snapshot) => self.machine.link.reply(asker, ReplyBody::Snapshot { snapshot, members }),
            None => self.refuse(asker, Reason::NoSnapshot),
        }
    }

    pub(super) fn refuse(&mut self, asker: Asker, reason: Reason) {
        self.machine.link.reply(asker, ReplyBody::Refused(reason));
    }
}
