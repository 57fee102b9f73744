//! Sealed links of clients: how a client and a node come to a session. The rules have the numbers of
//! `tests/spec/CLIENTS.md`.
//!
//! # What is left out of a state, and why that is sound
//!
//! - **Letters.** Whatever was said may arrive at any time, any number of times or never. Whoever draws a number has asked with
//!   it, and says Done as soon as there is something to say it of: later the same letter leads to nothing that an earlier
//!   one would not have led to.
//! - **Time.** What rule 9 lets a client say it may say at any time, the challenge goes on at any time, and a session that may
//!   be forgotten is forgotten at any time or never: that is the minute as well as a table that is full.
//! - **What is over.** A number that is neither open nor in the client's session makes none there any more, and a challenge that is
//!   over makes none at the node. Letters that only such ones would take in are left out, and so is what is known of them. A
//!   search without folds holds that against everything, and so do the broken rules of safety, which have no folds.
//! - **Names** of numbers, and of challenges that are over.

mod act;
mod client;
mod face;
mod letter;
mod live;
mod node;
mod pairs;
mod rules;
mod state;
mod tidy;

use act::Act;
use pairs::{CHALLENGES, NUMBERS};
use state::{FRAMES, State};

use super::breadth::{self, Model, Report, Verdict};

pub use rules::{Flaw, Setting};

/// Goes through every state within the bounds, those that the fewest steps lead to first.
///
/// # Panics
/// The bounds are beyond what a state can hold, a broken rule is to be folded, or no temporary file can be made or read.
pub fn search(setting: &Setting) -> Report {
    let Setting { numbers, challenges, frames, .. } = *setting;
    let is_small = [(numbers, NUMBERS), (challenges, CHALLENGES), (frames, FRAMES)];
    let is_small = is_small.into_iter().all(|(given, most)| usize::from(given) <= most);
    assert!(is_small && (setting.flaw.may_fold() || !setting.folds), "the model is smaller");
    breadth::search::<State>(setting, &setting.bounds)
}

impl Model for State {
    type Setting = Setting;
    type Act = Act;

    fn first(setting: &Setting) -> State {
        State::first(setting)
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

    fn rest(&self, setting: &Setting) -> State {
        self.rested(setting.flaw)
    }

    fn way_on(&self, setting: &Setting) -> Verdict {
        self.check_way_on(setting)
    }

    fn form(&self, _: &Setting, words: &mut Vec<u32>) {
        self.pack(words);
    }

    fn of_form(words: &[u32], _: &Setting) -> State {
        State::unpack(words)
    }

    fn line(&self, _: &Setting) -> String {
        self.told()
    }
}
