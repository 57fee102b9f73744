use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Child;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crate::console::Console;
use crate::end::End;
use crate::{Failure, Journal, Pending};

/// A machine that runs: an emulator with its board, or a program of this host.
pub(crate) struct Process {
    child: Child,
    /// Where it takes orders; gone once the process is.
    console: Option<Console>,
    /// What reads the rest that it says.
    readers: Vec<JoinHandle<()>>,
    /// The emulator's own console.
    monitor: Option<UnixStream>,
}

impl Process {
    pub(crate) fn new(
        child: Child,
        console: Console,
        readers: Vec<JoinHandle<()>>,
        monitor: Option<UnixStream>,
    ) -> Process {
        Process { child, console: Some(console), readers, monitor }
    }

    /// Gives the machine an order.
    pub(crate) fn ask(&self, order: &str) -> Result<Pending, Failure> {
        match &self.console {
            Some(console) => console.ask(order),
            None => unreachable!("the console lives as long as the process"),
        }
    }

    /// Presses the reset button of a board. Its memory keeps what it holds.
    pub(crate) fn reset(&mut self) -> Result<(), Failure> {
        let no_button = || Failure::new("a host has no reset button: kill it");
        let monitor = self.monitor.as_mut().ok_or_else(no_button)?;
        self.console.iter().for_each(Console::starts);
        monitor.write_all(b"system_reset\n").map_err(|error| Failure::new(format!("the emulator: {error}")))
    }

    /// Why the machine is off, if it went off by itself.
    pub(crate) fn ended(&mut self) -> Option<End> {
        // When its console is closed, it is about to end.
        let is_over = self.console.as_ref().is_none_or(Console::is_over);
        let status = if is_over { self.child.wait().ok() } else { self.child.try_wait().ok().flatten() }?;
        Some(End::of(status))
    }
}

/// It is killed between any two of its instructions.
impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.console = None;
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
    }
}

/// Writes what a process complains of into the journal.
pub(crate) fn read_errors(name: &str, errors: impl Read + Send + 'static, journal: Arc<Journal>) -> JoinHandle<()> {
    let name = name.to_string();
    thread::spawn(move || {
        for line in BufReader::new(errors).lines().map_while(io::Result::ok) {
            journal.add(&name, &line);
        }
    })
}
