use std::path::Path;
use std::sync::Arc;

use crate::board::Board;
use crate::end::End;
use crate::member::Member;
use crate::process::Process;
use crate::{Failure, Journal, Pending};

/// A member of the cluster, be it on or off.
pub(crate) struct Machine {
    pub(crate) name: String,
    kind: Kind,
    running: Option<Process>,
    /// Why it is off.
    ended: End,
}

/// What a machine is.
pub(crate) enum Kind {
    Board(Board),
    Host(Member),
}

impl Machine {
    pub(crate) fn new(name: String, kind: Kind) -> Machine {
        Machine { name, kind, running: None, ended: End::NotStarted }
    }

    /// Starts it with what it has kept in `directory`.
    pub(crate) fn start(&mut self, directory: &Path, journal: &Arc<Journal>) -> Result<(), Failure> {
        if self.running().is_ok() {
            return Err(Failure::new(format!("{} runs already: kill it first", self.name)));
        }
        self.running = Some(match &self.kind {
            Kind::Board(board) => board.start(&self.name, directory, journal)?,
            Kind::Host(member) => member.start(&self.name, directory, journal)?,
        });
        Ok(())
    }

    /// Takes from it all that it holds. It is off.
    pub(crate) fn erase(&self, directory: &Path) -> Result<(), Failure> {
        let erased = match &self.kind {
            Kind::Board(board) => board.erase(directory),
            Kind::Host(member) => member.erase(directory),
        };
        erased.map_err(|error| Failure::new(format!("{} cannot be erased: {error}", self.name)))
    }

    /// Whether it is a process of this host, whose orders reach the leader whoever that is.
    pub(crate) fn is_host(&self) -> bool {
        matches!(self.kind, Kind::Host(_))
    }

    /// Ends it between any two of its instructions.
    pub(crate) fn kill(&mut self) -> Result<(), Failure> {
        self.running()?;
        self.running = None;
        self.ended = End::Killed;
        Ok(())
    }

    /// Switches it off, if it is on: it was removed from the members.
    pub(crate) fn dismiss(&mut self) {
        self.running = None;
        self.ended = End::Dismissed;
    }

    pub(crate) fn reset(&mut self) -> Result<(), Failure> {
        self.running()?.reset()
    }

    /// Gives it an order.
    pub(crate) fn ask(&mut self, order: &str) -> Result<Pending, Failure> {
        self.running()?.ask(order)
    }

    /// The machine, if it is on.
    pub(crate) fn running(&mut self) -> Result<&mut Process, Failure> {
        if let Some(ended) = self.running.as_mut().and_then(Process::ended) {
            self.running = None;
            self.ended = ended;
        }
        let off = || Failure::new(format!("{} is off: {}", self.name, self.ended));
        self.running.as_mut().ok_or_else(off)
    }
}
