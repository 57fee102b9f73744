//! Sealed links: how two nodes that share a key come to a session. The rules have the numbers of `tests/spec/SEAL.md`.
//!
//! # What is left out of a state, and why that is sound
//!
//! - **Letters.** Whatever was said may arrive at any time, any number of times or never. Whoever draws a number has
//!   asked with it: he may do so at any time as long as it is open, and later an Ask leads to nothing that an earlier one
//!   would not have led to.
//! - **Time.** What rule 9 lets a side say it may say at any time. A Done said again is one that is still on its way.
//! - **What is over.** A number that is neither open nor in a session of its side makes none any more. Letters that only
//!   such a number would take in are left out, and so is what is known of it. A search without folds holds that against
//!   everything, and so do the broken rules, which have no folds.
//! - **Names** of numbers and of sides, and all but one of the numbers with which the same was said.

mod act;
mod face;
mod live;
mod rules;
mod side;
mod state;
mod tidy;

use act::Act;
use state::{FRAMES, NUMBERS, State};

use super::breadth::{self, Model, Report, Verdict};

pub use rules::{Flaw, Setting};

/// Goes through every state within the bounds, those that the fewest steps lead to first.
///
/// # Panics
/// The bounds are beyond what a state can hold, a broken rule is to be folded, or no temporary file can be made or read.
pub fn search(setting: &Setting) -> Report {
    let is_small = usize::from(setting.numbers) <= NUMBERS && usize::from(setting.frames) <= FRAMES;
    assert!(matches!(setting.keys, 1 | 2), "a side has one key or two");
    assert!(is_small && (setting.flaw.may_fold() || !setting.folds), "the model is smaller");
    breadth::search::<State>(setting, &setting.bounds)
}

impl Model for State {
    type Setting = Setting;
    type Act = Act;

    fn first(_: &Setting) -> State {
        State::default()
    }

    fn possible(&self, setting: &Setting, acts: &mut Vec<Act>) {
        self.acts(setting, acts);
    }

    fn next(&self, act: Act, setting: &Setting) -> Option<Result<State, &'static str>> {
        let (mut state, verdict) = self.after(act, setting)?;
        if let Err(promise) = verdict {
            return Some(Err(promise));
        }
        state.tidy(setting);
        (state != *self).then_some(Ok(state))
    }

    fn rest(&self, _: &Setting) -> State {
        self.rested()
    }

    fn way_on(&self, setting: &Setting) -> Verdict {
        self.check_way_on(setting)
    }

    fn form(&self, setting: &Setting, words: &mut Vec<u32>) {
        self.pack(words, setting);
    }

    fn of_form(words: &[u32], _: &Setting) -> State {
        State::unpack(words)
    }

    fn line(&self, _: &Setting) -> String {
        self.told()
    }
}
