use std::{error, fmt, io};

use quorate_trace::{FORMAT, Tree};
use quorate_wire::DecodeError;

/// Where a replay stops, and why.
#[derive(Debug)]
pub struct Stopped {
    /// The line of the trace, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub fault: Fault,
}

/// Why a replay cannot go on.
#[derive(Debug)]
pub enum Fault {
    /// The file cannot be read.
    File(io::Error),
    /// The line is not JSON, or lacks what a line must have.
    Json(serde_json::Error),
    /// There is no header before it.
    NoHeader,
    /// The trace has another format.
    Format(u32),
    /// No node can be made from the header.
    Header(String),
    /// The frame of a message cannot be read.
    Frame(DecodeError),
    /// A write is said to be durable that is not under way.
    NoWrite(u64),
    /// The node does something else than it did.
    Difference(Difference),
}

/// Something that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which field of the line.
    pub path: String,
    /// What the trace has there.
    pub expected: String,
    /// What the replay has there.
    pub found: String,
}

impl Difference {
    /// The difference of two values at a path; either may be missing.
    pub(super) fn new(path: &str, expected: Option<&Tree>, found: Option<&Tree>) -> Difference {
        let show = |tree: Option<&Tree>| tree.map_or_else(|| "nothing".to_owned(), Tree::to_string);
        let (expected, found) = (show(expected), show(found));
        let same = expected.bytes().zip(found.bytes()).take_while(|(one, other)| one == other).count();
        let (expected, found) = (window(&expected, same), window(&found, same));
        Difference { path: path.trim_start_matches('.').to_owned(), expected, found }
    }
}

/// The most characters of a value that are shown.
const SHOWN_MAX: usize = 120;

/// How many characters before a difference are shown.
const SHOWN_BEFORE: usize = 16;

/// A long text, cut to what is around this place.
fn window(text: &str, place: usize) -> String {
    if text.len() <= SHOWN_MAX {
        return text.to_owned();
    }
    let start = place.saturating_sub(SHOWN_BEFORE);
    let bytes = text.as_bytes();
    let shown = &bytes[start.min(bytes.len())..bytes.len().min(start + SHOWN_MAX)];
    let (before, behind) = (if start > 0 { ".." } else { "" }, if start + SHOWN_MAX < bytes.len() { ".." } else { "" });
    format!("{before}{}{behind}", String::from_utf8_lossy(shown))
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::File(error) => write!(f, "the file cannot be read: {error}"),
            Fault::Json(error) => write!(f, "not a line of a trace: {error}"),
            Fault::NoHeader => f.write_str("a trace begins with the header of a boot, and there is none"),
            Fault::Format(format) => write!(f, "a trace of format {format}, and this program reads format {FORMAT}"),
            Fault::Header(what) => write!(f, "no node can be made from this header: {what}"),
            Fault::Frame(refusal) => write!(f, "input.receive.frame: {refusal}"),
            Fault::NoWrite(write) => write!(f, "input.persisted: write {write} is not under way"),
            Fault::Difference(Difference { path, expected, found }) => {
                write!(f, "{path}\n  expected (the trace): {expected}\n  found (the replay):   {found}")
            }
        }
    }
}

impl error::Error for Stopped {}
