//! One frame to many: how whoever listens comes to what another one seals for all. The rules have the numbers of
//! `tests/spec/MANY.md`.
//!
//! # What is left out of a state, and why that is sound
//!
//! - **Letters.** Whatever was said may arrive at any time, any number of times or never. Whoever draws a number to call with
//!   has called.
//! - **Time.** What rule 8 lets a node say it may say at any time.
//! - **What is over.** A number that is not open takes in no Notice, so letters to it are left out; and a number of a sender that
//!   is not its present one, that nobody listens to and that no such letter names opens nothing. A search without folds
//!   holds that against everything, and so do the broken rules, which have no folds.
//! - **Names** of numbers, but for their order.

mod act;
mod ear;
mod face;
mod live;
mod rules;
mod state;
mod tidy;

use act::Act;
use ear::{FRAMES, NUMBERS};
use state::{NODES, State};

use super::breadth::{self, Model, Report, Verdict};

pub use rules::{Flaw, Setting};

/// Goes through every state within the bounds, those that the fewest steps lead to first.
///
/// # Panics
/// The bounds are beyond what a state can hold, a broken rule is to be folded, or no temporary file can be made or read.
pub fn search(setting: &Setting) -> Report {
    let Setting { nodes, speakers, numbers, frames, folds, flaw, .. } = *setting;
    let is_small = usize::from(numbers) <= NUMBERS && usize::from(frames) <= FRAMES && nodes <= NODES;
    assert!(is_small && speakers <= nodes && (flaw.may_fold() || !folds), "the model is smaller");
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
        self.pack(setting, words);
    }

    fn of_form(words: &[u32], _: &Setting) -> State {
        State::unpack(words)
    }

    fn line(&self, setting: &Setting) -> String {
        self.told(setting)
    }
}
