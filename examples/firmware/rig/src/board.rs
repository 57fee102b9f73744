use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::{fs, io};

use rustix::fs::{FlockOperation, flock};

use crate::image::Image;
use crate::keys::Keys;
use crate::port::short_pair;
use crate::process::Process;
use crate::{Failure, Firmware, Journal, Wire, emulator};

/// A board: what stays of it when it is switched off.
pub(crate) struct Board {
    pub(crate) firmware: Firmware,
    pub(crate) cluster: u64,
    pub(crate) seat: usize,
    pub(crate) baud: u32,
    /// How it reaches the others: the firmware knows `ring` and `gateway`.
    pub(crate) wiring: &'static str,
    /// The cluster's key, if the boards seal what they say.
    pub(crate) keys: Option<Keys>,
    /// The wires on its two lines, and which end of each is here.
    pub(crate) lines: [Option<(Arc<Wire>, usize)>; 2],
}

impl Board {
    fn flash(&self) -> String {
        flash_name(self.seat)
    }

    /// Erases its flash.
    pub(crate) fn erase(&self, directory: &Path) -> io::Result<()> {
        fs::write(directory.join(self.flash()), Image::erased().bytes())
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
        let held = hold(&directory.join(&flash)).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => {
                Failure::new(format!("{name} cannot be started: its flash is in use, by another rig"))
            }
            _ => failed(error),
        })?;
        let keys = match &self.keys {
            Some(keys) => keys.write_page(directory, &seat_name(self.seat)).map_err(failed)?,
            None => "plain".into(),
        };
        let Board { firmware, cluster, seat, baud, wiring, .. } = self;
        let arguments = format!("cluster={cluster} seat={seat} baud={baud} wiring={wiring} flash={flash} keys={keys}");
        let arguments: Vec<&str> = arguments.split(' ').collect();
        emulator::start(name, firmware, directory, &arguments, (ends, held), journal)
    }
}

/// The file that stands for the flash of the board at this seat.
pub(crate) fn flash_name(seat: usize) -> String {
    format!("{}.flash", seat_name(seat))
}

fn seat_name(seat: usize) -> String {
    format!("board{}", seat + 1)
}

/// Locks the file of a flash: as long as an emulator has what this returns, nobody else does.
///
/// # Errors
/// A board runs with it: [`io::ErrorKind::WouldBlock`]. Or what the system says.
pub(crate) fn hold(flash: &Path) -> io::Result<File> {
    let file = File::open(flash)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    Ok(file)
}
