//! Members that change, and stores that return without a disk. The rules have the numbers of `tests/spec/MEMBERS.md`.
//!
//! A [`Setting`] bounds how many terms are alive at a time, as that of the mark does, but counts entries, changes and
//! lost disks from the first.
//!
//! # What is left out of a state, and why that is sound
//!
//! - **Messages.** Whatever a leader of a term ever had in its log may arrive at any time, any number of times or
//!   never. Votes and acks count when they are sent: one that arrives late is a leader that acts late. An answer to a
//!   challenge is on its way until the leader takes it.
//! - **What only restrains.** A challenge or a request that nobody answers, a store that falls silent, a leader that
//!   steps down, a vote for somebody who does not win.
//! - **Names.** Seats are interchangeable. Lives of a seat are counted, and so named.

mod act;
mod change;
mod commit;
mod configuration;
mod face;
mod live;
mod log;
mod rules;
mod state;
mod step;
mod tidy;

use act::Act;
use state::State;

use super::breadth::{self, Model, Report, Verdict};

pub use rules::{Flaw, Setting};

/// Goes through every state within the bounds, those that the fewest steps lead to first.
///
/// # Panics
/// The bounds are beyond what a state can hold, or no temporary file can be made or read.
pub fn search(setting: &Setting) -> Report {
    assert!(setting.seats <= 5 && setting.terms <= 6 && setting.entries <= 5, "the model is smaller");
    assert!(setting.wipes + setting.reboots < configuration::LIVES_MAX, "the model has fewer lives");
    breadth::search::<State>(setting, &setting.bounds)
}

impl Model for State {
    type Setting = Setting;
    type Act = Act;

    fn first(setting: &Setting) -> State {
        State::new(setting)
    }

    fn possible(&self, setting: &Setting, acts: &mut Vec<Act>) {
        self.acts(setting, acts);
    }

    fn next(&self, act: Act, setting: &Setting) -> Option<Result<State, &'static str>> {
        let (mut state, verdict) = self.after(act, setting)?;
        if let Err(promise) = verdict.and_then(|()| state.check()) {
            return Some(Err(promise));
        }
        state.tidy(setting);
        (state != *self).then_some(Ok(state))
    }

    fn is_within(&self, setting: &Setting) -> bool {
        self.latest() <= setting.terms
    }

    fn rest(&self, setting: &Setting) -> State {
        self.rested(setting)
    }

    fn way_on(&self, setting: &Setting) -> Verdict {
        self.check_way_on(setting)
    }

    fn form(&self, setting: &Setting, words: &mut Vec<u32>) {
        self.pack(setting, words);
    }

    fn of_form(words: &[u32], setting: &Setting) -> State {
        State::unpack(words, setting)
    }

    fn line(&self, setting: &Setting) -> String {
        self.told(setting)
    }
}
