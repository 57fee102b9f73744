use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::{fs, io};

use crate::console::Console;
use crate::keys::Keys;
use crate::process::{Process, read_errors};
use crate::{Failure, Journal};

/// A member that is a process of this host: what stays of it when it does not run.
pub(crate) struct Member {
    /// This program: it has a command for this.
    pub(crate) program: PathBuf,
    pub(crate) cluster: u64,
    pub(crate) number: usize,
    pub(crate) members: Vec<SocketAddr>,
    pub(crate) baud: u32,
    /// The cluster's key, if its members seal what they say.
    pub(crate) keys: Option<Keys>,
}

impl Member {
    fn data_dir(&self, directory: &Path) -> PathBuf {
        directory.join(host_name(self.number))
    }

    /// Removes its log.
    pub(crate) fn erase(&self, directory: &Path) -> io::Result<()> {
        match fs::remove_dir_all(self.data_dir(directory)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Starts it, with the log that is in `directory`.
    pub(crate) fn start(&self, name: &str, directory: &Path, journal: &Arc<Journal>) -> Result<Process, Failure> {
        let members: Vec<String> = self.members.iter().map(SocketAddr::to_string).collect();
        let mut command = Command::new(&self.program);
        command.args(["host", "--cluster", &self.cluster.to_string(), "--number", &self.number.to_string()]);
        command.args(["--members", &members.join(",")]);
        command.args(["--baud", &self.baud.to_string(), "--data-dir"]);
        command.arg(self.data_dir(directory));
        command.args(self.keys.iter().flat_map(|keys| [OsStr::new("--keys"), keys.path().as_os_str()]));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let failed = |error| Failure::new(format!("{name} cannot be started: {error}"));
        let mut child = command.spawn().map_err(failed)?;
        let (Some(orders), Some(answers), Some(errors)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            unreachable!("all three are piped");
        };
        let readers = vec![read_errors(name, errors, journal.clone())];
        Ok(Process::new(child, Console::new(name, answers, orders, journal.clone()), readers, None))
    }
}

/// The directory of the host of this number.
pub(crate) fn host_name(number: usize) -> String {
    format!("host{number}")
}
