use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use command_fds::CommandFdExt;
use defmt_decoder::{DecodeError, Table};

use crate::console::Console;
use crate::process::{Process, read_errors};
use crate::{Failure, Firmware, Journal};

/// The machine that is emulated: a Cortex-M3 with five UARTs.
const MACHINE: &str = "mps2-an385";

const QEMU: &str = "qemu-system-arm";

/// Switches a board on in `directory`. The `arguments` tell it who it is; the `lines` are its ends of the wires; it keeps
/// what is `held` as long as it runs.
pub(crate) fn start(
    name: &str,
    firmware: &Firmware,
    directory: &Path,
    arguments: &[&str],
    (lines, held): (Vec<Option<UnixStream>>, File),
    journal: &Arc<Journal>,
) -> Result<Process, Failure> {
    let failed = |error: io::Error| Failure::new(format!("{name} cannot be started: {error}"));
    let (console, console_end) = UnixStream::pair().map_err(failed)?;
    let (log, log_end) = UnixStream::pair().map_err(failed)?;
    let (monitor, monitor_end) = UnixStream::pair().map_err(failed)?;
    let mut command = machine(firmware, directory, arguments);
    let mut passed = vec![OwnedFd::from(held)];
    let uarts = [Some(console_end)].into_iter().chain(lines).chain([Some(log_end)]);
    for (number, end) in uarts.map(|end| end.map(OwnedFd::from)).enumerate() {
        let Some(end) = end else {
            command.args(["-serial", "null"]);
            continue;
        };
        command.arg("-chardev").arg(format!("socket,id=uart{number},fd={}", end.as_raw_fd()));
        command.arg("-serial").arg(format!("chardev:uart{number}"));
        passed.push(end);
    }
    let end = OwnedFd::from(monitor_end);
    command.arg("-chardev").arg(format!("socket,id=monitor,fd={}", end.as_raw_fd()));
    command.args(["-mon", "chardev=monitor,mode=readline"]);
    passed.push(end);
    let mut child = command.preserved_fds(passed).spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Failure::new(format!("{QEMU} is missing: {REMEDY}")),
        _ => failed(error),
    })?;
    // Its ends are its own now: they close when it ends.
    drop(command);
    let mut readers = vec![read_log(name, log, firmware.table.clone(), journal.clone())];
    readers.extend(child.stderr.take().map(|errors| read_errors(name, errors, journal.clone())));
    let input = console.try_clone().map_err(failed)?;
    let console = Console::new(name, input, console, journal.clone());
    Ok(Process::new(child, console, readers, Some(monitor)))
}

/// Sees that the emulator is here.
///
/// # Errors
/// It is not, or does not know the machine.
pub fn find_emulator() -> Result<(), Failure> {
    let machines = Command::new(QEMU).args(["-machine", "help"]).stderr(Stdio::null()).output();
    let machines = machines.map_err(|_| Failure::new(format!("{QEMU} is missing: {REMEDY}")))?;
    if String::from_utf8_lossy(&machines.stdout).contains(MACHINE) {
        Ok(())
    } else {
        Err(Failure::new(format!("{QEMU} does not emulate {MACHINE}: install a later QEMU")))
    }
}

const REMEDY: &str =
    "install it (Debian and Ubuntu: apt-get install qemu-system-arm; macOS: brew install qemu) and run this again";

fn machine(firmware: &Firmware, directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(QEMU);
    command.args(["-machine", MACHINE, "-display", "none", "-kernel"]).arg(&firmware.elf);
    let arguments: String = ["board"].iter().chain(arguments).map(|argument| format!(",arg={argument}")).collect();
    command.arg("-semihosting-config").arg(format!("enable=on,target=native{arguments}"));
    command.current_dir(directory);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Writes what defmt says into the journal, in words.
fn read_log(name: &str, mut log: UnixStream, table: Arc<Table>, journal: Arc<Journal>) -> JoinHandle<()> {
    let name = name.to_string();
    thread::spawn(move || {
        let mut decoder = table.new_stream_decoder();
        let mut bytes = [0; 512];
        while let Ok(count @ 1..) = log.read(&mut bytes) {
            decoder.received(&bytes[..count]);
            loop {
                match decoder.decode() {
                    Ok(frame) => {
                        let level = frame.level().map_or("print", |level| level.as_str());
                        journal.add(&name, &format!("{level} {}", frame.display_message()));
                    }
                    // A frame that found no room in the board's queue: the next one is whole again.
                    Err(DecodeError::Malformed) => {}
                    Err(DecodeError::UnexpectedEof) => break,
                }
            }
        }
    })
}
