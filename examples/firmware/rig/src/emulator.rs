use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use command_fds::CommandFdExt;
use defmt_decoder::{DecodeError, Table};

use crate::console::Console;
use crate::{Failure, Firmware, Journal, Pending};

/// The machine that is emulated: a Cortex-M3 with five UARTs.
const MACHINE: &str = "mps2-an385";

const QEMU: &str = "qemu-system-arm";

/// The status of an emulator whose board cut its own power.
const POWER_CUT: i32 = 3;

/// One board that is switched on: an emulator's process, and what hangs on its UARTs.
pub(crate) struct Emulator {
    child: Child,
    monitor: UnixStream,
    /// Where the board takes orders; gone once its process is.
    console: Option<Console>,
    readers: Vec<JoinHandle<()>>,
}

impl Emulator {
    /// Switches a board on in `directory`. The `arguments` tell it who it is; the `lines` are its ends of the wires.
    pub(crate) fn start(
        name: &str,
        firmware: &Firmware,
        directory: &Path,
        arguments: &[&str],
        lines: Vec<Option<UnixStream>>,
        journal: &Arc<Journal>,
    ) -> Result<Emulator, Failure> {
        let failed = |error: io::Error| Failure::new(format!("{name} cannot be started: {error}"));
        let (console, console_end) = UnixStream::pair().map_err(failed)?;
        let (log, log_end) = UnixStream::pair().map_err(failed)?;
        let (monitor, monitor_end) = UnixStream::pair().map_err(failed)?;
        let mut command = machine(firmware, directory, arguments);
        let mut passed = Vec::new();
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
        let console = Some(Console::new(name, input, console, journal.clone()));
        Ok(Emulator { child, monitor, console, readers })
    }

    /// Gives the board an order.
    pub(crate) fn ask(&self, order: &str) -> Result<Pending, Failure> {
        match &self.console {
            Some(console) => console.ask(order),
            None => unreachable!("the console lives as long as the process"),
        }
    }

    /// Presses the reset button. The memory keeps what it holds.
    pub(crate) fn reset(&mut self) -> io::Result<()> {
        self.console.iter().for_each(Console::starts);
        self.monitor.write_all(b"system_reset\n")
    }

    /// Why the board is off, if it went off by itself.
    pub(crate) fn ended(&mut self) -> Option<String> {
        // When its UARTs are closed, it is about to end.
        let is_over = self.console.as_ref().is_none_or(Console::is_over);
        let status = if is_over { self.child.wait().ok() } else { self.child.try_wait().ok().flatten() }?;
        Some(match status.code() {
            Some(POWER_CUT) => "its power was cut".into(),
            _ => format!("its emulator ended: {status}"),
        })
    }
}

/// The power is cut at once.
impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.console = None;
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
    }
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

fn read_errors(name: &str, errors: impl Read + Send + 'static, journal: Arc<Journal>) -> JoinHandle<()> {
    let name = name.to_string();
    thread::spawn(move || {
        for line in BufReader::new(errors).lines().map_while(Result::ok) {
            journal.add(&name, &format!("emulator: {line}"));
        }
    })
}
