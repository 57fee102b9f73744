//! Protocols of our own, searched as models: `tests/spec` says what they promise. `QUORATE_SPEC=full cargo test
//! --release -p quorate-tests --test spec` searches some hundred million steps; the program `spec` takes any bounds.

use std::fmt::Debug;

use quorate_tests::spec::{Bounds, End, Report};

mod clients;
mod lease;
mod many;
mod mark;
mod members;
mod seal;

fn is_full() -> bool {
    std::env::var("QUORATE_SPEC").is_ok_and(|mode| mode == "full")
}

fn bounds() -> Bounds {
    Bounds { memory: 1 << 31, ..Bounds::default() }
}

/// The whole of it, which is more than so many states: else the bounds have left nothing to look at.
#[track_caller]
fn expect_sound(setting: &impl Debug, report: &Report, least: usize) {
    assert!(report.end == End::Complete && report.states > least, "{setting:?}: {}", told(report));
}

/// One of these promises.
#[track_caller]
fn expect_broken(setting: &impl Debug, report: &Report, promises: &[&'static str]) {
    let is_one = promises.iter().any(|promise| report.end == End::Broken(promise));
    assert!(is_one, "{setting:?}: {}", told(report));
    assert!(!report.story.is_empty());
}

fn told(report: &Report) -> String {
    format!("{}\n{:?} after {} states", report.story.join("\n"), report.end, report.states)
}
