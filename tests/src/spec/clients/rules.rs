use crate::spec::Bounds;

/// What is searched.
#[derive(Clone, Debug)]
pub struct Setting {
    /// How many numbers of the client matter at a time, at most 8. If nothing is folded: how many it draws.
    pub numbers: u8,
    /// If nothing is folded: how many challenges there are, at most 8. A boot of the node takes one that nobody sees.
    pub challenges: u8,
    /// How many frames a side seals under a session, at most 2.
    pub frames: u8,
    /// Whether what can have no effect any more is left out of states, and numbers are renamed.
    pub folds: bool,
    /// Whether words are forged in the way on.
    pub forged: bool,
    /// Which rule is broken.
    pub flaw: Flaw,
    /// How far to go.
    pub bounds: Bounds,
}

impl Setting {
    /// The rules as they stand.
    pub fn new(numbers: u8, frames: u8) -> Setting {
        Setting {
            numbers,
            challenges: 4,
            frames,
            folds: true,
            forged: true,
            flaw: Flaw::None,
            bounds: Bounds::default(),
        }
    }

    /// A broken rule.
    pub fn broken(flaw: Flaw, numbers: u8, frames: u8) -> Setting {
        Setting { folds: flaw.may_fold(), flaw, ..Setting::new(numbers, frames) }
    }
}

impl Flaw {
    /// Whether a number that is neither open nor in the session of the client still makes none there, and a challenge that is
    /// over none at the node.
    pub fn may_fold(self) -> bool {
        use Flaw::{
            AnswersByOneBefore, AnswersUnderAnother, AsksAtOnce, AsksAtOnceIfTold, AsksOnlyIfTold, AsksWithinInterval,
            BeforeGoes, BeforeStays, DoneLater, DoneNotAgain, DoneOfPresentAlone, KeepsSession, KeyOfOneNumber,
            MindsAnyWord, MindsNoWord, NoAskWithoutSession, None, UnansweredStays,
        };
        matches!(
            self,
            None | AnswersByOneBefore
                | KeepsSession
                | DoneOfPresentAlone
                | KeyOfOneNumber
                | DoneLater
                | DoneNotAgain
                | AnswersUnderAnother
                | NoAskWithoutSession
                | AsksOnlyIfTold
                | MindsNoWord
                | MindsAnyWord
                | AsksWithinInterval
                | UnansweredStays
                | BeforeGoes
                | BeforeStays
                | AsksAtOnce
                | AsksAtOnceIfTold
        )
    }
}

/// A rule that is broken, to see that the search finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Flaw {
    /// None.
    None,
    /// A number is not used up by the session that is made with it.
    NumberStays,
    /// A client that starts again draws the same numbers.
    DrawnAgain,
    /// Tags of Hellos do not cover their kind: a node takes its own Answer for a Done.
    HelloWithoutKind,
    /// The challenges of a boot are those of the one before.
    ChallengesAgain,
    /// An Ask is answered by the challenge before.
    AnswersByOneBefore,
    /// An Answer makes a session of its number and the open one, whatever it is said to.
    AnswerUnchecked,
    /// An Answer makes a session of its numbers, though the client's is not open any more.
    AnswerToOld,
    /// An Answer makes no session while one is here.
    KeepsSession,
    /// The session before is wiped when another one is made.
    BeforeGoes,
    /// The session before stays though a frame has opened under the present one.
    BeforeStays,
    /// A Done makes a session whatever its number.
    DoneUnchecked,
    /// A Done makes a session by any challenge of this boot.
    DoneOfBoot,
    /// A Done makes a session by the present challenge alone.
    DoneOfPresentAlone,
    /// A Done makes a session anew though it is here.
    DoneMakesAgain,
    /// Any session is forgotten.
    ForgetsAny,
    /// A session is forgotten though its challenge is the one before.
    ForgetsBefore,
    /// A node does not mark counters.
    NodeMarksNone,
    /// A client does not mark counters.
    ClientMarksNone,
    /// A client seals all frames of a session under one counter.
    CounterAgain,
    /// Frames do not say who sealed them.
    FramesWithoutSender,
    /// The key of a session is made of the client's number alone.
    KeyOfOneNumber,
    /// Done is not said when a session is made, but only before frames.
    DoneLater,
    /// Done is not said before frames, but only when a session is made.
    DoneNotAgain,
    /// A node answers under another session, if it has one.
    AnswersUnderAnother,
    /// A client that has nothing to seal under does not ask.
    NoAskWithoutSession,
    /// A client that got no answer asks only if it is told to.
    AsksOnlyIfTold,
    /// A client does not ask because of a word.
    MindsNoWord,
    /// A client asks because of a word though nothing is unanswered.
    MindsAnyWord,
    /// A client asks though it has sealed what is not answered in this interval.
    AsksWithinInterval,
    /// What was not answered under the session before has a client ask.
    UnansweredStays,
    /// A client asks in the interval after one in which it made a session.
    AsksAtOnce,
    /// A client that is told asks in the interval after one in which it made a session.
    AsksAtOnceIfTold,
}
