//! Runs a node again from its trace, as `quorate-trace` describes it, and holds it to every effect and state.

mod boot;
mod event;
mod fault;
mod verbatim;

pub use fault::{Fault, Stopped};

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::ExitCode;

use quorate_trace::FORMAT;
use serde::Deserialize;

use boot::Boot;

/// What was replayed without a difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// How many steps.
    pub events: u64,
    /// How many boots, each from a header of its own.
    pub boots: u64,
    /// How many boots end in a line that is cut off, because the node was killed while it wrote it. Such a line is left
    /// out.
    pub cut: u64,
}

/// Replays a trace up to its end or to the first difference.
///
/// # Errors
/// The line at which the replay stops, and what is wrong there.
pub fn replay(trace: impl BufRead) -> Result<Replayed, Stopped> {
    let mut lines = trace.split(b'\n').zip(1..).peekable();
    let (mut replayed, mut boot) = (Replayed::default(), None);
    while let Some((text, line)) = lines.next() {
        let stopped = |fault| Stopped { line, fault };
        let text = text.map_err(Fault::File).map_err(stopped)?;
        let is_last = lines.peek().is_none_or(|(next, _)| next.as_ref().is_ok_and(|next| next.starts_with(HEADER)));
        let format = match serde_json::from_slice::<Opening>(&text) {
            Err(error) if error.is_eof() && is_last && boot.is_some() => {
                replayed.cut += 1;
                continue;
            }
            opening => opening.map_err(Fault::Json).map_err(stopped)?.trace,
        };
        match (format, &mut boot) {
            (Some(FORMAT), _) => {
                boot = Some(Boot::open(&text).map_err(stopped)?);
                replayed.boots += 1;
            }
            (Some(format), _) => return Err(stopped(Fault::Format(format))),
            (None, Some(boot)) => {
                boot.step(&text).map_err(stopped)?;
                replayed.events += 1;
            }
            (None, None) => return Err(stopped(Fault::NoHeader)),
        }
    }
    if boot.is_none() { Err(Stopped { line: 1, fault: Fault::NoHeader }) } else { Ok(replayed) }
}

/// Replays a file, and prints what came of it.
pub fn run(file: &Path) -> ExitCode {
    let trace = match File::open(file) {
        Ok(trace) => trace,
        Err(error) => {
            eprintln!("error: cannot read {}: {error}", file.display());
            return ExitCode::from(2);
        }
    };
    match replay(BufReader::new(trace)) {
        Ok(replayed) => {
            println!("{replayed}");
            ExitCode::SUCCESS
        }
        Err(stopped) => {
            println!("{}, {stopped}", file.display());
            ExitCode::FAILURE
        }
    }
}

/// Tells a header from a step.
#[derive(Deserialize)]
struct Opening {
    trace: Option<u32>,
}

/// How the line of a header begins.
const HEADER: &[u8] = b"{\"trace\":";

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Replayed { events, boots, cut } = self;
        write!(f, "{events} events replayed, all effects equal")?;
        if *boots > 1 {
            write!(f, "; {boots} boots")?;
        }
        if *cut > 0 {
            write!(f, "; {cut} lines cut off by a crash left out")?;
        }
        Ok(())
    }
}
