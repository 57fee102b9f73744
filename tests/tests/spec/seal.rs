//! Sealed links: `tests/spec/SEAL.md`.

use quorate_tests::spec::Bounds;
use quorate_tests::spec::seal::{Flaw, Setting, search};

use super::{bounds, expect_broken, expect_sound, is_full};

const ONCE: &str = "a frame opens once";
const ANEW: &str = "no counter of a key seals twice";
const FRESH: &str = "what opens was sealed by the other side, for this boot, by one that was there";
const BACK: &str = "nothing opens once a frame of a later session has opened";
const WAY: &str = "a confirmed session makes way only for one that the other side has made";
const PART: &str = "a session is made only of what the other side has said since";
const GAP: &str = "beside a confirmed session nothing is sealed that the other side never could open";
const TOGETHER: &str = "the sides find together";
const GONE: &str = "nothing opens that was made with a key that is here no longer";

#[track_caller]
fn complete(setting: Setting) {
    let setting = Setting { bounds: bounds(), ..setting };
    expect_sound(&setting, &search(&setting), 1_000);
}

#[track_caller]
fn broken(flaw: Flaw, numbers: u8, promise: &'static str) {
    let bounds = Bounds { live: promise == TOGETHER, ..bounds() };
    let setting = Setting { bounds, ..Setting::broken(flaw, numbers, 1) };
    expect_broken(&setting, &search(&setting), &[promise]);
}

#[test]
fn sealed_links_keep_their_promises() {
    if is_full() {
        (3..=6).for_each(|numbers| complete(Setting::new(numbers, 1)));
        complete(Setting::new(3, 2));
        complete(Setting { folds: false, ..Setting::new(2, 1) });
    } else {
        complete(Setting::new(2, 2));
        complete(Setting::new(3, 1));
    }
}

#[test]
fn sealed_links_keep_their_promises_while_keys_change() {
    let numbers = if is_full() { 2 } else { 1 };
    complete(Setting { keys: 2, ..Setting::new(numbers, 1) });
}

#[test]
fn every_broken_rule_of_keys_is_found() {
    let broken = |flaw, promise: &'static str| {
        let bounds = Bounds { live: promise == TOGETHER, ..bounds() };
        let setting = Setting { keys: 2, bounds, ..Setting::broken(flaw, 2, 1) };
        expect_broken(&setting, &search(&setting), &[promise]);
    };
    broken(Flaw::BothQuestionsAnswered, TOGETHER);
    broken(Flaw::DueWhoeverAsked, TOGETHER);
    broken(Flaw::NeverDue, TOGETHER);
    broken(Flaw::RemovedKeyStays, GONE);
}

#[test]
fn seven_rules_matter_to_no_promise() {
    let flaws = [
        Flaw::AnswersAlways,
        Flaw::AnswerOnce,
        Flaw::DoneMakesUnconfirmed,
        Flaw::DoneOnce,
        Flaw::FrameConfirmsNone,
        Flaw::SealsUnderPresent,
        Flaw::NoDoneAgain,
    ];
    flaws.into_iter().for_each(|flaw| complete(Setting::broken(flaw, if is_full() { 4 } else { 2 }, 1)));
}

#[test]
fn every_broken_rule_of_sessions_is_found() {
    broken(Flaw::OnePerBoot, 2, ANEW);
    broken(Flaw::DrawnAgain, 2, ANEW);
    broken(Flaw::HelloWithoutSeats, 2, PART);
    broken(Flaw::AnswerUnchecked, 2, PART);
    broken(Flaw::AnswerToOld, 2, ANEW);
    broken(Flaw::AnswerConfirms, 2, GAP);
    broken(Flaw::DoneUnchecked, 2, TOGETHER);
    broken(Flaw::DoneOfOld, 2, FRESH);
    broken(Flaw::DoneConfirmsNone, 3, TOGETHER);
    broken(Flaw::PresentAtOnce, 2, WAY);
    broken(Flaw::ConfirmedMakesWay, 2, WAY);
    broken(Flaw::KeepsUnconfirmed, 2, TOGETHER);
    broken(Flaw::UnconfirmedStays, 3, WAY);
}

#[test]
fn every_broken_rule_of_frames_is_found() {
    broken(Flaw::Unmarked, 2, ONCE);
    broken(Flaw::FramesWithoutSender, 2, FRESH);
    broken(Flaw::SealsUnconfirmed, 2, GAP);
    broken(Flaw::BeforeStays, 2, BACK);
}

#[test]
fn every_broken_rule_of_what_is_said_again_is_found() {
    broken(Flaw::NoAskOnFrame, 2, TOGETHER);
    broken(Flaw::NoAskWithoutSession, 2, TOGETHER);
    broken(Flaw::AskOrDone, 2, TOGETHER);
}
