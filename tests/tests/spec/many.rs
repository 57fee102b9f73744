//! One frame to many: `tests/spec/MANY.md`.

use quorate_tests::spec::Bounds;
use quorate_tests::spec::many::{Flaw, Setting, search};

use super::{bounds, expect_broken, expect_sound, is_full};

const ONCE: &str = "a frame opens once";
const ANEW: &str = "no counter of a key seals twice";
const FRESH: &str = "what opens was sealed by its sender, since this node has started";
const BACK: &str = "nothing opens of a number before the one that is listened to";
const PART: &str = "a receiver listens only to what was said to its open number";
const HEARD: &str = "whoever listens comes to hear";

#[track_caller]
fn complete(setting: Setting) {
    let setting = Setting { bounds: bounds(), ..setting };
    expect_sound(&setting, &search(&setting), 500);
}

#[track_caller]
fn broken_between(nodes: usize, speakers: usize, flaw: Flaw, promise: &'static str) {
    let bounds = Bounds { live: promise == HEARD, ..bounds() };
    let setting = Setting { bounds, ..Setting::broken(flaw, nodes, speakers, 2, 2) };
    expect_broken(&setting, &search(&setting), &[promise]);
}

#[track_caller]
fn broken(flaw: Flaw, promise: &'static str) {
    broken_between(2, 1, flaw, promise);
}

#[test]
fn one_frame_to_many_keeps_its_promises() {
    if is_full() {
        complete(Setting::new(2, 1, 4, 2));
        complete(Setting::new(2, 1, 3, 3));
        complete(Setting::new(2, 2, 2, 1));
        complete(Setting::new(3, 1, 2, 2));
        complete(Setting { folds: false, ..Setting::new(2, 1, 2, 2) });
    } else {
        complete(Setting::new(2, 1, 2, 2));
        complete(Setting::new(3, 1, 2, 1));
        complete(Setting { folds: false, ..Setting::new(2, 1, 2, 1) });
    }
}

#[test]
fn two_rules_matter_to_no_promise() {
    let flaws = [Flaw::WindowStays, Flaw::MarkedHaveItCall];
    flaws.into_iter().for_each(|flaw| complete(Setting::broken(flaw, 2, 1, if is_full() { 3 } else { 2 }, 2)));
}

#[test]
fn every_broken_rule_of_notices_is_found() {
    broken(Flaw::DrawnAgain, ANEW);
    broken(Flaw::NumberStays, BACK);
    broken_between(3, 1, Flaw::WordsWithoutSeats, PART);
    broken(Flaw::TagWithoutNumber, PART);
    broken(Flaw::TagWithoutCounter, PART);
    broken(Flaw::TellsTheLast, FRESH);
    broken(Flaw::NoticeUnchecked, PART);
    broken(Flaw::FromTheFirst, FRESH);
    broken(Flaw::WindowAnew, ONCE);
    broken(Flaw::FirstForGood, HEARD);
    broken(Flaw::BeforeStays, BACK);
}

#[test]
fn every_broken_rule_of_frames_is_found() {
    broken(Flaw::Unmarked, ONCE);
    broken_between(2, 2, Flaw::FramesWithoutSender, FRESH);
    broken(Flaw::NoCallOnFrame, HEARD);
    broken(Flaw::CallsOnce, HEARD);
}
