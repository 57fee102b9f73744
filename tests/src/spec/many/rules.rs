use crate::spec::Bounds;

/// What is searched.
#[derive(Clone, Debug)]
pub struct Setting {
    /// How many nodes, at most 3. Each listens to each that speaks.
    pub nodes: usize,
    /// How many of them speak.
    pub speakers: usize,
    /// How many numbers of a node matter at a time, of those to seal under and of those to call with, at most 4 of each. If nothing is
    /// folded: how many it draws.
    pub numbers: u8,
    /// How many frames a node seals under a number, at most 3.
    pub frames: u8,
    /// Whether what can have no effect any more is left out of states, and numbers are renamed.
    pub folds: bool,
    /// Which rule is broken.
    pub flaw: Flaw,
    /// How far to go.
    pub bounds: Bounds,
}

impl Setting {
    /// The rules as they stand.
    pub fn new(nodes: usize, speakers: usize, numbers: u8, frames: u8) -> Setting {
        Setting { nodes, speakers, numbers, frames, folds: true, flaw: Flaw::None, bounds: Bounds::default() }
    }

    /// A broken rule.
    pub fn broken(flaw: Flaw, nodes: usize, speakers: usize, numbers: u8, frames: u8) -> Setting {
        Setting { folds: flaw.may_fold(), flaw, ..Setting::new(nodes, speakers, numbers, frames) }
    }
}

impl Flaw {
    /// Whether a number that is not open still takes in nothing.
    pub fn may_fold(self) -> bool {
        use Flaw::{CallsOnce, FirstForGood, MarkedHaveItCall, NoCallOnFrame, None, WindowStays};
        matches!(self, None | FirstForGood | NoCallOnFrame | CallsOnce | MarkedHaveItCall | WindowStays)
    }
}

/// A rule that is broken, to see that the search finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Flaw {
    /// None.
    None,
    /// A node that starts again draws the same numbers.
    DrawnAgain,
    /// A number is not used up by the Notice that is taken for it.
    NumberStays,
    /// Tags of words do not cover seats.
    WordsWithoutSeats,
    /// The tag of a Notice does not cover the sender's number.
    TagWithoutNumber,
    /// The tag of a Notice does not cover the counter.
    TagWithoutCounter,
    /// A Notice tells the counter of the last frame in place of that of the next one.
    TellsTheLast,
    /// A Notice is taken whatever its echo.
    NoticeUnchecked,
    /// A receiver listens to a number from its first frame on.
    FromTheFirst,
    /// A Notice of the number that is listened to has its window begin anew.
    WindowAnew,
    /// A Notice of the number that is listened to does not move its window on.
    WindowStays,
    /// A receiver that listens takes no other Notice.
    FirstForGood,
    /// A receiver listens to the number before as well.
    BeforeStays,
    /// Counters are not marked.
    Unmarked,
    /// Frames do not say who sealed them.
    FramesWithoutSender,
    /// Nobody calls because of a frame that does not open.
    NoCallOnFrame,
    /// A receiver that has an open number does not call again.
    CallsOnce,
    /// A frame that has come already has a receiver call.
    MarkedHaveItCall,
}
