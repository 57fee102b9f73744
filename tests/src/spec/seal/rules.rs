use crate::spec::Bounds;

/// What is searched.
#[derive(Clone, Debug)]
pub struct Setting {
    /// How many numbers of a side matter at a time, at most 8. If nothing is folded: how many a side draws.
    pub numbers: u8,
    /// How many frames a side seals under a session, at most 2.
    pub frames: u8,
    /// How many keys there are, 1 or 2. With two, each side is given the other one, uses it and loses it at any time.
    pub keys: u8,
    /// Whether what can have no effect any more is left out of states, and numbers are renamed.
    pub folds: bool,
    /// Which rule is broken.
    pub flaw: Flaw,
    /// How far to go.
    pub bounds: Bounds,
}

impl Setting {
    /// The rules as they stand.
    pub fn new(numbers: u8, frames: u8) -> Setting {
        Setting { numbers, frames, keys: 1, folds: true, flaw: Flaw::None, bounds: Bounds::default() }
    }

    /// A broken rule.
    pub fn broken(flaw: Flaw, numbers: u8, frames: u8) -> Setting {
        Setting { folds: flaw.may_fold(), flaw, ..Setting::new(numbers, frames) }
    }
}

impl Flaw {
    /// Whether a number that is neither open nor in a session of its side still makes none.
    pub fn may_fold(self) -> bool {
        use Flaw::{
            AnswerOnce, AnswersAlways, BothQuestionsAnswered, DoneConfirmsNone, DoneMakesUnconfirmed, DoneOnce,
            DueWhoeverAsked, FrameConfirmsNone, NeverDue, NoDoneAgain, None, SealsUnderPresent,
        };
        matches!(
            self,
            None | AnswersAlways
                | AnswerOnce
                | DoneConfirmsNone
                | DoneOnce
                | DoneMakesUnconfirmed
                | FrameConfirmsNone
                | SealsUnderPresent
                | NoDoneAgain
                | BothQuestionsAnswered
                | DueWhoeverAsked
                | NeverDue
        )
    }
}

/// A rule that is broken, to see that the search finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Flaw {
    /// None.
    None,
    /// A side has one number a boot, which no session uses up.
    OnePerBoot,
    /// A side that starts again draws the same numbers.
    DrawnAgain,
    /// Tags of Hellos do not cover seats.
    HelloWithoutSeats,
    /// An Ask is answered anew though a session is here that was made with its number.
    AnswersAlways,
    /// An Answer makes a session of its number and the open one, whatever its echo.
    AnswerUnchecked,
    /// An Answer makes a session of its numbers, though its echo is not open any more.
    AnswerToOld,
    /// A session that is made on an Answer is confirmed.
    AnswerConfirms,
    /// An Answer whose session is here is not answered by Done again.
    AnswerOnce,
    /// A Done makes a session of its number and the open one, whatever its echo.
    DoneUnchecked,
    /// A Done makes a session of its numbers, though its echo is not open any more.
    DoneOfOld,
    /// A session that is made on a Done is not confirmed.
    DoneMakesUnconfirmed,
    /// A Done is not met with another one.
    DoneOnce,
    /// A Done does not confirm a session that is here.
    DoneConfirmsNone,
    /// A session that is made is the present one at once.
    PresentAtOnce,
    /// A next session makes way though it is confirmed.
    ConfirmedMakesWay,
    /// A next session becomes the present one though it is not confirmed.
    UnconfirmedStays,
    /// No session is made while one is next that is not confirmed.
    KeepsUnconfirmed,
    /// Counters are not marked.
    Unmarked,
    /// The session before stays when a frame of the next one opens.
    BeforeStays,
    /// A session is not confirmed by a frame that opens, but by Hellos alone.
    FrameConfirmsNone,
    /// Frames do not say who sealed them.
    FramesWithoutSender,
    /// Frames are sealed under the next session though it is not confirmed.
    SealsUnconfirmed,
    /// Frames are sealed under the present session though the next one is confirmed.
    SealsUnderPresent,
    /// Nobody asks because of a frame that does not open.
    NoAskOnFrame,
    /// A side that has nothing to seal under waits to be asked.
    NoAskWithoutSession,
    /// A side whose next session is not confirmed does not ask.
    AskOrDone,
    /// Nobody says Done again of himself.
    NoDoneAgain,
    /// Both sides that have asked under different keys make a session of the other's answer.
    BothQuestionsAnswered,
    /// A session under a key that is not used is to make way, whoever has asked for it.
    DueWhoeverAsked,
    /// A session under a key that is not used stays.
    NeverDue,
    /// What was made with a key that is here no longer stays.
    RemovedKeyStays,
}
