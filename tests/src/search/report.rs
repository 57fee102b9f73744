use crate::simulator::Violation;

/// What a search came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// How many different states were reached and checked.
    pub states: usize,
    /// Every state that so many acts lead to was reached.
    pub depth: usize,
    /// Why it is over.
    pub end: End,
    /// How many states each depth added. Those of the last one are not all of its states if the search was cut short.
    pub levels: Vec<usize>,
    /// How often each kind of event happened.
    pub acts: Vec<(&'static str, u64)>,
    /// How many different events of different members the core was asked to play.
    pub played: usize,
    /// How many different nodes with their disks there were.
    pub members: usize,
    /// How many different letters.
    pub letters: usize,
    /// How long it took.
    pub seconds: f64,
    /// How many bytes of memory it took, beside the program.
    pub memory: usize,
    /// How many bytes it wrote to temporary files.
    pub written: u64,
    /// The broken promise, and the shortest story of it.
    pub violation: Option<(Violation, Vec<String>)>,
}

/// Why a search is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// There was nothing more that the budget allows.
    Complete,
    /// The depth was reached.
    Depth,
    /// The time was up.
    Time,
    /// The memory was full.
    Memory,
    /// A temporary file could not be written or read.
    Disk(std::io::ErrorKind),
    /// A promise was broken.
    Broken,
}

/// How far a search is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// How many different states were reached so far.
    pub states: usize,
    /// Every state that so many acts lead to was reached.
    pub depth: usize,
    /// Which part of the next depth is done.
    pub part: f64,
    /// How long it has taken.
    pub seconds: f64,
    /// How many bytes of memory it takes.
    pub memory: usize,
}
