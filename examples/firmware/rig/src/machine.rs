use std::path::Path;
use std::sync::Arc;

use crate::board::Board;
use crate::emulator::Emulator;
use crate::{Failure, Journal, Pending};

/// A member of the cluster, be it on or off.
pub(crate) struct Machine {
    pub(crate) name: String,
    board: Board,
    running: Option<Emulator>,
    /// Why it is off.
    ended: String,
}

impl Machine {
    pub(crate) fn new(name: String, board: Board) -> Machine {
        Machine { name, board, running: None, ended: "it was not started".into() }
    }

    /// Starts it with what it has kept in `directory`.
    pub(crate) fn start(&mut self, directory: &Path, journal: &Arc<Journal>) -> Result<(), Failure> {
        if self.running().is_ok() {
            return Err(Failure::new(format!("{} runs already: kill it first", self.name)));
        }
        self.running = Some(self.board.start(&self.name, directory, journal)?);
        Ok(())
    }

    /// Ends it between any two of its instructions.
    pub(crate) fn kill(&mut self) -> Result<(), Failure> {
        self.running()?;
        self.running = None;
        self.ended = "it was killed".into();
        Ok(())
    }

    pub(crate) fn reset(&mut self) -> Result<(), Failure> {
        let name = self.name.clone();
        self.running()?.reset().map_err(|error| Failure::new(format!("{name} cannot be reset: {error}")))
    }

    /// Gives it an order.
    pub(crate) fn ask(&mut self, order: &str) -> Result<Pending, Failure> {
        self.running()?.ask(order)
    }

    /// The machine, if it is on.
    pub(crate) fn running(&mut self) -> Result<&mut Emulator, Failure> {
        if let Some(ended) = self.running.as_mut().and_then(Emulator::ended) {
            self.running = None;
            self.ended = ended;
        }
        let off = || Failure::new(format!("{} is off: {}. Start it first", self.name, self.ended));
        self.running.as_mut().ok_or_else(off)
    }
}
