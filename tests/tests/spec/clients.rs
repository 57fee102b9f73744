//! Sealed links of clients: `tests/spec/CLIENTS.md`.

use quorate_tests::spec::Bounds;
use quorate_tests::spec::clients::{Flaw, Setting, search};

use super::{bounds, expect_broken, expect_sound, is_full};

const ONCE: &str = "a frame opens once";
const ANEW: &str = "no counter of a key seals twice";
const FRESH: &str = "what opens was sealed by the other side, for this boot and this process";
const TAKEN: &str = "a node makes a session only of what the client has just taken from it";
const PART: &str = "a client makes a session only of what the node has said to its open number";
const ANSWERED: &str = "a client comes to an answer, and makes no other session";
const IN_TWO: &str = "of two intervals in which words are forged, one brings an answer";

#[track_caller]
fn complete(setting: Setting) {
    let setting = Setting { bounds: bounds(), ..setting };
    expect_sound(&setting, &search(&setting), 1_000);
}

#[track_caller]
fn broken(flaw: Flaw, promise: &'static str) {
    let bounds = Bounds { live: promise == ANSWERED || promise == IN_TWO, ..bounds() };
    let setting = Setting { bounds, forged: promise == IN_TWO, ..Setting::broken(flaw, 2, 1) };
    expect_broken(&setting, &search(&setting), &[promise]);
}

#[test]
fn sealed_links_of_clients_keep_their_promises() {
    if is_full() {
        (3..=5).for_each(|numbers| complete(Setting::new(numbers, 1)));
        complete(Setting::new(3, 2));
        complete(Setting { folds: false, challenges: 5, ..Setting::new(2, 1) });
        complete(Setting { folds: false, challenges: 3, ..Setting::new(3, 1) });
    } else {
        complete(Setting::new(2, 2));
        complete(Setting::new(3, 1));
    }
}

#[test]
fn seven_rules_matter_to_no_promise() {
    let sessions = [Flaw::KeyOfOneNumber, Flaw::BeforeGoes, Flaw::BeforeStays];
    let words = [Flaw::DoneNotAgain, Flaw::MindsNoWord, Flaw::MindsAnyWord, Flaw::UnansweredStays];
    sessions
        .into_iter()
        .chain(words)
        .for_each(|flaw| complete(Setting::broken(flaw, if is_full() { 4 } else { 2 }, 1)));
}

#[test]
fn every_broken_rule_of_sessions_is_found() {
    broken(Flaw::NumberStays, ANEW);
    broken(Flaw::DrawnAgain, PART);
    broken(Flaw::HelloWithoutKind, TAKEN);
    broken(Flaw::ChallengesAgain, TAKEN);
    broken(Flaw::AnswersByOneBefore, ANSWERED);
    broken(Flaw::AnswerUnchecked, PART);
    broken(Flaw::AnswerToOld, PART);
    broken(Flaw::KeepsSession, ANSWERED);
    broken(Flaw::DoneLater, ANSWERED);
    broken(Flaw::DoneUnchecked, TAKEN);
    broken(Flaw::DoneOfBoot, TAKEN);
    broken(Flaw::DoneOfPresentAlone, ANSWERED);
    broken(Flaw::DoneMakesAgain, ANEW);
    broken(Flaw::ForgetsAny, ANEW);
    broken(Flaw::ForgetsBefore, ANEW);
}

#[test]
fn every_broken_rule_of_frames_is_found() {
    broken(Flaw::NodeMarksNone, ONCE);
    broken(Flaw::ClientMarksNone, ONCE);
    broken(Flaw::CounterAgain, ANEW);
    broken(Flaw::FramesWithoutSender, FRESH);
    broken(Flaw::AnswersUnderAnother, ANSWERED);
}

#[test]
fn every_broken_rule_of_asking_is_found() {
    broken(Flaw::NoAskWithoutSession, ANSWERED);
    broken(Flaw::AsksOnlyIfTold, ANSWERED);
    broken(Flaw::AsksWithinInterval, ANSWERED);
    broken(Flaw::AsksAtOnce, ANSWERED);
    broken(Flaw::AsksAtOnceIfTold, IN_TWO);
}
