use std::path::Path;
use std::sync::Arc;
use std::{fs, io};

use crate::port::short_pair;
use crate::process::Process;
use crate::{Failure, Firmware, Journal, Wire, emulator};

/// A board: what stays of it when it is switched off.
pub(crate) struct Board {
    pub(crate) firmware: Firmware,
    pub(crate) seat: usize,
    pub(crate) baud: u32,
    /// How it reaches the others: the firmware knows `ring` and `gateway`.
    pub(crate) wiring: &'static str,
    /// The wires on its two lines, and which end of each is here.
    pub(crate) lines: [Option<(Arc<Wire>, usize)>; 2],
}

impl Board {
    fn flash(&self) -> String {
        format!("board{}.flash", self.seat + 1)
    }

    /// Erases its flash.
    pub(crate) fn erase(&self, directory: &Path) -> io::Result<()> {
        fs::write(directory.join(self.flash()), [0xff; FLASH_BYTES])
    }

    /// Switches it on, with the flash that is in `directory`.
    pub(crate) fn start(&self, name: &str, directory: &Path, journal: &Arc<Journal>) -> Result<Process, Failure> {
        let flash = self.flash();
        let failed = |error: io::Error| Failure::new(format!("{name} cannot be started: {error}"));
        if !directory.join(&flash).exists() {
            self.erase(directory).map_err(failed)?;
        }
        let mut ends = Vec::new();
        for line in &self.lines {
            ends.push(match line {
                None => None,
                Some((wire, end)) => {
                    let (ours, theirs) = short_pair().map_err(failed)?;
                    wire.plug(*end, ours);
                    Some(theirs)
                }
            });
        }
        let Board { firmware, seat, baud, wiring, .. } = self;
        let arguments = format!("seat={seat} baud={baud} wiring={wiring} flash={flash}");
        let arguments: Vec<&str> = arguments.split(' ').collect();
        emulator::start(name, firmware, directory, &arguments, ends, journal)
    }
}

/// The flash of a board, and a byte for each word of four: whether it was written.
const FLASH_BYTES: usize = 80 << 10;
