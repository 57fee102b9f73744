mod keys;
mod members;
mod time;
mod words;

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::SystemTime;

use quorate::Seat;
use quorate_smol::Event;

pub(crate) use self::time::Utc;
pub(crate) use self::words::role;
use crate::exit::Failure;
use crate::layout::name;

/// What a node tells its operator, on standard error: a line each, with time, level and node.
pub(crate) struct Log {
    seat: Seat,
    /// What is less than this is not told.
    least: Level,
    /// Where its keys are, if it has some.
    keys: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Info,
    /// The cluster goes on, and may not for long.
    Warn,
    /// The node does not.
    Error,
}

impl Log {
    /// Of a node whose keys come from this file, if it has some.
    pub(crate) fn new(seat: Seat, least: Level, keys: Option<PathBuf>) -> Log {
        Log { seat, least, keys: keys.unwrap_or_default() }
    }

    pub(crate) fn event(&self, event: &Event) {
        let (level, words) = words::of(self.seat, &self.keys, event);
        self.line(level, &words);
    }

    /// What changes in the keys, or why it does not.
    pub(crate) fn keys(&self, change: Result<String, Failure>) {
        match change {
            Ok(change) => self.line(Level::Info, &change),
            Err(failure) => self.line(Level::Warn, &failure.message),
        }
    }

    /// A node does not stop because nobody reads.
    pub(crate) fn line(&self, level: Level, words: &dyn fmt::Display) {
        if level >= self.least {
            let _ = writeln!(io::stderr(), "{} {level} {}: {words}", Utc(SystemTime::now()), name(self.seat));
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Info => "info ",
            Level::Warn => "warn ",
            Level::Error => "error",
        })
    }
}
